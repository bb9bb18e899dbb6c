"""A dry run tells what a list would be, and writes nothing."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from djmoney.money import Money
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger.benefits import dry_run, funding, programmes, runs
from ledger.benefits.errors import WrongState
from ledger.benefits.models import BudgetLine, FundingShare, Population, ProgrammeVersion
from portal.accounts.models import User
from portal.unions.models import Union
from tests import factories
from tests.conftest import Federation
from tests.ledger.benefits.conftest import in_force, migrants

TODAY = factories.TODAY


def found(version: ProgrammeVersion, union: Union, on: dt.date = TODAY) -> dry_run.DryRun:
    return dry_run.dry_run(dry_run.question(version=version, union=union, on=on))


def test_a_dry_run_is_the_list_that_follows_it(federation: Federation, subsidy: ProgrammeVersion) -> None:
    migrants(federation, 3)
    factories.membership_in(federation.community, is_migrant_worker=True)
    factories.member_with_card(federation.community)
    told = found(subsidy, federation.district)
    listed = [line.number for line in dry_run.people(told.asked)]
    assert (told.people, told.held, told.have_already, told.total) == (3, 1, 0, Money(450, "CNY"))
    run = runs.prepare(
        version=subsidy, union=federation.district, list_date=TODAY, prepared_by=federation.maker
    )
    assert (run.count, run.without_card, run.total) == (told.people, told.held, told.total)
    assert set(run.commitments.values_list("party", flat=True)) < set(listed)
    parts = {union.pk: amount for union, amount in funding.funder_parts(run)}
    assert {cost.union.pk: cost.amount for cost in told.costs} == parts
    after = found(subsidy, federation.district)
    assert (after.people, after.held, after.have_already) == (0, 1, 3)


def test_nothing_is_written(federation: Federation, subsidy: ProgrammeVersion) -> None:
    migrants(federation, 2)
    with CaptureQueriesContext(connection) as asked:
        told = found(subsidy, federation.municipal)
        list(dry_run.people(told.asked))
    statements = [query["sql"] for query in asked.captured_queries]
    assert all(sql.startswith(("SELECT", "DECLARE", "FETCH", "CLOSE")) for sql in statements), statements


def test_it_asks_no_more_however_many_unions_there_are(
    federation: Federation, subsidy: ProgrammeVersion
) -> None:
    migrants(federation, 1)
    with CaptureQueriesContext(connection) as few:
        found(subsidy, federation.municipal)
    for number in range(2, 8):
        union = factories.community_union(federation.district, f"HD-C{number:03d}")
        factories.member_with_card(union, is_migrant_worker=True)
    with CaptureQueriesContext(connection) as many:
        told = found(subsidy, federation.municipal)
    assert told.people == 7
    assert len(many) == len(few)


def test_each_district_bears_its_own_people_and_the_city_its_share_of_all(
    federation: Federation, subsidy: ProgrammeVersion
) -> None:
    other = factories.district_union(federation.municipal, code="HX")
    migrants(federation, 2)
    factories.member_with_card(other, is_migrant_worker=True)
    factories.member_with_card(federation.municipal, is_migrant_worker=True)
    told = found(subsidy, federation.municipal)
    assert {cost.union.code: cost.amount.amount for cost in told.costs} == {"TJ": 270, "HD": 120, "HX": 60}
    assert [(cost.union.code, cost.is_short) for cost in told.costs] == [
        ("TJ", False), ("HD", False), ("HX", True),
    ]  # fmt: skip
    assert told.unfunded == 1
    assert {line.union.code: (line.people, int(line.amount.amount)) for line in told.below} == {
        "TJ": (1, 150), "HD": (2, 300), "HX": (1, 150),
    }  # fmt: skip


def test_a_budget_that_is_too_small_is_told(federation: Federation, case_worker: User) -> None:
    version = in_force("card_subsidy", federation, case_worker, budget=100)
    migrants(federation, 2)
    told = {cost.union.code: cost for cost in found(version, federation.district).costs}
    assert (told["TJ"].amount, told["TJ"].is_short) == (Money(180, "CNY"), True)
    BudgetLine.objects.filter(union=federation.district).update(amount=120)
    told = {cost.union.code: cost for cost in found(version, federation.district).costs}
    assert (told["HD"].left, told["HD"].is_short) == (Money(120, "CNY"), False)


def test_a_draft_is_told_beside_the_rules_in_force(
    federation: Federation, subsidy: ProgrammeVersion, case_worker: User
) -> None:
    draft = programmes.draft(code="card_subsidy", owner=federation.municipal, prepared_by=case_worker)
    ProgrammeVersion.objects.filter(pk=draft.pk).update(population=Population.CASUAL, amount=200)
    draft.refresh_from_db()
    migrants(federation, 3)
    both = factories.member_with_card(federation.community, is_migrant_worker=True, is_casual_worker=True)
    factories.member_with_card(federation.community, is_casual_worker=True)
    told = found(draft, federation.district)
    assert told.difference is not None
    assert (told.difference.gained, told.difference.lost) == (1, 3)
    assert told.difference.amount == Money(2 * 200 - 4 * 150, "CNY")
    assert found(subsidy, federation.district).difference is None
    assert both.memberships.get().number in {line.number for line in dry_run.people(told.asked)}


def test_a_draft_without_funders_counts_its_people(federation: Federation, case_worker: User) -> None:
    draft = programmes.draft(code="card_subsidy", owner=federation.municipal, prepared_by=case_worker)
    FundingShare.objects.filter(version=draft).delete()
    migrants(federation, 2)
    told = found(draft, federation.district)
    assert (told.people, told.costs, told.unfunded) == (2, [], 2)


def test_what_depends_on_an_application_is_not_told_beforehand(
    federation: Federation, case_worker: User
) -> None:
    award = programmes.draft(code="skill_award", owner=federation.municipal, prepared_by=case_worker)
    with pytest.raises(WrongState):
        dry_run.question(version=award, union=federation.district, on=TODAY)


def test_a_union_outside_the_owner_is_refused(federation: Federation, subsidy: ProgrammeVersion) -> None:
    elsewhere = factories.municipal_union(code="XX")
    with pytest.raises(WrongState):
        dry_run.question(version=subsidy, union=elsewhere, on=TODAY)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(fen=st.integers(1, 20_000), basis_points=st.integers(1, 9_999))
def test_what_funders_bear_adds_up_to_the_fen(
    fen: int, basis_points: int, federation: Federation, case_worker: User
) -> None:
    if not federation.community.memberships.exists():
        migrants(federation, 3)
    draft = programmes.draft(code="card_subsidy", owner=federation.municipal, prepared_by=case_worker)
    ProgrammeVersion.objects.filter(pk=draft.pk).update(amount=Money(fen, "CNY").amount / 100)
    for level, points in (("municipal", basis_points), ("district", 10_000 - basis_points)):
        draft.shares.filter(level=level).update(basis_points=points)
    draft = ProgrammeVersion.objects.select_related("programme__owner").get(pk=draft.pk)
    told = found(draft, federation.municipal)
    assert sum(cost.amount.amount for cost in told.costs) == told.total.amount == 3 * draft.amount.amount
