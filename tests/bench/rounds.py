"""Several contenders in rounds: each round begins with another one, and what counts is the middle of all rounds."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

T = TypeVar("T")

ROUNDS = 5


def in_turn(contenders: Mapping[str, Callable[[int], T]], rounds: int = ROUNDS) -> dict[str, list[T]]:
    """Call every contender once in every round, with the number of the round; results in the order of the rounds."""
    names = list(contenders)
    found: dict[str, list[T]] = {name: [] for name in names}
    for n in range(rounds):
        first = n % len(names)
        for name in names[first:] + names[:first]:
            found[name].append(contenders[name](n))
    return found


def spread(values: Sequence[float], digits: int = 0) -> dict[str, float]:
    """Median, least and most of an odd number of rounds."""
    figures = {"median": statistics.median(values), "min": min(values), "max": max(values)}
    return {name: round(value, digits) if digits else round(value) for name, value in figures.items()}


def ratio(ours: Sequence[float], theirs: Sequence[float]) -> dict[str, float]:
    """Ours to theirs round by round, so that what slows a whole round down does not count."""
    return spread([a / b for a, b in zip(ours, theirs, strict=True)], digits=2)
