"""How days and months are written for people: 2026年11月23日 in Chinese, 23 November 2026 in English.

Used by templates as filters and by messages of the domain, so that a page and its errors write one date alike.
"""

from __future__ import annotations

import datetime as dt
from typing import Final
from zoneinfo import ZoneInfo

from django.utils.translation import get_language

NOTHING: Final = "—"
_SHANGHAI: Final = ZoneInfo("Asia/Shanghai")
_MONTHS: Final = (
    "January February March April May June July August September October November December".split()
)


def cn_date(value: dt.date | dt.datetime | None) -> str:
    """2026年11月23日; 23 November 2026. Moments are turned into Shanghai time first."""
    if not value:
        return NOTHING
    day = _local(value)
    if _english():
        return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"
    return f"{day.year}年{day.month}月{day.day}日"


def cn_datetime(value: dt.date | dt.datetime | None) -> str:
    """2026年11月23日 14:05 in Shanghai time; a day without a clock stays a day."""
    if not value:
        return NOTHING
    moment = _local(value)
    clock = f" {moment:%H:%M}" if isinstance(moment, dt.datetime) else ""
    return f"{cn_date(moment)}{clock}"


def cn_month(value: dt.date | int | None) -> str:
    """2026年11月; November 2026. Months of the books are numbers, YYYYMM."""
    if not value:
        return NOTHING
    day = dt.date(value // 100, value % 100, 1) if isinstance(value, int) else _local(value)
    return f"{_MONTHS[day.month - 1]} {day.year}" if _english() else f"{day.year}年{day.month}月"


def cn_months(first: int, last: int) -> str:
    """Months YYYYMM, both included: 2026年1月 – 2026年12月; a single one is written once."""
    return cn_month(first) if first == last else f"{cn_month(first)} – {cn_month(last)}"


def _english() -> bool:
    return (get_language() or "").startswith("en")


def _local(value: dt.date | dt.datetime) -> dt.date:
    if isinstance(value, dt.datetime) and value.tzinfo is not None:
        return value.astimezone(_SHANGHAI)
    return value
