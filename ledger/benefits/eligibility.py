"""Who gets a benefit: the same conditions as a set over the register and as reasons for one person."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db.models import BooleanField, ExpressionWrapper, Q, QuerySet

from portal.members.models import Member
from portal.unions.models import Union

from .conditions import CONDITIONS, Asked, Condition, Weight, has_card, members_of
from .models import ProgrammeVersion

__all__ = [
    "Asked",
    "Reason",
    "Weight",
    "eligible_members",
    "members_of",
    "reading",
    "reasons_against",
    "refusing",
    "with_card",
    "without_card",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """One condition as it stands for one person: the fact it rests on, since when, and what can be done."""

    condition: str
    is_met: bool
    weight: Weight
    words: str
    since: dt.date | None
    advice: str

    @property
    def refuses(self) -> bool:
        return not self.is_met and self.weight == Weight.REFUSES

    @property
    def text(self) -> str:
        return f"{self.words} {self.advice}".strip()


def refusing(asked: Asked) -> list[Condition]:
    """The conditions without which these rules give nothing."""
    return [condition for condition in CONDITIONS if condition.weight(asked) == Weight.REFUSES]


def eligible_members(
    *, version: ProgrammeVersion, union: Union, year_key: int, on: dt.date
) -> QuerySet[Member]:
    """Members of the union and those below on a day who meet every condition; a card is not one, its money waits."""
    asked = Asked(version=version, union=union, year_key=year_key, on=on)
    return Member.objects.filter(*(condition.met(asked) for condition in refusing(asked)))


def with_card(members: QuerySet[Member]) -> QuerySet[Member]:
    """Those who have an own card in use, the only card that is paid to (三(一)1)."""
    return members.filter(has_card())


def without_card(members: QuerySet[Member]) -> QuerySet[Member]:
    """Those who have none, and are left out of a list."""
    return members.filter(~has_card())


def reading(*, member: Member, asked: Asked) -> list[Reason]:
    """Every condition of the rules as it stands for the member, met or not, in words; read with the set's own query."""
    conditions = [condition for condition in CONDITIONS if condition.weight(asked)]
    found = _read(member, asked, conditions)
    return [_reason(condition, member, asked, is_met=found[condition.name]) for condition in conditions]


def reasons_against(
    *,
    member: Member,
    version: ProgrammeVersion,
    union: Union,
    year_key: int,
    on: dt.date,
    asks_again: bool = False,
) -> list[str]:
    """Every reason why the member cannot have this benefit now, with what to do; empty when eligible.

    ``asks_again``: what the member has of this programme is no reason, because asking again gives just that.
    """
    asked = Asked(version=version, union=union, year_key=year_key, on=on)
    conditions = [c for c in refusing(asked) if not (asks_again and c.name == "once")]
    found = _read(member, asked, conditions)
    return [_reason(c, member, asked, is_met=False).text for c in conditions if not found[c.name]]


def _read(member: Member, asked: Asked, conditions: list[Condition]) -> dict[str, bool]:
    """Which conditions the member meets, with one question to the database."""
    answers = {f"meets_{c.name}": _as_answer(c.met(asked)) for c in conditions}
    row = Member.objects.annotate(**answers).values(*answers).get(pk=member.pk)
    return {condition.name: row[f"meets_{condition.name}"] for condition in conditions}


def _as_answer(condition: Q) -> ExpressionWrapper:
    return ExpressionWrapper(condition, output_field=BooleanField())


def _reason(condition: Condition, member: Member, asked: Asked, *, is_met: bool) -> Reason:
    fact = condition.why(asked, member) if is_met else condition.why_not(asked, member)
    weight = condition.weight(asked)
    assert weight is not None  # noqa: S101 — only conditions that are asked have reasons
    return Reason(
        condition=condition.name,
        is_met=is_met,
        weight=weight,
        words=fact.words,
        since=fact.since,
        advice=fact.advice,
    )
