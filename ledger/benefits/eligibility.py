"""Who gets a benefit: the same rules as a query over the register and as reasons for one person."""

from __future__ import annotations

import datetime as dt

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from portal.members.models import CardStatus, Member, Membership, ServiceCard
from portal.unions.models import Union

from .models import Commitment, CommitmentState, Population, ProgrammeVersion

_FLAGS = {
    Population.MIGRANT: "is_migrant_worker",
    Population.NONLOCAL: "is_nonlocal_worker",
    Population.CASUAL: "is_casual_worker",
}


def members_of(union: Union, on: dt.date) -> Q:
    """Memberships in the union's subtree that hold on a day."""
    return Q(union__path__startswith=union.path, started_on__lte=on) & (
        Q(ended_on=None) | Q(ended_on__gte=on)
    )


def eligible_members(
    *, version: ProgrammeVersion, union: Union, year_key: int, on: dt.date
) -> QuerySet[Member]:
    """Members of the subtree who belong to the population and have nothing of this programme and year yet."""
    members = Member.objects.filter(
        Exists(Membership.objects.filter(members_of(union, on), member=OuterRef("pk")))
    )
    if version.population != Population.ALL:
        members = members.filter(**{_FLAGS[Population(version.population)]: True})
    taken = Commitment.objects.filter(
        member=OuterRef("pk"), programme=version.programme_id, year_key=year_key
    ).exclude(state=CommitmentState.CANCELLED)
    return members.filter(~Exists(taken))


def with_card(members: QuerySet[Member]) -> QuerySet[Member]:
    """Those who have an own card in use, the only card that is paid to (三(一)1)."""
    return members.filter(Exists(ServiceCard.objects.filter(member=OuterRef("pk"), status=CardStatus.ACTIVE)))


def without_card(members: QuerySet[Member]) -> QuerySet[Member]:
    """Those who have none, and are left out of a list."""
    return members.filter(
        ~Exists(ServiceCard.objects.filter(member=OuterRef("pk"), status=CardStatus.ACTIVE))
    )


def reasons_against(*, member: Member, version: ProgrammeVersion, union: Union, on: dt.date) -> list[str]:
    """Every reason why the member cannot have this benefit now, in words; empty when eligible."""
    reasons = []
    if not member.memberships.filter(members_of(union, on)).exists():
        reasons.append(_("You are not a member of %(union)s on this day.") % {"union": union.name})
    if version.population != Population.ALL and not getattr(member, _FLAGS[Population(version.population)]):
        reasons.append(
            _(
                "It is for %(population)s, and your record says that you are not one. Your union can correct this."
            )
            % {"population": Population(version.population).label}
        )
    return reasons
