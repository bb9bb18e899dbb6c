"""Parameters of rules are typed, complete for their amount rule, and final with the rules."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.db import connection

from ledger.benefits import programmes
from ledger.benefits.models import AmountRule, OnceScope, ProgrammeVersion
from portal.accounts.models import User
from tests.conftest import Federation
from tests.ledger.benefits.test_guards import refusal


def test_the_skill_award_has_its_levels_and_later_levels_pay_nothing(
    federation: Federation, case_worker: User
) -> None:
    version = programmes.draft(code="skill_award", owner=federation.municipal, prepared_by=case_worker)
    version.refresh_from_db()
    assert (version.amount_rule, version.once_scope) == (AmountRule.TIERS, OnceScope.OCCUPATION_LEVEL)
    assert (version.apply_until_month, version.apply_until_day, version.requires_dues) == (3, 31, False)
    assert [(tier.code, tier.amount.amount) for tier in version.tiers.all()] == [
        ("level3", Decimal(500)),
        ("level2", Decimal(1000)),
        ("level1", Decimal(1000)),
        ("special", Decimal(0)),
        ("chief", Decimal(0)),
    ]
    assert [kind.kind for kind in version.evidence_kinds.all()] == ["certificate"]


def test_levels_of_rules_in_force_are_final(travel: ProgrammeVersion) -> None:
    for child, values in (
        ("amounttier (version_id, code, name, name_en, amount, amount_currency)", "'x', 'x', 'x', 1, 'CNY'"),
        ("rankprize (version_id, rank, amount, amount_currency)", "1, 1, 'CNY'"),
        ("evidencekind (version_id, kind)", "'certificate'"),
        ("exclusiveprogramme (version_id, programme_id)", str(travel.programme_id)),
    ):
        assert refusal(f"INSERT INTO benefits_{child} VALUES ({travel.pk}, {values})") == "PH051"
    assert refusal("UPDATE benefits_evidencekind SET kind = 'certificate'") == "PH051"
    assert refusal("DELETE FROM benefits_evidencekind") == "PH051"
    assert refusal("TRUNCATE benefits_amounttier") == "PH053"


@pytest.mark.parametrize(
    "half",
    [
        "amount_rule = 'per_head'",
        "cap = 10000, cap_currency = 'CNY'",
        "amount_rule = 'range'",
        "amount_rule = 'levy_share', levy_basis_points = 10001",
        "amount_rule = 'levy_share'",
        "cutoff_rule = 'joined_by'",
        "apply_until_month = 3",
        "amount = 0",
    ],
)
def test_half_a_rule_is_refused(half: str, federation: Federation, case_worker: User) -> None:
    version = programmes.draft(code="card_subsidy", owner=federation.municipal, prepared_by=case_worker)
    sql = f"UPDATE benefits_programmeversion SET {half} WHERE id = {version.pk}"
    assert refusal(sql) == "23514"


def test_a_rule_per_head_with_its_cap_is_taken(federation: Federation, case_worker: User) -> None:
    version = programmes.draft(code="card_subsidy", owner=federation.municipal, prepared_by=case_worker)
    with connection.cursor() as cursor:
        cursor.execute(
            """UPDATE benefits_programmeversion
                  SET amount_rule = 'per_head', amount = 100, cap = 10000, cap_currency = 'CNY',
                      cap_scope = 'union_year', payee = 'receiving_union' WHERE id = %s""",
            [version.pk],
        )
    version.refresh_from_db()
    assert version.cap is not None
    assert version.cap.amount == 10_000
