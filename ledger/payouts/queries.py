"""Reading payouts: what they were asked to pay, what the bank has said of it, and what it has not decided."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Count, Q, QuerySet, Sum
from django.utils import timezone
from djmoney.money import Money

from . import formats
from .models import Batch, BatchLine, LineState


@dataclass(frozen=True, slots=True)
class Part:
    """So many payments of so many yuan together."""

    count: int
    total: Money


NOTHING = Part(0, Money(0, "CNY"))


def by_state(batch: Batch) -> dict[str, Part]:
    """The lines of a batch by what has become of them; states that no line has are missing."""
    return _parts(batch.lines.order_by(), "state")


def by_bank(batch: Batch) -> dict[str, Part]:
    """The lines of a batch by the bank of the card, the most money first."""
    parts = _parts(batch.lines.order_by(), "bank")
    return dict(sorted(parts.items(), key=lambda part: -part[1].total.amount))


def _parts(lines: QuerySet[BatchLine], field: str) -> dict[str, Part]:
    found = lines.values_list(field).annotate(Count("pk"), Sum("amount"))
    return {name: Part(count, Money(total or Decimal(0), "CNY")) for name, count, total in found}


def file_names(batch: Batch) -> list[str]:
    """The names of the files that the bank gets, first the one that has the lines."""
    return formats.names_of(
        formats.get(batch.format_code),
        formats.PaymentFile(
            batch=batch.code, payer_account=batch.bank_account.number, date=batch.value_date, rows=()
        ),
    )


def undecided(batch: Batch) -> QuerySet[BatchLine]:
    """Lines that the bank was told to pay and has given no final answer for: to be asked about, never sent again."""
    return batch.lines.filter(state=LineState.UNKNOWN).order_by("seq")


def days_open(batch: Batch) -> int:
    """How many days the bank has had the file."""
    return (timezone.localdate() - timezone.localdate(batch.sent_at)).days if batch.sent_at else 0


def found(batches: QuerySet[Batch], *, state: str = "", words: str = "", source: str = "") -> QuerySet[Batch]:
    """Batches in a state (``unknown``: with lines that the bank has not decided), by code, purpose or list."""
    if state == LineState.UNKNOWN:
        batches = batches.filter(pk__in=BatchLine.objects.filter(state=LineState.UNKNOWN).values("batch"))
    elif state:
        batches = batches.filter(state=state)
    if source:
        batches = batches.filter(source=source)
    for word in words.split():
        batches = batches.filter(
            Q(code__icontains=word) | Q(purpose__icontains=word) | Q(source__icontains=word)
            | Q(bank_account__account__book__union__name__icontains=word)
        )  # fmt: skip
    return batches


def first_possible_day(batch: Batch) -> dt.date:
    """The bank answers after it could have paid: not before the release or, where that is earlier, the value date."""
    released = timezone.localdate(batch.released_at) if batch.released_at else batch.value_date
    return min(batch.value_date, released)
