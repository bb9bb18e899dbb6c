"""The conditions of a benefit, each once: a query over the register together with its words (domain 1.5 A).

Who is eligible and why somebody is not are both read from the same query, so that they cannot disagree.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import NamedTuple, Protocol

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from portal.members import standing
from portal.members.models import CardStatus, Member, Membership, ServiceCard
from portal.unions.models import Union

from .models import (
    Claim,
    ClaimState,
    Commitment,
    CommitmentState,
    CutoffRule,
    Payee,
    Population,
    Programme,
    ProgrammeVersion,
    VersionState,
)

_FLAGS = {
    Population.MIGRANT: "is_migrant_worker",
    Population.NONLOCAL: "is_nonlocal_worker",
    Population.CASUAL: "is_casual_worker",
}


class Weight(StrEnum):
    """What it means when a condition is not met."""

    REFUSES = "refuses"
    HOLDS = "holds"  # the money waits
    WARNS = "warns"


@dataclass(frozen=True, kw_only=True)
class Asked:
    """The question: these rules, in this union and below, for this year, on this day."""

    version: ProgrammeVersion
    union: Union
    year_key: int
    on: dt.date

    @cached_property
    def exclusive(self) -> list[Programme]:
        """Programmes that nobody gets together with this one, whichever of the two says so."""
        return list(
            Programme.objects.filter(
                Q(pk__in=self.version.exclusive_with.values("pk"))
                | Q(
                    pk__in=ProgrammeVersion.objects.filter(
                        state=VersionState.ACTIVE, exclusive_with=self.version.programme_id
                    ).values("programme")
                )
            )
        )


class Fact(NamedTuple):
    """What a condition rests on for one person, since when, and what the person can do."""

    words: str
    since: dt.date | None = None
    advice: str = ""


class Condition(Protocol):
    name: str

    def weight(self, asked: Asked) -> Weight | None:
        """What it means when it is not met; None when these rules do not ask it."""

    def met(self, asked: Asked) -> Q:
        """The members who meet it."""

    def why(self, asked: Asked, member: Member) -> Fact:
        """The fact for somebody who meets it."""

    def why_not(self, asked: Asked, member: Member) -> Fact:
        """The fact for somebody who does not."""


def holding(on: dt.date) -> Q:
    """Memberships that hold on a day; the last day is one of them."""
    return Q(started_on__lte=on) & (Q(ended_on=None) | Q(ended_on__gte=on))


def members_of(union: Union, on: dt.date) -> Q:
    """Memberships in the union's subtree that hold on a day."""
    return Q(union__path__startswith=union.path) & holding(on)


class Belongs:
    """A member of the union or of one below it on the day; who joined on 30 December is one on 31 December."""

    name = "membership"

    def weight(self, asked: Asked) -> Weight:
        return Weight.REFUSES

    def met(self, asked: Asked) -> Q:
        return Q(Exists(Membership.objects.filter(members_of(asked.union, asked.on), member=OuterRef("pk"))))

    def why(self, asked: Asked, member: Member) -> Fact:
        membership = member.memberships.select_related("union").get(members_of(asked.union, asked.on))
        return Fact(
            _("Member of %(union)s.") % {"union": _local(membership.union)}, since=membership.started_on
        )

    def why_not(self, asked: Asked, member: Member) -> Fact:
        memberships = member.memberships.select_related("union").order_by("-started_on")
        here = {"union": _local(asked.union)}
        other = memberships.filter(holding(asked.on)).first()
        if other is not None:
            return Fact(
                _("Not a member of %(union)s on this day, but of %(other)s.")
                % (here | {"other": _local(other.union)}),
                other.started_on,
                _("Ask %(other)s: every union lists its own members.") % {"other": _local(other.union)},
            )
        later = memberships.filter(started_on__gt=asked.on).last()
        if later is not None:
            return Fact(
                _("Not a member of %(union)s on this day: joined later.") % here,
                later.started_on,
                _("The next list has everybody who is a member by then."),
            )
        last = memberships.first()
        return Fact(
            _("Not a member of %(union)s on this day.") % here
            if last is None
            else _("Not a member of %(union)s on this day: left before.") % here,
            last.ended_on if last else None,
            _("Join the union of the workplace or of the community."),
        )


class JoinedInTime:
    """A member, of whichever union, on the last day to have joined; a transfer afterwards changes nothing."""

    name = "joined_by"

    def weight(self, asked: Asked) -> Weight | None:
        return Weight.REFUSES if asked.version.cutoff_rule == CutoffRule.JOINED_BY else None

    def met(self, asked: Asked) -> Q:
        return Q(Exists(Membership.objects.filter(holding(self._day(asked)), member=OuterRef("pk"))))

    def why(self, asked: Asked, member: Member) -> Fact:
        membership = member.memberships.get(holding(self._day(asked)))
        return Fact(_("Joined by %(day)s.") % {"day": asked.version.joined_by}, membership.started_on)

    def why_not(self, asked: Asked, member: Member) -> Fact:
        later = member.memberships.filter(started_on__gt=self._day(asked)).order_by("started_on").first()
        return Fact(
            _("Not a member on %(day)s, the last day to have joined.") % {"day": asked.version.joined_by},
            later.started_on if later else None,
            _("If the day of joining is wrong in the register, the union can correct it."),
        )

    def _day(self, asked: Asked) -> dt.date:
        assert asked.version.joined_by is not None  # noqa: S101 — the database checks that the rule has its day
        return min(asked.version.joined_by, asked.on)


class IsOfPopulation:
    name = "population"

    def weight(self, asked: Asked) -> Weight | None:
        return None if asked.version.population == Population.ALL else Weight.REFUSES

    def met(self, asked: Asked) -> Q:
        return Q(**{_FLAGS[Population(asked.version.population)]: True})

    def why(self, asked: Asked, member: Member) -> Fact:
        return Fact(
            _("In the register as: %(population)s.") % {"population": asked.version.get_population_display()}
        )

    def why_not(self, asked: Asked, member: Member) -> Fact:
        return Fact(
            _("It is for: %(population)s. The register does not say so of this person.")
            % {"population": asked.version.get_population_display()},
            advice=_("If that is wrong, the union can correct the register."),
        )


class DuesPaid:
    """A condition where the rules make it one; otherwise people are told only."""

    name = "dues"

    def weight(self, asked: Asked) -> Weight:
        return Weight.REFUSES if asked.version.requires_dues else Weight.WARNS

    def met(self, asked: Asked) -> Q:
        return standing.dues().paid_up(asked.on)

    def why(self, asked: Asked, member: Member) -> Fact:
        return Fact(_("No dues are owed."))

    def why_not(self, asked: Asked, member: Member) -> Fact:
        owed = standing.dues().months_owed(member, asked.on)
        if not owed:
            return Fact(_("Dues are not paid as a member on this day."))
        words = ngettext("Dues of %(n)s month are owed.", "Dues of %(n)s months are owed.", owed)
        return Fact(words % {"n": owed}, advice=_("Pay the dues online or at the counter of the union."))


class HasNothingYet:
    """Once per person and year in the whole federation; for lists the narrower scopes come to the same."""

    name = "once"

    def weight(self, asked: Asked) -> Weight:
        return Weight.REFUSES

    def met(self, asked: Asked) -> Q:
        return _has_none_of([asked.version.programme_id], asked.year_key)

    def why(self, asked: Asked, member: Member) -> Fact:
        return Fact(_("Nothing of this programme for %(year)s yet.") % {"year": asked.year_key})

    def why_not(self, asked: Asked, member: Member) -> Fact:
        return _taken([asked.version.programme_id], asked.year_key, member)


class HasNothingExclusive:
    """Nothing in the same year of a programme that is not given together with this one."""

    name = "exclusive"

    def weight(self, asked: Asked) -> Weight | None:
        return Weight.REFUSES if asked.exclusive else None

    def met(self, asked: Asked) -> Q:
        return _has_none_of([programme.pk for programme in asked.exclusive], asked.year_key)

    def why(self, asked: Asked, member: Member) -> Fact:
        names = ", ".join(p.local_name(get_language() or "") for p in asked.exclusive)
        return Fact(
            _("Nothing for %(year)s of: %(programmes)s.") % {"year": asked.year_key, "programmes": names}
        )

    def why_not(self, asked: Asked, member: Member) -> Fact:
        fact = _taken([programme.pk for programme in asked.exclusive], asked.year_key, member)
        return fact._replace(
            advice=_("Nobody gets both in one year. To have this one, the other has to be given up first.")
        )


class HasCard:
    """An own card in use, the only card that is paid to (三(一)1); without one the money waits."""

    name = "card"

    def weight(self, asked: Asked) -> Weight | None:
        return Weight.HOLDS if asked.version.payee == Payee.MEMBER_CARD else None

    def met(self, asked: Asked) -> Q:
        return has_card()

    def why(self, asked: Asked, member: Member) -> Fact:
        card = member.cards.get(status=CardStatus.ACTIVE)
        return Fact(_("Own service card %(card)s.") % {"card": card}, timezone.localdate(card.since))

    def why_not(self, asked: Asked, member: Member) -> Fact:
        until = dt.date(asked.year_key + asked.version.hold_years, 12, 31)
        refused = member.cards.filter(status=CardStatus.REJECTED).first()
        return Fact(
            _("The bank refused the card %(card)s.") % {"card": refused}
            if refused
            else _("No own service card on record."),
            advice=_("Put an own card on record. The money waits for it until %(day)s.") % {"day": until},
        )


CONDITIONS: tuple[Condition, ...] = (
    Belongs(),
    JoinedInTime(),
    IsOfPopulation(),
    DuesPaid(),
    HasNothingYet(),
    HasNothingExclusive(),
    HasCard(),
)


def has_card() -> Q:
    return Q(Exists(ServiceCard.objects.filter(member=OuterRef("pk"), status=CardStatus.ACTIVE)))


def _has_none_of(programmes: list[int], year: int) -> Q:
    return ~Q(Exists(_commitments(programmes, year).filter(member=OuterRef("pk")))) & ~Q(
        Exists(_claims(programmes, year).filter(member=OuterRef("pk")))
    )


def _commitments(programmes: list[int], year: int) -> QuerySet[Commitment]:
    given = Commitment.objects.filter(programme__in=programmes, year_key=year)
    return given.exclude(state=CommitmentState.CANCELLED)


def _claims(programmes: list[int], year: int) -> QuerySet[Claim]:
    asked = Claim.objects.filter(programme__in=programmes, year_key=year)
    return asked.exclude(state__in=[ClaimState.REJECTED, ClaimState.WITHDRAWN])


def _taken(programmes: list[int], year: int, member: Member) -> Fact:
    """What the member has of these programmes already."""
    commitment = _commitments(programmes, year).filter(member=member).select_related("programme").first()
    claim = _claims(programmes, year).filter(member=member).select_related("programme").first()
    taken = commitment or claim
    assert taken is not None  # noqa: S101 — asked only of somebody who has something
    day = timezone.localdate(commitment.created_at if commitment else claim.claimed_at)  # type: ignore[union-attr]
    return Fact(
        _("Has “%(programme)s” for %(year)s already: %(state)s.")
        % {
            "programme": taken.programme.local_name(get_language() or ""),
            "year": year,
            "state": taken.get_state_display(),
        },
        day,
        _("It is given once; the next is for %(year)s.") % {"year": year + 1},
    )


def _local(union: Union) -> str:
    return union.local_name(get_language() or "")
