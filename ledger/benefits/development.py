"""Member-development subsidy: whom a union has newly brought in (津东总工发[2019]22号 三(二)2)."""

from __future__ import annotations

import datetime as dt

from django.db.models import Exists, OuterRef, Q, QuerySet
from djmoney.money import Money

from portal.members.models import Membership
from portal.unions.models import Union, UnionKind

# 整建制非正式员工 join through the union of their team; 零散就业会员 are a fact of the register.
_WHOLE_TEAMS = (UnionKind.SUBCONTRACTOR, UnionKind.PROJECT)


def newly_admitted(*, union: Union, first: dt.date, last: dt.date) -> QuerySet[Membership]:
    """First memberships of their persons that began in the union's subtree from ``first`` to ``last``, both included.

    Both categories together, a person of both once. Who was a member before came by transfer and does not count.
    """
    before = Membership.objects.filter(member=OuterRef("member"), started_on__lt=OuterRef("started_on"))
    return (
        Membership.objects.filter(
            Q(union__kind__in=_WHOLE_TEAMS) | Q(member__is_casual_worker=True),
            ~Exists(before),
            union__path__startswith=union.path,
            started_on__range=(first, last),
        )
        .select_related("member", "union")
        .order_by("started_on", "number")
    )


def amount_for(*, people: int, per_head: Money, cap: Money, granted: Money) -> Money:
    """So much a head in yuan, with what the union was ``granted`` in the year at most ``cap`` (1万元封顶)."""
    left = max(cap - granted, Money(0, cap.currency))
    return min(per_head * people, left)
