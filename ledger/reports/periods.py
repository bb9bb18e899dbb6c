"""Periods as people write them: YYYY-MM outside, YYYYMM inside."""

from __future__ import annotations

import re

from django.utils.translation import gettext as _

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
