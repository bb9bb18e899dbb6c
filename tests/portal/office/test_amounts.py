"""Amounts as people type them."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError

from portal.office.amounts import AmountField


@pytest.mark.parametrize(
    ("typed", "amount"),
    [
        ("1234.5", "1234.5"),
        ("1,234.50", "1234.50"),
        ("1,234,567", "1234567"),
        ("１，２３４．５０", "1234.50"),
        ("12。5", "12.5"),
        ("¥ 8", "8"),
        ("￥8", "8"),
        ("−3.00", "-3.00"),
        ("－3", "-3"),
        (".5", "0.5"),
        (" 1 000 ", "1000"),
    ],
)
def test_thousands_and_full_width_are_understood(typed: str, amount: str) -> None:
    assert AmountField().clean(typed) == Decimal(amount)


@pytest.mark.parametrize(
    "typed", ["1,23", "12,34.5", "1.234,50", "1e5", "NaN", "abc", "1/2", "٣", ".", "-", "=1"]
)
def test_what_is_no_amount_is_refused_with_an_example(typed: str) -> None:
    with pytest.raises(ValidationError, match="Write the amount in figures"):
        AmountField().clean(typed)


@pytest.mark.parametrize("typed", ["1.234", "123456789012345.00"])
def test_amounts_are_whole_fen_of_at_most_fourteen_digits(typed: str) -> None:
    with pytest.raises(ValidationError, match="Ensure"):
        AmountField().clean(typed)
