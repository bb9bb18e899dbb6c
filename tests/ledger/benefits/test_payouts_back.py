"""People who come back from a payout: withdrawn, its file refused by the bank, or a payment that no file can carry."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, connection, transaction
from djmoney.money import Money

from ledger.benefits import list_approval, paying
from ledger.benefits.errors import WrongState
from ledger.benefits.models import Commitment, CommitmentState, ProgrammeVersion, Run
from ledger.books.holds import available
from ledger.books.integrity import verify
from ledger.books.queries import balance
from ledger.payouts import batches, exporting, refusals
from ledger.payouts.errors import LinesRefused, OwnMoney
from ledger.payouts.errors import WrongState as PayoutState
from ledger.payouts.models import Batch, BatchState
from portal.accounts.models import RoleAssignment
from portal.accounts.permissions import NotAllowed, SamePerson
from portal.accounts.roles import Role
from portal.members.models import ServiceCard
from tests import factories
from tests.conftest import Federation
from tests.ledger.benefits.conftest import approved, fund, migrants, pay_out, prepared, settle


@pytest.fixture
def run(federation: Federation, subsidy: ProgrammeVersion) -> Run:
    """Three people on a list, approved and funded."""
    migrants(federation, 3)
    listed = approved(prepared(federation, subsidy), federation.checker)
    fund(federation, listed)
    return listed


def violated() -> set[str]:
    return {check.name for check in verify() if not check.ok}


def _states(run: Run) -> list[tuple[str, int | None]]:
    return list(run.commitments.order_by("pk").values_list("state", "payout_line"))


def test_people_of_a_withdrawn_payout_are_paid_by_the_next_one(federation: Federation, run: Run) -> None:
    first = pay_out(federation, run)
    paying.withdraw(batch=first, reason="日期有误", actor=federation.cashier)
    assert _states(run) == [("approved", None)] * 3
    assert violated() == set()
    second = pay_out(federation, run)
    assert second.total == Money("450.00", "CNY")
    settle(federation, second)
    assert violated() == set()


def test_a_payout_withdrawn_behind_its_people_is_found(federation: Federation, run: Run) -> None:
    batches.withdraw(batch=pay_out(federation, run), reason="日期有误", actor=federation.cashier)
    assert violated() == {"benefits stand as their payout lines do"}


def test_nobody_withdraws_a_released_payout(federation: Federation, run: Run) -> None:
    batch = batches.release(batch=pay_out(federation, run), released_by=federation.checker)
    before = _states(run)
    with pytest.raises(PayoutState):
        paying.withdraw(batch=batch, reason="太晚", actor=federation.checker)
    assert _states(run) == before


def test_a_bank_name_that_breaks_the_file_leaves_out_one_person_only(
    federation: Federation, run: Run
) -> None:
    odd = run.commitments.order_by("pk").first()
    assert odd is not None
    ServiceCard.objects.filter(member=odd.member_id).update(bank="示例|银行")
    batch = pay_out(federation, run)
    assert batch.line_count == 2
    odd.refresh_from_db()
    assert (odd.state, odd.attempts, odd.payout_line) == (CommitmentState.APPROVED, 0, None)
    assert "which this bank format does not allow" in odd.left_out
    ServiceCard.objects.filter(member=odd.member_id).update(bank="示例银行")
    assert pay_out(federation, run).line_count == 1
    odd.refresh_from_db()
    assert (odd.state, odd.left_out) == (CommitmentState.IN_PAYOUT, "")


def test_nobody_left_is_a_refusal_that_says_why(federation: Federation, run: Run) -> None:
    ServiceCard.objects.update(bank="示例\n银行")
    with pytest.raises(LinesRefused, match="which this bank format does not allow"):
        pay_out(federation, run)
    ServiceCard.objects.update(status="replaced")
    with pytest.raises(WrongState, match="nobody left"):
        pay_out(federation, run)
    assert not Batch.objects.exists()
    assert set(run.commitments.values_list("state", "left_out")) == {("approved", "")}


@pytest.mark.parametrize("is_sent", [False, True])
def test_a_file_that_the_bank_refuses_frees_money_and_people(
    federation: Federation, run: Run, is_sent: bool
) -> None:
    account = federation.banks["HD"].account
    batch = batches.release(batch=pay_out(federation, run), released_by=federation.checker)
    if is_sent:
        exporting.export(batch=batch, actor=federation.cashier)
    assert available(account) == balance(account) - Money(450, "CNY")
    refusals.report(batch=batch, reason="文件格式被银行退回", reported_by=federation.cashier)
    assert _states(run)[0][0] == "in_payout"
    refused = paying.confirm_refusal(batch=batch, confirmed_by=federation.checker)
    assert refused.state == BatchState.REFUSED
    assert available(account) == balance(account)
    assert _states(run) == [("approved", None)] * 3
    assert violated() == set()
    settle(federation, pay_out(federation, run))
    assert violated() == set()


def test_a_refused_file_is_reported_by_one_person_and_confirmed_by_another(
    federation: Federation, run: Run
) -> None:
    batch = batches.release(batch=pay_out(federation, run), released_by=federation.checker)
    RoleAssignment.objects.create(
        user=federation.cashier, role=Role.FINANCE_CHECKER, union=federation.municipal
    )
    with pytest.raises(PayoutState, match="Nobody has reported"):
        paying.confirm_refusal(batch=batch, confirmed_by=federation.checker)
    with pytest.raises(NotAllowed):
        refusals.report(batch=batch, reason="退回", reported_by=federation.maker)
    refusals.report(batch=batch, reason="退回", reported_by=federation.cashier)
    with pytest.raises(SamePerson):
        paying.confirm_refusal(batch=batch, confirmed_by=federation.cashier)
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE payouts_batch SET state = 'refused', refused_at = now(), refused_by_id = refusal_reported_by_id"
        )
    batch.refresh_from_db()
    assert batch.state == BatchState.RELEASED
    assert {state for state, _line in _states(run)} == {"in_payout"}


def test_a_file_that_the_bank_has_answered_is_not_refused(federation: Federation, run: Run) -> None:
    batch = pay_out(federation, run)
    settle(federation, batch)
    before = _states(run)
    with pytest.raises(PayoutState):
        refusals.report(batch=batch, reason="退回", reported_by=federation.cashier)
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE payouts_batch SET state = 'refused'")
    assert _states(run) == before


def test_nobody_approves_releases_or_frees_an_own_payment(
    federation: Federation, subsidy: ProgrammeVersion
) -> None:
    people = migrants(federation, 2)
    insider = factories.user("insider", Role.FINANCE_CHECKER, federation.municipal)
    type(people[0]).objects.filter(pk=people[0].pk).update(user=insider)
    run = prepared(federation, subsidy)
    with pytest.raises(OwnMoney):
        approved(run, insider)
    run.refresh_from_db()
    assert run.state == "prepared"
    approved(run, federation.checker)
    fund(federation, run)
    batch = pay_out(federation, run)
    with pytest.raises(OwnMoney):
        batches.release(batch=batch, released_by=insider)
    batch.refresh_from_db()
    assert batch.state == BatchState.PREPARED
    batches.release(batch=batch, released_by=federation.checker)
    refusals.report(batch=batch, reason="退回", reported_by=federation.cashier)
    with pytest.raises(OwnMoney):
        paying.confirm_refusal(batch=batch, confirmed_by=insider)
    batch.refresh_from_db()
    assert batch.state == BatchState.RELEASED
    assert Commitment.objects.filter(state=CommitmentState.IN_PAYOUT).count() == 2


def test_a_list_is_approved_as_it_was_read(federation: Federation, subsidy: ProgrammeVersion) -> None:
    from ledger.benefits.errors import ListChanged

    migrants(federation, 2)
    run = prepared(federation, subsidy)
    late = migrants(federation, 1)[0]
    with pytest.raises(DatabaseError, match="complete"), transaction.atomic():
        Commitment.objects.create(
            programme=subsidy.programme, version=subsidy, member=late, year_key=2026, payer=run.union, party="X",
            amount=Money(9_000, "CNY"), run=run,
        )  # fmt: skip
    with pytest.raises(ListChanged):
        list_approval.approve(run=run, seen="another list", approved_by=federation.checker)
    run.refresh_from_db()
    assert run.state == "prepared"
    assert subsidy.programme.budgets.get(union=run.union).committed == 0
