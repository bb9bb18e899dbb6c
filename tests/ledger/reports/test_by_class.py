"""支出经济分类表 says what 工会02表 says, by class and by basic or project."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from ledger.books import closing
from ledger.books.models import Book
from ledger.books.posting import Entry, post
from ledger.reports import ledgers, statements
from ledger.reports.tables import Report
from portal.office.report_screens import address_of
from tests.conftest import Federation
from tests.ledger.books.test_posting import yuan
from tests.signing_in import browser_of

ZERO = Decimal("0.00")


@pytest.fixture
def book(federation: Federation) -> Book:
    """Training and office costs over two months, the first carried forward."""
    book, bank = federation.books["HD"], federation.banks["HD"].account.code

    def spend(key: str, month: int, account: str, amount: str, **more: str) -> None:
        post(
            book=book, external_key=key, date=dt.date(2026, month, 5), kind="manual", summary="支出",
            entries=[Entry(debit=account, credit=bank, amount=yuan(amount), **more)],
        )  # fmt: skip

    spend("1", 3, "50602", "100.00", economic_class="30216", nature="project", project="干部培训")
    closing.carry_forward(book=book, month=202603)
    spend("2", 4, "50602", "30.00", economic_class="30216", nature="basic")
    spend("3", 4, "50602", "7.00", economic_class="30201", nature="basic")
    spend("4", 4, "50305", "5.00", economic_class="30299", nature="project", project="慰问")
    return book


def _figures(report: Report) -> dict[str, tuple[Decimal, ...]]:
    return {str(row.cells[0]): tuple(Decimal(str(cell)) for cell in row.cells[1:]) for row in report.rows}


def test_expenditure_is_told_by_class_and_by_basic_or_project(book: Book) -> None:
    figures = _figures(ledgers.by_class(book, 202604))
    ten = tuple(map(Decimal, ("30.00", "0.00", "30.00", "30.00", "100.00", "130.00")))
    assert figures["30216 培训费"] == ten
    assert figures["30201 办公费"][2] == figures["30201 办公费"][5] == Decimal("7.00")
    assert figures["支出合计"] == tuple(map(Decimal, ("37.00", "5.00", "42.00", "37.00", "105.00", "142.00")))


@pytest.mark.parametrize("is_carried", [False, True])
def test_accounts_tie_to_the_income_statement_before_and_after_they_are_carried_forward(
    book: Book, is_carried: bool
) -> None:
    if is_carried:
        closing.carry_forward(book=book, month=202604)
    report = ledgers.by_class(book, 202604)
    found = {row.account: (row.cells[3], row.cells[6]) for row in report.rows if row.account}
    statement = statements.income_statement(book, 202604)
    spent = [row for row in statement.of("expense") if not row.is_detail and row.second]
    assert found == {row.code: (row.first, row.second) for row in spent}
    assert (report.rows[-1].cells[3], report.rows[-1].cells[6]) == statement.totals["expenditure"]


def test_a_figure_by_class_leads_to_the_postings_of_that_class(book: Book, federation: Federation) -> None:
    row = next(row for row in ledgers.by_class(book, 202604).rows if row.cells[0] == "30216 培训费")
    lead = row.leads[5]
    assert lead is not None
    assert (lead.account, lead.months, lead.economic_class, lead.nature) == (
        "506", (202601, 202604), "30216", "project"
    )  # fmt: skip
    page = browser_of(federation.checker).get(address_of(lead, book, "2026-04")).content.decode()
    assert "100.00" in page
    assert "30.00" not in page
    assert "30216 培训费" in page
