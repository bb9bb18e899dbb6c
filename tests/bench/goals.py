"""What the ledger is to reach on this class of machine, beside what this run has measured."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

_ONE, _EIGHT, _HOT = "1 worker", "8 workers", "8 workers, one hot pair of accounts"
# The part, the case (in `reading` the last one), the figure, and the goal: at least, or at most if it is a time.
_GOALS: list[tuple[str, str, str, float]] = [
    ("posting", _ONE, "posted_to_raw_statement", 0.5),
    ("posting", _EIGHT, "posted_to_raw_statement", 0.5),
    ("posting", _ONE, "posted_to_django_hordak", 4),
    ("posting", _EIGHT, "posted_to_django_hordak", 4),
    ("posting", _ONE, "posted_to_django_ledger", 20),
    ("posting", _EIGHT, "posted_to_django_ledger", 20),
    ("posting", _HOT, "hot_to_distinct", 0.8),
    ("bulk", "", "posted_to_raw", 0.5),
    ("reading", "", "balance_ms", 1),
    ("reading", "", "balance_to_smallest", 1.2),
    ("reading", "", "verify_postings_per_s", 400_000),
]
_AT_MOST = {"balance_ms", "balance_to_smallest"}


def beside_the_goals(results: dict[str, dict[str, Any]]) -> Iterator[str]:
    """One line for each goal of the parts that ran."""
    for part, case, figure, goal in _GOALS:
        if part not in results:
            continue
        value = _figures(results[part], case)[figure]
        median = value["median"] if isinstance(value, dict) else value
        is_reached = median <= goal if figure in _AT_MOST else median >= goal
        bound = "at most" if figure in _AT_MOST else "at least"
        name = f"{part}, {case}: {figure}" if case else f"{part}: {figure}"
        yield f"{name:<72} {said(value):<24} {bound} {goal:<8} {'reached' if is_reached else 'not reached'}"


def said(value: Any) -> str:
    """A figure as people read it: the median of the rounds, with the least and the most of them."""
    return f"{value['median']} ({value['min']}–{value['max']})" if isinstance(value, dict) else str(value)


def _figures(result: dict[str, Any], case: str) -> dict[str, Any]:
    if case:
        return dict(result[case])
    cases = [figures for figures in result.values() if isinstance(figures, dict) and "median" not in figures]
    return dict(cases[-1]) if cases else result
