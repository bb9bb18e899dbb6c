"""Taking in the bank's result (回盘): each line paid, failed or unknown; what is not said is not paid.

A file is taken whole or not at all, and twice is the same as once per (batch, line).
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.accounts import audit
from portal.accounts.models import AuditEvent, User
from portal.accounts.permissions import require
from portal.accounts.roles import Duty

from . import formats
from .batches import end_hold, hold_the_rest, lock, require_state
from .errors import FileRefused, payout_refusals
from .models import Batch, BatchLine, BatchState, LineState
from .reasons import REASONS

_FINAL = frozenset({LineState.PAID, LineState.FAILED})


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an import changed: only lines that changed now; ``already`` counts answers that were known before."""

    paid: list[BatchLine] = field(default_factory=list)
    failed: list[BatchLine] = field(default_factory=list)
    unknown: list[BatchLine] = field(default_factory=list)
    already: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    """One line's answer in our words."""

    state: LineState
    reason: str
    bank_code: str = ""
    bank_message: str = ""
    bank_reference: str = ""
    settled_on: dt.date | None = None


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
def import_result(*, batch: Batch, content: bytes, actor: User | None) -> Outcome:
    """Import a result file of this batch. Lines it does not mention become unknown, never paid.

    ``actor`` None is the operator's command. Raises FileRefused (with the line; nothing is imported), WrongState,
    NotAllowed.
    """
    locked = lock(batch)
    union = locked.bank_account.book.union
    if actor is not None:
        require(actor, Duty.IMPORT_BANK_RESULT, union)
    require_state(locked, BatchState.SENT, BatchState.SETTLED)
    known = formats.get(locked.format_code)
    file = formats.read_result(known, content)
    if file.batch != locked.code:
        raise FileRefused(
            1,
            _("This file is the result of “%(found)s”, not of %(batch)s.")
            % {"found": file.batch, "batch": locked.code},
        )
    lines = {line.seq: line for line in locked.lines.defer("card_number").order_by("seq")}
    _require_same_payments(lines, file)
    _require_possible_days(locked, file)
    outcome = _take_in(lines, _answers(known, lines, file))
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
        already=outcome.already,
    )
    return outcome


def _require_same_payments(lines: Mapping[int, BatchLine], file: formats.ResultFile) -> None:
    """Each answer must be about a line of ours, once, with its reference, card and amount."""
    seen: set[int] = set()
    total = 0
    for row in file.rows:
        line = lines.get(row.seq)
        if line is None:
            raise FileRefused(row.line, _("This payout has no line %(seq)s.") % {"seq": row.seq})
        if row.seq in seen:
            raise FileRefused(row.line, _("Line %(seq)s of the payout appears twice.") % {"seq": row.seq})
        seen.add(row.seq)
        fen = int(line.amount.amount * 100)
        total += fen
        if row.reference and row.reference != line.reference:
            raise FileRefused(
                row.line,
                _("The reference is “%(found)s”, ours is “%(ours)s”.")
                % {"found": row.reference, "ours": line.reference},
            )
        if row.amount_fen is not None and row.amount_fen != fen:
            raise FileRefused(row.line, _("The amount is not the one that we sent."))
        if row.account and row.account[-4:] != line.card_last4:
            raise FileRefused(row.line, _("The card is not the one that we sent."))
    if total != file.total_fen:
        raise FileRefused(1, _("The total of the file is not that of the payments it answers."))


def _require_possible_days(batch: Batch, file: formats.ResultFile) -> None:
    """The bank answers after it could have paid: not before the release or, where that is earlier, the value date."""
    assert batch.released_at is not None  # noqa: S101 — a sent batch was released (constraint)
    today = timezone.localdate()
    first = min(batch.value_date, timezone.localdate(batch.released_at))
    for row in file.rows:
        if row.date and row.date > today:
            raise FileRefused(row.line, _("The day %(day)s lies in the future.") % {"day": row.date})
        if row.date and row.date < first:
            raise FileRefused(
                row.line,
                _("The day %(day)s lies before %(first)s, the first on which the bank could pay.")
                % {"day": row.date, "first": first},
            )


def _answers(
    known: formats.Format, lines: Mapping[int, BatchLine], file: formats.ResultFile
) -> dict[int, _Answer]:
    answers = {row.seq: _answer(known, row) for row in file.rows}
    for row in file.rows:
        line, answer = lines[row.seq], answers[row.seq]
        if line.state in _FINAL and answer.state in _FINAL and answer.state != line.state:
            raise FileRefused(
                row.line,
                _("The bank has already said “%(before)s” for this payment. Clear it up with the bank.")
                % {"before": line.get_state_display()},
            )
    missing = _Answer(state=LineState.UNKNOWN, reason="NO_RESULT")
    answers |= {
        seq: missing for seq, line in lines.items() if seq not in answers and line.state == LineState.SENT
    }
    return answers


def _answer(known: formats.Format, row: formats.ResultRow) -> _Answer:
    reason = known.reasons.get(row.code) or known.reasons.get(row.message) or "UNKNOWN"
    said = known.outcomes[row.outcome]
    if len(row.code) > 30 or len(row.bank_reference) > 60:
        raise FileRefused(row.line, _("The bank's code or reference is too long."))
    if said == "paid":
        if row.code not in known.success_codes:
            raise FileRefused(
                row.line,
                _("Says paid, with the code “%(code)s”, which does not mean paid.") % {"code": row.code},
            )
        state, reason = LineState.PAID, ""
    elif said == "failed" and REASONS[reason].is_confirmed_failure:
        state = LineState.FAILED
    else:
        # A refusal whose reason leaves open whether money moved is no failure: it must not be paid again.
        state = LineState.UNKNOWN
        reason = reason if said == "failed" else "UNKNOWN"
    return _Answer(
        state=state,
        reason=reason,
        bank_code=row.code,
        bank_message=row.message[:200],
        bank_reference=row.bank_reference,
        settled_on=(row.date or timezone.localdate()) if state == LineState.PAID else None,
    )


def _take_in(lines: Mapping[int, BatchLine], answers: Mapping[int, _Answer]) -> Outcome:
    """Put new answers on their lines and sort them; a final state stays as it is."""
    sorted_by_state: dict[str, list[BatchLine]] = {
        LineState.PAID: [],
        LineState.FAILED: [],
        LineState.UNKNOWN: [],
    }
    already = 0
    for seq, answer in answers.items():
        line = lines[seq]
        if line.state in _FINAL or (line.state, line.reason, line.bank_code) == (
            answer.state,
            answer.reason,
            answer.bank_code,
        ):
            already += 1
            continue
        line.state, line.reason = answer.state, answer.reason
        line.bank_code, line.bank_message = answer.bank_code, answer.bank_message
        line.bank_reference, line.settled_on = answer.bank_reference, answer.settled_on
        sorted_by_state[answer.state].append(line)
    return Outcome(
        paid=sorted_by_state[LineState.PAID],
        failed=sorted_by_state[LineState.FAILED],
        unknown=sorted_by_state[LineState.UNKNOWN],
        already=already,
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


def _settle_if_complete(batch: Batch, lines: Mapping[int, BatchLine]) -> None:
    if batch.state != BatchState.SENT:
        return
    unanswered = [line.amount for line in lines.values() if line.state not in _FINAL]
    if unanswered:
        hold_the_rest(batch, sum(unanswered[1:], unanswered[0]))
    else:
        batch.state = BatchState.SETTLED
        batch.settled_at = timezone.now()
        batch.save(update_fields=["state", "settled_at"])
        end_hold(batch)
