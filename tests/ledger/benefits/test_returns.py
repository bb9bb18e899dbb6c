"""A payment that had arrived comes back: owed on 21501 until it is paid again, spent once, never paid twice."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from djmoney.money import Money

from ledger.benefits import paying, queries, returns, settlement
from ledger.benefits.errors import BenefitError, WrongState
from ledger.benefits.models import Commitment, CommitmentState, ProgrammeVersion, Return, Run
from ledger.books.integrity import verify
from ledger.books.models import Posting
from ledger.payouts import batches, exporting
from ledger.payouts.errors import FileRefused, OwnMoney, PayoutError
from ledger.payouts.models import Batch, BatchLine
from portal.accounts.models import AuditEvent, RoleAssignment
from portal.accounts.permissions import NotAllowed, SamePerson
from portal.accounts.roles import Role
from portal.members.models import Member, ServiceCard
from tests import factories
from tests.concurrency import at_once
from tests.conftest import Federation
from tests.ledger.payouts.conftest import the_bank_answers

from .conftest import TODAY, approved, fund, migrants, pay_out, prepared
from .test_guards import refusal

CLOSED = ("R", "3018", "已清户")


@pytest.fixture
def run(federation: Federation, subsidy: ProgrammeVersion) -> Run:
    """Two people on a list, approved and funded."""
    migrants(federation, 2)
    listed = approved(prepared(federation, subsidy), federation.checker)
    fund(federation, listed)
    return listed


@pytest.fixture
def paid(federation: Federation, run: Run) -> Batch:
    batch = sent(federation, run)
    answered(federation, batch, ("S", "0000", "交易成功"))
    batch.refresh_from_db()
    return batch


def first_line(batch: Batch) -> BatchLine:
    return batch.lines.order_by("seq")[0]


def commitment_of(line: BatchLine) -> Commitment:
    return Commitment.objects.get(party=line.party)


def comes_back(federation: Federation, batch: Batch) -> bytes:
    """The bank's file that says of the first line that it came back."""
    content = the_bank_answers(batch, {1: CLOSED}, only=True, day=TODAY)
    settlement.import_result(batch=batch, content=content, actor=federation.cashier)
    return content


def reported(federation: Federation, batch: Batch, **changes: Any) -> Return:
    facts: dict[str, Any] = {
        "line": first_line(batch),
        "came_back_on": TODAY,
        "reason": "ACCOUNT_CLOSED",
        "bank_reference": "20260316R1",
        "reported_by": federation.cashier,
    }
    return returns.report(**facts | changes)


def sent(federation: Federation, run: Run) -> Batch:
    batch = batches.release(batch=pay_out(federation, run), released_by=federation.checker)
    exporting.export(batch=batch, actor=federation.cashier)
    batch.refresh_from_db()
    return batch


def answered(federation: Federation, batch: Batch, answer: tuple[str, str, str]) -> None:
    content = the_bank_answers(batch, {1: answer}, day=TODAY)
    settlement.import_result(batch=batch, content=content, actor=federation.cashier)


def entries(key: str) -> list[tuple[str, str, Money, str, dt.date, str]]:
    found = Posting.objects.filter(transaction__external_key=key).order_by("line", "-side")
    return [
        (p.account.code, p.side, p.amount, p.party, p.transaction.date, p.transaction.document)
        for p in found.select_related("account", "transaction")
    ]


def spent(federation: Federation) -> object:
    from django.db.models import Sum

    of_expenditure = Posting.objects.filter(book=federation.books["HD"], account__code__startswith="5")
    return of_expenditure.aggregate(total=Sum("amount"))["total"]


def violated() -> set[str]:
    return {check.name for check in verify() if not check.ok}


def test_what_the_file_says_came_back_is_owed_to_its_person_and_stays_spent(
    federation: Federation, paid: Batch
) -> None:
    before = spent(federation)
    comes_back(federation, paid)
    line = first_line(paid)
    commitment = commitment_of(line)
    bank = paid.bank_account.account.code
    amount = Money("150.00", "CNY")
    assert entries(f"returned:{line.reference}") == [
        (bank, "D", amount, line.party, TODAY, paid.code),
        ("21501", "C", amount, line.party, TODAY, paid.code),
    ]
    assert (line.state, line.returned_on, line.reason) == ("returned", TODAY, "ACCOUNT_CLOSED")
    assert line.settled_on == TODAY
    assert (commitment.state, commitment.paid_on) == (CommitmentState.RETURNED, TODAY)
    assert commitment.transaction is not None
    assert commitment.transaction.external_key == f"benefit:{commitment.pk}"
    assert spent(federation) == before
    assert violated() == set()


def test_the_same_file_twice_books_a_return_once(federation: Federation, paid: Batch) -> None:
    content = comes_back(federation, paid)
    again = settlement.import_result(batch=paid, content=content, actor=federation.cashier)
    assert (again.returned, again.already) == ([], 1)
    assert Return.objects.count() == 1
    assert len(entries(f"returned:{first_line(paid).reference}")) == 2


def test_it_is_paid_again_by_the_next_payout_to_the_card_then_in_use_and_is_no_second_expenditure(
    federation: Federation, run: Run, paid: Batch
) -> None:
    before = spent(federation)
    comes_back(federation, paid)
    member = Member.objects.get(pk=commitment_of(first_line(paid)).member_id)
    assert queries.to_the_refused_card(run.commitments.all()).count() == 1
    ServiceCard.objects.filter(member=member, status="active").update(status="replaced")
    ServiceCard.objects.create(
        member=member, holder=member.name, number=factories.card_number(77), bank="示例银行", status="active"
    )
    assert not queries.to_the_refused_card(run.commitments.all()).exists()
    second = sent(federation, run)
    (line,) = second.lines.all()
    assert line.card_last4 == factories.card_number(77)[-4:]
    answered(federation, second, ("S", "0000", "交易成功"))
    assert entries(f"repaid:{line.reference}") == [
        ("21501", "D", Money("150.00", "CNY"), line.party, TODAY, second.code),
        (second.bank_account.account.code, "C", Money("150.00", "CNY"), line.party, TODAY, second.code),
    ]
    commitment = commitment_of(line)
    assert (commitment.state, commitment.attempts) == (CommitmentState.PAID, 2)
    assert commitment.returns.get().repaid_on == TODAY
    assert spent(federation) == before
    assert violated() == set()
    with pytest.raises(WrongState, match="nobody left"):
        pay_out(federation, run)
    comes_back(federation, second)
    assert commitment_of(line).returns.count() == 2
    assert violated() == set()


def test_failing_again_leaves_it_owed_and_payable(federation: Federation, run: Run, paid: Batch) -> None:
    comes_back(federation, paid)
    second = sent(federation, run)
    answered(federation, second, ("E", "3018", "已清户"))
    commitment = commitment_of(first_line(second))
    assert commitment.state == CommitmentState.FAILED
    assert commitment.transaction is not None
    assert violated() == set()
    third = sent(federation, run)
    answered(federation, third, ("S", "0000", "交易成功"))
    assert commitment_of(first_line(third)).state == CommitmentState.PAID
    assert violated() == set()


def test_a_withdrawn_second_payout_leaves_it_as_it_came_back(
    federation: Federation, run: Run, paid: Batch
) -> None:
    comes_back(federation, paid)
    paying.withdraw(batch=pay_out(federation, run), reason="日期有误", actor=federation.cashier)
    line = first_line(paid)
    commitment = commitment_of(line)
    assert (commitment.state, commitment.payout_line_id) == (CommitmentState.RETURNED, line.pk)
    assert violated() == set()


def test_one_person_reports_from_the_statement_and_another_confirms(
    federation: Federation, paid: Batch
) -> None:
    returned = reported(federation, paid)
    assert commitment_of(returned.line).state == CommitmentState.PAID
    assert violated() == set()
    with pytest.raises(WrongState, match="reported already"):
        reported(federation, paid)
    RoleAssignment.objects.create(
        user=federation.cashier, role=Role.FINANCE_CHECKER, union=federation.municipal
    )
    with pytest.raises(SamePerson):
        returns.confirm(returned=returned, confirmed_by=federation.cashier)
    with pytest.raises(NotAllowed):
        returns.confirm(returned=returned, confirmed_by=federation.maker)
    assert not entries(f"returned:{returned.line.reference}")
    returns.confirm(returned=returned, confirmed_by=federation.checker)
    assert entries(f"returned:{returned.line.reference}")[1][0] == "21501"
    assert commitment_of(returned.line).state == CommitmentState.RETURNED
    with pytest.raises(WrongState, match="meanwhile"):
        returns.confirm(returned=returned, confirmed_by=federation.checker)
    assert violated() == set()


def test_the_banks_file_confirms_a_report_that_waits(federation: Federation, paid: Batch) -> None:
    reported(federation, paid)
    comes_back(federation, paid)
    returned = Return.objects.get()
    assert (returned.is_from_file, returned.bank_reference) == (True, "20260316R1")
    assert violated() == set()


def test_a_wrong_report_is_dropped_until_it_is_booked(federation: Federation, paid: Batch) -> None:
    returns.drop(returned=reported(federation, paid), actor=federation.cashier)
    assert AuditEvent.objects.filter(action="return.dropped").exists()
    returned = reported(federation, paid)
    returns.confirm(returned=returned, confirmed_by=federation.checker)
    with pytest.raises(WrongState):
        returns.drop(returned=returned, actor=federation.cashier)
    assert Return.objects.count() == 1


def test_only_what_arrived_comes_back_and_not_before(federation: Federation, run: Run) -> None:
    batch = sent(federation, run)
    with pytest.raises(PayoutError, match="not paid"):
        reported(federation, batch)
    answered(federation, batch, ("S", "0000", "交易成功"))
    with pytest.raises(PayoutError, match="before that"):
        reported(federation, batch, came_back_on=TODAY - dt.timedelta(days=1))
    with pytest.raises(PayoutError, match="future"):
        reported(federation, batch, came_back_on=dt.date(2999, 1, 1))
    with pytest.raises(BenefitError, match="reason"):
        reported(federation, batch, reason="NO_RESULT")
    with pytest.raises(BenefitError, match="reference"):
        reported(federation, batch, bank_reference=" ")
    assert not Return.objects.exists()


def test_nobody_deals_with_the_return_of_an_own_payment(federation: Federation, paid: Batch) -> None:
    insider = factories.user("insider", Role.CASHIER, federation.municipal)
    RoleAssignment.objects.create(user=insider, role=Role.FINANCE_CHECKER, union=federation.municipal)
    Member.objects.filter(pk=commitment_of(first_line(paid)).member_id).update(user=insider)
    with pytest.raises(OwnMoney):
        reported(federation, paid, reported_by=insider)
    returned = reported(federation, paid)
    with pytest.raises(OwnMoney):
        returns.confirm(returned=returned, confirmed_by=insider)
    assert not entries(f"returned:{returned.line.reference}")


def test_a_file_with_a_return_before_the_payment_is_refused_whole(federation: Federation, run: Run) -> None:
    batch = sent(federation, run)
    answered(federation, batch, ("S", "0000", "交易成功"))
    early = the_bank_answers(batch, {1: CLOSED}, only=True, day=TODAY - dt.timedelta(days=1))
    with pytest.raises(FileRefused):
        settlement.import_result(batch=batch, content=early, actor=federation.cashier)
    assert not Return.objects.exists()


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE benefits_commitment SET state = 'returned'",
        "UPDATE benefits_commitment SET state = 'failed'",
        "UPDATE benefits_commitment SET state = 'in_payout', attempts = attempts + 1",
        """INSERT INTO benefits_return (commitment_id, line_id, came_back_on, reason, bank_code, bank_message,
                  bank_reference, is_from_file, reported_at, transaction_id)
           SELECT id, payout_line_id, paid_on, 'RETURNED', '', '', '', true, now(), transaction_id
             FROM benefits_commitment""",
        """INSERT INTO benefits_return (commitment_id, line_id, came_back_on, reason, bank_code, bank_message,
                  bank_reference, is_from_file, reported_at)
           SELECT id, payout_line_id, paid_on - 1, 'RETURNED', '', '', '', true, now() FROM benefits_commitment""",
    ],
)
def test_what_is_paid_stays_paid_unless_a_return_is_booked(paid: Batch, sql: str) -> None:
    assert refusal(sql) == "PH053"


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE benefits_commitment SET state = 'paid' WHERE state = 'returned'",
        """UPDATE benefits_commitment SET transaction_id = NULL, paid_on = NULL, state = 'failed'
            WHERE state = 'returned'""",
        "DELETE FROM benefits_return",
        "UPDATE benefits_return SET came_back_on = came_back_on + 1",
        """UPDATE benefits_return r SET repaid_with_id = r.transaction_id, repaid_on = came_back_on""",
        """UPDATE benefits_return r SET repaid_with_id = c.transaction_id, repaid_on = came_back_on
             FROM benefits_commitment c WHERE c.id = r.commitment_id""",
    ],
)
def test_what_came_back_stays_owed_until_it_is_paid_again(
    federation: Federation, paid: Batch, sql: str
) -> None:
    comes_back(federation, paid)
    assert refusal(sql) == "PH053"


@pytest.mark.parametrize(
    ("sql", "state"),
    [
        ("UPDATE payouts_batchline SET state = 'returned', reason = 'RETURNED', returned_on = settled_on - 1", "23514"),
        ("UPDATE payouts_batchline SET state = 'returned', reason = 'RETURNED'", "23514"),
        ("UPDATE payouts_batchline SET returned_on = settled_on", "PH031"),
        ("UPDATE payouts_batchline SET state = 'failed', reason = 'RETURNED', settled_on = NULL", "PH031"),
    ],
)  # fmt: skip
def test_a_paid_line_changes_only_into_one_that_came_back(paid: Batch, sql: str, state: str) -> None:
    assert refusal(sql) == state


def test_a_line_that_came_back_outside_the_books_is_found(paid: Batch) -> None:
    BatchLine.objects.filter(pk=first_line(paid).pk).update(
        state="returned", reason="RETURNED", returned_on=TODAY
    )
    assert "what came back from the bank is owed to its people" in violated()


@pytest.mark.django_db(transaction=True)
def test_a_confirmation_and_two_imports_at_once_book_a_return_once(
    federation: Federation, paid: Batch
) -> None:
    returned = reported(federation, paid)
    content = the_bank_answers(paid, {1: CLOSED}, only=True, day=TODAY)

    def take_in() -> object:
        return settlement.import_result(batch=paid, content=content, actor=federation.cashier)

    results = at_once(
        [take_in, take_in, lambda: returns.confirm(returned=returned, confirmed_by=federation.checker)]
    )
    assert {type(result) for result in results if isinstance(result, Exception)} <= {WrongState}
    assert len(entries(f"returned:{returned.line.reference}")) == 2
    assert Return.objects.count() == 1
    assert violated() == set()


@pytest.mark.django_db(transaction=True)
def test_a_return_and_the_next_payout_at_once_pay_nobody_twice(
    federation: Federation, run: Run, paid: Batch
) -> None:
    content = the_bank_answers(paid, {1: CLOSED}, only=True, day=TODAY)

    def take_in() -> object:
        return settlement.import_result(batch=paid, content=content, actor=federation.cashier)

    results = at_once([take_in, lambda: pay_out(federation, run), lambda: pay_out(federation, run)])
    built = [result for result in results if isinstance(result, Batch)]
    assert {type(result) for result in results if isinstance(result, Exception)} <= {WrongState}
    assert len(built) <= 1
    assert commitment_of(first_line(paid)).state == ("in_payout" if built else "returned")
    assert sum(batch.line_count for batch in built) == len(built)
    assert violated() == set()
