"""Splitting a payment among its funders (分摊) in fen: shares in basis points, one bearer of the odd fen."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Protocol

from djmoney.money import Money

WHOLE = 10_000


class Share(Protocol):
    basis_points: int
    takes_remainder: bool


def split(amount: Money, shares: Sequence[Share]) -> list[Money]:
    """The part of each share in order, in yuan; together exactly ``amount`` (津东总工发[2019]22号 三(一)1: 60 %, 40 %).

    Every part is rounded down to the fen and the bearer of the remainder takes what is left: 100.01 → 60.01 / 40.00.
    """
    fen = int(amount.amount * 100)
    parts = [fen * share.basis_points // WHOLE for share in shares]
    bearer = next((i for i, share in enumerate(shares) if share.takes_remainder), 0)
    parts[bearer] += fen - sum(parts)
    return [Money(Decimal(part).scaleb(-2), "CNY") for part in parts]
