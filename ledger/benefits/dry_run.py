"""A dry run (测算): what a list under these rules would cost on a day, and whom it would leave; nothing is written."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import reduce
from operator import and_
from typing import NamedTuple

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Value
from django.utils.translation import gettext as _
from djmoney.money import Money

from portal.members.models import CardStatus, Member, Membership, ServiceCard
from portal.unions.models import Union

from . import eligibility
from .errors import WrongState
from .models import AmountRule, BudgetLine, Payee, ProgrammeVersion, VersionState
from .sharing import split
from .years import year_key


@dataclass(frozen=True, slots=True, kw_only=True)
class Below:
    """A union right below the one asked about, or that one itself for its own members, with everybody below it."""

    union: Union
    people: int
    held: int
    amount: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What a funder would bear, beside what its budget line of the year has left; None without a line. Yuan."""

    union: Union
    amount: Money
    left: Money | None

    @property
    def is_short(self) -> bool:
        return self.left is None or self.left < self.amount


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Beside the rules in force: who would come in, who would fall out, and how much more it costs."""

    version: ProgrammeVersion
    gained: int
    lost: int
    amount: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class DryRun:
    """``people`` are paid now, ``held`` wait for a card; ``unfunded`` are people of whom a share finds no funder."""

    asked: eligibility.Asked
    people: int
    held: int
    have_already: int
    total: Money
    below: list[Below]
    costs: list[Cost]
    unfunded: int
    difference: Difference | None


class Listed(NamedTuple):
    """A line of the list as a file."""

    number: str
    name: str
    union: str
    has_card: bool
    amount: Decimal


class _Group(NamedTuple):
    union: Union
    people: int
    held: int


def question(*, version: ProgrammeVersion, union: Union, on: dt.date) -> eligibility.Asked:
    """What a dry run asks; the day may lie ahead. Raises WrongState where no list could be made by these rules."""
    if not union.path.startswith(version.programme.owner.path):
        raise WrongState(
            _("“%(programme)s” is run by %(owner)s, and %(union)s is not below it.")
            % {
                "programme": version.programme.name,
                "owner": version.programme.owner.name,
                "union": union.name,
            }
        )
    if version.amount_rule not in (AmountRule.FIXED, AmountRule.ACTUAL_COST):
        raise WrongState(
            _("What these rules pay depends on each application, so that it cannot be told beforehand.")
        )
    return eligibility.Asked(version=version, union=union, year_key=year_key(version, on), on=on)


def dry_run(asked: eligibility.Asked) -> DryRun:
    """Count and split, each with one question to the database; amounts in yuan, where actual cost is paid at most."""
    groups = _groups(asked)
    people, held = sum(group.people for group in groups), sum(group.held for group in groups)
    costs, unfunded = _costs(asked, groups)
    return DryRun(
        asked=asked,
        people=people,
        held=held,
        have_already=_have_already(asked),
        total=asked.version.amount * people,
        below=_below(asked, groups),
        costs=costs,
        unfunded=unfunded,
        difference=_difference(asked),
    )


def people(asked: eligibility.Asked) -> Iterator[Listed]:
    """Everybody who would get it, by member number, names masked; read as it is written."""
    # Only what is written: identity numbers would have to be decrypted one by one.
    found = (
        _memberships(asked)
        .select_related("member", "union")
        .only("number", "member__name", "union__name")
        .order_by("number")
    )
    amount = asked.version.amount.amount
    for membership in found.iterator(chunk_size=2000):
        has_card: bool = membership.is_ready  # type: ignore[attr-defined]
        yield Listed(
            membership.number, membership.member.masked_name, membership.union.name, has_card, amount
        )


def _eligible(asked: eligibility.Asked) -> QuerySet[Member]:
    return eligibility.eligible_members(
        version=asked.version, union=asked.union, year_key=asked.year_key, on=asked.on
    )


def _memberships(asked: eligibility.Asked) -> QuerySet[Membership]:
    """The one membership that each eligible person has on the day, and whether the money can go out at once."""
    card = ServiceCard.objects.filter(member=OuterRef("member"), status=CardStatus.ACTIVE)
    found = Membership.objects.filter(
        eligibility.members_of(asked.union, asked.on), member__in=_eligible(asked)
    )
    if asked.version.payee == Payee.MEMBER_CARD:
        return found.annotate(is_ready=Exists(card))
    return found.annotate(is_ready=Value(True))


def _groups(asked: eligibility.Asked) -> list[_Group]:
    counts = (
        _memberships(asked)
        .order_by()
        .values("union")
        .annotate(ready=Count("pk", filter=Q(is_ready=True)), everybody=Count("pk"))
    )
    unions = Union.objects.filter(path__startswith=asked.union.path).in_bulk()
    found = [_Group(unions[c["union"]], c["ready"], c["everybody"] - c["ready"]) for c in counts]
    return sorted(found, key=lambda group: group.union.path)


def _below(asked: eligibility.Asked, groups: list[_Group]) -> list[Below]:
    steps = len(asked.union.path) + Union.steplen
    heads = {union.path: union for union in Union.objects.filter(path__startswith=asked.union.path)}
    totals: dict[str, list[int]] = {}
    for group in groups:
        total = totals.setdefault(group.union.path[:steps], [0, 0])
        total[0] += group.people
        total[1] += group.held
    return [
        Below(union=heads[path], people=ready, held=held, amount=asked.version.amount * ready)
        for path, (ready, held) in sorted(totals.items())
    ]


def _costs(asked: eligibility.Asked, groups: list[_Group]) -> tuple[list[Cost], int]:
    """What each funder bears of each payment: the union of the share's level above the person's own, or that itself."""
    shares = list(asked.version.shares.all())
    if not shares:
        return [], sum(group.people for group in groups)
    parts = split(asked.version.amount, shares)
    by_path = {union.path: union for union in _line_of(asked.union)}
    borne: dict[Union, Decimal] = {}
    unfunded = 0
    for group in groups:
        above = [by_path[path] for path in _paths(group.union.path)]
        bearers = [next((u for u in above if u.kind == share.level), None) for share in shares]
        if None in bearers:
            unfunded += group.people
            continue
        for union, part in zip(bearers, parts, strict=True):
            if union is not None:
                borne[union] = borne.get(union, Decimal(0)) + part.amount * group.people
    lines = BudgetLine.objects.filter(
        union__in=borne, programme=asked.version.programme_id, year_key=asked.year_key
    )
    left = {line.union_id: Money(line.amount.amount - line.committed, "CNY") for line in lines}
    costs = [
        Cost(union=union, amount=Money(amount, "CNY"), left=left.get(union.pk))
        for union, amount in sorted(borne.items(), key=lambda pair: pair[0].path)
    ]
    return costs, unfunded


def _line_of(union: Union) -> QuerySet[Union]:
    """The unions above, the union, and everybody below it."""
    return Union.objects.filter(Q(path__in=_paths(union.path)) | Q(path__startswith=union.path))


def _paths(path: str) -> list[str]:
    return [path[:end] for end in range(Union.steplen, len(path) + 1, Union.steplen)]


def _have_already(asked: eligibility.Asked) -> int:
    """Who would get it, had they not had it this year."""
    others = [c.met(asked) for c in eligibility.refusing(asked) if c.name != "once"]
    (once,) = (c.met(asked) for c in eligibility.refusing(asked) if c.name == "once")
    return Member.objects.filter(*others).filter(~once).count()


def _difference(asked: eligibility.Asked) -> Difference | None:
    """Against the version in force on the same day and in the same unions; None when this is that version."""
    in_force = (
        ProgrammeVersion.objects.filter(programme=asked.version.programme_id, state=VersionState.ACTIVE)
        .exclude(pk=asked.version.pk)
        .select_related("programme__owner")
        .first()
    )
    if in_force is None or in_force.amount_rule not in (AmountRule.FIXED, AmountRule.ACTUAL_COST):
        return None
    before = eligibility.Asked(
        version=in_force, union=asked.union, year_key=year_key(in_force, asked.on), on=asked.on
    )
    now_all, before_all = (_all(question) for question in (asked, before))
    return Difference(
        version=in_force,
        gained=Member.objects.filter(now_all).filter(~before_all).count(),
        lost=Member.objects.filter(before_all).filter(~now_all).count(),
        amount=asked.version.amount * _paid_now(asked) - in_force.amount * _paid_now(before),
    )


def _all(asked: eligibility.Asked) -> Q:
    return reduce(and_, (condition.met(asked) for condition in eligibility.refusing(asked)))


def _paid_now(asked: eligibility.Asked) -> int:
    found = _eligible(asked)
    if asked.version.payee == Payee.MEMBER_CARD:
        found = eligibility.with_card(found)
    return found.count()
