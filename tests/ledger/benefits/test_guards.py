"""What the database refuses about benefits, tried by SQL that goes around the application; and ledger_verify."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.db import DatabaseError, connection, transaction

from ledger.benefits import campaigns, claims
from ledger.benefits.models import Campaign, Claim, Commitment, Place, ProgrammeVersion, Run
from ledger.books.integrity import verify
from portal.accounts.models import User
from tests.conftest import Federation
from tests.ledger.benefits.conftest import approved, fund, migrants, pay_out, prepared, settle, travellers


def refusal(sql: str) -> str:
    """The SQLSTATE with which the database refuses."""

    def attempt() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql)
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")

    with pytest.raises(DatabaseError) as refused:
        attempt()
    return str(getattr(refused.value.__cause__, "sqlstate", ""))


@pytest.fixture
def paid_run(federation: Federation, subsidy: ProgrammeVersion) -> Run:
    migrants(federation, 3)
    run = approved(prepared(federation, subsidy), federation.checker)
    fund(federation, run)
    settle(federation, pay_out(federation, run))
    return run


@pytest.fixture
def taken(federation: Federation, campaign: Campaign, trip: claims.Trip, case_worker: User) -> list[Claim]:
    """Three claims: one approved, one checked, one as it came."""
    three = [claims.claim(member=m, campaign=campaign, trip=trip) for m in travellers(federation, 3)]
    campaigns.verify(claims=three[:1], verified_by=case_worker)
    campaigns.approve_claims(
        campaign=campaign, seen=campaigns.checked(campaign), approved_by=federation.checker
    )
    campaigns.verify(claims=three[1:2], verified_by=case_worker)
    return three


@pytest.mark.parametrize("table", [m._meta.db_table for m in apps.get_app_config("benefits").get_models()])
def test_no_table_of_benefits_is_emptied(db: None, table: str) -> None:
    assert refusal(f"TRUNCATE {table} CASCADE") in {"PH053", "PH001"}


@pytest.mark.parametrize("table", [m._meta.db_table for m in apps.get_app_config("payouts").get_models()])
def test_no_table_of_payouts_is_emptied(db: None, table: str) -> None:
    assert refusal(f"TRUNCATE {table} CASCADE") in {"PH031", "PH053"}


_COPY_OF_RULES = """
INSERT INTO benefits_programmeversion (programme_id, number, state, policy_number, clause, effective_from, amount,
       amount_currency, is_ceiling, population, year_basis, opens_days_before, closes_days_after, travel_days_before,
       travel_days_after, expense_account, prepared_by_id, approved_by_id, approved_at)
SELECT programme_id, 9, 'replaced', '', '', effective_from, 1, 'CNY', false, population, year_basis, 0, 0, 0, 0, '',
       prepared_by_id, approved_by_id, now() FROM benefits_programmeversion"""


@pytest.mark.parametrize(
    ("sql", "state"),
    [
        (_COPY_OF_RULES, "PH051"),
        ("UPDATE benefits_run SET total = total + 1", "PH053"),
        ("UPDATE benefits_run SET count = count + 1", "PH053"),
        ("UPDATE benefits_run SET prepared_by_id = approved_by_id, approved_by_id = prepared_by_id", "PH053"),
        ("UPDATE benefits_run SET approved_at = now()", "PH053"),
        ("UPDATE benefits_run SET union_id = (SELECT min(id) FROM unions_union)", "PH053"),
        ("UPDATE benefits_run SET state = 'prepared', approved_by_id = NULL", "PH053"),
        ("DELETE FROM benefits_run", "PH053"),
        ("UPDATE benefits_budgetline SET committed = committed + 1", "PH055"),
        ("UPDATE benefits_budgetline SET committed = 0 WHERE committed > 0", "PH055"),
        ("UPDATE benefits_budgetline SET year_key = 2027", "PH055"),
        ("DELETE FROM benefits_budgetline", "PH055"),
    ],
)
def test_a_list_and_its_budget_cannot_be_changed_by_sql(paid_run: Run, sql: str, state: str) -> None:
    assert refusal(sql) == state
    run = Run.objects.get()
    assert (run.count, run.total, run.approved_by) == (3, paid_run.total, paid_run.approved_by)
    assert [check for check in verify() if not check.ok] == []


_TAKEN_PLACE = """
INSERT INTO benefits_place (campaign_id, number, is_free) SELECT min(id), 11, false FROM benefits_campaign"""


@pytest.mark.parametrize(
    ("sql", "state"),
    [
        ("UPDATE benefits_claim SET amount = amount - 1 WHERE state = 'approved'", "PH053"),
        ("UPDATE benefits_claim SET amount = amount - 1 WHERE state = 'verified'", "PH053"),
        ("UPDATE benefits_claim SET ticket_number = 'X' WHERE state = 'approved'", "PH053"),
        ("UPDATE benefits_claim SET member_id = member_id + 100", "PH053"),
        ("UPDATE benefits_claim SET place_id = place_id + 5, place_number = place_number + 5", "PH053"),
        ("UPDATE benefits_claim SET campaign_id = campaign_id + 1", "PH053"),
        ("UPDATE benefits_claim SET state = 'approved' WHERE state = 'submitted'", "PH053"),
        ("UPDATE benefits_claim SET state = 'withdrawn' WHERE state = 'approved'", "PH053"),
        ("DELETE FROM benefits_claim WHERE state = 'approved'", "PH053"),
        ("UPDATE benefits_place SET is_free = true WHERE number = 1", "PH054"),
        ("UPDATE benefits_place SET is_free = false WHERE number = 9", "PH054"),
        ("UPDATE benefits_place SET number = number + 100", "PH054"),
        (_TAKEN_PLACE, "PH054"),
    ],
)  # fmt: skip
def test_claims_and_places_agree_whatever_is_tried_by_sql(taken: list[Claim], sql: str, state: str) -> None:
    before = list(Claim.objects.order_by("pk").values()), list(Place.objects.order_by("pk").values())
    assert refusal(sql) == state
    assert (
        list(Claim.objects.order_by("pk").values()),
        list(Place.objects.order_by("pk").values()),
    ) == before


@pytest.mark.parametrize(
    "sql", ["UPDATE benefits_claim SET state = 'rejected' WHERE id = %s", "DELETE FROM benefits_claim WHERE id = %s"]
)  # fmt: skip
def test_a_claim_given_up_by_sql_frees_its_place(taken: list[Claim], sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, [taken[2].pk])
    assert list(Place.objects.filter(is_free=False).values_list("number", flat=True)) == [1, 2]
    assert [check for check in verify() if not check.ok] == []


_PAID_BY_ANOTHER = """
UPDATE benefits_commitment SET state = 'paid', paid_on = '2026-03-16', transaction_id =
       (SELECT id FROM books_transaction WHERE external_key = 'start' ORDER BY id LIMIT 1)"""


def test_a_payment_points_at_its_own_posting(federation: Federation, subsidy: ProgrammeVersion) -> None:
    migrants(federation, 1)
    run = approved(prepared(federation, subsidy), federation.checker)
    fund(federation, run)
    assert refusal(_PAID_BY_ANOTHER) == "PH053"
    assert Commitment.objects.get().state == "approved"
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE benefits_commitment DISABLE TRIGGER payment_is_its_own")
        cursor.execute(_PAID_BY_ANOTHER)
    assert "paid benefits equal their postings" in {check.name for check in verify() if not check.ok}


def test_a_list_approved_past_its_budget_is_found(federation: Federation, subsidy: ProgrammeVersion) -> None:
    migrants(federation, 2)
    prepared(federation, subsidy)
    Run.objects.update(state="approved", approved_by=federation.checker)
    assert {check.name for check in verify() if not check.ok} == {"budgets hold what was promised"}
