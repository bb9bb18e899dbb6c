"""Vouchers and month-end, through the public functions."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.db import connection

from ledger.books import closing, queries, vouchers
from ledger.books.errors import CheckedBySamePerson, PeriodNotReady, PostedIsFinal
from ledger.books.integrity import verify
from ledger.books.models import Book, PeriodState, VoucherState
from ledger.books.posting import Details, Entry, post
from tests.conftest import Federation

from .test_posting import cash_dues, yuan


@pytest.fixture
def book(federation: Federation) -> Book:
    return federation.books["HD-C001"]


def test_a_day_gets_one_voucher_per_kind(book: Book, federation: Federation) -> None:
    for number in range(3):
        cash_dues(book, key=f"dues:{number}")
    post(
        book=book,
        external_key="interest",
        date=dt.date(2026, 3, 16),
        kind="interest",
        summary="存款利息",
        entries=[Entry(debit="10201", credit="408", amount=yuan("0.50"))],
    )
    drawn = vouchers.draw_up_day(book=book, date=dt.date(2026, 3, 16), prepared_by=federation.maker)
    assert [(v.summary, v.transactions.count(), v.number) for v in drawn] == [
        ("收会费等3笔", 3, None),
        ("存款利息", 1, None),
    ]
    assert vouchers.draw_up_day(book=book, date=dt.date(2026, 3, 16), prepared_by=federation.maker) == []


def test_numbers_are_given_in_the_order_of_posting(book: Book, federation: Federation) -> None:
    for day in (1, 2, 3):
        cash_dues(book, key=f"dues:{day}", date=dt.date(2026, 3, day))
    first, second, third = vouchers.draw_up_month(book=book, month=202603, prepared_by=federation.maker)
    vouchers.discard(voucher=second)
    numbers = [
        vouchers.check_and_post(voucher=v, checked_by=federation.checker).number for v in (third, first)
    ]
    assert numbers == [1, 2]
    assert first.previous_hash == third.hash
    assert third.state == VoucherState.POSTED


def test_nobody_checks_an_own_voucher(book: Book, federation: Federation) -> None:
    cash_dues(book)
    (voucher,) = vouchers.draw_up_month(book=book, month=202603, prepared_by=federation.maker)
    with pytest.raises(CheckedBySamePerson):
        vouchers.check_and_post(voucher=voucher, checked_by=federation.maker)
    voucher.refresh_from_db()
    assert (voucher.state, voucher.number) == (VoucherState.DRAFT, None)


def test_a_posted_voucher_cannot_be_discarded(book: Book, federation: Federation) -> None:
    cash_dues(book)
    (voucher,) = vouchers.draw_up_month(book=book, month=202603, prepared_by=federation.maker)
    vouchers.check_and_post(voucher=voucher, checked_by=federation.checker)
    with pytest.raises(PostedIsFinal):
        vouchers.discard(voucher=voucher)


def test_month_end_carries_earmarked_money_to_321_and_own_money_to_322(federation: Federation) -> None:
    """The district's books of the card subsidy: 90 from above, 150 paid (domain 2.5 P1)."""
    book = federation.books["HD"]
    day = dt.date(2026, 3, 16)
    post(
        book=book,
        external_key="up",
        date=day,
        kind="subsidy.received",
        summary="收到上级补助",
        entries=[
            Entry(
                debit="10201", credit="40302", amount=yuan("90.00"), project="card", fund_source="earmarked"
            ),
            Entry(debit="10201", credit="408", amount=yuan("60.00")),
        ],
    )
    post(
        book=book,
        external_key="paid",
        date=day,
        kind="subsidy.paid",
        summary="发放普惠补贴",
        entries=[
            Entry(
                debit="50305", credit="10201", amount=yuan("90.00"), project="card", fund_source="earmarked"
            ),
            Entry(debit="50305", credit="10201", amount=yuan("60.00"), project="card"),
        ],
    )
    closing.carry_forward(book=book, month=202603, actor=federation.maker)
    rows = {r.code: (r.debit, r.credit) for r in queries.trial_balance(book, 202603)}
    assert rows["32103"] == (Decimal("90.00"), Decimal("90.00"))
    assert rows["32203"] == (Decimal("60.00"), Decimal("60.00"))
    assert rows["503"] == (Decimal("150.00"), Decimal("150.00"))
    assert closing.carry_forward(book=book, month=202603, actor=federation.maker) == []


def test_a_month_closes_when_everything_has_its_voucher(book: Book, federation: Federation) -> None:
    cash_dues(book)
    closing.carry_forward(book=book, month=202603, actor=federation.maker)
    for month in (202601, 202602):
        closing.close_period(book=book, month=month, actor=federation.maker)
    with pytest.raises(PeriodNotReady):
        closing.close_period(book=book, month=202603, actor=federation.maker)
    for voucher in vouchers.draw_up_month(book=book, month=202603, prepared_by=federation.maker):
        vouchers.check_and_post(voucher=voucher, checked_by=federation.checker)
    assert closing.close_period(book=book, month=202603, actor=federation.maker).state == PeriodState.CLOSED
    assert [check for check in verify() if not check.ok] == []


def test_results_of_a_closed_month_are_checked_by_project(federation: Federation) -> None:
    book = federation.books["HD"]
    bank = federation.banks["HD"].account.code
    for project in ("项目甲", "项目乙"):
        post(
            book=book, external_key=project, date=dt.date(2026, 1, 5), kind="manual", summary="专项",
            entries=[Entry(debit=bank, credit="40302", amount=yuan("10.00"), project=project, fund_source="earmarked")],
        )  # fmt: skip
    # Carried forward for the wrong project, and on 321 as if it were own money.
    post(
        book=book, external_key="carried", date=dt.date(2026, 1, 31), kind="closing", summary="结转",
        entries=[Entry(debit="40302", credit="32103", amount=yuan("20.00"), project="项目甲", fund_source="earmarked",
                       on_credit=Details())],
    )  # fmt: skip
    broken = {check.name for check in verify() if not check.ok}
    assert broken == {
        "321 holds earmarked money of named projects only",
        "earmarked money is not overspent",
    }
    for drawn in vouchers.draw_up_month(book=book, month=202601, prepared_by=federation.maker):
        vouchers.check_and_post(voucher=drawn, checked_by=federation.checker)
    with connection.cursor() as cursor:  # closing itself would refuse
        cursor.execute(
            "UPDATE books_period SET state = 'closed' WHERE book_id = %s AND month = 202601", [book.pk]
        )
    found = {check.name: check.detail for check in verify() if not check.ok}
    assert "项目乙" in found["income and expenditure are zero in closed months"]
