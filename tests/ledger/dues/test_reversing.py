"""Cash taken by mistake goes back in red letters, by two persons; the record of it stays."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import DatabaseError, connection, transaction
from djmoney.money import Money

from ledger.books.closing import carry_forward, close_period
from ledger.books.errors import Overdrawn
from ledger.books.integrity import verify
from ledger.books.models import Transaction
from ledger.books.queries import balance_of
from ledger.dues import collecting, queries, reversing
from ledger.dues.errors import CannotTakeBack
from ledger.dues.models import DuesMonth, DuesPayment, DuesReversal, PaymentState
from ledger.receipts import verification
from ledger.receipts.models import Receipt, ReceiptStatus
from portal.accounts.models import RoleAssignment
from portal.accounts.permissions import NotAllowed, SamePerson
from portal.accounts.roles import Role
from portal.members.models import Member
from tests import factories
from tests.conftest import Federation

TODAY = factories.TODAY


@pytest.fixture
def payment(federation: Federation, member: Member) -> DuesPayment:
    return collecting.collect_cash(member=member, months=12, paid_on=TODAY, collected_by=federation.cashier)


def _asked(payment: DuesPayment, federation: Federation) -> DuesReversal:
    return reversing.ask(payment=payment, reason="收错了人", asked_by=federation.cashier)


def test_what_is_taken_back_is_in_the_books_twice_and_in_the_box_no_more(
    federation: Federation, payment: DuesPayment
) -> None:
    done = reversing.approve(asked=_asked(payment, federation), approved_by=federation.checker, on=TODAY)
    payment.refresh_from_db()
    book = federation.books["HD-C001"]
    assert payment.state == PaymentState.REVERSED
    assert balance_of(book, "101") == balance_of(book, "401") == Money(0, "CNY")
    assert done.transaction is not None
    assert done.transaction.reverses == payment.transaction
    assert "收错了人" in done.transaction.summary
    assert [check for check in verify(book=book) if not check.ok] == []


def test_the_receipt_is_reversed_by_a_red_one_that_names_it(
    federation: Federation, payment: DuesPayment
) -> None:
    done = reversing.approve(asked=_asked(payment, federation), approved_by=federation.checker, on=TODAY)
    red, original = done.receipt, Receipt.objects.get(pk=payment.receipt_id)
    assert red is not None
    assert (original.status, original.status_reason) == (ReceiptStatus.REVERSED, "收错了人")
    assert (red.number, red.amount, red.corrects) == ("0000000002", Money("-24.00", "CNY"), original)
    assert list(red.lines.values_list("quantity", "period_from", "period_to")) == [(-12, 202602, 202701)]
    assert (red.drawn_by_name, red.checked_by) == ("系统自动开具", federation.checker)
    assert verification.look_up(red.series.code, red.number, red.check_code).found


def test_months_taken_back_are_free_again(federation: Federation, payment: DuesPayment) -> None:
    reversing.approve(asked=_asked(payment, federation), approved_by=federation.checker, on=TODAY)
    assert not DuesMonth.objects.exists()
    again = collecting.collect_cash(
        member=payment.member, months=2, paid_on=TODAY, collected_by=federation.cashier
    )
    assert (again.first_month, again.last_month) == (202602, 202603)
    history = [p.state for p in queries.history(payment.member)]
    assert history == [PaymentState.PAID, PaymentState.REVERSED]


def test_neither_who_asked_nor_who_took_the_money_approves(
    federation: Federation, payment: DuesPayment
) -> None:
    asked = _asked(payment, federation)
    with pytest.raises(NotAllowed):
        reversing.approve(asked=asked, approved_by=federation.maker, on=TODAY)
    RoleAssignment.objects.create(
        user=federation.cashier, role=Role.FINANCE_CHECKER, union=federation.municipal
    )
    with pytest.raises(SamePerson):
        reversing.approve(asked=asked, approved_by=federation.cashier, on=TODAY)
    payment.refresh_from_db()
    assert payment.state == PaymentState.PAID
    assert DuesMonth.objects.count() == 12
    assert Transaction.objects.count() == 1


def test_only_who_collects_dues_here_asks(federation: Federation, payment: DuesPayment) -> None:
    other = factories.community_union(federation.district, "HD-C002")
    stranger = factories.user("stranger", Role.CASHIER, other)
    for person in (federation.checker, stranger):
        with pytest.raises(NotAllowed):
            reversing.ask(payment=payment, reason="收错了人", asked_by=person)
    assert not DuesReversal.objects.exists()


def test_once_asked_once_taken_back(federation: Federation, payment: DuesPayment) -> None:
    asked = _asked(payment, federation)
    with pytest.raises(CannotTakeBack):
        _asked(payment, federation)
    reversing.approve(asked=asked, approved_by=federation.checker, on=TODAY)
    with pytest.raises(CannotTakeBack):
        reversing.approve(asked=asked, approved_by=federation.checker, on=TODAY)
    assert Transaction.objects.count() == 2


def test_cash_that_is_in_the_bank_already_is_not_in_the_box(
    federation: Federation, payment: DuesPayment
) -> None:
    collecting.bank_cash(
        bank_account=federation.banks["HD-C001"],
        amount=payment.amount,
        date=TODAY,
        bank_reference="1",
        recorded_by=federation.cashier,
    )
    with pytest.raises(Overdrawn):
        reversing.approve(asked=_asked(payment, federation), approved_by=federation.checker, on=TODAY)
    payment.refresh_from_db()
    assert payment.state == PaymentState.PAID


def test_a_closed_month_is_corrected_with_a_voucher(federation: Federation, member: Member) -> None:
    book = federation.books["HD-C001"]
    payment = collecting.collect_cash(
        member=member, months=1, paid_on=dt.date(2026, 1, 20), collected_by=federation.cashier
    )
    _close_january(federation)
    with pytest.raises(CannotTakeBack, match="closed"):
        _asked(payment, federation)
    assert balance_of(book, "101") == Money("2.00", "CNY")


def _close_january(federation: Federation) -> None:
    from ledger.books import vouchers

    book = federation.books["HD-C001"]
    carry_forward(book=book, month=202601, actor=federation.maker)
    for drawn in vouchers.draw_up_month(book=book, month=202601, prepared_by=federation.maker):
        vouchers.check_and_post(voucher=drawn, checked_by=federation.checker)
    close_period(book=book, month=202601, actor=federation.checker)


def test_bank_transfers_are_not_cash(federation: Federation, member: Member) -> None:
    payment = collecting.collect_bank_transfer(
        member=member, months=6, paid_on=TODAY, bank_account=federation.banks["HD-C001"],
        bank_reference="1", recorded_by=federation.cashier,
    )  # fmt: skip
    with pytest.raises(CannotTakeBack):
        _asked(payment, federation)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE dues_duespayment SET state = 'reversed'",
        "UPDATE dues_duesreversal SET reason = 'x'",
        "DELETE FROM dues_duesreversal",
        "DELETE FROM dues_duesmonth",
    ],
)
def test_asking_alone_changes_nothing_in_the_database_either(
    federation: Federation, payment: DuesPayment, statement: str
) -> None:
    _asked(payment, federation)
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
