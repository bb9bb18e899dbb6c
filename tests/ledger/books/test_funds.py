"""Is the money there: bank accounts and earmarked money, asked when people decide."""

from __future__ import annotations

from decimal import Decimal
from functools import partial
from typing import Any

import pytest

from ledger.books import funds, manual, queries, vouchers
from ledger.books.errors import EarmarkOverspent, Overdrawn
from ledger.books.models import Book, Transaction, Voucher, VoucherState
from ledger.books.pairing import Line
from ledger.books.posting import Entry, post
from tests.concurrency import at_once
from tests.conftest import Federation

from .test_manual_vouchers import levy, line
from .test_posting import DAY, yuan

CARD = {"project": "普惠补贴", "fund_source": "earmarked"}


@pytest.fixture
def book(federation: Federation) -> Book:
    return federation.books["HD"]


def receive(book: Book, bank: str, amount: str, credit: str = "402", **dimensions: Any) -> None:
    entry = Entry(debit=bank, credit=credit, amount=yuan(amount), **dimensions)
    post(book=book, external_key=f"in:{credit}", date=DAY, kind="x", summary="x", entries=[entry])


def typed(federation: Federation, bank: str, *lines: Line, by: str = "付款") -> Voucher:
    draft = levy(federation, bank, lines=list(lines), summary=by)
    return vouchers.check_and_post(voucher=draft, checked_by=federation.checker)


def spend(bank: str, amount: str, account: str = "50305", **dimensions: Any) -> list[Line]:
    """Lines that pay from the bank account."""
    facts = {"nature": "project", "economic_class": "30309"} | dimensions
    paid_from = {name: value for name, value in dimensions.items() if name in CARD}
    return [line(account, "D", amount, **facts), line(bank, "C", amount, **paid_from)]


def test_a_typed_voucher_cannot_pay_what_the_bank_account_does_not_have(
    federation: Federation, book: Book, bank: str
) -> None:
    receive(book, bank, "100.00")
    draft = levy(federation, bank, lines=spend(bank, "100.01"))
    with pytest.raises(
        Overdrawn, match=r"^10201 示例银行\d+: 0\.01 yuan are missing\. Record what came in first\.$"
    ):
        vouchers.check_and_post(voucher=draft, checked_by=federation.checker)
    draft.refresh_from_db()
    assert (draft.state, draft.lines.count()) == (VoucherState.DRAFT, 2)
    assert queries.balance_of(book, bank) == yuan("100.00")
    typed(federation, bank, *spend(bank, "100.00"))
    assert queries.balance_of(book, bank) == yuan("0.00")


def test_money_may_come_in_while_a_bank_account_is_overdrawn(
    federation: Federation, book: Book, bank: str
) -> None:
    entry = Entry(debit="101", credit=bank, amount=yuan("50.00"))
    post(book=book, external_key="late", date=DAY, kind="x", summary="x", entries=[entry])
    vouchers.check_and_post(voucher=levy(federation, bank, "10.00"), checked_by=federation.checker)
    assert queries.balance_of(book, bank) == yuan("-40.00")


def test_an_error_is_taken_back_although_its_money_is_spent(
    federation: Federation, book: Book, bank: str
) -> None:
    wrong = vouchers.check_and_post(voucher=levy(federation, bank, "90.00"), checked_by=federation.checker)
    typed(federation, bank, *spend(bank, "60.00"))
    red = manual.cancel(voucher=wrong, date=DAY, prepared_by=federation.maker)
    vouchers.check_and_post(voucher=red, checked_by=federation.checker)
    assert queries.balance_of(book, bank) == yuan("-60.00")


def test_a_typed_voucher_cannot_spend_more_earmarked_money_than_came_in(
    federation: Federation, book: Book, bank: str
) -> None:
    receive(book, bank, "1000.00")
    receive(book, bank, "90.00", "40302", **CARD)
    typed(federation, bank, *spend(bank, "60.00", **CARD))
    draft = levy(federation, bank, lines=spend(bank, "30.01", **CARD))
    said = r"^Earmarked money of “普惠补贴”: 0\.01 yuan more would be spent than came in\.$"
    with pytest.raises(EarmarkOverspent, match=said):
        vouchers.check_and_post(voucher=draft, checked_by=federation.checker)
    assert funds.earmarked_left(book, ["普惠补贴"]) == {"普惠补贴": Decimal("30.00")}
    typed(federation, bank, *spend(bank, "30.01", project="普惠补贴"))
    typed(federation, bank, *spend(bank, "30.00", **CARD))
    assert funds.earmarked_left(book, ["普惠补贴"]) == {"普惠补贴": Decimal("0.00")}


@pytest.mark.django_db(transaction=True)
def test_two_vouchers_at_once_do_not_spend_the_same_earmarked_money(
    federation: Federation, book: Book, bank: str
) -> None:
    receive(book, bank, "1000.00")
    receive(book, bank, "90.00", "40302", **CARD)
    drafts = [levy(federation, bank, lines=spend(bank, "60.00", **CARD)) for _ in range(2)]
    results = at_once(
        [partial(vouchers.check_and_post, voucher=draft, checked_by=federation.checker) for draft in drafts]
    )
    assert sorted(type(result).__name__ for result in results) == ["EarmarkOverspent", "Voucher"]
    assert Transaction.objects.filter(kind="manual").count() == 1
