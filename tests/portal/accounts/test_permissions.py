"""Who may do what where."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from portal.accounts import audit
from portal.accounts.models import RoleAssignment
from portal.accounts.permissions import (
    NotAllowed,
    SamePerson,
    has_duty,
    require,
    require_other_person,
    unions_with_duty,
)
from portal.accounts.roles import DUTIES, Duty, Role
from tests import factories
from tests.conftest import Federation


def test_a_role_reaches_its_union_and_all_below_and_nothing_above_or_beside(federation: Federation) -> None:
    beside = factories.district_union(federation.municipal, code="HX")
    maker = factories.user("m", Role.FINANCE_MAKER, federation.district)
    reached = {u.code for u in unions_with_duty(maker, Duty.PREPARE_VOUCHER)}
    assert reached == {"HD", "HD-C001"}
    assert has_duty(maker, Duty.PREPARE_VOUCHER, federation.community)
    assert not has_duty(maker, Duty.PREPARE_VOUCHER, federation.municipal)
    assert not has_duty(maker, Duty.PREPARE_VOUCHER, beside)


def test_a_revoked_role_and_a_disabled_user_may_nothing(federation: Federation) -> None:
    maker = factories.user("m", Role.FINANCE_MAKER, federation.district)
    RoleAssignment.objects.filter(user=maker).update(revoked_at=timezone.now())
    assert not has_duty(maker, Duty.PREPARE_VOUCHER, federation.district)
    disabled = factories.user("d", Role.FINANCE_MAKER, federation.district, is_active=False)
    assert not unions_with_duty(disabled, Duty.PREPARE_VOUCHER).exists()
    assert not has_duty(AnonymousUser(), Duty.VIEW_BOOKS, federation.district)


def test_requiring_a_duty_says_which_one_is_missing(federation: Federation) -> None:
    cashier = factories.user("c", Role.CASHIER, federation.district)
    with pytest.raises(NotAllowed, match="check and post vouchers"):
        require(cashier, Duty.CHECK_VOUCHER, federation.district)


def test_nobody_checks_an_own_piece_of_work_whatever_roles_they_hold(federation: Federation) -> None:
    both = factories.user("b", Role.FINANCE_MAKER, federation.district)
    RoleAssignment.objects.create(user=both, role=Role.FINANCE_CHECKER, union=federation.district)
    with pytest.raises(SamePerson):
        require_other_person(both.pk, both)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (Duty.PREPARE_RUN, Duty.APPROVE_RUN),
        (Duty.BUILD_PAYOUT, Duty.RELEASE_PAYOUT),
        (Duty.PREPARE_VOUCHER, Duty.CHECK_VOUCHER),
        (Duty.COLLECT_DUES, Duty.ISSUE_RECEIPT),
        (Duty.COLLECT_DUES, Duty.PREPARE_VOUCHER),
        (Duty.IMPORT_BANK_RESULT, Duty.RECONCILE),
        (Duty.MANAGE_PROGRAMMES, Duty.APPROVE_PROGRAMMES),
        (Duty.MANAGE_ROLES, Duty.VIEW_BOOKS),
    ],
)
def test_no_single_role_carries_both_of_two_incompatible_duties(one: Duty, other: Duty) -> None:
    assert [role for role, duties in DUTIES.items() if {one, other} <= duties] == []


def test_the_audit_trail_only_grows(federation: Federation) -> None:
    event = audit.record(actor=federation.maker, action="test", target=federation.district, why="because")
    assert (event.object_type, event.object_id, event.details) == (
        "unions.union",
        str(federation.district.pk),
        {"why": "because"},
    )
    for statement in ("UPDATE accounts_auditevent SET action = 'x'", "DELETE FROM accounts_auditevent"):
        with (
            pytest.raises(DatabaseError, match="never changed"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)
