"""Reading dues: what a member has paid, what comes next, what is owed."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db.models import Max, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from djmoney.money import Money

from ledger.books.models import Book, Period, PeriodState
from portal.members.models import Member, Membership
from portal.unions.models import Union

from . import calendar
from .errors import NoMembership
from .models import (
    DuesMonth,
    DuesPayment,
    DuesReversal,
    DuesRule,
    PaymentState,
    StripeAccount,
    StripeEvent,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """Where a member stands; months are YYYYMM, amounts yuan."""

    monthly: Money
    first_month: int
    paid_until: int | None
    next_month: int
    months_owed: int
    owed: Money
    months_to_pay: int
    can_pay_online: bool


def monthly_dues(on: dt.date) -> Money:
    """The dues of a month by the rule in force on a day, in yuan."""
    rule = DuesRule.objects.filter(effective_from__lte=on).order_by("-effective_from").first()
    if rule is None:
        raise NoMembership(_("No dues are set for this day."))
    return rule.monthly


def membership_for_dues(member: Member, on: dt.date) -> Membership:
    """The membership whose union gets the dues. Raises NoMembership."""
    membership = (
        member.memberships.filter(started_on__lte=on)
        .exclude(ended_on__lt=on)
        .select_related("union")
        .order_by("-started_on")
        .first()
    )
    if membership is None:
        raise NoMembership(_("There is no membership on this day, so there are no dues to pay."))
    return membership


def membership_paid_for(payment: DuesPayment) -> Membership:
    """The membership for which a payment was started, also when it has ended since. Raises NoMembership."""
    membership = (
        payment.member.memberships.filter(
            union=payment.union, started_on__lte=timezone.localdate(payment.started_at)
        )
        .order_by("-started_on")
        .first()
    )
    if membership is None:
        raise NoMembership(_("There is no membership on this day, so there are no dues to pay."))
    return membership


def posting_day(book: Book, on: dt.date) -> dt.date:
    """The day itself while its month is open in the books, else today in Asia/Shanghai."""
    month = calendar.month_of(on)
    is_open = Period.objects.filter(book=book, month=month, state=PeriodState.OPEN).exists()
    return on if is_open else timezone.localdate()


def first_month_owed(member: Member, on: dt.date) -> int:
    """The month after the latest run of memberships began; a transfer does not start it again."""
    started_on = membership_for_dues(member, on).started_on
    earlier = member.memberships.filter(started_on__lt=started_on).order_by("-started_on")
    for before in earlier:
        if before.ended_on is None or before.ended_on < started_on - dt.timedelta(days=1):
            break
        started_on = before.started_on
    return calendar.first_month_of(started_on)


def next_unpaid_month(member: Member, on: dt.date) -> int:
    """The first month without a payment, never before the first month owed."""
    first = first_month_owed(member, on)
    paid = set(DuesMonth.objects.filter(member=member, month__gte=first).values_list("month", flat=True))
    month = first
    while month in paid:
        month = calendar.months_after(month, 1)
    return month


def coverage(member: Member, on: dt.date) -> Coverage:
    """Where the member stands on a day. Raises NoMembership."""
    membership = membership_for_dues(member, on)
    monthly = monthly_dues(on)
    upcoming = next_unpaid_month(member, on)
    owed = max(0, calendar.months_between(upcoming, calendar.month_of(on)))
    return Coverage(
        monthly=monthly,
        first_month=first_month_owed(member, on),
        paid_until=DuesMonth.objects.filter(member=member).aggregate(last=Max("month"))["last"],
        next_month=upcoming,
        months_owed=owed,
        owed=monthly * owed,
        months_to_pay=max(0, calendar.months_between(upcoming, calendar.last_month_to_prepay(on))),
        can_pay_online=StripeAccount.objects.filter(union=membership.union).exists(),
    )


def history(member: Member) -> QuerySet[DuesPayment]:
    """The member's payments, newest first, those taken back too; checkouts that were never paid are left out."""
    return (
        DuesPayment.objects.filter(member=member, state__in=[PaymentState.PAID, PaymentState.REVERSED])
        .select_related("receipt__series", "union", "reversal__receipt__series", "reversal__asked_by")
        .order_by("-paid_on", "-pk")
    )


def paying_members(on: dt.date) -> int:
    """How many members have paid the month of a day."""
    return DuesMonth.objects.filter(month=calendar.month_of(on)).count()


def reversals_asked(unions: QuerySet[Union]) -> QuerySet[DuesReversal]:
    """Cash dues of these unions that somebody asks to take back and nobody has approved yet, oldest first."""
    return (
        DuesReversal.objects.filter(approved_by=None, payment__union__in=unions)
        .select_related("payment__member", "payment__union", "payment__receipt__series", "asked_by")
        .order_by("pk")
    )


def unidentified(unions: QuerySet[Union]) -> QuerySet[DuesPayment]:
    """Money received online that stands on 21502 待查收款, oldest first."""
    return (
        DuesPayment.objects.filter(state=PaymentState.UNIDENTIFIED, union__in=unions)
        .select_related("member", "union")
        .order_by("paid_on", "pk")
    )


def messages_with_problems(unions: QuerySet[Union]) -> QuerySet[StripeEvent]:
    """Messages of the platform that could not be acted on, newest first: about these unions, or about no account."""
    accounts = StripeAccount.objects.all()
    return (
        StripeEvent.objects.exclude(problem="")
        .filter(
            Q(account_id__in=accounts.filter(union__in=unions).values("account_id"))
            | ~Q(account_id__in=accounts.values("account_id"))
        )
        .order_by("-pk")
    )
