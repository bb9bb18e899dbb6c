"""Issuing receipts (开具), numbered in the database transaction of the payment (会计基础工作规范 第四十八条)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction as database
from django.db.models import Sum
from django.utils import timezone
from django.utils.translation import gettext as _
from djmoney.money import Money

from ledger.books.models import Transaction
from portal.accounts import audit
from portal.accounts.models import User
from portal.accounts.permissions import require
from portal.accounts.roles import Duty
from portal.members.models import Member
from portal.unions.models import Union

from . import numbering
from .amounts import fen
from .errors import AlreadyReceipted, AmountsDiffer, ReceiptIncomplete, SamePerson, receipt_refusals
from .models import Channel, Receipt, ReceiptLine, ReceiptStatus, SeriesKind

# What the paper holds.
MAX_LINES = 5
_LONGEST_PAYER = 50
_LONGEST_ITEM = 30
# Named as the drawer where no person is: an official word, the same in every language.
DRAWN_BY_RULE = "系统自动开具"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One item to receipt: what for (收款项目), which months (YYYYMM, both included), how many at what price."""

    item: str
    period_from: int
    period_to: int
    quantity: int
    unit_price: Money

    def __post_init__(self) -> None:
        if len(self.item) > _LONGEST_ITEM:
            raise ReceiptIncomplete(
                _("A receipt item has at most %(count)d characters.") % {"count": _LONGEST_ITEM}
            )
        if not self.item.strip() or self.quantity < 1 or fen(self.unit_price) <= 0:
            raise ReceiptIncomplete(_("A receipt line needs an item, a quantity and a price above zero."))
        months_exist = all(1 <= month % 100 <= 12 for month in (self.period_from, self.period_to))
        if not months_exist or self.period_from > self.period_to:
            raise ReceiptIncomplete(_("The months of a receipt line are not in order."))


def issue(
    *,
    union: Union,
    payer_name: str,
    payer_reference: str,
    lines: Sequence[Line],
    issued_on: dt.date,
    channel: Channel | str,
    payment_reference: str = "",
    member: Member | None = None,
    collected_by: User | None = None,
    drawn_by: User | None = None,
    checked_by: User | None = None,
    transaction: Transaction | None = None,
) -> Receipt:
    """Issue a dues receipt with the next number of the union's series for the year of ``issued_on``.

    Call it in the database transaction that posts the payment, after posting: the series row stays locked until that
    ends, and a rollback gives the number back. Without ``drawn_by`` the system draws it from the posted payment and is
    named as the drawer. Raises NotAllowed when ``drawn_by`` may not issue receipts here, ReceiptIncomplete, SamePerson,
    AmountsDiffer, AlreadyReceipted.
    """
    if not lines or not payer_name.strip():
        raise ReceiptIncomplete(_("A receipt needs a payer and at least one line."))
    if len(payer_name) > _LONGEST_PAYER:
        raise ReceiptIncomplete(
            _("A payer's name has at most %(count)d characters.") % {"count": _LONGEST_PAYER}
        )
    if len(lines) > MAX_LINES:
        raise ReceiptIncomplete(_("A receipt has at most %(count)d lines.") % {"count": MAX_LINES})
    if issued_on > timezone.localdate():
        raise ReceiptIncomplete(_("A receipt cannot be dated in the future."))
    if channel not in Channel.values:
        raise ReceiptIncomplete(_("This way of paying is not known."))
    _require_drawer(union, collected_by, drawn_by, checked_by)
    rows = [_row(position, line) for position, line in enumerate(lines, start=1)]
    total = Money(sum(line.unit_price.amount * line.quantity for line in lines), "CNY")
    if transaction is not None:
        _require_same_payment(transaction, union, total)
    with receipt_refusals(), database.atomic():
        series = numbering.locked_series(union=union, kind=SeriesKind.DUES, year=issued_on.year)
        number = numbering.next_number(series)
        receipt = Receipt.objects.create(
            series=series,
            number=number,
            check_code=numbering.check_code(
                code=series.code, number=number, issued_on=issued_on, fen=fen(total)
            ),
            issued_on=issued_on,
            union=union,
            union_name=union.name,
            union_uscc=union.uscc,
            is_demo=union.is_demo,
            member=member,
            payer_name=payer_name.strip(),
            payer_reference=payer_reference,
            channel=channel,
            payment_reference=payment_reference,
            amount=total,
            collected_by=collected_by,
            collected_by_name=_name(collected_by),
            drawn_by=drawn_by,
            drawn_by_name=_name(drawn_by) or DRAWN_BY_RULE,
            checked_by=checked_by,
            checked_by_name=_name(checked_by),
            transaction=transaction,
        )
        for row in rows:
            row.receipt = receipt
        ReceiptLine.objects.bulk_create(rows)
        audit.record(
            actor=drawn_by or collected_by,
            action="receipt.issued",
            target=receipt,
            union=union,
            code=series.code,
            number=number,
            amount=str(total.amount),
        )
    return receipt


def _row(position: int, line: Line) -> ReceiptLine:
    return ReceiptLine(
        position=position,
        item=line.item.strip(),
        period_from=line.period_from,
        period_to=line.period_to,
        quantity=line.quantity,
        unit_price=line.unit_price,
        amount=line.unit_price * line.quantity,
    )


def _name(user: AbstractBaseUser | None) -> str:
    return str(user) if user else ""


def _require_drawer(
    union: Union, collected_by: User | None, drawn_by: User | None, checked_by: User | None
) -> None:
    """Drawing up receipts is a duty; who collects does not draw up alone (会计法 第三十五条: 不相容岗位分离).

    What the system draws repeats the payment that is posted with it: nobody chooses payer, item or amount, and the
    voucher of that posting is checked by another person than the one who collected.
    """
    if drawn_by is not None:
        require(drawn_by, Duty.ISSUE_RECEIPT, union)
    drawn_alone = drawn_by is not None and drawn_by == collected_by and checked_by is None
    checked_by_drawer = checked_by is not None and checked_by == drawn_by
    if drawn_alone or checked_by_drawer:
        raise SamePerson(_("Who collects the money and who draws up the receipt must be two persons."))


def _require_same_payment(transaction: Transaction, union: Union, total: Money) -> None:
    if transaction.book.union_id != union.pk:
        raise AmountsDiffer(_("The payment is in the books of another union."))
    posted = transaction.transfers.filter(is_red=False).aggregate(total=Sum("amount"))["total"]
    if posted != total.amount:
        raise AmountsDiffer(_("The receipt and the posted payment have different amounts."))
    if Receipt.objects.filter(transaction=transaction, status=ReceiptStatus.VALID).exists():
        raise AlreadyReceipted(_("There is already a receipt for this payment."))
