"""Months, money and receipt stand or fall together; no month is paid twice."""

from __future__ import annotations

import datetime as dt
from uuid import UUID, uuid4

import pytest
from django.db import DatabaseError, connection, transaction
from djmoney.money import Money
from hypothesis import given
from hypothesis import strategies as st

from ledger.books.integrity import verify
from ledger.books.queries import balance_of
from ledger.dues import calendar, collecting, queries
from ledger.dues.errors import DuesError, NoMembership, RequestUsed, TooManyMonths
from ledger.dues.models import DuesMonth, DuesPayment
from ledger.receipts.models import Receipt
from portal.accounts.permissions import NotAllowed
from portal.accounts.roles import Role
from portal.members import register
from portal.members.models import Member
from tests import factories
from tests.concurrency import at_once
from tests.conftest import Federation

TODAY = factories.TODAY


def _cash(member: Member, federation: Federation, months: int = 12) -> DuesPayment:
    return collecting.collect_cash(
        member=member, months=months, paid_on=TODAY, collected_by=federation.cashier
    )


def test_a_year_in_cash(federation: Federation, member: Member) -> None:
    payment = _cash(member, federation)
    assert (payment.first_month, payment.last_month) == (202602, 202701)
    assert payment.amount == Money("24.00", "CNY")
    assert balance_of(federation.books["HD-C001"], "101") == Money("24.00", "CNY")
    assert balance_of(federation.books["HD-C001"], "401") == Money("24.00", "CNY")
    receipt = payment.receipt
    assert receipt is not None
    assert receipt.amount == payment.amount
    assert list(receipt.lines.values_list("period_from", "period_to", "quantity")) == [(202602, 202701, 12)]
    assert [check for check in verify(book=federation.books["HD-C001"]) if not check.ok] == []


def test_the_next_payment_begins_where_the_last_ended(federation: Federation, member: Member) -> None:
    _cash(member, federation, 3)
    assert _cash(member, federation, 2).first_month == 202605
    coverage = queries.coverage(member, TODAY)
    assert (coverage.paid_until, coverage.next_month, coverage.months_owed) == (202606, 202607, 0)


def test_what_is_owed(member: Member) -> None:
    coverage = queries.coverage(member, TODAY)
    assert (coverage.first_month, coverage.months_owed, coverage.owed) == (202602, 2, Money("4.00", "CNY"))


def test_nobody_pays_beyond_the_end_of_next_year(federation: Federation, member: Member) -> None:
    limit = queries.coverage(member, TODAY).months_to_pay
    with pytest.raises(TooManyMonths):
        _cash(member, federation, limit + 1)
    assert not DuesPayment.objects.exists()


@pytest.mark.parametrize("months", [0, -1, 25])
def test_senseless_numbers_of_months(federation: Federation, member: Member, months: int) -> None:
    with pytest.raises(TooManyMonths):
        _cash(member, federation, months)


def test_only_who_collects_dues_here(federation: Federation, member: Member) -> None:
    with pytest.raises(NotAllowed):
        collecting.collect_cash(member=member, months=1, paid_on=TODAY, collected_by=federation.maker)
    assert not Receipt.objects.exists()


def test_a_closed_month_takes_nothing_and_leaves_nothing(federation: Federation, member: Member) -> None:
    from ledger.books.closing import close_period

    for month in (202601, 202602):
        close_period(book=federation.books["HD-C001"], month=month, actor=federation.checker)
    with pytest.raises(Exception, match=r"closed|结账"):
        collecting.collect_cash(
            member=member, months=1, paid_on=dt.date(2026, 2, 10), collected_by=federation.cashier
        )
    assert not DuesMonth.objects.exists()
    assert not Receipt.objects.exists()


def test_a_bank_transfer_counts_once(federation: Federation, member: Member) -> None:
    def pay() -> DuesPayment:
        return collecting.collect_bank_transfer(
            member=member, months=6, paid_on=TODAY, bank_account=federation.banks["HD-C001"],
            bank_reference="2026031600000001", recorded_by=federation.cashier,
        )  # fmt: skip

    assert pay().amount == Money("12.00", "CNY")
    with pytest.raises(DuesError, match=r"already|已"):
        pay()
    assert balance_of(federation.books["HD-C001"], "102") == Money("12.00", "CNY")


def test_a_transfer_goes_to_the_own_union(federation: Federation, member: Member) -> None:
    with pytest.raises(DuesError):
        collecting.collect_bank_transfer(
            member=member, months=6, paid_on=TODAY, bank_account=federation.banks["HD"],
            bank_reference="1", recorded_by=federation.cashier,
        )  # fmt: skip


def test_after_moving_to_another_union_paid_months_stay_paid(federation: Federation, member: Member) -> None:
    _cash(member, federation, 6)
    register.end_membership(
        membership=member.memberships.get(), ended_on=dt.date(2026, 3, 10), reason="转会", actor=None
    )
    other = factories.community_union(federation.district, "HD-C002")
    member.memberships.create(union=other, number="HD-C002-000001", started_on=dt.date(2026, 3, 11))
    assert queries.coverage(member, TODAY).next_month == 202608


def test_who_left_pays_nothing(federation: Federation, member: Member) -> None:
    register.end_membership(
        membership=member.memberships.get(), ended_on=dt.date(2026, 2, 1), reason="离开", actor=None
    )
    with pytest.raises(NoMembership):
        _cash(member, federation)


@pytest.mark.django_db(transaction=True)
def test_two_counters_at_the_same_moment(federation: Federation, member: Member) -> None:
    results = at_once([lambda: _cash(member, federation, 4)] * 4)
    assert all(isinstance(result, DuesPayment) for result in results)
    months = list(DuesMonth.objects.filter(member=member).values_list("month", flat=True))
    assert months == calendar.run_of_months(202602, 16)
    assert balance_of(federation.books["HD-C001"], "401") == Money("32.00", "CNY")


def test_the_same_form_sent_twice_takes_the_money_once(federation: Federation, member: Member) -> None:
    key = uuid4()
    first, second = (_by_form(member, federation, key) for _ in range(2))
    assert second == first
    assert Receipt.objects.count() == 1
    assert balance_of(federation.books["HD-C001"], "101") == Money("8.00", "CNY")
    assert _by_form(member, federation, uuid4()).first_month == 202606


def test_a_form_of_another_member_or_cashier_is_not_used_again(
    federation: Federation, member: Member
) -> None:
    key = uuid4()
    _by_form(member, federation, key)
    other = factories.membership_in(federation.community).member
    with pytest.raises(RequestUsed):
        _by_form(other, federation, key)
    colleague = factories.user("colleague", Role.CASHIER, federation.municipal)
    with pytest.raises(RequestUsed):
        collecting.collect_cash(
            member=member, months=4, paid_on=TODAY, collected_by=colleague, request_key=key
        )
    assert DuesPayment.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_copies_of_a_form_at_the_same_moment_take_the_money_once(
    federation: Federation, member: Member
) -> None:
    key = uuid4()
    results = at_once([lambda: _by_form(member, federation, key)] * 4)
    assert results == [DuesPayment.objects.get()] * 4
    assert balance_of(federation.books["HD-C001"], "101") == Money("8.00", "CNY")


def _by_form(member: Member, federation: Federation, key: UUID) -> DuesPayment:
    return collecting.collect_cash(
        member=member, months=4, paid_on=TODAY, collected_by=federation.cashier, request_key=key
    )


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE dues_duespayment SET amount = 1",
        "UPDATE dues_duespayment SET state = 'cancelled'",
        "DELETE FROM dues_duespayment",
        "UPDATE dues_duesmonth SET month = 202612",
        "DELETE FROM dues_duesmonth",
    ],
)
def test_what_was_paid_stays_paid(federation: Federation, member: Member, statement: str) -> None:
    _cash(member, federation, 1)
    with (
        pytest.raises(DatabaseError, match=r"never changed|keeps its facts"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)


@given(st.integers(1990, 2100), st.integers(1, 12), st.integers(-400, 400))
def test_months_add_up(year: int, month: int, count: int) -> None:
    start = year * 100 + month
    later = calendar.months_after(start, count)
    assert 1 <= later % 100 <= 12
    assert calendar.months_between(start, later) == count + 1
