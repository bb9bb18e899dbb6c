"""Periods as people write them: YYYY-MM outside, YYYYMM inside, 2026年11月 on statements."""

from __future__ import annotations

import calendar
import re

from django.utils.translation import gettext as _

from ledger.books.first_day import first_month
from ledger.books.models import Book
from portal.errors import DomainError


class NotAPeriod(DomainError):
    code = "not_a_period"


def month_of(text: str) -> int:
    """YYYYMM from YYYY-MM, of the years 1900 to 2200; raises NotAPeriod."""
    found = re.fullmatch(r"((?:19|20|21)[0-9]{2}|2200)-(0[1-9]|1[0-2])", text.strip())
    if not found:
        raise NotAPeriod(_("Write the period as year and month, like 2026-03."))
    return int(found[1]) * 100 + int(found[2])


def written(month: int) -> str:
    """YYYY-MM from YYYYMM."""
    return f"{month // 100}-{month % 100:02d}"


def year_start(book: Book, month: int) -> int:
    """The first month with movements in the year of YYYYMM: January, or the one in which the book begins."""
    return first_month(book, month // 100)


def before(month: int) -> int:
    """The month before YYYYMM."""
    return month - 1 if month % 100 > 1 else (month // 100 - 1) * 100 + 12


def month_in_words(month: int, language: str = "zh") -> str:
    """2026年11月; November 2026."""
    year, number = divmod(month, 100)
    return f"{calendar.month_name[number]} {year}" if language.startswith("en") else f"{year}年{number}月"


def months_in_words(first: int, last: int, language: str = "zh") -> str:
    """Months, both included: 2026年1月至11月; a single one is written once."""
    if first == last:
        return month_in_words(last, language)
    if language.startswith("en"):
        return f"{month_in_words(first, language)} to {month_in_words(last, language)}"
    end = f"{last % 100}月" if first // 100 == last // 100 else month_in_words(last)
    return f"{month_in_words(first)}至{end}"


def month_end_in_words(month: int, language: str = "zh") -> str:
    """The last day of the month: 2026年11月30日; 30 November 2026."""
    year, number = divmod(month, 100)
    day = calendar.monthrange(year, number)[1]
    return (
        f"{day} {month_in_words(month, language)}"
        if language.startswith("en")
        else f"{month_in_words(month)}{day}日"
    )
