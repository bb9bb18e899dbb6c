"""Ledgers tie to each other and to the trial balance, on screen and as files."""

from __future__ import annotations

import csv
import datetime as dt
import io
from decimal import Decimal

import pytest
from openpyxl import load_workbook
from pypdf import PdfReader

from ledger.books import closing
from ledger.books.bulk import NewTransaction, post_together
from ledger.books.models import Book
from ledger.books.posting import Entry, post
from ledger.reports import ledgers, tables
from tests.conftest import Federation
from tests.ledger.books.test_posting import yuan

ZERO = Decimal("0.00")


@pytest.fixture
def district(federation: Federation) -> Book:
    """Two months of the district: levy, a share from above, a benefit, a fee, a red-letter line."""
    book, bank = federation.books["HD"], federation.banks["HD"].account.code
    upper = federation.books["TJ"]
    share = {"amount": yuan("90.00"), "project": "普惠补贴", "fund_source": "earmarked"}

    def one(on: Book, key: str, day: dt.date, entry: Entry, mirror: str = "") -> NewTransaction:
        return NewTransaction(
            book=on,
            external_key=key,
            date=day,
            kind="manual",
            summary="=业务",
            entries=[entry],
            mirror_key=mirror,
        )

    march, april = dt.date(2026, 3, 5), dt.date(2026, 4, 6)
    post_together([one(book, "levy", march, Entry(debit=bank, credit="402", amount=yuan("1000.00")))])
    closing.carry_forward(book=book, month=202603)
    post_together(
        [
            one(book, "in", april, Entry(debit=bank, credit="40302", **share), "M1"),
            one(upper, "out", april, Entry(
                debit="50802", credit=federation.banks["TJ"].account.code, amount=yuan("90.00"), project="普惠补贴"
            ), "M1"),
        ]
    )  # fmt: skip
    post_together([one(book, "paid", april, Entry(debit="50305", credit=bank, party="HD-1", **share))])
    post_together([one(book, "fee", april, Entry(debit="50602", credit=bank, amount=yuan("12.50")))])
    post_together([one(book, "red", april, Entry(debit="50602", credit=bank, amount=yuan("2.50"), red=True))])
    return book


def rows(report: tables.Report) -> dict[str, tuple[object, ...]]:
    return {str(row.cells[0]): row.cells[1:] for row in report.rows}


def test_the_general_ledger_ends_where_the_trial_balance_does(district: Book) -> None:
    ends = {
        row.account: (row.cells[4], row.cells[5])
        for row in ledgers.general_ledger(district, 202604).rows
        if row.account
    }
    for row in ledgers.trial_balance(district, 202604).rows:
        if len(row.account) == 3:
            closing_debit, closing_credit = Decimal(str(row.cells[5])), Decimal(str(row.cells[6]))
            side = "借" if closing_debit else "贷" if closing_credit else "平"
            assert ends[row.account] == (side, closing_debit or closing_credit)


def test_the_bank_journal_runs_from_opening_to_closing(district: Book, federation: Federation) -> None:
    journal = ledgers.subsidiary_ledger(district, 202604, federation.banks["HD"].account)
    assert journal.name == "银行存款日记账"
    assert [row.cells[4:] for row in journal.rows] == [
        (None, None, "借", Decimal("1000.00")),
        (Decimal("90.00"), None, "借", Decimal("1090.00")),
        (None, Decimal("90.00"), "借", Decimal("1000.00")),
        (None, Decimal("12.50"), "借", Decimal("987.50")),
        (None, Decimal("-2.50"), "借", Decimal("990.00")),
        (Decimal("90.00"), Decimal("100.00"), "借", Decimal("990.00")),
    ]
    assert all(row.transaction for row in journal.rows[1:-1])


def test_projects_and_parties_are_summed(district: Book) -> None:
    by_project = ledgers.by_project(district, 202604).rows
    assert [(row.account, row.cells[2:]) for row in by_project] == [
        ("40302", (ZERO, Decimal("90.00"))),
        ("50305", (Decimal("90.00"), ZERO)),
    ]
    assert [row.cells[0] for row in ledgers.by_party(district, 202604).rows] == ["HD-1"]


def test_statements_tie_to_the_trial_balance(district: Book) -> None:
    trial = {row.account: row.cells for row in ledgers.trial_balance(district, 202604).rows}
    for row in ledgers.balance_sheet(district, 202604).rows:
        if row.account:
            assert Decimal(str(row.cells[2])) in (trial[row.account][5], trial[row.account][6])
    income = rows(ledgers.income_statement(district, 202604))
    assert income["收入合计"] == (Decimal("90.00"), Decimal("1090.00"))
    assert income["支出合计"] == (Decimal("100.00"), Decimal("100.00"))


def test_payments_between_unions_are_eliminated(district: Book, federation: Federation) -> None:
    for book in (district, federation.books["TJ"]):
        found = ledgers.elimination(book, 202604).rows
        assert found[0].cells == (
            "M1", "50802 / 40302", "TJ", "HD", Decimal("90.00"), Decimal("90.00"), ZERO
        )  # fmt: skip
    post(
        book=federation.books["TJ"], external_key="sent", mirror_key="M2", date=dt.date(2026, 4, 30), kind="manual",
        summary="在途", entries=[Entry(
            debit="50802", credit=federation.banks["TJ"].account.code, amount=yuan("5.00"), project="普惠补贴"
        )],
    )  # fmt: skip
    assert ledgers.elimination(federation.books["TJ"], 202604).rows[-1].cells[-1] == Decimal("5.00")


def test_what_is_owed_between_unions_is_eliminated_too(federation: Federation) -> None:
    for code, debit, credit in (("TJ", "50802", "21201"), ("HD", "13101", "40302")):
        post(
            book=federation.books[code], external_key="notice", mirror_key="N1", date=dt.date(2026, 12, 31),
            kind="notice", summary="年末补助通知", entries=[
                Entry(debit=debit, credit=credit, amount=yuan("90.00"), project="普惠补贴", fund_source="earmarked")
            ],
        )  # fmt: skip
    found = [row.cells for row in ledgers.elimination(federation.books["HD"], 202612).rows[:-1]]
    ninety = Decimal("90.00")
    assert found == [
        ("N1", "21201 / 13101", "TJ", "HD", ninety, ninety, ZERO),
        ("N1", "50802 / 40302", "TJ", "HD", ninety, ninety, ZERO),
    ]


@pytest.mark.parametrize("code", sorted(ledgers.CATALOGUE))
def test_every_report_is_the_same_on_screen_in_spreadsheets_and_on_paper(district: Book, code: str) -> None:
    report = ledgers.CATALOGUE[code].make(district, 202604, "zh")
    assert all(len(row.cells) == len(report.columns) for row in report.rows)
    read = list(csv.reader(io.StringIO(tables.as_csv(report).decode("utf-8-sig"))))
    assert read[0] == list(report.header)
    assert len(read) == len(report.rows) + 1
    sheet = load_workbook(io.BytesIO(tables.as_xlsx(report))).active
    assert sheet is not None
    assert sheet.max_row == len(report.rows) + 1
    paper = PdfReader(io.BytesIO(tables.as_pdf(report)))
    text = "".join(page.extract_text() for page in paper.pages)
    assert report.name.replace(" ", "") in text.replace(" ", "").replace("\n", "")
    assert "会计机构负责人" in text


def test_a_summary_never_runs_as_a_formula(district: Book, federation: Federation) -> None:
    journal = tables.as_csv(ledgers.subsidiary_ledger(district, 202604, federation.banks["HD"].account))
    assert "'=业务" in journal.decode()


def test_english_is_for_the_screen(district: Book) -> None:
    english = ledgers.trial_balance(district, 202604, "en")
    assert (english.local_name("en"), english.columns[0].local_name("en")) == ("Trial balance", "Account")
    assert english.rows[-1].cells[0] == "Total"
    assert any("income" in str(row.cells[0]) for row in english.rows)
    general = ledgers.general_ledger(district, 202604, "en")
    assert {"Dr", "Cr"} <= {str(row.cells[4]) for row in general.rows}
