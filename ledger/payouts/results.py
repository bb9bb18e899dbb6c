"""Taking in the bank's result (回盘): each line paid, failed, unknown or sent back; what is not said is not paid.

A file is taken whole or not at all, and twice is the same as once per (batch, line).
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from djmoney.money import Money

from portal.accounts import audit
from portal.accounts.models import AuditEvent, User
from portal.accounts.permissions import require
from portal.accounts.roles import Duty

from . import formats
from .answers import Answer, answers_to, require_this_batch
from .batches import end_hold, hold_the_rest, lock, require_state
from .errors import FileRefused, payout_refusals
from .models import Batch, BatchLine, BatchState, LineState

_FINAL = frozenset({LineState.PAID, LineState.FAILED, LineState.RETURNED})


@dataclass(frozen=True, slots=True)
class SentBack:
    """A payment that had arrived and that the bank now says came back (退汇), with the bank's words about it."""

    line: BatchLine
    date: dt.date
    bank_code: str
    bank_message: str
    bank_reference: str
    file_line: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an import changed: only lines that changed now; ``already`` counts answers that were known before.

    ``returned`` are paid lines that the bank sent back: they are as they were, who imports decides what that means.
    """

    paid: list[BatchLine] = field(default_factory=list)
    failed: list[BatchLine] = field(default_factory=list)
    unknown: list[BatchLine] = field(default_factory=list)
    returned: list[SentBack] = field(default_factory=list)
    already: int = 0

    @property
    def is_news(self) -> bool:
        return bool(self.paid or self.failed or self.unknown or self.returned)


def imported_before(batch: Batch, content: bytes) -> dt.datetime | None:
    """When this very file was taken in for the first time; None if it was not."""
    return (
        AuditEvent.objects.filter(
            action="payout.result_imported",
            object_type=batch._meta.label_lower,
            object_id=str(batch.pk),
            details__sha256=hashlib.sha256(content).hexdigest(),
        )
        .order_by("pk")
        .values_list("at", flat=True)
        .first()
    )


@transaction.atomic
def import_result(
    *, batch: Batch, content: bytes, actor: User | None, takes_returns: bool = False
) -> Outcome:
    """Import a result file of this batch. Lines it does not mention become unknown, never paid, unless the bank's way.

    ``actor`` None is the operator's command. ``takes_returns``: the caller deals with what came back after it was paid.
    Raises FileRefused (with the line; nothing is imported), WrongState, NotAllowed.
    """
    locked = lock(batch)
    union = locked.bank_account.book.union
    if actor is not None:
        require(actor, Duty.IMPORT_BANK_RESULT, union)
    require_state(locked, BatchState.SENT, BatchState.SETTLED)
    known = formats.get(locked.format_code)
    file = formats.read_result(known, content)
    require_this_batch(locked, file)
    lines = list(locked.lines.defer("card_number").order_by("seq"))
    answers = answers_to(known, locked, lines, file)
    outcome = _take_in(lines, answers)
    if outcome.returned and not takes_returns:
        first = outcome.returned[0]
        raise FileRefused(
            first.file_line,
            _("The bank has already said “%(before)s” for this payment. Clear it up with the bank.")
            % {"before": first.line.get_state_display()},
        )
    with payout_refusals():
        _write([*outcome.paid, *outcome.failed, *outcome.unknown])
        _settle_if_complete(locked, lines)
    audit.record(
        actor=actor,
        action="payout.result_imported",
        target=locked,
        union=union,
        batch=locked.code,
        sha256=hashlib.sha256(content).hexdigest(),
        paid=len(outcome.paid),
        failed=len(outcome.failed),
        unknown=len(outcome.unknown),
        returned=len(outcome.returned),
        already=outcome.already,
    )
    return outcome


def _take_in(lines: Iterable[BatchLine], answers: Mapping[int, Answer]) -> Outcome:
    """Put new answers on their lines and sort them; a final state stays as it is."""
    paid: list[BatchLine] = []
    failed: list[BatchLine] = []
    unknown: list[BatchLine] = []
    returned: list[SentBack] = []
    by_state = {LineState.PAID: paid, LineState.FAILED: failed, LineState.UNKNOWN: unknown}
    already = 0
    for line in lines:
        answer = answers.get(line.seq)
        if answer is None:
            continue
        if answer.is_return and line.state == LineState.PAID:
            returned.append(_sent_back(line, answer))
            continue
        # Once the money was there, what the bank says about an undecided line has no place any more.
        if line.state not in (LineState.SENT, LineState.UNKNOWN) or (
            line.state,
            line.reason,
            line.bank_code,
        ) == (answer.state, answer.reason, answer.bank_code):
            already += 1
            continue
        line.state, line.reason = answer.state, answer.reason
        line.bank_code, line.bank_message = answer.bank_code, answer.bank_message
        line.bank_reference, line.settled_on = answer.bank_reference, answer.settled_on
        by_state[answer.state].append(line)
    return Outcome(paid=paid, failed=failed, unknown=unknown, returned=returned, already=already)


def _sent_back(line: BatchLine, answer: Answer) -> SentBack:
    return SentBack(
        line=line,
        date=answer.said_on or timezone.localdate(),
        bank_code=answer.bank_code,
        bank_message=answer.bank_message,
        bank_reference=answer.bank_reference,
        file_line=answer.file_line,
    )


def _write(lines: Sequence[BatchLine]) -> None:
    if not lines:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            """UPDATE payouts_batchline AS l
                  SET state = r.state, reason = r.reason, bank_code = r.code, bank_message = r.message,
                      bank_reference = r.reference, settled_on = r.settled_on
                 FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::date[])
                      AS r (id, state, reason, code, message, reference, settled_on)
                WHERE l.id = r.id""",
            [
                [line.pk for line in lines],
                [str(line.state) for line in lines],
                [line.reason for line in lines],
                [line.bank_code for line in lines],
                [line.bank_message for line in lines],
                [line.bank_reference for line in lines],
                [line.settled_on for line in lines],
            ],
        )


def _settle_if_complete(batch: Batch, lines: Iterable[BatchLine]) -> None:
    if batch.state != BatchState.SENT:
        return
    unanswered = sum((line.amount.amount for line in lines if line.state not in _FINAL), Decimal(0))
    if unanswered:
        hold_the_rest(batch, Money(unanswered, "CNY"))
    else:
        batch.state = BatchState.SETTLED
        batch.settled_at = timezone.now()
        batch.save(update_fields=["state", "settled_at"])
        end_hold(batch)
