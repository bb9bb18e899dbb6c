"""Months of dues as YYYYMM: which come next, and how far ahead one may pay (津东总工发[2019]22号 三(一)1)."""

from __future__ import annotations

import datetime as dt


def month_of(day: dt.date) -> int:
    return day.year * 100 + day.month


def months_after(month: int, count: int) -> int:
    """The month ``count`` months after ``month``."""
    index = month // 100 * 12 + month % 100 - 1 + count
    return index // 12 * 100 + index % 12 + 1


def run_of_months(first: int, count: int) -> list[int]:
    """``count`` months in a row."""
    return [months_after(first, n) for n in range(count)]


def first_month_of(admitted_on: dt.date) -> int:
    """The month of admission is free of dues; the next one is the first."""
    return months_after(month_of(admitted_on), 1)


def last_month_to_prepay(today: dt.date) -> int:
    """Nobody pays further ahead than the end of the next calendar year."""
    return (today.year + 1) * 100 + 12


def months_between(first: int, last: int) -> int:
    """How many months from ``first`` to ``last``, both included; zero or less when they are not in order."""
    return (last // 100 - first // 100) * 12 + last % 100 - first % 100 + 1
