"""Reading dues: what a member has paid, what comes next, what is owed."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db.models import Max, QuerySet
from django.utils.translation import gettext as _
from djmoney.money import Money

from portal.members.models import Member, Membership

from . import calendar
from .errors import NoMembership
from .models import DuesMonth, DuesPayment, DuesRule, PaymentState, StripeAccount


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
    """The member's payments, newest first; checkouts that were never paid are left out."""
    return (
        DuesPayment.objects.filter(member=member, state=PaymentState.PAID)
        .select_related("receipt__series", "union")
        .order_by("-paid_on", "-pk")
    )


def paying_members(on: dt.date) -> int:
    """How many members have paid the month of a day."""
    return DuesMonth.objects.filter(month=calendar.month_of(on)).count()
