"""What a union founded in 2019 gets back of its levy: the municipal part of 2019 to 2021, by the day of receipt."""

from __future__ import annotations

import datetime as dt

import pytest
from djmoney.money import Money

from ledger.benefits.levy import Received, RetainedRefund
from portal.unions.models import Union

RULE = RetainedRefund(
    founded_from=dt.date(2019, 1, 1), founded_to=dt.date(2019, 12, 31), first_year=2019, last_year=2021
)
MONEY = Money("12.34", "CNY")
NOTHING = Money(0, "CNY")


def _due(on: dt.date, founded: dt.date | None, dissolved: dt.date | None = None) -> Money:
    return RULE.due(Union(founded_on=founded, dissolved_on=dissolved), [Received(on, MONEY)])


@pytest.mark.parametrize(
    ("founded", "due"),
    [((2018, 12, 31), NOTHING), ((2019, 1, 1), MONEY), ((2019, 12, 31), MONEY), ((2020, 1, 1), NOTHING)],
)
def test_only_unions_founded_within_2019_get_it(founded: tuple[int, int, int], due: Money) -> None:
    assert _due(dt.date(2020, 5, 1), dt.date(*founded)) == due


def test_a_union_whose_founding_day_is_unknown_gets_nothing() -> None:
    assert _due(dt.date(2020, 5, 1), None) == NOTHING


@pytest.mark.parametrize(
    ("on", "due"),
    [((2018, 12, 31), NOTHING), ((2019, 1, 1), MONEY), ((2021, 12, 31), MONEY), ((2022, 1, 1), NOTHING)],
)
def test_the_day_of_receipt_decides_the_levy_year(on: tuple[int, int, int], due: Money) -> None:
    assert _due(dt.date(*on), dt.date(2019, 6, 1)) == due


@pytest.mark.parametrize(("day", "due"), [(30, MONEY), (31, NOTHING)])
def test_from_its_dissolution_on_a_union_gets_nothing(day: int, due: Money) -> None:
    assert _due(dt.date(2020, 5, day), dt.date(2019, 6, 1), dissolved=dt.date(2020, 5, 31)) == due


def test_everything_that_counts_is_added_to_the_fen() -> None:
    union = Union(founded_on=dt.date(2019, 6, 1))
    receipts = [Received(dt.date(year, 3, 1), MONEY) for year in range(2018, 2024)]
    assert RULE.due(union, receipts) == Money("37.02", "CNY")
