"""Whose year a day belongs to."""

from __future__ import annotations

import datetime as dt

import pytest

from ledger.benefits.models import ProgrammeVersion
from ledger.benefits.years import spring_festival, year_key


@pytest.mark.parametrize(
    ("year", "day"),
    [(2019, "02-05"), (2020, "01-25"), (2023, "01-22"), (2026, "02-17"),
     (2027, "02-06"), (2033, "01-31"), (2035, "02-08")],
)  # fmt: skip
def test_the_festival(year: int, day: str) -> None:
    assert spring_festival(year) == dt.date.fromisoformat(f"{year}-{day}")


@pytest.mark.parametrize(
    ("day", "year"),
    [
        ("2026-01-27", 2025),
        ("2026-01-28", 2026),
        ("2026-12-31", 2026),
        ("2027-01-16", 2026),
        ("2027-01-17", 2027),
    ],
)
def test_the_festival_year_begins_with_its_applications(day: str, year: int) -> None:
    version = ProgrammeVersion(year_basis="festival", opens_days_before=20)
    assert year_key(version, dt.date.fromisoformat(day)) == year


def test_the_calendar_year() -> None:
    assert year_key(ProgrammeVersion(year_basis="calendar"), dt.date(2026, 12, 31)) == 2026
