"""Balances of many books or bank accounts for lists: a few queries, however many there are."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from django.db.models import F, Sum
from djmoney.money import Money

from ledger.books.models import Account, Balance, BankAccount, Book, Side


def balances_of(books: Iterable[Book], code: str) -> dict[int, Money]:
    """The balance of an account with all below it on its normal side, in yuan, by book; zero without the account."""
    ids = [book.pk for book in books]
    sides = dict(Account.objects.filter(book__in=ids, code=code).values_list("book", "normal_side"))
    sums = _sums("account__book", account__book__in=ids, account__code__startswith=code)
    return {pk: _on_side(sums.get(pk, Decimal(0)), sides.get(pk, Side.DEBIT)) for pk in ids}


def bank_balances(accounts: Iterable[BankAccount]) -> dict[int, Money]:
    """What the books say of each bank account, in yuan, by its id."""
    shown = list(accounts)
    sums = _sums("account", account__in=[one.account_id for one in shown])
    return {one.pk: _on_side(sums.get(one.account_id, Decimal(0)), one.account.normal_side) for one in shown}


def _sums(key: str, **wanted: object) -> dict[int, Decimal]:
    return dict(Balance.objects.filter(**wanted).values_list(key).annotate(net=Sum(F("debit") - F("credit"))))


def _on_side(net: Decimal, side: str) -> Money:
    return Money(net if side == Side.DEBIT else -net, "CNY")
