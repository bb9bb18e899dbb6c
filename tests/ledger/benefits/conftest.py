"""Programmes in force with budgets, and people who may and may not have them."""

from __future__ import annotations

import datetime as dt

import pytest
from djmoney.money import Money

from ledger.benefits import campaigns, claims, funding, list_approval, programmes, runs, settlement
from ledger.benefits.models import Campaign, ProgrammeVersion, Run, Transport
from ledger.books.posting import Entry, post
from ledger.payouts import batches, exporting
from ledger.payouts.models import Batch
from portal.accounts.models import User
from portal.accounts.roles import Role
from portal.demo.bank import DemoBank
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


def approved(run: Run, by: User) -> Run:
    """The list approved by somebody who has just read it."""
    return list_approval.approve(run=run, seen=list_approval.fingerprint(run), approved_by=by)


def prepared(federation: Federation, subsidy: ProgrammeVersion) -> Run:
    return runs.prepare(
        version=subsidy, union=federation.district, list_date=TODAY, prepared_by=federation.maker
    )


def fund(federation: Federation, run: Run) -> None:
    """Money on both accounts, and the municipal share sent and received."""
    for code, amount in (("TJ", 100_000), ("HD", 100_000)):
        post(
            book=federation.books[code], external_key="start", date=TODAY, kind="opening", summary="期初",
            entries=[Entry(debit=federation.banks[code].account.code, credit="32201", amount=Money(amount, "CNY"))],
        )  # fmt: skip
    funding.send(
        funded=run,
        bank_account=federation.banks["TJ"],
        date=TODAY,
        bank_reference="M1",
        recorded_by=federation.maker,
    )
    funding.receive(
        funded=run, funder=federation.municipal, bank_account=federation.banks["HD"], date=TODAY,
        bank_reference="D1", recorded_by=federation.maker,
    )  # fmt: skip


def pay_out(federation: Federation, run: Run) -> Batch:
    (batch,) = runs.build_payout(
        run=run, bank_account=federation.banks["HD"], format_code="ubp1", value_date=TODAY,
        prepared_by=federation.cashier,
    )  # fmt: skip
    return batch


def settle(federation: Federation, batch: Batch) -> bytes:
    batches.release(batch=batch, released_by=federation.checker)
    file = exporting.export(batch=batch, actor=federation.cashier)
    answer = DemoBank().pay_out(
        format_code=batch.format_code, file_name=file.name, content=file.content, date=TODAY,
        account=batch.bank_account.number,
    )  # fmt: skip
    settlement.import_result(batch=batch, content=answer, actor=federation.cashier)
    return answer


def migrants(federation: Federation, count: int) -> list[Member]:
    return [factories.member_with_card(federation.community, is_migrant_worker=True) for _ in range(count)]


def travellers(federation: Federation, count: int) -> list[Member]:
    return [factories.member_with_card(federation.community, is_nonlocal_worker=True) for _ in range(count)]
