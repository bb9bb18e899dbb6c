"""The yearly budget of a book, and what of it was taken and spent."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.db import DatabaseError, connection, transaction

from ledger.books import budgets, closing
from ledger.books.errors import BudgetRefused, CheckedBySamePerson
from ledger.books.models import AccountBudget, Book
from ledger.reports import ledgers
from portal.accounts.models import AuditEvent
from tests.conftest import Federation

from .test_posting import cash_dues


@pytest.fixture
def book(federation: Federation) -> Book:
    return federation.books["HD-C001"]


def set_budget(book: Book, federation: Federation, approval: str = "工委〔2026〕1号", **amounts: str) -> None:
    wanted = {code.removeprefix("a"): Decimal(amount) for code, amount in amounts.items()}
    proposed = budgets.propose(
        book=book, year=2026, amounts=wanted, approval=approval, proposed_by=federation.maker
    )
    budgets.confirm(budget=proposed, confirmed_by=federation.checker)


def test_execution_stands_beside_the_budget_also_after_closing(book: Book, federation: Federation) -> None:
    set_budget(book, federation, a401="240.00", a501="100.00")
    cash_dues(book)
    for _month in range(2):
        rows = [row.cells for row in ledgers.budget_execution(book, 202603).rows]
        assert rows == [
            (
                "401 会费收入",
                Decimal("240.00"),
                Decimal("24.00"),
                Decimal("24.00"),
                Decimal("216.00"),
                "10.0%",
            ),
            (
                "501 职工活动支出",
                Decimal("100.00"),
                Decimal("0.00"),
                Decimal("0.00"),
                Decimal("100.00"),
                "0.0%",
            ),
            ("收入合计", Decimal("240.00"), Decimal("24.00"), Decimal("24.00"), Decimal("216.00"), "10.0%"),
            ("支出合计", Decimal("100.00"), Decimal("0.00"), Decimal("0.00"), Decimal("100.00"), "0.0%"),
        ]
        closing.carry_forward(book=book, month=202603, actor=federation.maker)


def test_a_new_version_replaces_the_old_one_and_both_are_on_the_trail(
    book: Book, federation: Federation
) -> None:
    set_budget(book, federation, a401="240.00", a501="100.00")
    set_budget(book, federation, approval="工委〔2026〕9号", a401="300.00")
    assert budgets.amounts_of(budgets.budget_of(book, 2026)) == {"401": Decimal("300.00")}
    details = AuditEvent.objects.filter(action="book.budget_set").latest("pk").details
    assert (details["before"], details["after"]) == ({"401": "240.00", "501": "100.00"}, {"401": "300.00"})
    assert details["approval"] == "工委〔2026〕9号"


def test_a_proposal_is_in_force_only_when_another_person_has_confirmed_it(
    book: Book, federation: Federation
) -> None:
    values = {"book": book, "year": 2026, "approval": "主席办公会", "proposed_by": federation.maker}
    first = budgets.propose(amounts={"401": Decimal(1)}, **values)
    second = budgets.propose(amounts={"401": Decimal(2)}, **values)
    with pytest.raises(CheckedBySamePerson):
        budgets.confirm(budget=second, confirmed_by=federation.maker)
    with pytest.raises(BudgetRefused, match="replaced"):
        budgets.confirm(budget=first, confirmed_by=federation.checker)
    assert budgets.budget_of(book, 2026) is None
    budgets.confirm(budget=second, confirmed_by=federation.checker)
    assert budgets.amounts_of(budgets.budget_of(book, 2026)) == {"401": Decimal(2)}
    with pytest.raises(BudgetRefused, match="confirmed meanwhile"):
        budgets.confirm(budget=second, confirmed_by=federation.checker)


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE books_budget SET approval = 'x'",
        "UPDATE books_budget SET confirmed_by_id = NULL",
        "DELETE FROM books_accountbudget",
        "UPDATE books_accountbudget SET amount = 9",
        """INSERT INTO books_budget (book_id, year, approval, proposed_by_id, proposed_at, confirmed_by_id)
           SELECT book_id, 2027, 'x', proposed_by_id, now(), confirmed_by_id FROM books_budget""",
    ],
)
def test_the_database_keeps_a_confirmed_budget(book: Book, federation: Federation, sql: str) -> None:
    set_budget(book, federation, a401="240.00")
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)


def test_the_database_lets_nobody_confirm_a_budget_of_their_own(book: Book, federation: Federation) -> None:
    budgets.propose(
        book=book, year=2026, amounts={"401": Decimal(1)}, approval="x", proposed_by=federation.maker
    )
    with (
        pytest.raises(DatabaseError, match="budget_confirmed_by_another"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute("UPDATE books_budget SET confirmed_by_id = proposed_by_id")


def test_the_report_names_the_document_that_approved_the_budget(book: Book, federation: Federation) -> None:
    assert ledgers.budget_execution(book, 202603).note == "本年度没有已确认的预算"
    set_budget(book, federation, a401="240.00")
    assert ledgers.budget_execution(book, 202603).note == "批准文件 工委〔2026〕1号"
    assert ledgers.budget_execution(book, 202603, "en").note == "Approved by document: 工委〔2026〕1号"


@pytest.mark.parametrize(
    "changed", [{"a101": "1.00"}, {"a50101": "1.00"}, {"a999": "1.00"}, {"a401": "-1.00"}, {"a401": "0.001"}]
)
def test_what_is_no_budget_is_refused(book: Book, federation: Federation, changed: dict[str, str]) -> None:
    with pytest.raises(BudgetRefused):
        set_budget(book, federation, **changed)
    with pytest.raises(BudgetRefused, match="document"):
        set_budget(book, federation, approval=" ", a401="1.00")
    assert not AccountBudget.objects.exists()


def test_the_database_refuses_budgets_of_other_accounts(book: Book, federation: Federation) -> None:
    proposed = budgets.propose(book=book, year=2026, amounts={}, approval="x", proposed_by=federation.maker)
    cash = book.accounts.get(code="101").pk
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO books_accountbudget (budget_id, account_id, amount, amount_currency)"
            " VALUES (%s, %s, 1, 'CNY')",
            [proposed.pk, cash],
        )
