"""Who owes no dues on a day: the same reading as ``queries.coverage``, over the whole register."""

from __future__ import annotations

import datetime as dt

from django.db.models import Count, Exists, F, IntegerField, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce, ExtractMonth, ExtractYear

from portal.members.models import Member, Membership

from . import calendar, queries
from .errors import NoMembership
from .models import DuesMonth


def paid_up(on: dt.date) -> Q:
    """Members with every month paid from the month after they joined to the month of ``on``, that month included.

    A transfer goes on without a new start. Who has paid since an earlier joining has paid since the last one too,
    so that any beginning of an unbroken run of memberships will do.
    """
    goes_on_from = Membership.objects.filter(
        member=OuterRef("member"),
        started_on__lt=OuterRef("started_on"),
        ended_on__gte=OuterRef("started_on") - dt.timedelta(days=1),
    )
    paid = (
        DuesMonth.objects.filter(
            member=OuterRef("member"),
            month__gt=ExtractYear(OuterRef("started_on")) * 100 + ExtractMonth(OuterRef("started_on")),
            month__lte=calendar.month_of(on),
        )
        .order_by()
        .values("member")
        .annotate(n=Count("pk"))
        .values("n")
    )
    started = ExtractYear("started_on") * 12 + ExtractMonth("started_on")
    return Q(
        Exists(
            Membership.objects.filter(~Exists(goes_on_from), member=OuterRef("pk"), started_on__lte=on)
            .annotate(
                paid=Coalesce(Subquery(paid, output_field=IntegerField()), 0),
                due=on.year * 12 + on.month - started,
            )
            .filter(paid__gte=F("due"))
        )
    )


def months_owed(member: Member, on: dt.date) -> int:
    """How many months from the first unpaid one to the month of ``on``; 0 for who is no member on that day."""
    try:
        upcoming = queries.next_unpaid_month(member, on)
    except NoMembership:
        return 0
    return max(0, calendar.months_between(upcoming, calendar.month_of(on)))
