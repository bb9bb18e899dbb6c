"""Collecting dues at the counter and by bank transfer: months, posting and receipt stand or fall together."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from djmoney.money import Money

from ledger.books import rules
from ledger.books.models import BankAccount, Transaction
from ledger.books.posting import post
from ledger.books.queries import current_book
from ledger.receipts import issuing
from ledger.receipts.models import Channel, Receipt
from portal.accounts import audit
from portal.accounts.models import User
from portal.accounts.permissions import require
from portal.accounts.roles import Duty
from portal.members.models import Member, Membership

from . import calendar, queries
from .errors import DuesError, NoMembership, NothingToPay, RequestUsed, TooManyMonths
from .models import DuesMonth, DuesPayment, PaymentState

ITEM = "会费(零散就业)"
MONTHS_AT_ONCE = 24


@transaction.atomic
def collect_cash(
    *, member: Member, months: int, paid_on: dt.date, collected_by: User, request_key: UUID | None = None
) -> DuesPayment:
    """Take cash at the counter for the next unpaid months: Dr 101 / Cr 401 (domain P2), with a receipt.

    The same ``request_key`` again gives the first payment and takes nothing. Raises NotAllowed, NoMembership,
    NothingToPay, TooManyMonths, PeriodClosed, RequestUsed.
    """
    first = _first_of(request_key, member, collected_by)
    if first is not None:
        return first
    payment = new_payment(
        member=member, months=months, on=paid_on, channel=Channel.CASH, recorded_by=collected_by
    )
    payment.request_key = request_key
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
    request_key: UUID | None = None,
) -> DuesPayment:
    """Record a transfer to the union's bank account: Dr 102 / Cr 401; one bank reference pays once.

    The same ``request_key`` again gives the first payment. Raises NotAllowed, NoMembership, NothingToPay,
    TooManyMonths, DuesError, PeriodClosed, RequestUsed.
    """
    first = _first_of(request_key, member, recorded_by)
    if first is not None:
        return first
    payment = new_payment(
        member=member, months=months, on=paid_on, channel=Channel.BANK_TRANSFER, recorded_by=recorded_by
    )
    payment.request_key = request_key
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


def _first_of(request_key: UUID | None, member: Member, recorded_by: User) -> DuesPayment | None:
    """What the same form did the first time; the member is locked, so that two copies come one after the other."""
    if request_key is None:
        return None
    lock_dues_of(member)
    first = DuesPayment.objects.filter(request_key=request_key).first()
    if first is None:
        return None
    if (first.member_id, first.recorded_by_id, first.state) != (member.pk, recorded_by.pk, PaymentState.PAID):
        raise RequestUsed(_("This form has been sent already. Open the page again."))
    return first


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
    lock_dues_of(member)
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


def lock_dues_of(member: Member) -> None:
    """One change of a member's dues after another, until the database transaction ends."""
    Member.objects.select_for_update().get(pk=member.pk)


def settle(
    payment: DuesPayment,
    *,
    paid_on: dt.date,
    bank: str = "",
    membership: Membership | None = None,
    posted_on: dt.date | None = None,
) -> DuesPayment:
    """Cover the months, post the income and issue the receipt; call it in a database transaction.

    Months that somebody paid in the meantime move on to the next unpaid ones, so that no month is paid twice.
    ``bank`` is the account that a bank transfer came to; ``membership`` is the one paid for, else that of the day;
    ``posted_on`` is a later day for books in which the day of payment is closed.
    """
    covered = _unpaid_months(payment)
    payment.first_month, payment.last_month = covered[0], covered[-1]
    payment.save()
    DuesMonth.objects.bulk_create(
        [DuesMonth(member=payment.member, month=month, payment=payment) for month in covered]
    )
    membership = membership or queries.membership_for_dues(payment.member, paid_on)
    posted_on = posted_on or paid_on
    payment.transaction = _post(
        payment, f"dues.{payment.channel}", paid_on, posted_on, bank=bank, party=membership.number
    )
    payment.receipt = _issue(payment, covered, membership, posted_on)
    payment.paid_on, payment.state = paid_on, PaymentState.PAID
    payment.save()
    _record(payment, "dues.paid")
    return payment


def hold_unidentified(payment: DuesPayment, *, paid_on: dt.date, posted_on: dt.date) -> DuesPayment:
    """Money that came and cannot be booked as dues: Cr 21502 待查收款 (domain P2), until a person has looked."""
    payment.transaction = _post(
        payment, f"dues.{payment.channel}_unidentified", paid_on, posted_on, party=payment.member.name
    )
    payment.paid_on, payment.state = paid_on, PaymentState.UNIDENTIFIED
    payment.save()
    _record(payment, "dues.unidentified")
    return payment


def _post(
    payment: DuesPayment, code: str, paid_on: dt.date, posted_on: dt.date, *, bank: str = "", party: str
) -> Transaction:
    book = current_book(payment.union)
    if book is None:
        raise NoMembership(
            _("%(union)s keeps no books; its dues cannot be posted.") % {"union": payment.union.name}
        )
    rule = rules.rule(code, posted_on)
    summary = rule.words()
    if posted_on != paid_on:
        summary += f"(补记:{paid_on:%Y年%m月%d日}收款,该月已结账)"
    return post(
        book=book,
        external_key=f"dues:{payment.pk}",
        date=posted_on,
        kind=code,
        summary=summary,
        document=payment.reference,
        entries=rule.entries({"paid": payment.amount}, {"bank": bank}, party=party),
        rule=rule.label,
        actor=payment.recorded_by,
    )


def _issue(payment: DuesPayment, covered: list[int], membership: Membership, issued_on: dt.date) -> Receipt:
    monthly = Money(payment.amount.amount / payment.months, "CNY")
    return issuing.issue(
        union=payment.union,
        payer_name=payment.member.name,
        payer_reference=membership.number,
        lines=[
            issuing.Line(item=ITEM, period_from=first, period_to=last, quantity=count, unit_price=monthly)
            for first, last, count in _runs(covered)
        ],
        issued_on=issued_on,
        channel=payment.channel,
        payment_reference=payment.reference,
        member=payment.member,
        collected_by=payment.recorded_by,
        transaction=payment.transaction,
    )


def _record(payment: DuesPayment, action: str) -> None:
    audit.record(
        actor=payment.recorded_by,
        action=action,
        target=payment,
        union=payment.union,
        amount=str(payment.amount.amount),
        months=f"{payment.first_month}-{payment.last_month}",
    )


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
