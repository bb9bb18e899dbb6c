"""The yearly budget of a book, and what of it was taken and spent."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.db import DatabaseError, connection, transaction

from ledger.books import budgets, closing
from ledger.books.errors import BudgetRefused
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
    budgets.set_budget(book=book, year=2026, amounts=wanted, approval=approval, set_by=federation.maker)


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
    found = {line.account.code: line.amount.amount for line in budgets.budget_of(book, 2026)}
    assert found == {"401": Decimal("300.00")}
    details = AuditEvent.objects.filter(action="book.budget_set").latest("pk").details
    assert (details["before"], details["after"]) == ({"401": "240.00", "501": "100.00"}, {"401": "300.00"})
    assert details["approval"] == "工委〔2026〕9号"


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
    cash = book.accounts.get(code="101").pk
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO books_accountbudget (book_id, year, account_id, amount, amount_currency, set_by_id, set_at)"
            " VALUES (%s, 2026, %s, 1, 'CNY', %s, now())",
            [book.pk, cash, federation.maker.pk],
        )
