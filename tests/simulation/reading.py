"""What the ledger says, in the form of the model: by account, by account and month, and by account and details."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from decimal import Decimal
from typing import TypeVar

from djmoney.money import Money

from ledger.books.models import Balance, Book, Posting, Turnover

from .model import ZERO

Key = TypeVar("Key", bound=Hashable)


def moved(sums: Mapping[Key, list[Decimal]]) -> dict[Key, tuple[Decimal, Decimal]]:
    return {key: (debit, credit) for key, (debit, credit) in sums.items() if debit or credit}


def balances(book: Book) -> dict[str, tuple[Decimal, Decimal]]:
    sums: dict[str, list[Decimal]] = {}
    for code, debit, credit in Balance.objects.filter(account__book=book).values_list(
        "account__code", "debit", "credit"
    ):
        kept = sums.setdefault(code, [ZERO, ZERO])
        kept[0] += debit
        kept[1] += credit
    return moved(sums)


def turnovers(book: Book) -> dict[tuple[str, int], tuple[Decimal, Decimal]]:
    sums: dict[tuple[str, int], list[Decimal]] = {}
    for code, month, debit, credit in Turnover.objects.filter(account__book=book).values_list(
        "account__code", "month", "debit", "credit"
    ):
        kept = sums.setdefault((code, month), [ZERO, ZERO])
        kept[0] += debit
        kept[1] += credit
    return moved(sums)


def postings(book: Book) -> dict[tuple[str, str, str], tuple[Decimal, Decimal]]:
    """By account, project and fund source."""
    sums: dict[tuple[str, str, str], list[Decimal]] = {}
    for code, project, fund, side, amount in Posting.objects.filter(book=book).values_list(
        "account__code", "project", "fund_source", "side", "amount"
    ):
        sums.setdefault((code, project, fund), [ZERO, ZERO])[side == "C"] += (
            amount.amount if isinstance(amount, Money) else amount
        )
    return moved(sums)
