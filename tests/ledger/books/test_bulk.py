"""Many transactions at once have the guarantees of one."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger.books import queries
from ledger.books.bulk import NewTransaction, post_many, post_together
from ledger.books.errors import ExternalKeyReused, NothingToPost, Overdrawn, PeriodClosed, UnknownAccount
from ledger.books.integrity import verify
from ledger.books.models import Book, Posting, Transaction
from ledger.books.posting import Entry, post
from tests.conftest import Federation

from .test_posting import DAY, cash_dues, yuan


@pytest.fixture
def book(federation: Federation) -> Book:
    return federation.books["HD-C001"]


def dues(book: Book, n: int, amount: str = "2.00") -> NewTransaction:
    return NewTransaction(
        book=book,
        external_key=f"dues:{n}",
        date=DAY,
        kind="counter",
        summary="收会费",
        entries=[Entry(debit="101", credit="401", amount=yuan(amount), party=f"HD-C001-{n:06d}")],
    )


def test_many_are_posted_in_order_with_their_balances(book: Book) -> None:
    ids = post_many([dues(book, n) for n in range(300)])
    assert [t.external_key for t in sorted(Transaction.objects.all(), key=lambda t: ids.index(t.pk))] == [
        f"dues:{n}" for n in range(300)
    ]
    assert queries.balance_of(book, "401") == yuan("600.00")
    assert [check for check in verify() if not check.ok] == []


def test_what_is_posted_already_stays_and_the_rest_is_added(book: Book) -> None:
    first = post_many([dues(book, n, "2.5") for n in range(3)])
    assert post_many([dues(book, n, "2.50") for n in range(5)])[:3] == first
    assert queries.balance_of(book, "401") == yuan("12.50")


def test_one_key_with_other_content_posts_nothing(book: Book) -> None:
    post_many([dues(book, 1)])
    with pytest.raises(ExternalKeyReused):
        post_many([dues(book, 0), dues(book, 1, "3.00")])
    with pytest.raises(ExternalKeyReused):
        post_many([dues(book, 7), dues(book, 7)])
    assert Transaction.objects.count() == 1


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ({"entries": []}, NothingToPost),
        ({"date": DAY.replace(year=2031)}, PeriodClosed),
        ({"entries": [Entry(debit="101", credit="999", amount=yuan("1.00"))]}, UnknownAccount),
        ({"entries": [Entry(debit="401", credit="101", amount=yuan("900.00"))]}, Overdrawn),
    ],
)
def test_one_that_is_refused_refuses_all(
    book: Book, change: dict[str, object], refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        post_many([dues(book, 0), dataclasses.replace(dues(book, 1), **change)])
    assert not Transaction.objects.exists()
    assert post_many([dues(book, 0)])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=15, deadline=None)
@given(amounts=st.lists(st.decimals("0.01", "9999.99", places=2), min_size=1, max_size=12))
def test_in_bulk_and_one_by_one_leave_the_same_rows(book: Book, amounts: list[object]) -> None:
    before = Posting.objects.count()
    new = [
        dataclasses.replace(dues(book, 0, str(amount)), external_key=f"b:{before}:{n}")
        for n, amount in enumerate(amounts)
    ]
    ids = post_many(new)
    single = [
        post(
            book=book, external_key=f"s:{before}:{n}", date=DAY, kind="counter", summary="收会费",
            entries=one.entries,
        ).pk
        for n, one in enumerate(new)
    ]  # fmt: skip
    fields = (
        "account__code",
        "side",
        "amount",
        "month",
        "project",
        "fund_source",
        "party",
        "nature",
        "economic_class",
    )
    for a, b in zip(ids, single, strict=True):
        assert list(Posting.objects.filter(transaction=a).order_by("id").values_list(*fields)) == list(
            Posting.objects.filter(transaction=b).order_by("id").values_list(*fields)
        )


def test_linked_transactions_stand_or_fall_together(federation: Federation) -> None:
    upper, lower = federation.books["TJ"], federation.books["HD"]
    bank = {code: federation.banks[code].account.code for code in ("TJ", "HD")}
    post(
        book=upper, external_key="subsidy", date=DAY, kind="subsidy", summary="收到专项补助",
        entries=[
            Entry(
                debit=bank["TJ"], credit="40302", amount=yuan("500.00"), project="普惠补贴", fund_source="earmarked"
            )
        ],
    )  # fmt: skip

    def halves(project: str) -> list[NewTransaction]:
        def half(book: Book, debit: str, credit: str) -> NewTransaction:
            entry = Entry(
                debit=debit,
                credit=credit,
                amount=yuan("90.00"),
                project=project,
                fund_source="earmarked" if project else "own",
            )
            return NewTransaction(
                book=book,
                external_key="P1",
                mirror_key="P1",
                date=DAY,
                kind="funding",
                summary="专项补助",
                entries=[entry],
            )

        return [half(lower, bank["HD"], "40302"), half(upper, "50802", bank["TJ"])]

    with pytest.raises(Exception, match="project"):
        post_together(halves(""))
    assert not Transaction.objects.filter(mirror_key="P1").exists()
    posted = post_together(halves("普惠补贴"))
    assert [t.book for t in posted] == [lower, upper]
    assert [check for check in verify() if not check.ok] == []


def test_money_of_a_guarded_account_is_not_spent_twice_in_one_batch(book: Book) -> None:
    cash_dues(book, amount="10.00")
    spend = [
        dataclasses.replace(
            dues(book, n),
            entries=[Entry(debit="510", credit="101", amount=yuan("6.00"))],
            external_key=f"spend:{n}",
        )
        for n in range(2)
    ]
    with pytest.raises(Overdrawn):
        post_many(spend)
    assert queries.balance_of(book, "101") == yuan("10.00")
