"""Levy refunds (经费回拨): what a private union founded in the year gets back (津东总工发[2019]22号 三(二)1)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from djmoney.money import Money

from portal.unions.models import Union


@dataclass(frozen=True, slots=True)
class Received:
    """Levy of one enterprise as it was received: the day, and the municipal union's own part of it in yuan."""

    on: dt.date
    municipal: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class RetainedRefund:
    """Unions founded between two days, for levy received between two years; all bounds included."""

    founded_from: dt.date
    founded_to: dt.date
    first_year: int
    last_year: int

    def due(self, union: Union, receipts: Iterable[Received]) -> Money:
        """The whole municipal part of what counts, by the day of receipt; nothing from the union's dissolution on."""
        if union.founded_on is None or not self.founded_from <= union.founded_on <= self.founded_to:
            return Money(0, "CNY")
        counted = (
            received.municipal
            for received in receipts
            if self.first_year <= received.on.year <= self.last_year
            and (union.dissolved_on is None or received.on < union.dissolved_on)
        )
        return sum(counted, Money(0, "CNY"))
