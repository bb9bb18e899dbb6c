"""Shares are exact to the fen (domain 1.5 A: rounding tests)."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

import pytest
from djmoney.money import Money
from hypothesis import given
from hypothesis import strategies as st

from ledger.benefits.sharing import split


@dataclass
class Share:
    basis_points: int
    takes_remainder: bool = False


MUNICIPAL_AND_DISTRICT = [Share(6000, takes_remainder=True), Share(4000)]


@pytest.mark.parametrize(
    ("amount", "parts"),
    [
        ("150.00", ("90.00", "60.00")),
        ("100.01", ("60.01", "40.00")),
        ("0.01", ("0.01", "0.00")),
        ("33.33", ("20.00", "13.33")),
    ],
)
def test_sixty_and_forty(amount: str, parts: tuple[str, str]) -> None:
    assert split(Money(amount, "CNY"), MUNICIPAL_AND_DISTRICT) == [Money(part, "CNY") for part in parts]


@given(
    st.integers(1, 10**12),
    st.lists(st.integers(1, 9_000), min_size=1, max_size=6).filter(lambda points: sum(points) < 10_000),
    st.data(),
)
def test_parts_add_up_and_stay_near_their_share(fen: int, points: list[int], data: st.DataObject) -> None:
    points = [*points, 10_000 - sum(points)]
    bearer = data.draw(st.integers(0, len(points) - 1))
    shares = [Share(p, n == bearer) for n, p in enumerate(points)]
    parts = split(Money(Decimal(fen) / 100, "CNY"), shares)
    assert sum(part.amount for part in parts) == Decimal(fen) / 100
    for part, share in zip(parts, shares, strict=True):
        exact = Decimal(fen) * share.basis_points / 1_000_000
        assert part.amount >= 0
        assert abs(part.amount - exact) < Decimal("0.01") * len(points)
