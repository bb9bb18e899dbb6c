"""A payment that had arrived and came back (退汇): its line says so and keeps the day on which it was paid."""

from __future__ import annotations

import datetime as dt

from django.utils import timezone
from django.utils.translation import gettext as _

from . import formats
from .errors import PayoutError, payout_refusals
from .models import Batch, BatchLine, LineState
from .reasons import REASONS


def reason_for(batch: Batch, code: str, message: str) -> str:
    """Our reason for the bank's words about a returned payment; RETURNED where they say nothing of the card."""
    known = formats.get(batch.format_code).reasons
    found = known.get(code) or known.get(message) or "RETURNED"
    return found if REASONS[found].is_confirmed_failure else "RETURNED"


def require_returnable(line: BatchLine, came_back_on: dt.date) -> None:
    """Raise PayoutError unless the line is paid and the day is one on which it can have come back."""
    if line.state != LineState.PAID or line.settled_on is None:
        raise PayoutError(_("Only a payment that had arrived comes back; this one is not paid."))
    if came_back_on < line.settled_on:
        raise PayoutError(
            _("It was paid on %(day)s and cannot have come back before that.") % {"day": line.settled_on}
        )
    if came_back_on > timezone.localdate():
        raise PayoutError(_("The day %(day)s lies in the future.") % {"day": came_back_on})


def mark(line: BatchLine, *, came_back_on: dt.date, reason: str) -> None:
    """The line came back; the caller holds its batch and books the money. Raises PayoutIsFinal, WrongState."""
    line.state, line.returned_on, line.reason = LineState.RETURNED, came_back_on, reason
    with payout_refusals():
        line.save(update_fields=["state", "returned_on", "reason"])
