"""Posting through the public function."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal

import pytest
from django.db import DatabaseError, connection, transaction
from django.db.transaction import TransactionManagementError
from djmoney.money import Money
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger.books import queries
from ledger.books.bulk import NewTransaction, post_together
from ledger.books.errors import (
    AccountNotInChart,
    CancelledAlready,
    ExternalKeyReused,
    NothingToPost,
    Overdrawn,
    PeriodClosed,
    TooLarge,
    UnknownAccount,
)
from ledger.books.integrity import verify
from ledger.books.models import Book, Posting, Transaction
from ledger.books.posting import Details, Entry, post, reverse
from tests.conftest import Federation

DAY = dt.date(2026, 3, 16)


def yuan(amount: str) -> Money:
    return Money(Decimal(amount), "CNY")


def cash_dues(book: Book, key: str = "dues:1", amount: str = "24.00", date: dt.date = DAY) -> Transaction:
    return post(
        book=book,
        external_key=key,
        date=date,
        kind="counter",
        summary="收会费",
        entries=[Entry(debit="101", credit="401", amount=yuan(amount), party="HD-C001-000001")],
    )


@pytest.fixture
def book(federation: Federation) -> Book:
    return federation.books["HD-C001"]


def test_a_posted_event_moves_both_balances(book: Book) -> None:
    cash_dues(book)
    assert queries.balance_of(book, "101") == yuan("24.00")
    assert queries.balance_of(book, "401") == yuan("24.00")


def test_what_is_returned_is_what_was_stored(book: Book, federation: Federation) -> None:
    first = cash_dues(book)
    posted = post(
        book=book,
        external_key="dues:1:back",
        date=dt.date(2026, 3, 17),
        kind="refund",
        summary="退会费",
        entries=[Entry(debit="101", credit="401", amount=yuan("24.00"), red=True)],
        document="S-1",
        mirror_key="M-1",
        actor=federation.maker,
        reverses=first,
        rule="dues.cash/1",
    )
    stored = Transaction.objects.get(pk=posted.pk)
    for field in Transaction._meta.concrete_fields:
        assert getattr(posted, field.attname) == getattr(stored, field.attname), field.name
    assert posted.book is book
    assert posted.reverses is first


def test_posting_the_same_key_and_content_again_changes_nothing(book: Book) -> None:
    first = cash_dues(book)
    assert cash_dues(book) == first
    assert queries.balance_of(book, "101") == yuan("24.00")
    assert Transaction.objects.count() == 1


def test_the_same_key_with_other_content_is_refused(book: Book) -> None:
    cash_dues(book)
    with pytest.raises(ExternalKeyReused):
        cash_dues(book, amount="25.00")
    assert queries.balance_of(book, "101") == yuan("24.00")


def test_the_same_key_in_another_book_is_another_event(book: Book, federation: Federation) -> None:
    cash_dues(book)
    post(
        book=federation.books["HD"],
        external_key="dues:1",
        date=DAY,
        kind="interest",
        summary="利息",
        entries=[Entry(debit="10201", credit="408", amount=yuan("1.23"))],
    )
    assert Transaction.objects.count() == 2


def test_a_compound_entry_posts_every_line(book: Book) -> None:
    post(
        book=book,
        external_key="online:1",
        date=DAY,
        kind="online",
        summary="收会费",
        entries=[Entry(debit="13501", credit="401", amount=yuan("24.00"))],
    )
    settled = post(
        book=book,
        external_key="settle:1",
        date=DAY,
        kind="settled",
        summary="平台结算",
        entries=[
            Entry(debit="10201", credit="13501", amount=yuan("23.86")),
            Entry(debit="50504", credit="13501", amount=yuan("0.14")),
        ],
    )
    assert queries.balance_of(book, "13501") == yuan("0.00")
    lines = Posting.objects.filter(transaction=settled).order_by("line", "-side")
    assert [(p.side, p.account.code, p.amount) for p in lines] == [
        ("D", "10201", yuan("23.86")),
        ("C", "13501", yuan("23.86")),
        ("D", "50504", yuan("0.14")),
        ("C", "13501", yuan("0.14")),
    ]


def test_a_reversal_is_red_on_the_same_sides(book: Book) -> None:
    original = cash_dues(book)
    red = reverse(original=original, date=DAY, reason="重复收款", external_key="dues:1:red")
    assert queries.balance_of(book, "101") == yuan("0.00")
    row = next(r for r in queries.trial_balance(book, 202603) if r.code == "101")
    assert (row.debit, row.credit) == (Decimal("0.00"), Decimal("0.00"))
    assert red.reverses == original
    assert red.summary == "注销2026年03月16日业务:收会费(重复收款)"
    assert [p.amount for p in Posting.objects.filter(transaction=red)] == [yuan("-24.00"), yuan("-24.00")]


@pytest.mark.parametrize("amount", ["0.00", "-1.00"])
def test_an_entry_without_a_positive_amount_is_refused(amount: str) -> None:
    with pytest.raises(NothingToPost):
        Entry(debit="101", credit="401", amount=yuan(amount))


def test_an_entry_in_another_currency_is_refused() -> None:
    with pytest.raises(NothingToPost):
        Entry(debit="101", credit="401", amount=Money("1.00", "USD"))


def test_a_transaction_without_entries_is_refused(book: Book) -> None:
    with pytest.raises(NothingToPost):
        post(book=book, external_key="k", date=DAY, kind="counter", summary="收会费", entries=[])


def test_an_unknown_account_is_named_and_nothing_is_posted(book: Book) -> None:
    with pytest.raises(UnknownAccount, match="508"):
        post(
            book=book,
            external_key="k",
            date=DAY,
            kind="x",
            summary="x",
            entries=[Entry(debit="50899", credit="101", amount=yuan("1.00"))],
        )
    assert not Transaction.objects.exists()


def test_only_the_lowest_accounts_take_postings(book: Book) -> None:
    with pytest.raises(AccountNotInChart):
        post(
            book=book,
            external_key="k",
            date=DAY,
            kind="x",
            summary="x",
            entries=[Entry(debit="102", credit="401", amount=yuan("1.00"))],
        )


def test_the_cash_box_cannot_be_overdrawn(book: Book) -> None:
    cash_dues(book)
    with pytest.raises(Overdrawn):
        post(
            book=book,
            external_key="k",
            date=DAY,
            kind="cash.banked",
            summary="现金存入银行",
            entries=[Entry(debit="10201", credit="101", amount=yuan("24.01"))],
        )
    assert queries.balance_of(book, "101") == yuan("24.00")


def test_a_date_outside_the_book_years_is_refused(book: Book) -> None:
    with pytest.raises(PeriodClosed):
        cash_dues(book, date=dt.date(2031, 1, 1))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    events=st.lists(
        st.tuples(
            st.sampled_from(
                [("101", "401"), ("10201", "401"), ("10201", "21502"), ("50504", "10201"), ("13599", "401")]
            ),
            st.integers(min_value=1, max_value=10**9),
            st.integers(min_value=1, max_value=12),
            st.booleans(),
        ),
        min_size=1,
        max_size=12,
    )
)
def test_whatever_is_posted_the_books_balance_and_agree_with_a_plain_sum(book: Book, events: list) -> None:
    before = Transaction.objects.count()
    expected: dict[str, Decimal] = {}
    trial = {r.code: r.closing_debit - r.closing_credit for r in queries.trial_balance(book, 202612)}
    for number, ((debit, credit), fen, month, red) in enumerate(events):
        amount = Decimal(fen) / 100
        sign = -1 if red and debit != "101" else 1
        post(
            book=book,
            external_key=f"p{before}-{number}",
            date=dt.date(2026, month, 1),
            kind="x",
            summary="x",
            entries=[Entry(debit=debit, credit=credit, amount=Money(amount, "CNY"), red=sign < 0)],
        )
        expected[debit] = expected.get(debit, Decimal(0)) + sign * amount
        expected[credit] = expected.get(credit, Decimal(0)) - sign * amount
    after = {r.code: r.closing_debit - r.closing_credit for r in queries.trial_balance(book, 202612)}
    assert {code: after.get(code, Decimal(0)) - trial.get(code, Decimal(0)) for code in expected} == expected
    assert [result for result in verify(book=book) if not result.ok] == []


def test_parts_of_a_fen_are_refused(book: Book) -> None:
    with pytest.raises(NothingToPost, match="two decimals"):
        cash_dues(book, amount="1.005")
    assert cash_dues(book, amount="1.500").transfers.get().amount == yuan("1.50")


def test_texts_and_amounts_beyond_the_books_are_refused_in_words(book: Book) -> None:
    for beyond in ({"amount": "99999999999999999.00"}, {"key": "x" * 121}):
        with pytest.raises(TooLarge, match="too long or an amount too large"):
            cash_dues(book, **beyond)
    assert not Transaction.objects.exists()


@pytest.mark.parametrize("post_one", [post, lambda **new: post_together([NewTransaction(**new)])[0]])
def test_a_retry_says_the_same_on_both_sides(book: Book, post_one: Callable[..., Transaction]) -> None:
    def again(nature: str = "", **credit: str) -> Transaction:
        details = Details(**{"party": "乙单位", "summary": "转给乙"} | credit)
        moved = Entry(
            debit="408", credit="408", amount=yuan("5.00"), party="甲单位", nature=nature, on_credit=details
        )
        return post_one(
            book=book, external_key="moved", date=DAY, kind="manual", summary="调整", entries=[moved]
        )

    first = again()
    assert again() == first
    sides = Posting.objects.filter(transaction=first).order_by("-side")
    assert [(p.party, p.line_summary) for p in sides] == [("甲单位", ""), ("乙单位", "转给乙")]
    for other in ({"party": "丙单位"}, {"summary": "转给丙"}, {"nature": "project"}):
        with pytest.raises(ExternalKeyReused):
            again(**other)


def test_no_post_leaves_a_savepoint_behind(book: Book) -> None:
    with transaction.atomic():
        cash_dues(book)
        with pytest.raises(UnknownAccount):
            post(
                book=book, external_key="x", date=DAY, kind="x", summary="x",
                entries=[Entry(debit="101", credit="999", amount=yuan("1.00"))],
            )  # fmt: skip
        with (
            pytest.raises(DatabaseError, match="does not exist"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute("RELEASE SAVEPOINT post")


def test_a_broken_database_transaction_takes_no_posts(book: Book) -> None:
    with transaction.atomic():
        with pytest.raises(ZeroDivisionError), transaction.atomic(savepoint=False):
            raise ZeroDivisionError
        with pytest.raises(TransactionManagementError):
            cash_dues(book)
        transaction.set_rollback(False)


def test_an_entry_is_reversed_once(book: Book) -> None:
    first = cash_dues(book)
    reverse(original=first, date=DAY, reason="x", external_key="red")
    with pytest.raises(CancelledAlready):
        reverse(original=first, date=DAY, reason="x", external_key="red again")
