"""Standings and prizes of the top three; a tie is never paid by default."""

from __future__ import annotations

from decimal import Decimal

import pytest
from djmoney.money import Money
from hypothesis import given
from hypothesis import strategies as st

from ledger.benefits.ranking import TiedForPrize, prizes, standings

PRIZES = [Money(yuan, "CNY") for yuan in (1_000_000, 800_000, 600_000)]


def _by_value(*values: int) -> dict[str, Decimal]:
    return {"ABCDEF"[n]: Decimal(value) for n, value in enumerate(values)}


def test_the_first_three_get_their_prizes() -> None:
    assert prizes(_by_value(5, 9, 7, 1), PRIZES) == {"B": PRIZES[0], "C": PRIZES[1], "A": PRIZES[2]}


def test_fewer_unions_than_prizes_leave_a_prize_with_nobody() -> None:
    assert prizes(_by_value(5), PRIZES) == {"A": PRIZES[0]}


def test_equal_unions_share_a_rank_and_the_next_one_is_skipped() -> None:
    assert standings(_by_value(9, 9, 7, 1)) == [(1, "A"), (1, "B"), (3, "C"), (4, "D")]


@pytest.mark.parametrize(
    ("values", "tied"),
    [((9, 9, 7), ["A", "B"]), ((9, 7, 7, 1), ["B", "C"]), ((9, 8, 7, 7), ["C", "D"]), ((9, 8), None),
     ((9, 8, 7, 6, 6), None)],
)  # fmt: skip
def test_a_tie_stops_only_where_it_touches_a_prize(values: tuple[int, ...], tied: list[str] | None) -> None:
    if tied is None:
        assert len(prizes(_by_value(*values), PRIZES)) == min(len(values), 3)
        return
    with pytest.raises(TiedForPrize) as refused:
        prizes(_by_value(*values), PRIZES)
    assert refused.value.tied == tied


@given(values=st.lists(st.integers(0, 1000), unique=True, max_size=6))
def test_without_a_tie_each_prize_goes_to_one_union_and_a_better_one_never_gets_less(
    values: list[int],
) -> None:
    metric = _by_value(*values)
    given_out = prizes(metric, PRIZES)
    assert list(given_out.values()) == PRIZES[: len(values)]
    assert [metric[code] for code in given_out] == sorted(metric.values(), reverse=True)[:3]
