"""Programmes in force with budgets, and people who may and may not have them."""

from __future__ import annotations

import datetime as dt

import pytest
from djmoney.money import Money

from ledger.benefits import campaigns, claims, programmes
from ledger.benefits.models import Campaign, ProgrammeVersion, Transport
from portal.accounts.models import User
from portal.accounts.roles import Role
from portal.members.models import Member
from tests import factories
from tests.conftest import Federation

TODAY = factories.TODAY


@pytest.fixture
def case_worker(federation: Federation) -> User:
    return factories.user("case_worker", Role.CASE_WORKER, federation.municipal)


def in_force(
    code: str, federation: Federation, case_worker: User, budget: int = 3_000_000
) -> ProgrammeVersion:
    version = programmes.draft(code=code, owner=federation.municipal, prepared_by=case_worker)
    programmes.activate(version=version, approved_by=federation.checker)
    for union in (federation.municipal, federation.district):
        programmes.set_budget(
            union=union, programme=version.programme, year_key=2026, amount=Money(budget, "CNY"),
            approved_by=federation.checker,
        )  # fmt: skip
    return version


@pytest.fixture
def subsidy(federation: Federation, case_worker: User) -> ProgrammeVersion:
    return in_force("card_subsidy", federation, case_worker)


@pytest.fixture
def travel(federation: Federation, case_worker: User) -> ProgrammeVersion:
    return in_force("travel_back", federation, case_worker)


@pytest.fixture
def campaign(federation: Federation, travel: ProgrammeVersion, case_worker: User) -> Campaign:
    """Ten places for the festival of 2026, open since then and for long."""
    return campaigns.open_campaign(
        version=travel, union=federation.municipal, year_key=2026, prepared_by=case_worker, places=10,
        opens_at=dt.datetime(2026, 1, 28, tzinfo=dt.UTC), closes_at=dt.datetime(2099, 1, 1, tzinfo=dt.UTC),
    )  # fmt: skip


@pytest.fixture
def trip() -> claims.Trip:
    return claims.Trip(
        travelled_on=dt.date(2026, 2, 20), transport=Transport.RAIL, ticket_number="E123456789",
        fare=Money("268.50", "CNY"),
    )  # fmt: skip


def migrants(federation: Federation, count: int) -> list[Member]:
    return [factories.member_with_card(federation.community, is_migrant_worker=True) for _ in range(count)]


def travellers(federation: Federation, count: int) -> list[Member]:
    return [factories.member_with_card(federation.community, is_nonlocal_worker=True) for _ in range(count)]
