"""Building and releasing payout batches (代发): one person builds, another releases the file of the same hash.

经办与复核分离 (会计法 第二十五条; 津东总工发[2019]22号 pays only to the member's own card).
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

import psycopg
from django.db import connection, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from djmoney.money import Money

from ledger.books.funds import require_available
from ledger.books.holds import hold, void_hold
from ledger.books.models import BankAccount, Hold, HoldState
from portal.accounts import audit
from portal.accounts.models import User
from portal.accounts.permissions import require, require_other_person
from portal.accounts.roles import Duty
from portal.members.models import Membership

from . import formats
from .errors import (
    AlreadyInPayout,
    FileChanged,
    LinesRefused,
    OwnMoney,
    PayoutError,
    WrongState,
    payout_refusals,
)
from .models import Batch, BatchLine, BatchState, LineState

_AT_ONCE = 2_000
_COPY = """
COPY payouts_batchline (batch_id, seq, reference, payee_name, card_number, card_last4, bank, party, amount,
                        amount_currency, state, reason, bank_code, bank_message, bank_reference) FROM STDIN
"""
_IN_TRANSIT = "13502"  # 其他应收款—代发在途
# Without a limit: the index is asked for each reference, not the references for each line there is.
_TAKEN = """
SELECT l.reference, b.code FROM payouts_batchline l JOIN payouts_batch b ON b.id = l.batch_id
 WHERE l.reference = ANY(%s::text[]) AND l.state <> 'withdrawn' ORDER BY l.id
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One payment: ``reference`` is ours and pays once only; ``party`` is who it is for in the books."""

    reference: str
    payee_name: str
    card_number: str
    amount: Money
    bank: str = ""
    party: str = ""


@transaction.atomic
def build(
    *,
    bank_account: BankAccount,
    purpose: str,
    source: str,
    lines: Sequence[Line],
    format_code: str,
    value_date: dt.date,
    prepared_by: User,
) -> Batch:
    """Make a batch of the lines in their order, with cards as they are now, and fix its file's hash.

    Raises LinesRefused with every line that the bank format cannot carry, AlreadyInPayout, UnknownFormat, NotAllowed.
    """
    require(prepared_by, Duty.BUILD_PAYOUT, bank_account.book.union)
    known = formats.get(format_code)
    rows = _checked(known, lines, purpose)
    _require_new(lines)
    prepared_at = timezone.now()
    file = formats.PaymentFile(
        batch=_next_code(value_date),
        payer_account=bank_account.number,
        payer_name=bank_account.holder,
        date=value_date,
        created=prepared_at,
        rows=tuple(rows),
    )
    made = formats.render_files(known, file)
    with payout_refusals():
        batch = Batch.objects.create(
            code=file.batch,
            bank_account=bank_account,
            purpose=purpose,
            source=source,
            format_code=known.code,
            value_date=value_date,
            line_count=len(rows),
            total=Money(Decimal(sum(row.amount_fen for row in rows)) / 100, "CNY"),
            prepared_by=prepared_by,
            prepared_at=prepared_at,
            file_name=made[0].name,
            file_sha256=formats.hash_of(made),
        )
        _copy_lines(batch, rows, lines)
    _record(prepared_by, "payout.built", batch, sha256=batch.file_sha256)
    return batch


def _copy_lines(batch: Batch, rows: Sequence[formats.PaymentRow], lines: Sequence[Line]) -> None:
    """All lines in one COPY; card numbers are encrypted as the model does it."""
    encrypted = BatchLine._meta.get_field("card_number").get_prep_value  # type: ignore[union-attr]
    with (
        connection.wrap_database_errors,
        psycopg.Cursor(connection.connection) as cursor,
        cursor.copy(_COPY) as copy,
    ):
        for row, line in zip(rows, lines, strict=True):
            copy.write_row(
                    (batch.pk, row.seq, row.reference, row.name, encrypted(row.account), row.account[-4:], row.bank,
                     line.party, line.amount.amount, "CNY", LineState.WAITING.value, "", "", "", "")
                )  # fmt: skip


def _checked(known: formats.Format, lines: Sequence[Line], purpose: str) -> list[formats.PaymentRow]:
    if not lines:
        raise PayoutError(_("A payout needs at least one payment."))
    if len(lines) > known.max_lines:
        raise PayoutError(
            _("This bank format takes at most %(most)s payments in one file.") % {"most": known.max_lines}
        )
    times = Counter(line.reference for line in lines)
    rows: list[formats.PaymentRow] = []
    problems: list[tuple[int, str]] = []
    for seq, line in enumerate(lines, 1):
        rows.append(_row(known, seq, line, purpose))
        problems += [(seq, problem) for problem in _problems(known, rows[-1], line)]
        if not line.reference or len(line.reference) > 40 or times[line.reference] > 1:
            problems.append(
                (
                    seq,
                    _("The reference “%(text)s” is missing, too long or used twice.")
                    % {"text": line.reference},
                )
            )
    if problems:
        raise LinesRefused(problems)
    return rows


def problems_of(line: Line, *, format_code: str, purpose: str) -> list[str]:
    """Why this bank format cannot carry the payment; empty when it can. Raises UnknownFormat."""
    known = formats.get(format_code)
    return _problems(known, _row(known, 1, line, purpose), line)


def _row(known: formats.Format, seq: int, line: Line, purpose: str) -> formats.PaymentRow:
    return formats.PaymentRow(
        seq=seq,
        reference=line.reference,
        account=line.card_number,
        name=formats.name_in(known, line.payee_name),
        bank=line.bank,
        amount_fen=int(line.amount.amount * 100),
        purpose=purpose,
    )


def _problems(known: formats.Format, row: formats.PaymentRow, line: Line) -> list[str]:
    problems = formats.line_problems(known, row)
    if str(line.amount.currency) != "CNY" or line.amount.amount * 100 != row.amount_fen:
        problems.append(_("The amount must be in yuan with at most two decimals."))
    return problems


def _require_new(lines: Sequence[Line]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_TAKEN, [[line.reference for line in lines]])
        taken = cursor.fetchall()
    if taken:
        reference, batch = taken[0]
        raise AlreadyInPayout(
            _("“%(reference)s” is already in payout %(batch)s.") % {"reference": reference, "batch": batch}
        )


def _next_code(value_date: dt.date) -> str:
    """Always 14 characters, so that no code is part of another one where a bank prints it in a summary."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval('payouts_batch_number')")
        number: int = cursor.fetchone()[0]
    return f"DF{value_date:%y%m%d}{number % 1_000_000:06d}"


@transaction.atomic
def release(*, batch: Batch, released_by: User) -> Batch:
    """Release (放行) what another person built; from now on neither lines nor file change.

    Its amount is held on the bank account until the bank has answered for every line (代发在途).

    Raises SamePerson, OwnMoney, NotAllowed, WrongState, TotalsDiffer, FileChanged.
    """
    require(released_by, Duty.RELEASE_PAYOUT, batch.bank_account.book.union)
    locked = lock(batch)
    require_other_person(locked.prepared_by_id, released_by)
    require_not_paid(locked, released_by)
    require_state(locked, BatchState.PREPARED)
    files_of(locked)
    locked.state = BatchState.RELEASED
    locked.released_by = released_by
    locked.released_at = timezone.now()
    with payout_refusals():
        locked.save(update_fields=["state", "released_by", "released_at"])
    account = locked.bank_account.account
    hold(
        book=account.book,
        external_key=hold_key(locked),
        date=locked.value_date,
        kind="payout",
        summary=f"代发在途 {locked.code}",
        debit=_IN_TRANSIT,
        credit=account.code,
        amount=locked.total,
        actor=released_by,
    )
    require_available(account)
    _record(released_by, "payout.released", locked, sha256=locked.file_sha256)
    return locked


def require_seen(batch: Batch, sha256: str) -> None:
    """Raise FileChanged unless the hash that somebody read is that of the batch's file."""
    if sha256.lower() != batch.file_sha256:
        raise FileChanged(_("The hash is not that of the file of payout %(batch)s.") % {"batch": batch.code})


@transaction.atomic
def withdraw(*, batch: Batch, reason: str, actor: User) -> Batch:
    """Take back a batch that nobody has released; what it paid may go into another one. Raises WrongState.

    Benefits go through ``ledger.benefits.paying``, which frees the people of the batch in the same step.
    """
    union = batch.bank_account.book.union
    if batch.prepared_by_id == actor.pk:
        require(actor, Duty.BUILD_PAYOUT, union)
    else:
        require(actor, Duty.RELEASE_PAYOUT, union)
    if not reason.strip():
        raise PayoutError(_("Say why the payout is withdrawn."))
    locked = lock(batch)
    require_state(locked, BatchState.PREPARED)
    locked.state = BatchState.WITHDRAWN
    locked.withdrawn_reason = reason.strip()
    with payout_refusals():
        locked.save(update_fields=["state", "withdrawn_reason"])
        locked.lines.update(state=LineState.WITHDRAWN)
    _record(actor, "payout.withdrawn", locked, reason=locked.withdrawn_reason)
    return locked


def hold_key(batch: Batch) -> str:
    """The key under which the books hold the amount of a released batch."""
    return f"payout:{batch.code}"


def end_hold(batch: Batch) -> None:
    """Nothing of the batch is in transit any more: its amount is available on the bank account again."""
    for held in _holds(batch).filter(state=HoldState.PENDING):
        void_hold(held)


def hold_the_rest(batch: Batch, left: Money) -> None:
    """Hold only what the bank has not answered for yet: what it paid is in the books, and must not count twice."""
    if _holds(batch).filter(state=HoldState.PENDING, amount=left.amount).exists():
        return
    end_hold(batch)
    account = batch.bank_account.account
    hold(
        book=account.book,
        external_key=f"{hold_key(batch)}:{_holds(batch).count()}",
        date=batch.value_date,
        kind="payout",
        summary=f"代发在途 {batch.code}",
        debit=_IN_TRANSIT,
        credit=account.code,
        amount=left,
    )


def _holds(batch: Batch) -> QuerySet[Hold]:
    key = hold_key(batch)
    return Hold.objects.filter(
        Q(external_key=key) | Q(external_key__startswith=f"{key}:"), book=batch.bank_account.book
    )


def require_not_paid(batch: Batch, actor: User) -> None:
    """Raise OwnMoney when the batch pays the actor, whichever roles that person holds."""
    parties = batch.lines.values("party")
    if Membership.objects.filter(member__user=actor, number__in=parties).exists():
        raise OwnMoney(_("Somebody else must do this: you are one of the people who are paid."))


def lock(batch: Batch) -> Batch:
    """The batch as it is now, locked until the database transaction ends (lock 1 of ledger.books.locks)."""
    return (
        Batch.objects.select_for_update(of=("self",))
        .select_related("bank_account__account__book__union")
        .get(pk=batch.pk)
    )


def require_state(batch: Batch, *states: BatchState) -> None:
    """Raise WrongState, saying the state that the batch has."""
    if batch.state not in states:
        raise WrongState(
            _("Payout %(batch)s is in the state “%(state)s”.")
            % {"batch": batch.code, "state": batch.get_state_display()}
        )


def render(batch: Batch) -> bytes:
    """The bank file of a batch that has its lines. Raises FileChanged."""
    return files_of(batch)[0].content


def files_of(batch: Batch) -> tuple[formats.RequestFile, ...]:
    """Every file of a batch. Raises FileChanged unless they are the ones whose hash was shown at building."""
    known = formats.get(batch.format_code)
    columns = ("seq", "reference", "card_number", "payee_name", "bank", "amount")
    found = batch.lines.order_by("seq").values_list(*columns)
    rows = tuple(
        formats.PaymentRow(
            seq=seq,
            reference=reference,
            account=card,
            name=name,
            bank=bank,
            amount_fen=int(amount * 100),
            purpose=batch.purpose,
        )
        for seq, reference, card, name, bank, amount in found.iterator(chunk_size=_AT_ONCE)
    )
    made = formats.render_files(
        known,
        formats.PaymentFile(
            batch=batch.code,
            payer_account=batch.bank_account.number,
            payer_name=batch.bank_account.holder,
            date=batch.value_date,
            created=batch.prepared_at,
            rows=rows,
        ),
    )
    if formats.hash_of(made) != batch.file_sha256:
        raise FileChanged(
            _(
                "The file of payout %(batch)s is no longer the one that was checked. Withdraw it and build it again."
            )
            % {"batch": batch.code}
        )
    return made


def _record(actor: User, action: str, batch: Batch, **details: str) -> None:
    audit.record(
        actor=actor,
        action=action,
        target=batch,
        union=batch.bank_account.book.union,
        batch=batch.code,
        lines=batch.line_count,
        total=str(batch.total.amount),
        **details,
    )
