"""Rules are data, approved by another person, then final."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, connection, transaction
from djmoney.money import Money

from ledger.benefits import programmes, runs
from ledger.benefits.errors import OverBudget, SharesIncomplete, WrongState
from ledger.benefits.models import ProgrammeVersion, VersionState
from portal.accounts.models import RoleAssignment, User
from portal.accounts.permissions import NotAllowed, SamePerson
from portal.accounts.roles import Role
from tests import factories
from tests.conftest import Federation
from tests.ledger.benefits.conftest import approved, in_force, migrants


def test_the_data_are_what_the_policy_says() -> None:
    known = programmes.known_programmes()
    assert known["card_subsidy"]["amount"] == "150.00"
    assert [(s["level"], s["basis_points"]) for s in known["card_subsidy"]["shares"]] == [
        ("municipal", 6000),
        ("district", 4000),
    ]
    assert (known["travel_back"]["amount"], known["travel_back"]["quota"]) == ("300.00", 10_000)


def test_another_person_approves(federation: Federation, case_worker: User) -> None:
    version = programmes.draft(code="card_subsidy", owner=federation.municipal, prepared_by=case_worker)
    with pytest.raises(NotAllowed):
        programmes.activate(version=version, approved_by=case_worker)
    RoleAssignment.objects.create(user=case_worker, role=Role.FINANCE_CHECKER, union=federation.municipal)
    with pytest.raises(SamePerson):
        programmes.activate(version=version, approved_by=case_worker)
    assert programmes.activate(version=version, approved_by=federation.checker).state == VersionState.ACTIVE


def test_a_programme_without_a_funder_stays_a_draft(federation: Federation, case_worker: User) -> None:
    version = programmes.draft(code="skill_award", owner=federation.municipal, prepared_by=case_worker)
    with pytest.raises(SharesIncomplete):
        programmes.activate(version=version, approved_by=federation.checker)


def test_a_new_version_replaces_the_old(federation: Federation, case_worker: User) -> None:
    first = in_force("card_subsidy", federation, case_worker)
    second = programmes.draft(code="card_subsidy", owner=federation.municipal, prepared_by=case_worker)
    programmes.activate(version=second, approved_by=federation.checker)
    first.refresh_from_db()
    assert (first.state, second.number) == (VersionState.REPLACED, 2)
    with pytest.raises(WrongState):
        programmes.activate(version=first, approved_by=federation.checker)


_ANOTHER_SHARE = """
INSERT INTO benefits_fundingshare (version_id, level, basis_points, takes_remainder)
SELECT id, 'street', 1000, false FROM benefits_programmeversion"""


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE benefits_programmeversion SET amount = 200",
        "UPDATE benefits_programmeversion SET clause = 'x'",
        "UPDATE benefits_programmeversion SET state = 'draft'",
        "DELETE FROM benefits_programmeversion",
        "UPDATE benefits_fundingshare SET basis_points = 5000 WHERE level = 'municipal'",
        "DELETE FROM benefits_fundingshare",
        _ANOTHER_SHARE,
    ],
)
def test_rules_in_force_are_final(subsidy: ProgrammeVersion, statement: str) -> None:
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def test_a_budget_covers_what_is_committed(federation: Federation, subsidy: ProgrammeVersion) -> None:
    migrants(federation, 1)
    run = runs.prepare(
        version=subsidy, union=federation.district, list_date=factories.TODAY, prepared_by=federation.maker
    )
    approved(run, federation.checker)
    with pytest.raises(OverBudget):
        programmes.set_budget(
            union=federation.district, programme=subsidy.programme, year_key=2026, amount=Money(1, "CNY"),
            approved_by=federation.checker,
        )  # fmt: skip
