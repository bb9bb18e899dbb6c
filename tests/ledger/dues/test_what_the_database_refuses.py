"""The database's own refusals about dues, tried with SQL that goes around the application."""

from __future__ import annotations

from typing import Any

import pytest
from django.apps import apps
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from ledger.dues import collecting
from ledger.dues.models import DuesPayment, StripeEvent
from portal.members.models import Member
from tests import factories
from tests.conftest import Federation


@pytest.fixture
def payment(federation: Federation, member: Member) -> DuesPayment:
    taken = collecting.collect_cash(
        member=member, months=2, paid_on=factories.TODAY, collected_by=federation.cashier
    )
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    return taken


def _refused(sql: str, sqlstate: str, **values: Any) -> None:
    with pytest.raises(DatabaseError) as refusal, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, values)
    cause: Any = refusal.value.__cause__
    assert cause.sqlstate == sqlstate


_TABLES = [
    model._meta.db_table
    for app in ("dues", "receipts", "reconciliation")
    for model in apps.get_app_config(app).get_models()
    if model._meta.managed
]


@pytest.mark.parametrize("table", _TABLES)
def test_no_table_of_dues_receipts_and_reconciliation_is_emptied(payment: DuesPayment, table: str) -> None:
    with pytest.raises(DatabaseError) as refusal, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {table} CASCADE")
    cause: Any = refusal.value.__cause__
    assert cause.sqlstate in ("PH061", "PH021", "PH041")


@pytest.mark.parametrize("month", [202601, 202604, 202712, 202613, 0])
def test_a_month_that_was_not_paid_for_is_refused(payment: DuesPayment, month: int) -> None:
    _refused(
        "INSERT INTO dues_duesmonth (member_id, month, payment_id) VALUES (%(member)s, %(month)s, %(payment)s)",
        "PH062",
        member=payment.member_id,
        month=month,
        payment=payment.pk,
    )


def test_a_month_of_a_checkout_that_nobody_paid_is_refused(
    federation: Federation, payment: DuesPayment
) -> None:
    waiting = DuesPayment.objects.create(
        member=payment.member, union=payment.union, first_month=202606, last_month=202607, months=2,
        amount=payment.amount, channel="stripe",
    )  # fmt: skip
    insert = (
        "INSERT INTO dues_duesmonth (member_id, month, payment_id) VALUES (%(member)s, 202606, %(payment)s)"
    )
    _refused(insert, "PH062", member=payment.member_id, payment=waiting.pk)
    other = factories.membership_in(federation.community).member
    _refused(insert, "PH062", member=other.pk, payment=waiting.pk)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE dues_duesmonth SET month = 202612",
        "UPDATE dues_duesmonth SET payment_id = payment_id",
        "DELETE FROM dues_duesmonth",
    ],
)
def test_months_paid_for_stay(payment: DuesPayment, statement: str) -> None:
    _refused(statement, "PH061")


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM dues_stripeevent",
        "UPDATE dues_stripeevent SET payload = '{}'",
        "UPDATE dues_stripeevent SET handled_at = NULL",
    ],
)
@pytest.mark.django_db
def test_messages_of_the_platform_stay_as_they_came(statement: str) -> None:
    StripeEvent.objects.create(event_id="evt_1", type="x", payload={"id": "evt_1"}, handled_at=timezone.now())
    _refused(statement, "PH061")
