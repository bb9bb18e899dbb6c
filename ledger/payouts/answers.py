"""What a result file says about the lines of a batch, in our words, once it is certain that it is about this batch.

Each answer must be about a line of ours, once, with its reference, card, amount and a possible day; a refusal names
its line.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from django.utils import timezone
from django.utils.translation import gettext as _

from . import formats
from .errors import FileRefused
from .models import Batch, BatchLine, LineState
from .queries import first_possible_day
from .reasons import REASONS

_LONGEST_CODE, _LONGEST_REFERENCE, _LONGEST_MESSAGE = 30, 60, 200
_UNDECIDED = frozenset({LineState.SENT, LineState.UNKNOWN})


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One line's answer in our words; ``is_return``: the money had left and came back (退汇)."""

    state: LineState
    reason: str
    bank_code: str = ""
    bank_message: str = ""
    bank_reference: str = ""
    settled_on: dt.date | None = None
    said_on: dt.date | None = None
    is_return: bool = False
    file_line: int = 0


def require_this_batch(batch: Batch, file: formats.ResultFile) -> None:
    """Raise FileRefused unless what the file says about the request fits this batch; also if it refuses all of it."""
    if file.batch is not None and file.batch != batch.code:
        raise FileRefused(
            1,
            _("This file is the result of “%(found)s”, not of %(batch)s.")
            % {"found": file.batch[:40], "batch": batch.code},
        )
    sent = (batch.line_count, int(batch.total.amount * 100))
    claimed = (file.batch_count, file.batch_total_fen)
    if any(says is not None and says != ours for says, ours in zip(claimed, sent, strict=True)):
        raise FileRefused(1, _("The file answers a request with another count or total than ours."))
    if "failed" in file.group and not file.rows:
        raise FileRefused(
            0,
            _(
                "The bank refused the whole file (%(reason)s). Report it under “The bank refused the file”;"
                " another person confirms it."
            )
            % {"reason": file.group_reason or "—"},
        )


def answers_to(
    known: formats.Format, batch: Batch, lines: Sequence[BatchLine], file: formats.ResultFile
) -> dict[int, Answer]:
    """The answer to each line by its seq. Raises FileRefused for the first line of the file that cannot be true."""
    first_day = first_possible_day(batch)
    answers: dict[int, Answer] = {}
    total = 0
    for row, line in _paired(lines, file):
        if line.seq in answers:
            raise FileRefused(row.line, _("Line %(seq)s of the payout appears twice.") % {"seq": line.seq})
        total += _require_same_payment(row, line)
        _require_possible_day(row, first_day)
        answers[line.seq] = answer = _answer(known, row)
        _require_no_contradiction(row, line, answer)
        _require_as_the_group(file, row, answer)
    if file.total_fen is not None and total != file.total_fen:
        raise FileRefused(1, _("The total of the file is not that of the payments it answers."))
    return answers | _missing(known, lines, answers, file)


def _paired(
    lines: Sequence[BatchLine], file: formats.ResultFile
) -> Iterator[tuple[formats.ResultRow, BatchLine]]:
    by_seq = {line.seq: line for line in lines}
    by_reference = {line.reference: line for line in lines}
    for row in file.rows:
        line = by_seq.get(row.seq) if row.seq else by_reference.get(row.reference)
        if line is None:
            which = row.seq or f"“{row.reference[:40]}”"
            raise FileRefused(row.line, _("This payout has no line %(seq)s.") % {"seq": which})
        yield row, line


def _require_same_payment(row: formats.ResultRow, line: BatchLine) -> int:
    fen = int(line.amount.amount * 100)
    if row.reference and row.reference != line.reference:
        raise FileRefused(
            row.line,
            _("The reference is “%(found)s”, ours is “%(ours)s”.")
            % {"found": row.reference[:40], "ours": line.reference},
        )
    if row.amount_fen is not None and row.amount_fen != fen:
        raise FileRefused(row.line, _("The amount is not the one that we sent."))
    if row.account and row.account[-4:] != line.card_last4:
        raise FileRefused(row.line, _("The card is not the one that we sent."))
    return fen


def _require_possible_day(row: formats.ResultRow, first: dt.date) -> None:
    if row.date and row.date > timezone.localdate():
        raise FileRefused(row.line, _("The day %(day)s lies in the future.") % {"day": row.date})
    if row.date and row.date < first:
        raise FileRefused(
            row.line,
            _("The day %(day)s lies before %(first)s, the first on which the bank could pay.")
            % {"day": row.date, "first": first},
        )


def _answer(known: formats.Format, row: formats.ResultRow) -> Answer:
    reason = known.reasons.get(row.code) or known.reasons.get(row.message) or "UNKNOWN"
    said = known.outcomes[row.outcome]
    if len(row.code) > _LONGEST_CODE or len(row.bank_reference) > _LONGEST_REFERENCE:
        raise FileRefused(row.line, _("The bank's code or reference is too long."))
    is_return = said == "returned" or (said == "failed" and reason == "RETURNED")
    if said == "paid":
        if row.code not in known.success_codes:
            raise FileRefused(
                row.line,
                _("Says paid, with the code “%(code)s”, which does not mean paid.") % {"code": row.code},
            )
        state, reason = LineState.PAID, ""
    elif is_return:
        state, reason = LineState.FAILED, "RETURNED"
    elif said == "failed" and REASONS[reason].is_confirmed_failure:
        state = LineState.FAILED
    else:
        # A refusal whose reason leaves open whether money moved is no failure: it must not be paid again.
        state = LineState.UNKNOWN
        reason = reason if said == "failed" else "UNKNOWN"
    return Answer(
        state=state,
        reason=reason,
        bank_code=row.code,
        bank_message=row.message[:_LONGEST_MESSAGE],
        bank_reference=row.bank_reference,
        settled_on=(row.date or timezone.localdate()) if state == LineState.PAID else None,
        said_on=row.date,
        is_return=is_return,
        file_line=row.line,
    )


def _require_no_contradiction(row: formats.ResultRow, line: BatchLine, answer: Answer) -> None:
    """Paid stays paid and failed stays failed, but for money that came back."""
    before = line.state
    if (before == LineState.PAID and answer.state == LineState.FAILED and not answer.is_return) or (
        before == LineState.FAILED and answer.state == LineState.PAID
    ):
        raise FileRefused(
            row.line,
            _("The bank has already said “%(before)s” for this payment. Clear it up with the bank.")
            % {"before": line.get_state_display()},
        )


def _require_as_the_group(file: formats.ResultFile, row: formats.ResultRow, answer: Answer) -> None:
    """A bank that says all was paid, or nothing, cannot say otherwise of a line."""
    refuted = {LineState.PAID: "failed", LineState.FAILED: "paid", LineState.UNKNOWN: "paid"}
    if not answer.is_return and refuted.get(answer.state) in file.group:
        raise FileRefused(row.line, _("What the file says of this line is not what it says of the whole."))


def _missing(
    known: formats.Format,
    lines: Sequence[BatchLine],
    answers: Mapping[int, Answer],
    file: formats.ResultFile,
) -> dict[int, Answer]:
    """What follows for a line that the file does not mention: nothing, unless the bank leaves out what it paid."""
    if file.is_about_returns:
        return {}
    missing = [line.seq for line in lines if line.state in _UNDECIDED and line.seq not in answers]
    if known.absent_is_paid and set(file.group) <= {"paid", "partly"}:
        day = max((row.date for row in file.rows if row.date), default=timezone.localdate())
        absent = Answer(state=LineState.PAID, reason="", settled_on=day)
        return dict.fromkeys(missing, absent)
    unsaid = Answer(state=LineState.UNKNOWN, reason="NO_RESULT")
    waiting = {line.seq for line in lines if line.state == LineState.SENT}
    return {seq: unsaid for seq in missing if seq in waiting}
