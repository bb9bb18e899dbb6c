"""The year that a benefit counts for: the calendar year, or the year of the Spring Festival (春节)."""

from __future__ import annotations

import datetime as dt

from lunardate import LunarDate

from .models import ProgrammeVersion, YearBasis


def spring_festival(year: int) -> dt.date:
    """The first day of the first lunar month that falls in ``year``."""
    return LunarDate(year, 1, 1).to_solar_date()


def year_key(version: ProgrammeVersion, on: dt.date) -> int:
    """The year in which a day lies by the rules' own basis.

    A festival's year runs until the next festival's applications open.
    """
    if version.year_basis == YearBasis.CALENDAR:
        return on.year
    before = dt.timedelta(days=version.opens_days_before)
    following = on.year + 1
    for year in (following, on.year):
        if on >= spring_festival(year) - before:
            return year
    return on.year - 1
