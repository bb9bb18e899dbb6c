"""Cash dues taken by mistake go back: asked for by who collects dues, approved by another person (domain 3.5, 5.8).

The payment stays on record with its receipt; a red-letter entry and a red receipt take it back and free its months.
"""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from ledger.books.models import Period, PeriodState
from ledger.books.posting import reverse
from ledger.receipts import reversing as receipts
from ledger.receipts.models import Channel
from portal.accounts import audit
from portal.accounts.models import User
from portal.accounts.permissions import require, require_other_person
from portal.accounts.roles import Duty

from . import calendar
from .collecting import lock_dues_of
from .errors import CannotTakeBack
from .models import DuesPayment, DuesReversal, PaymentState

_LONGEST_REASON = 60  # the red-letter summary quotes it


@transaction.atomic
def ask(*, payment: DuesPayment, reason: str, asked_by: User) -> DuesReversal:
    """Ask to take back cash dues whose month is still open. Raises NotAllowed, CannotTakeBack."""
    require(asked_by, Duty.COLLECT_DUES, payment.union)
    locked = _locked(payment)
    if not reason.strip() or len(reason) > _LONGEST_REASON:
        raise CannotTakeBack(_("Give a reason of at most %(count)d characters.") % {"count": _LONGEST_REASON})
    if DuesReversal.objects.filter(payment=locked).exists():
        raise CannotTakeBack(_("Somebody has asked for this already."))
    asked = DuesReversal.objects.create(payment=locked, reason=reason.strip(), asked_by=asked_by)
    _record(asked, asked_by, "dues.reversal_asked")
    return asked


@transaction.atomic
def approve(*, asked: DuesReversal, approved_by: User, on: dt.date | None = None) -> DuesReversal:
    """Take the payment back on a day (today): red-letter entry, red receipt, months free again.

    Neither who asked nor who took the money approves. Raises NotAllowed, SamePerson, CannotTakeBack, PeriodClosed,
    Overdrawn when the cash is not in the box any more.
    """
    require(approved_by, Duty.CHECK_VOUCHER, asked.payment.union)
    require_other_person(asked.asked_by_id, approved_by)
    require_other_person(asked.payment.recorded_by_id, approved_by)
    payment = _locked(asked.payment)
    asked = DuesReversal.objects.select_for_update().get(pk=asked.pk)
    day = on or timezone.localdate()
    if (
        payment.paid_on is None
        or payment.receipt is None
        or payment.transaction is None
        or day < payment.paid_on
    ):
        raise CannotTakeBack(_("Only cash dues that were paid can be taken back."))
    asked.transaction = reverse(
        original=payment.transaction,
        date=day,
        reason=asked.reason,
        external_key=f"dues:{payment.pk}:reversed",
        actor=approved_by,
    )
    asked.receipt = receipts.reverse(
        original=payment.receipt,
        transaction=asked.transaction,
        issued_on=day,
        reason=asked.reason,
        checked_by=approved_by,
    )
    asked.approved_by, asked.approved_at = approved_by, timezone.now()
    asked.save()
    payment.state = PaymentState.REVERSED
    payment.save(update_fields=["state"])
    payment.covered.all().delete()
    _record(asked, approved_by, "dues.reversed")
    return asked


def _locked(payment: DuesPayment) -> DuesPayment:
    """The payment, with its member's dues locked. Raises CannotTakeBack unless it is cash of a month still open."""
    lock_dues_of(payment.member)
    locked: DuesPayment = (
        DuesPayment.objects.select_for_update(of=("self",))
        .select_related("member", "union", "receipt__series", "receipt__union", "transaction__book")
        .get(pk=payment.pk)
    )
    if locked.channel != Channel.CASH or locked.state != PaymentState.PAID or locked.paid_on is None:
        raise CannotTakeBack(_("Only cash dues that were paid can be taken back."))
    is_open = Period.objects.filter(
        book__transactions=locked.transaction,
        month=calendar.month_of(locked.paid_on),
        state=PeriodState.OPEN,
    ).exists()
    if not is_open:
        raise CannotTakeBack(_("The month of this payment is closed. Correct it with a voucher."))
    return locked


def _record(asked: DuesReversal, actor: User, action: str) -> None:
    audit.record(
        actor=actor,
        action=action,
        target=asked.payment,
        union=asked.payment.union,
        amount=str(asked.payment.amount.amount),
        reason=asked.reason,
    )
