"""Whom a union has newly brought in, and what the district pays for them: 100 yuan a head, 10,000 at most."""

from __future__ import annotations

import datetime as dt

import pytest
from djmoney.money import Money
from hypothesis import given
from hypothesis import strategies as st

from ledger.benefits import development
from portal.members import register
from portal.members.models import Membership
from portal.unions.models import UnionKind
from tests import factories
from tests.conftest import Federation

FIRST, LAST = dt.date(2026, 3, 1), dt.date(2026, 3, 31)
HEAD, CAP = Money(100, "CNY"), Money(10_000, "CNY")
_yuan = st.integers(0, 20_000).map(lambda yuan: Money(yuan, "CNY"))


def _counted(federation: Federation) -> list[Membership]:
    return list(development.newly_admitted(union=federation.district, first=FIRST, last=LAST))


def test_people_admitted_on_the_first_and_on_the_last_day_count_and_outside_nobody(
    federation: Federation,
) -> None:
    days = [FIRST - dt.timedelta(days=1), FIRST, LAST, LAST + dt.timedelta(days=1)]
    joined = [
        factories.membership_in(federation.community, joined_on=day, is_casual_worker=True) for day in days
    ]
    assert _counted(federation) == joined[1:3]


def test_a_casual_worker_of_a_whole_team_is_one_person(federation: Federation) -> None:
    team = federation.district.add_child(code="HD-T1", kind=UnionKind.SUBCONTRACTOR, name="示例分包队伍工会")
    both = factories.membership_in(team, joined_on=FIRST, is_casual_worker=True)
    regular = factories.membership_in(team, joined_on=LAST)
    factories.membership_in(federation.community, joined_on=FIRST)
    assert _counted(federation) == [both, regular]


def test_whoever_came_by_transfer_does_not_count(federation: Federation) -> None:
    former = factories.membership_in(federation.community, is_casual_worker=True)
    register.end_membership(
        membership=former, ended_on=FIRST - dt.timedelta(days=1), reason="转会", actor=None
    )
    team = federation.district.add_child(code="HD-T1", kind=UnionKind.PROJECT, name="示例工程项目工会")
    Membership.objects.create(member=former.member, union=team, number="HD-T1-000001", started_on=FIRST)
    assert _counted(federation) == []


@pytest.mark.parametrize(
    ("people", "granted", "yuan"),
    [(0, 0, 0), (99, 0, 9_900), (100, 0, 10_000), (101, 0, 10_000), (5, 9_900, 100), (5, 10_000, 0)],
)
def test_the_cap_is_reached_at_a_hundred_people_and_holds_for_the_year(
    people: int, granted: int, yuan: int
) -> None:
    paid = development.amount_for(people=people, per_head=HEAD, cap=CAP, granted=Money(granted, "CNY"))
    assert paid == Money(yuan, "CNY")


@given(people=st.integers(0, 500), granted=_yuan)
def test_a_year_never_passes_its_cap_and_nobody_pays_back(people: int, granted: Money) -> None:
    paid = development.amount_for(people=people, per_head=HEAD, cap=CAP, granted=granted)
    assert Money(0, "CNY") <= paid <= HEAD * people
    assert paid + granted <= max(CAP, granted)
