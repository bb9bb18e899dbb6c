"""Detail accounts that a union adds below the official ones."""

from __future__ import annotations

import pytest

from ledger.books.detail_accounts import add_detail, takes_details
from ledger.books.errors import DetailRefused
from ledger.books.models import Account, Book
from ledger.books.posting import Entry, post
from tests.conftest import Federation

from .test_posting import DAY, cash_dues, yuan


@pytest.fixture
def book(federation: Federation) -> Book:
    return federation.books["HD"]


def add(federation: Federation, code: str, **changes: str) -> Account:
    values = {"name": "职工借款", "authorised_by": "示例区总工会〔2026〕8号"} | changes
    return add_detail(book=federation.books["HD"], code=code, added_by=federation.maker, **values)


def test_a_detail_account_follows_the_account_above_it(federation: Federation, book: Book) -> None:
    added = add(federation, "13503", name_en="Loans to staff")
    assert (added.account_class, added.normal_side, added.is_official) == ("asset", "D", False)
    post(
        book=book, external_key="loan", date=DAY, kind="manual", summary="借款",
        entries=[Entry(debit="13503", credit="408", amount=yuan("5.00"))],
    )  # fmt: skip
    assert add(federation, "13504").code == "13504"


def test_details_of_an_account_without_entries_take_its_place(federation: Federation, book: Book) -> None:
    assert takes_details(book.accounts.get(code="40401"))
    add(federation, "4040101")
    assert not book.accounts.get(code="40401").is_leaf


@pytest.mark.parametrize(
    ("code", "changes", "words"),
    [
        ("135", {}, "two more digits"),
        ("1350", {}, "two more digits"),
        ("135031", {}, "two more digits"),
        ("9990101", {}, "two more digits"),
        ("135AB", {}, "two more digits"),
        ("１３５０３", {}, "two more digits"),
        ("13503", {"name": " "}, "Give the account a name"),
        ("13503", {"authorised_by": ""}, "which document"),
        ("13599", {}, "already"),
        ("10203", {}, "bank accounts"),
        ("4030201", {}, "the posting rule"),
        ("3220301", {}, "closing, dues or benefits"),
        ("5060201", {}, "closing, dues or benefits"),
        ("1350101", {}, "the posting rule"),
    ],
)
def test_what_is_no_detail_account(
    federation: Federation, book: Book, code: str, changes: dict[str, str], words: str
) -> None:
    before = book.accounts.count()
    with pytest.raises(DetailRefused, match=words):
        add(federation, code, **changes)
    assert book.accounts.count() == before


def test_an_account_with_entries_takes_no_details(federation: Federation, book: Book) -> None:
    post(
        book=book, external_key="interest", date=DAY, kind="manual", summary="其他",
        entries=[Entry(debit="13599", credit="408", amount=yuan("5.00"))],
    )  # fmt: skip
    with pytest.raises(DetailRefused, match="has entries already"):
        add(federation, "1359901")


def test_what_dues_post_to_takes_no_details(federation: Federation) -> None:
    community = federation.books["HD-C001"]
    cash_dues(community)
    with pytest.raises(DetailRefused, match="the posting rule"):
        add_detail(book=community, code="40101", name="会费", authorised_by="x", added_by=federation.maker)
