"""Red receipts (冲红): what was receipted by mistake is taken back by a receipt of its own with negative amounts.

A dues receipt is posted in the transaction that issues it, so it is never void (作废), only reversed (domain 3.5).
"""

from __future__ import annotations

import datetime as dt

from django.db import transaction as database
from django.utils import timezone
from django.utils.translation import gettext as _

from ledger.books.models import Transaction
from portal.accounts import audit
from portal.accounts.models import User

from . import numbering
from .amounts import fen
from .errors import ReceiptIsFinal, SamePerson, receipt_refusals
from .issuing import DRAWN_BY_RULE
from .models import Receipt, ReceiptLine, ReceiptStatus, SeriesKind


def reverse(
    *, original: Receipt, transaction: Transaction, issued_on: dt.date, reason: str, checked_by: User
) -> Receipt:
    """Issue the red receipt of the whole amount of ``original`` beside the red-letter ``transaction``.

    Call it in the database transaction that posts, after posting. Who collected the money does not check. Raises
    SamePerson, ReceiptIsFinal when it is reversed already, AmountsDiffer.
    """
    if checked_by.pk == original.collected_by_id:
        raise SamePerson(_("Somebody else must check this: you collected the money."))
    with receipt_refusals(), database.atomic():
        series = numbering.locked_series(
            union=original.union, kind=SeriesKind(original.series.kind), year=issued_on.year
        )
        locked = Receipt.objects.select_for_update().get(pk=original.pk)
        if locked.status != ReceiptStatus.VALID:
            raise ReceiptIsFinal(_("An issued receipt cannot be changed or deleted."))
        red = _red_of(locked, numbering.next_number(series))
        red.series, red.issued_on, red.transaction, red.checked_by = (
            series,
            issued_on,
            transaction,
            checked_by,
        )
        red.checked_by_name = str(checked_by)
        red.check_code = numbering.check_code(
            code=series.code, number=red.number, issued_on=issued_on, fen=fen(red.amount)
        )
        red.save(force_insert=True)
        ReceiptLine.objects.bulk_create([_red_line(line, red) for line in locked.lines.all()])
        locked.status, locked.status_reason = ReceiptStatus.REVERSED, reason
        locked.status_changed_at, locked.status_changed_by = timezone.now(), checked_by
        locked.save(update_fields=["status", "status_reason", "status_changed_at", "status_changed_by"])
        audit.record(
            actor=checked_by,
            action="receipt.reversed",
            target=locked,
            union=locked.union,
            code=series.code,
            number=red.number,
            amount=str(red.amount.amount),
            reason=reason,
        )
    return red


def _red_of(original: Receipt, number: str) -> Receipt:
    """What the red receipt shares with the original: issuer, payer and way of payment as printed there."""
    return Receipt(
        number=number,
        union=original.union,
        union_name=original.union_name,
        union_uscc=original.union_uscc,
        is_demo=original.is_demo,
        member=original.member,
        payer_name=original.payer_name,
        payer_reference=original.payer_reference,
        channel=original.channel,
        payment_reference=original.payment_reference,
        amount=-original.amount,
        corrects=original,
        collected_by=original.collected_by,
        collected_by_name=original.collected_by_name,
        drawn_by_name=DRAWN_BY_RULE,
    )


def _red_line(line: ReceiptLine, red: Receipt) -> ReceiptLine:
    return ReceiptLine(
        receipt=red,
        position=line.position,
        item=line.item,
        period_from=line.period_from,
        period_to=line.period_to,
        quantity=-line.quantity,
        unit_price=line.unit_price,
        amount=-line.amount,
    )
