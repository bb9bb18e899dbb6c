"""Dimensions that accounts require, and money held while it is in transit."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from ledger.books import queries
from ledger.books.dimensions import economic_classes, requirement
from ledger.books.errors import DimensionMissing, ExternalKeyReused, HoldEnded, Overdrawn, UnknownAccount
from ledger.books.holds import available, hold, void_hold
from ledger.books.integrity import verify
from ledger.books.models import Book, Hold, HoldState, Transaction, Transfer
from ledger.books.posting import Entry, post
from tests.conftest import Federation

from .test_posting import DAY, cash_dues, yuan


@pytest.fixture
def district(federation: Federation) -> Book:
    return federation.books["HD"]


@pytest.fixture
def community(federation: Federation) -> Book:
    return federation.books["HD-C001"]


def spend(book: Book, credit: str, debit: str = "50305", **dimensions: Any) -> Transfer:
    posted = post(
        book=book, external_key=f"spend:{dimensions}", date=DAY, kind="manual", summary="支出",
        entries=[Entry(debit=debit, credit=credit, amount=yuan("1.00"), **dimensions)],
    )  # fmt: skip
    return posted.transfers.get()


def test_basic_or_project_follows_from_the_project_and_the_class_from_the_account(
    federation: Federation, district: Book
) -> None:
    bank = federation.banks["HD"].account.code
    plain = spend(district, bank)
    assert (plain.nature, plain.economic_class) == ("basic", "30399")
    named = spend(district, bank, project="普惠补贴", economic_class="30309")
    assert (named.nature, named.economic_class) == ("project", "30309")


def test_earmarked_money_without_its_project_is_refused(federation: Federation, district: Book) -> None:
    bank = federation.banks["HD"].account.code
    with pytest.raises(DimensionMissing):
        spend(district, bank, fund_source="earmarked")
    with pytest.raises(DimensionMissing):
        spend(district, "40302", debit=bank)


def test_required_dimensions_hold_for_sql_too(federation: Federation, district: Book) -> None:
    account = district.accounts.get(code="50602")
    assert account.needs_nature
    assert account.needs_economic_class
    bank = federation.banks["HD"].account
    statement = """
        WITH head AS (
            INSERT INTO books_transaction (book_id, external_key, date, month, kind, summary, document, mirror_key,
                                           created_at)
            VALUES (%(book)s, 'raw', %(day)s, %(month)s, 'raw', 'raw', '', '', now()) RETURNING id)
        INSERT INTO books_transfer (transaction_id, book_id, month, line, debit_id, credit_id, amount, amount_currency,
                                    is_red, project, fund_source, party)
        SELECT id, %(book)s, %(month)s, 1, %(debit)s, %(credit)s, 1, 'CNY', false, '', 'own', '' FROM head"""
    values = {
        "book": district.pk,
        "day": DAY,
        "month": DAY.year * 100 + DAY.month,
        "debit": account.pk,
        "credit": bank.pk,
    }
    with pytest.raises(DatabaseError, match="dimension"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, values)


def test_grassroots_books_are_asked_less(community: Book) -> None:
    assert not requirement(community.kind, "50305").needs_economic_class
    assert requirement("county", "50305").economic_class in economic_classes()


def held(book: Book, amount: str = "60.00", key: str = "payout:1") -> Hold:
    return hold(
        book=book, external_key=key, date=DAY, kind="payout", summary="代发在途", debit="510", credit="101",
        amount=yuan(amount),
    )  # fmt: skip


def test_a_hold_lowers_what_is_available_and_no_balance(community: Book) -> None:
    cash_dues(community, amount="100.00")
    assert held(community) == held(community)
    cash = community.accounts.get(code="101")
    assert queries.balance(cash) == yuan("100.00")
    assert available(cash) == yuan("40.00")
    spend(community, "101", debit="510")
    with pytest.raises(Overdrawn):
        held(community, "40.00", "payout:2")
    assert available(cash) == yuan("39.00")


def test_held_money_cannot_be_spent(community: Book) -> None:
    cash_dues(community, amount="60.00")
    held(community)
    with pytest.raises(Overdrawn):
        spend(community, "101", debit="510")
    void_hold(Hold.objects.get())
    spend(community, "101", debit="510")


def pay(book: Book, ends: Hold, amount: str = "60.00", key: str = "paid", debit: str = "510") -> Transaction:
    return post(
        book=book, external_key=key, date=DAY, kind="payout", summary="支出", ends=ends,
        entries=[Entry(debit=debit, credit="101", amount=yuan(amount))],
    )  # fmt: skip


def test_the_last_of_an_account_is_posted_with_the_hold_that_kept_it(community: Book) -> None:
    cash_dues(community, amount="60.00")
    kept = held(community)
    paid = pay(community, kept)
    kept.refresh_from_db()
    assert (kept.state, kept.posted_as) == (HoldState.POSTED, paid)
    assert kept.ended_at is not None
    assert available(community.accounts.get(code="101")) == yuan("0.00")
    assert pay(community, kept) == paid
    assert [check for check in verify() if not check.ok] == []


def test_a_hold_ends_once(community: Book) -> None:
    cash_dues(community, amount="200.00")
    let_go = void_hold(held(community))
    assert let_go.ended_at is not None
    assert void_hold(let_go) == let_go
    with pytest.raises(HoldEnded):
        pay(community, let_go)
    kept = held(community, key="payout:2")
    pay(community, kept)
    for again in (lambda: void_hold(kept), lambda: pay(community, kept, key="paid again")):
        with pytest.raises(HoldEnded):
            again()
    assert Transaction.objects.filter(kind="payout").count() == 1
    assert available(community.accounts.get(code="101")) == yuan("140.00")


def test_a_hold_ends_with_a_posting_of_its_own_book_and_accounts(
    federation: Federation, community: Book
) -> None:
    cash_dues(community, amount="60.00")
    kept = held(community)
    for book in (federation.books["HD"], community):
        with pytest.raises(HoldEnded):
            post(
                book=book, external_key="other", date=DAY, kind="manual", summary="其他", ends=kept,
                entries=[Entry(debit="50305", credit="408", amount=yuan("60.00"))],
            )  # fmt: skip
    kept.refresh_from_db()
    assert kept.state == HoldState.PENDING
    assert not Transaction.objects.filter(kind="manual").exists()


def test_a_key_that_was_posted_without_the_hold_does_not_end_it(community: Book) -> None:
    cash_dues(community, amount="200.00")
    pay(community, held(community))
    with pytest.raises(HoldEnded):
        pay(community, held(community, key="payout:2"))


def test_holds_are_refused_what_posts_are_refused(community: Book) -> None:
    cash_dues(community, amount="60.00")
    with pytest.raises(UnknownAccount):
        hold(
            book=community, external_key="x", date=DAY, kind="payout", summary="", debit="999", credit="101",
            amount=yuan("1.00"),
        )  # fmt: skip
    held(community, "10.00")
    with pytest.raises(ExternalKeyReused):
        held(community, "11.00")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE books_hold SET amount = 1",
        "UPDATE books_hold SET state = 'voided', amount = 1",
        "DELETE FROM books_hold",
        "TRUNCATE books_hold",
        "UPDATE books_balance SET held_credit = 0",
        "UPDATE books_hold SET state = 'posted'",
    ],
)
def test_sql_cannot_change_a_hold(community: Book, statement: str) -> None:
    cash_dues(community, amount="60.00")
    held(community)
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert available(community.accounts.get(code="101")) == yuan("0.00")
