"""The kernel under real concurrent connections."""

from __future__ import annotations

import datetime as dt
from functools import partial

import pytest
from django.db import connection, transaction

from ledger.books import closing, queries, vouchers
from ledger.books.detail_accounts import add_detail
from ledger.books.errors import AccountNotInChart, DetailRefused, HoldEnded, PeriodClosed, PeriodNotReady
from ledger.books.holds import hold
from ledger.books.integrity import verify
from ledger.books.models import Book, Hold, Period, PeriodState, Transaction, Voucher, VoucherState
from ledger.books.posting import Entry, post
from tests.concurrency import at_once
from tests.conftest import Federation

from .test_posting import DAY, cash_dues, yuan

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def book(federation: Federation) -> Book:
    return federation.books["HD-C001"]


def test_the_same_event_posted_by_eight_at_once_is_posted_once(book: Book) -> None:
    results = at_once([partial(cash_dues, book) for _ in range(8)])
    assert len(set(results)) == 1
    assert Transaction.objects.count() == 1
    assert queries.balance_of(book, "101") == yuan("24.00")


def test_posting_goes_on_over_a_connection_that_was_opened_anew(book: Book) -> None:
    cash_dues(book, key="before")
    connection.close()
    cash_dues(book, key="after")
    assert queries.balance_of(book, "101") == yuan("48.00")


def test_posts_between_the_same_accounts_in_opposite_directions_never_deadlock(book: Book) -> None:
    def many(debit: str, credit: str, worker: int) -> None:
        for n in range(20):
            post(
                book=book,
                external_key=f"{worker}:{n}",
                date=dt.date(2026, 3, 16),
                kind="x",
                summary="x",
                entries=[Entry(debit=debit, credit=credit, amount=yuan("1.00"))],
            )

    pairs = [("10201", "13501"), ("13501", "10201")] * 4
    results = at_once([partial(many, debit, credit, n) for n, (debit, credit) in enumerate(pairs)])
    assert results == [None] * 8
    assert queries.balance_of(book, "10201") == yuan("0.00")
    assert [check for check in verify() if not check.ok] == []


def test_voucher_numbers_have_no_gap_when_some_of_many_are_rolled_back(
    book: Book, federation: Federation
) -> None:
    for n in range(12):
        cash_dues(book, key=f"dues:{n}", date=dt.date(2026, 3, n + 1))
    drafts = vouchers.draw_up_month(book=book, month=202603, prepared_by=federation.maker)

    def check(voucher: Voucher, fail: bool) -> None:
        with transaction.atomic():
            vouchers.check_and_post(voucher=voucher, checked_by=federation.checker)
            if fail:
                raise ConnectionError("the network went away")

    results = at_once([partial(check, voucher, n % 3 == 0) for n, voucher in enumerate(drafts)])
    assert sum(isinstance(r, ConnectionError) for r in results) == 4
    numbers = (
        Voucher.objects.filter(state=VoucherState.POSTED).order_by("number").values_list("number", flat=True)
    )
    assert list(numbers) == [1, 2, 3, 4, 5, 6, 7, 8]
    assert all(result.ok for result in verify())


def test_a_post_and_a_close_at_once_never_leave_an_unvouchered_post_in_a_closed_month(
    book: Book, federation: Federation
) -> None:
    for month in (202601, 202602):
        closing.close_period(book=book, month=month, actor=federation.maker)
    calls = [partial(cash_dues, book, f"dues:{n}") for n in range(6)]
    results = at_once(
        [partial(closing.close_period, book=book, month=202603, actor=federation.maker), *calls]
    )
    closed = Period.objects.get(book=book, month=202603).state == PeriodState.CLOSED
    assert isinstance(results[0], Period if closed else PeriodNotReady)
    posted = [r for r in results[1:] if isinstance(r, Transaction)]
    assert all(isinstance(r, PeriodClosed) for r in results[1:] if r not in posted)
    assert bool(posted) is not closed
    assert Transaction.objects.count() == len(posted)


def test_without_the_trigger_the_same_race_loses_money(book: Book) -> None:
    """The twin: reading, adding and writing a balance in Python loses updates, so the race above is real."""

    def naive(n: int) -> None:
        with connection.cursor() as cursor:
            for _ in range(25):
                cursor.execute("SELECT total FROM naive_balance")
                (total,) = cursor.fetchone()
                cursor.execute("SELECT pg_sleep(0)")
                cursor.execute("UPDATE naive_balance SET total = %s", [total + 1])

    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE naive_balance AS SELECT 0 AS total")
    at_once([partial(naive, n) for n in range(8)])
    with connection.cursor() as cursor:
        cursor.execute("SELECT total FROM naive_balance")
        assert cursor.fetchone()[0] < 8 * 25


def test_one_hold_is_ended_by_one_of_eight_that_pay_it(book: Book) -> None:
    cash_dues(book, amount="500.00")
    kept = hold(
        book=book, external_key="payout", date=DAY, kind="payout", summary="代发在途", debit="510", credit="101",
        amount=yuan("60.00"),
    )  # fmt: skip

    def pay(n: int) -> Transaction:
        return post(
            book=book, external_key=f"paid:{n}", date=DAY, kind="payout", summary="支出", ends=kept,
            entries=[Entry(debit="510", credit="101", amount=yuan("60.00"))],
        )  # fmt: skip

    results = at_once([lambda n=n: pay(n) for n in range(8)])
    paid = [one for one in results if isinstance(one, Transaction)]
    assert len(paid) == 1
    assert all(isinstance(one, HoldEnded) for one in results if one not in paid)
    assert Hold.objects.get().posted_as == paid[0]
    assert queries.balance_of(book, "101") == yuan("440.00")
    assert [check for check in verify() if not check.ok] == []


def test_ending_holds_and_posting_take_accounts_in_one_order(federation: Federation) -> None:
    book, bank = federation.books["HD"], federation.banks["HD"].account.code
    for code in ("101", bank):
        post(
            book=book, external_key=f"in {code}", date=DAY, kind="x", summary="x",
            entries=[Entry(debit=code, credit="408", amount=yuan("9000.00"))],
        )  # fmt: skip
    holds = [
        hold(
            book=book, external_key=f"hold {n}", date=DAY, kind="payout", summary="代发在途", debit="13502",
            credit=bank, amount=yuan("1.00"),
        )
        for n in range(24)
    ]  # fmt: skip

    def work(worker: int) -> int:
        for n in range(12):
            ends = holds[worker * 12 + n] if worker < 2 else None
            post(
                book=book, external_key=f"{worker}:{n}", date=DAY, kind="x", summary="x", ends=ends,
                entries=[Entry(debit="101", credit=bank, amount=yuan("1.00"))],
            )  # fmt: skip
        return worker

    assert at_once([partial(work, worker) for worker in range(4)]) == [0, 1, 2, 3]
    assert [check for check in verify() if not check.ok] == []


def test_details_and_entries_of_several_lines_do_not_meet_on_one_account(federation: Federation) -> None:
    book = federation.books["HD"]

    def add() -> None:
        add_detail(book=book, code="1359901", name="示例", authorised_by="x", added_by=federation.maker)

    def two_lines() -> None:
        line = Entry(debit="13599", credit="408", amount=yuan("1.00"))
        post(book=book, external_key="two", date=DAY, kind="x", summary="x", entries=[line, line])

    results = at_once([add, two_lines])
    assert sum(isinstance(one, AccountNotInChart | DetailRefused) for one in results) == 1
    assert [check for check in verify() if not check.ok] == []
