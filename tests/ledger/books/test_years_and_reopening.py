"""Checklist, year end, and opening the last closed month again."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.db import DatabaseError, connection, transaction

from ledger.books import closing, queries, vouchers
from ledger.books.errors import CannotReopen, CheckedBySamePerson, PeriodClosed, PeriodNotReady, PostedIsFinal
from ledger.books.integrity import verify
from ledger.books.models import Book, Period, PeriodReopening, PeriodState, Voucher
from ledger.books.posting import Entry, post
from tests.conftest import Federation

from .test_posting import cash_dues, yuan


@pytest.fixture
def book(federation: Federation) -> Book:
    return federation.books["HD-C001"]


def voucher_all(book: Book, month: int, federation: Federation) -> None:
    for voucher in vouchers.draw_up_month(book=book, month=month, prepared_by=federation.maker):
        vouchers.check_and_post(voucher=voucher, checked_by=federation.checker)


def close(book: Book, month: int, federation: Federation) -> Period:
    closing.carry_forward(book=book, month=month, actor=federation.maker)
    if month % 100 == 12:
        closing.close_year(book=book, year=month // 100, actor=federation.maker)
    voucher_all(book, month, federation)
    return closing.close_period(book=book, month=month, actor=federation.maker)


def state(book: Book, month: int) -> dict[str, bool]:
    return {item.code: item.done for item in closing.checklist(book, month)}


def test_the_checklist_says_what_is_in_the_way(book: Book, federation: Federation) -> None:
    cash_dues(book)
    assert state(book, 202603) == {
        "earlier": False, "carried": False, "vouchers": False, "banks": True, "verified": True
    }  # fmt: skip
    with pytest.raises(PeriodNotReady, match="2026-01 is still open"):
        closing.close_period(book=book, month=202603, actor=federation.maker)
    for month in (202601, 202602, 202603):
        close(book, month, federation)
    assert all(state(book, 202603).values())


def test_a_bank_account_that_moved_needs_its_statement(federation: Federation) -> None:
    book, bank = federation.books["HD"], federation.banks["HD"].account.code
    post(
        book=book, external_key="levy", date=dt.date(2026, 1, 5), kind="levy", summary="收到经费",
        entries=[Entry(debit=bank, credit="402", amount=yuan("10.00"))],
    )  # fmt: skip
    (item,) = [item for item in closing.checklist(book, 202601) if item.code == "banks"]
    assert "no statement of this month yet" in item.problems[0]


def test_the_year_ends_in_the_accumulated_accounts(book: Book, federation: Federation) -> None:
    cash_dues(book, date=dt.date(2026, 3, 16))
    post(
        book=book, external_key="spent", date=dt.date(2026, 12, 5), kind="manual", summary="支出",
        entries=[Entry(debit="510", credit="101", amount=yuan("4.00"))],
    )  # fmt: skip
    for month in range(202601, 202612):
        close(book, month, federation)
    closing.carry_forward(book=book, month=202612, actor=federation.maker)
    assert not state(book, 202612)["year_end"]
    close(book, 202612, federation)
    assert closing.close_year(book=book, year=2026) == []
    rows = {r.code: r.closing_credit for r in queries.trial_balance(book, 202612)}
    assert rows["32203"] == Decimal("0.00")
    assert rows["32205"] == Decimal("20.00")
    assert book.periods.filter(month=202701, state=PeriodState.OPEN).exists()
    assert book.periods.filter(month=202712).exists()
    assert [check for check in verify() if not check.ok] == []


def test_a_year_ends_after_its_eleven_months(book: Book, federation: Federation) -> None:
    cash_dues(book, date=dt.date(2026, 12, 1))
    for month in range(202601, 202611):
        close(book, month, federation)
    with pytest.raises(PeriodNotReady, match=r"2026-11 is still open\. 401: not carried forward yet"):
        closing.close_year(book=book, year=2026, actor=federation.maker)
    close(book, 202611, federation)
    with pytest.raises(PeriodNotReady, match="The results of 2026 cannot be carried over yet"):
        closing.close_year(book=book, year=2026, actor=federation.maker)
    assert not book.transactions.filter(kind="year_end").exists()
    close(book, 202612, federation)


def test_a_month_opens_again_only_while_no_later_one_was_closed_meanwhile(
    book: Book, federation: Federation
) -> None:
    close(book, 202601, federation)
    asked = closing.ask_to_reopen(book=book, month=202601, reason="漏记", asked_by=federation.maker)
    close(book, 202602, federation)
    with pytest.raises(CannotReopen, match="Only the last closed month"):
        closing.allow_reopening(reopening=asked, allowed_by=federation.checker)
    assert not state(book, 202604)["earlier"]
    with pytest.raises(PeriodNotReady, match="2026-03 is still open"):
        closing.close_period(book=book, month=202604, actor=federation.maker)


def test_closing_opens_the_year_after(book: Book, federation: Federation) -> None:
    assert not book.periods.filter(month=202801).exists()
    for month in (*range(202601, 202613), 202701):
        close(book, month, federation)
    assert book.periods.filter(month=202812).exists()


def test_only_the_last_closed_month_opens_again_and_by_two_people(book: Book, federation: Federation) -> None:
    cash_dues(book)
    for month in (202601, 202602, 202603):
        close(book, month, federation)
    with pytest.raises(CannotReopen):
        closing.ask_to_reopen(book=book, month=202602, reason="漏记", asked_by=federation.maker)
    with pytest.raises(CannotReopen):
        closing.ask_to_reopen(book=book, month=202603, reason="  ", asked_by=federation.maker)
    asked = closing.ask_to_reopen(book=book, month=202603, reason="漏记", asked_by=federation.maker)
    assert (
        closing.ask_to_reopen(book=book, month=202603, reason="again", asked_by=federation.checker) == asked
    )
    with pytest.raises(CheckedBySamePerson):
        closing.allow_reopening(reopening=asked, allowed_by=federation.maker)
    closing.allow_reopening(reopening=asked, allowed_by=federation.checker)
    cash_dues(book, key="late")
    before = Voucher.objects.filter(book=book, state="posted").count()
    close(book, 202603, federation)
    numbers = Voucher.objects.filter(book=book).order_by("sequence").values_list("number", flat=True)
    assert list(numbers) == list(range(1, len(numbers) + 1))
    assert len(numbers) > before
    with pytest.raises(CannotReopen):
        closing.allow_reopening(reopening=asked, allowed_by=federation.checker)
    with pytest.raises(PeriodClosed):
        cash_dues(book, key="too late")
    assert [check for check in verify() if not check.ok] == []


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE books_period SET state = 'open' WHERE state = 'closed'",
        "UPDATE books_periodreopening SET reason = 'other'",
        "DELETE FROM books_periodreopening",
        "UPDATE books_periodreopening SET allowed_by_id = asked_by_id, allowed_at = now()",
    ],
)
def test_sql_cannot_open_a_month_by_itself(book: Book, federation: Federation, statement: str) -> None:
    close(book, 202601, federation)
    asked = closing.ask_to_reopen(book=book, month=202601, reason="漏记", asked_by=federation.maker)
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    closing.allow_reopening(reopening=asked, allowed_by=federation.checker)
    close(book, 202601, federation)
    # What was allowed once does not allow a second time.
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE books_period SET state = 'open' WHERE state = 'closed'")
    assert PeriodReopening.objects.count() == 1


def test_a_draft_of_a_closed_month_cannot_be_posted(book: Book, federation: Federation) -> None:
    cash_dues(book)
    for month in (202601, 202602, 202603):
        close(book, month, federation)
    posted = Voucher.objects.filter(book=book).first()
    assert posted is not None
    with pytest.raises(PostedIsFinal):
        vouchers.check_and_post(voucher=posted, checked_by=federation.checker)
