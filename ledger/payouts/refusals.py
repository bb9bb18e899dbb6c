"""The bank refuses the whole file (整批退回), or it can no longer be handed over: nothing was paid and nothing will be.

A payment taken for refused would be made again, so one person says so and another confirms (经办与复核分离).
"""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.accounts import audit
from portal.accounts.models import User
from portal.accounts.permissions import require, require_other_person
from portal.accounts.roles import Duty

from .batches import end_hold, lock, require_not_paid, require_state
from .errors import PayoutError, WrongState, payout_refusals
from .models import Batch, BatchState, LineState


@transaction.atomic
def report(*, batch: Batch, reason: str, reported_by: User) -> Batch:
    """Say that the bank took nothing of a released file, and why; the batch stays until another person confirms.

    Raises NotAllowed, WrongState when the bank has answered for any line.
    """
    require(reported_by, Duty.BUILD_PAYOUT, batch.bank_account.book.union)
    if not reason.strip():
        raise PayoutError(_("Say why the bank refused the file."))
    locked = lock(batch)
    _require_unanswered(locked)
    locked.refusal_reason, locked.refusal_reported_by = reason.strip(), reported_by
    locked.save(update_fields=["refusal_reason", "refusal_reported_by"])
    _record(reported_by, "payout.refusal_reported", locked)
    return locked


@transaction.atomic
def confirm(*, batch: Batch, confirmed_by: User) -> Batch:
    """Mark the batch as refused by the bank; its amount is no longer held and what it paid may go into another one.

    Raises NotAllowed, SamePerson, OwnMoney, WrongState when nobody reported it or the bank has answered for any line.
    """
    require(confirmed_by, Duty.RELEASE_PAYOUT, batch.bank_account.book.union)
    locked = lock(batch)
    _require_unanswered(locked)
    if locked.refusal_reported_by_id is None:
        raise WrongState(_("Nobody has reported that the bank refused payout %(batch)s.") % {"batch": locked})
    require_other_person(locked.refusal_reported_by_id, confirmed_by)
    require_not_paid(locked, confirmed_by)
    locked.state, locked.refused_by, locked.refused_at = BatchState.REFUSED, confirmed_by, timezone.now()
    with payout_refusals():
        locked.save(update_fields=["state", "refused_by", "refused_at"])
        locked.lines.update(state=LineState.REFUSED)
    end_hold(locked)
    _record(confirmed_by, "payout.refused", locked)
    return locked


def _require_unanswered(batch: Batch) -> None:
    require_state(batch, BatchState.RELEASED, BatchState.SENT)
    if batch.lines.exclude(state__in=[LineState.WAITING, LineState.SENT]).exists():
        raise WrongState(
            _("The bank has answered for lines of payout %(batch)s: import its results instead.")
            % {"batch": batch.code}
        )


def _record(actor: User, action: str, batch: Batch) -> None:
    audit.record(
        actor=actor,
        action=action,
        target=batch,
        union=batch.bank_account.book.union,
        batch=batch.code,
        total=str(batch.total.amount),
        reason=batch.refusal_reason,
    )
