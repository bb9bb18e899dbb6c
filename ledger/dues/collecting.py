"""Collecting dues at the counter and by bank transfer: months, posting and receipt stand or fall together."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from djmoney.money import Money

from ledger.books import rules
from ledger.books.models import BankAccount, Transaction
from ledger.books.posting import post
from ledger.books.queries import current_book
from ledger.receipts import issuing
from ledger.receipts.models import Channel
from portal.accounts import audit
from portal.accounts.models import User
from portal.accounts.permissions import require
from portal.accounts.roles import Duty
from portal.members.models import Member

from . import calendar, queries
from .errors import DuesError, NoMembership, NothingToPay, TooManyMonths
from .models import DuesMonth, DuesPayment, PaymentState

ITEM = "会费(零散就业)"
MONTHS_AT_ONCE = 24


@transaction.atomic
def collect_cash(*, member: Member, months: int, paid_on: dt.date, collected_by: User) -> DuesPayment:
    """Take cash at the counter for the next unpaid months: Dr 101 / Cr 401 (domain P2), with a receipt.

    Raises NotAllowed, NoMembership, NothingToPay, TooManyMonths, PeriodClosed.
    """
    payment = new_payment(
        member=member, months=months, on=paid_on, channel=Channel.CASH, recorded_by=collected_by
    )
    require(collected_by, Duty.COLLECT_DUES, payment.union)
    return settle(payment, paid_on=paid_on)


@transaction.atomic
def collect_bank_transfer(
    *,
    member: Member,
    months: int,
    paid_on: dt.date,
    bank_account: BankAccount,
    bank_reference: str,
    recorded_by: User,
) -> DuesPayment:
    """Record a transfer to the union's bank account: Dr 102 / Cr 401; one bank reference pays once.

    Raises NotAllowed, NoMembership, NothingToPay, TooManyMonths, DuesError, PeriodClosed.
    """
    payment = new_payment(
        member=member, months=months, on=paid_on, channel=Channel.BANK_TRANSFER, recorded_by=recorded_by
    )
    require(recorded_by, Duty.COLLECT_DUES, payment.union)
    if bank_account.book.union_id != payment.union_id:
        raise DuesError(_("This bank account belongs to another union."))
    payment.reference = bank_reference.strip()
    if not payment.reference:
        raise DuesError(_("Enter the reference number of the bank transfer."))
    known = DuesPayment.objects.filter(
        union=payment.union,
        channel=Channel.BANK_TRANSFER,
        reference=payment.reference,
        state=PaymentState.PAID,
    )
    if known.exists():
        raise DuesError(_("This bank transfer has been recorded already."))
    return settle(payment, paid_on=paid_on, bank=bank_account.account.code)


@transaction.atomic
def bank_cash(
    *, bank_account: BankAccount, amount: Money, date: dt.date, bank_reference: str, recorded_by: User
) -> Transaction:
    """Pay cash from the box into the bank (现金缴存): Dr 102 / Cr 101 (domain P2). Raises NotAllowed, Overdrawn."""
    require(recorded_by, Duty.COLLECT_DUES, bank_account.book.union)
    rule = rules.rule("dues.cash_banked", date)
    posted = post(
        book=bank_account.book,
        external_key=f"cash-banked:{bank_account.code}:{bank_reference}",
        date=date,
        kind="cash.banked",
        summary=rule.words(),
        document=bank_reference,
        entries=rule.entries({"banked": amount}, {"bank": bank_account.account.code}),
        rule=rule.label,
        actor=recorded_by,
    )
    audit.record(
        actor=recorded_by,
        action="cash.banked",
        target=posted,
        union=bank_account.book.union,
        amount=str(amount.amount),
    )
    return posted


def new_payment(
    *, member: Member, months: int, on: dt.date, channel: Channel, recorded_by: User | None
) -> DuesPayment:
    """A payment (not saved) for the member's next unpaid months; the member is locked until the transaction ends."""
    if on > timezone.localdate():
        raise DuesError(_("The day of payment lies in the future."))
    Member.objects.select_for_update().get(pk=member.pk)
    membership = queries.membership_for_dues(member, on)
    first = queries.next_unpaid_month(member, on)
    most = min(
        MONTHS_AT_ONCE, calendar.months_between(first, calendar.last_month_to_prepay(timezone.localdate()))
    )
    if most < 1:
        raise NothingToPay(_("All months until the end of next year are paid. Thank you!"))
    if not 1 <= months <= most:
        raise TooManyMonths(_("Choose between 1 and %(most)s months.") % {"most": most})
    return DuesPayment(
        member=member,
        union=membership.union,
        first_month=first,
        last_month=calendar.months_after(first, months - 1),
        months=months,
        amount=queries.monthly_dues(on) * months,
        channel=channel,
        recorded_by=recorded_by,
    )


def settle(payment: DuesPayment, *, paid_on: dt.date, bank: str = "") -> DuesPayment:
    """Cover the months, post the income and issue the receipt; call it in a database transaction.

    Months that somebody paid in the meantime move on to the next unpaid ones, so that no month is paid twice.
    ``bank`` is the account that a bank transfer came to.
    """
    union = payment.union
    covered = _unpaid_months(payment)
    payment.first_month, payment.last_month = covered[0], covered[-1]
    payment.save()
    DuesMonth.objects.bulk_create(
        [DuesMonth(member=payment.member, month=month, payment=payment) for month in covered]
    )
    membership = queries.membership_for_dues(payment.member, paid_on)
    book = current_book(union)
    if book is None:
        raise NoMembership(_("%(union)s keeps no books; its dues cannot be posted.") % {"union": union.name})
    monthly = Money(payment.amount.amount / payment.months, "CNY")
    rule = rules.rule(f"dues.{payment.channel}", paid_on)
    posted = post(
        book=book,
        external_key=f"dues:{payment.pk}",
        date=paid_on,
        kind=f"dues.{payment.channel}",
        summary=rule.words(),
        document=payment.reference,
        entries=rule.entries({"paid": payment.amount}, {"bank": bank}, party=membership.number),
        rule=rule.label,
        actor=payment.recorded_by,
    )
    payment.receipt = issuing.issue(
        union=union,
        payer_name=payment.member.name,
        payer_reference=membership.number,
        lines=[
            issuing.Line(
                item=ITEM,
                period_from=first,
                period_to=last,
                quantity=count,
                unit_price=monthly,
            )
            for first, last, count in _runs(covered)
        ],
        issued_on=paid_on,
        channel=payment.channel,
        payment_reference=payment.reference,
        member=payment.member,
        collected_by=payment.recorded_by,
        transaction=posted,
    )
    payment.transaction = posted
    payment.paid_on = paid_on
    payment.state = PaymentState.PAID
    payment.save()
    audit.record(
        actor=payment.recorded_by,
        action="dues.paid",
        target=payment,
        union=union,
        amount=str(payment.amount.amount),
        months=f"{payment.first_month}-{payment.last_month}",
    )
    return payment


def _unpaid_months(payment: DuesPayment) -> list[int]:
    """As many unpaid months as were paid for, from the first one meant on."""
    paid = set(
        DuesMonth.objects.filter(member=payment.member, month__gte=payment.first_month).values_list(
            "month", flat=True
        )
    )
    found: list[int] = []
    month = payment.first_month
    while len(found) < payment.months:
        if month not in paid:
            found.append(month)
        month = calendar.months_after(month, 1)
    return found


def _runs(months: list[int]) -> list[tuple[int, int, int]]:
    """(first, last, count) of each unbroken run of months."""
    runs: list[tuple[int, int, int]] = []
    for month in months:
        if runs and calendar.months_after(runs[-1][1], 1) == month:
            runs[-1] = (runs[-1][0], month, runs[-1][2] + 1)
        else:
            runs.append((month, month, 1))
    return runs
