"""The first day of a book: opening balances before it, and nothing else."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from ledger.books import balances_brought, bulk, manual, opening, queries, vouchers
from ledger.books.bulk import NewTransaction
from ledger.books.errors import BalancesRefused, BookRefused, PeriodClosed, UnknownAccount
from ledger.books.integrity import verify
from ledger.books.models import Book, Period, Transaction, Voucher
from ledger.books.posting import Entry
from ledger.reports import ledgers, statements
from tests import factories
from tests.conftest import Federation

from .test_manual_vouchers import line
from .test_posting import cash_dues, yuan

FIRST = dt.date(2026, 3, 16)
BROUGHT = [line("101", "D", "300.00"), line("32205", "C", "300.00")]


@pytest.fixture
def book(federation: Federation) -> Book:
    """A book that opens in the middle of March."""
    return opening.open_book(
        union=factories.community_union(federation.district, code="HD-C002"), opened_on=FIRST
    )


def bring(book: Book, federation: Federation) -> Voucher:
    return balances_brought.bring(book=book, lines=BROUGHT, prepared_by=federation.maker)


def test_opening_balances_are_opening_figures_also_in_the_middle_of_a_month(
    book: Book, federation: Federation
) -> None:
    draft = bring(book, federation)
    assert draft.date == dt.date(2026, 2, 28)
    vouchers.check_and_post(voucher=draft, checked_by=federation.checker)
    cash_dues(book, date=FIRST)
    rows = {r.code: (r.opening_debit, r.debit, r.closing_debit) for r in queries.trial_balance(book, 202603)}
    assert rows["101"] == (Decimal("300.00"), Decimal("24.00"), Decimal("324.00"))
    sheet = {row.code: (row.first, row.second) for row in statements.balance_sheet(book, 202603).rows}
    assert sheet["322"] == (Decimal("300.00"), Decimal("300.00"))
    ledger = [row.cells for row in ledgers.general_ledger(book, 202603).rows][:3]
    assert ledger == [
        ("101 库存现金", "", "期初余额", None, None, "借", Decimal("300.00")),
        ("101 库存现金", "2026-03", "本月合计", Decimal("24.00"), Decimal("0.00"), "借", Decimal("324.00")),
        ("101 库存现金", "2026-03", "本年累计", Decimal("24.00"), Decimal("0.00"), "借", Decimal("324.00")),
    ]
    assert [check for check in verify(book=book) if not check.ok] == []


@pytest.mark.parametrize("text", ["2026-03-15", "2026-03-01", "2026-02-28", "2026-02-27"])
def test_no_event_is_posted_before_the_first_day(book: Book, federation: Federation, text: str) -> None:
    day = dt.date.fromisoformat(text)
    bring(book, federation)
    entry = Entry(debit="101", credit="401", amount=yuan("2.00"))
    with pytest.raises(PeriodClosed, match="begins on 2026-03-16"):
        cash_dues(book, date=day)
    with pytest.raises(PeriodClosed, match="begins on 2026-03-16"):
        bulk.post_many(
            [NewTransaction(book=book, external_key="x", date=day, kind="dues", summary="x", entries=[entry])]
        )
    assert not Transaction.objects.exists()


def test_typed_vouchers_before_the_first_day_are_opening_balances(book: Book, federation: Federation) -> None:
    draft = bring(book, federation)
    revised: dict[str, Any] = {"voucher": draft, "summary": "期初余额", "prepared_by": federation.maker}
    with pytest.raises(PeriodClosed, match="begins on"):
        manual.revise(date=dt.date(2026, 2, 27), lines=BROUGHT, **revised)
    lines = [line("101", "D", "300.00"), line("408", "C", "300.00")]
    with pytest.raises(BalancesRefused, match="408: income and expenditure"):
        manual.revise(date=draft.date, lines=lines, **revised)
    with pytest.raises(PeriodClosed, match="begins on"):
        manual.revise(date=dt.date(2026, 3, 15), lines=BROUGHT, **revised)
    draft.refresh_from_db()
    assert (draft.revision, draft.date) == (1, dt.date(2026, 2, 28))


def test_wrong_opening_balances_are_taken_back_on_their_day(book: Book, federation: Federation) -> None:
    draft = bring(book, federation)
    vouchers.check_and_post(voucher=draft, checked_by=federation.checker)
    red = manual.cancel(voucher=draft, date=draft.date, prepared_by=federation.maker)
    vouchers.check_and_post(voucher=red, checked_by=federation.checker)
    assert queries.balance_of(book, "101") == yuan("0.00")


def test_next_years_months_begin_with_the_first_one(book: Book) -> None:
    opening.open_year(book=book, year=2026)
    assert list(Period.objects.filter(book=book, month__lt=202604).values_list("month", flat=True)) == [
        202603
    ]


def test_what_book_cannot_be_opened(federation: Federation) -> None:
    union = factories.community_union(federation.district, code="HD-C003")
    far = dt.date(timezone.localdate().year + 2, 1, 1)
    for day, refusal, words in (
        (far, BookRefused, "too far ahead"),
        (dt.date(1900, 1, 1), UnknownAccount, "No chart of accounts"),
    ):
        with pytest.raises(refusal, match=words):
            opening.open_book(union=union, opened_on=day)
    union.keeps_accounts = False
    union.save()
    with pytest.raises(BookRefused, match="HD-C003: no accounts are kept there"):
        opening.open_book(union=union, opened_on=FIRST)
    with pytest.raises(BookRefused, match="HD: there is a book under this chart already"):
        opening.open_book(union=federation.district, opened_on=FIRST)
    long = factories.community_union(federation.municipal, code="C" * 16)
    with pytest.raises(BookRefused, match="too long"):
        opening.open_book(union=long, opened_on=dt.date(2019, 1, 1))
    assert Book.objects.count() == 3


def test_books_of_several_charts_are_linked_in_any_order(federation: Federation) -> None:
    unions = [factories.community_union(federation.municipal, code=code) for code in ("A1", "A2")]
    later = opening.open_books(unions=unions, opened_on=dt.date(2022, 1, 1))
    earlier = opening.open_books(unions=unions, opened_on=dt.date(2021, 1, 1))
    for before, after in zip(earlier, later, strict=True):
        after.refresh_from_db()
        assert (before.continues, after.continues) == (None, before)
