"""The yearly subsidy from the list to both books: 60/40, two persons, failures paid again after correction."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone
from djmoney.money import Money

from ledger.benefits import list_approval, runs, settlement
from ledger.benefits.errors import FundsNotReceived, NobodyEligible, OverBudget, WrongState
from ledger.benefits.models import CommitmentState, ProgrammeVersion, Run
from ledger.books.errors import EarmarkOverspent
from ledger.books.integrity import verify
from ledger.books.models import Posting
from ledger.books.posting import Entry, post, reverse
from ledger.books.queries import balance_of
from portal.accounts.models import RoleAssignment
from portal.accounts.permissions import NotAllowed, SamePerson
from portal.accounts.roles import Role
from portal.members import register
from portal.members.models import Member
from tests import factories
from tests.concurrency import at_once
from tests.conftest import Federation
from tests.ledger.benefits.conftest import TODAY, approved, fund, migrants, pay_out, prepared, settle


def test_the_list_has_everybody_who_is_eligible_once(
    federation: Federation, subsidy: ProgrammeVersion
) -> None:
    chosen = migrants(federation, 3)
    factories.member_with_card(federation.community)
    factories.membership_in(federation.community, is_migrant_worker=True)
    left = migrants(federation, 1)[0]
    register.end_membership(
        membership=left.memberships.get(), ended_on=TODAY - dt.timedelta(days=1), reason="离开", actor=None
    )
    run = prepared(federation, subsidy)
    assert {c.member_id for c in run.commitments.all()} == {m.pk for m in chosen}
    assert (run.count, run.total, run.without_card) == (3, Money("450.00", "CNY"), 1)
    with pytest.raises(NobodyEligible):
        prepared(federation, subsidy)


def test_a_list_sent_back_frees_its_people(federation: Federation, subsidy: ProgrammeVersion) -> None:
    migrants(federation, 2)
    run = list_approval.send_back(
        run=prepared(federation, subsidy), reason="名单有误", actor=federation.checker
    )
    with pytest.raises(WrongState):
        approved(run, federation.checker)
    assert prepared(federation, subsidy).count == 2


def test_maker_and_checker_are_two_persons(federation: Federation, subsidy: ProgrammeVersion) -> None:
    migrants(federation, 1)
    run = prepared(federation, subsidy)
    with pytest.raises(NotAllowed):
        approved(run, federation.maker)
    RoleAssignment.objects.create(
        user=federation.maker, role=Role.FINANCE_CHECKER, union=federation.municipal
    )
    with pytest.raises(SamePerson):
        approved(run, federation.maker)
    with pytest.raises(DatabaseError), transaction.atomic():
        Run.objects.filter(pk=run.pk).update(state="approved", approved_by=federation.maker)


def test_no_approval_beyond_the_budget(federation: Federation, subsidy: ProgrammeVersion) -> None:
    from ledger.benefits.models import BudgetLine

    BudgetLine.objects.filter(union=federation.district).update(amount=100)
    migrants(federation, 2)
    run = prepared(federation, subsidy)
    with pytest.raises(OverBudget):
        approved(run, federation.checker)
    run.refresh_from_db()
    assert run.state == "prepared"


def test_no_payout_before_the_share_from_above(federation: Federation, subsidy: ProgrammeVersion) -> None:
    migrants(federation, 1)
    run = approved(prepared(federation, subsidy), federation.checker)
    with pytest.raises(FundsNotReceived, match=r"90\.00"):
        pay_out(federation, run)


def test_from_the_list_to_both_books(federation: Federation, subsidy: ProgrammeVersion) -> None:
    migrants(federation, 20)
    run = approved(prepared(federation, subsidy), federation.checker)
    fund(federation, run)
    batch = pay_out(federation, run)
    answer = settle(federation, batch)
    paid = run.commitments.filter(state=CommitmentState.PAID).count()
    failed = run.commitments.filter(state=CommitmentState.FAILED).count()
    assert paid + failed == 20
    assert paid > failed

    district, municipal = federation.books["HD"], federation.books["TJ"]
    assert balance_of(municipal, "508") == Money(90 * 20, "CNY")
    assert balance_of(district, "403") == Money(90 * 20, "CNY")
    assert balance_of(district, "503") == Money(150 * paid, "CNY")
    by_source = {
        source: sum(p.amount.amount for p in Posting.objects.filter(
            book=district, account__code="50305", fund_source=source))
        for source in ("own", "earmarked")
    }  # fmt: skip
    assert by_source == {"own": 60 * paid, "earmarked": 90 * paid}
    assert balance_of(district, "102") == Money(100_000 + 1800 - 150 * paid, "CNY")

    settlement.import_result(batch=batch, content=answer, actor=federation.cashier)
    assert balance_of(district, "503") == Money(150 * paid, "CNY")
    assert [check for check in verify() if not check.ok] == []


def _give_card(member: Member, *, refused: bool, after: int) -> None:
    """A new card, one that the demo's bank refuses or one that it pays to."""
    serial = next(n for n in range(after, after + 99) if (_is_refused(factories.card_number(n))) == refused)
    register.set_card(
        member=member, bank="示例银行", number=factories.card_number(serial), holder=member.name, actor=None
    )


def _is_refused(card: str) -> bool:
    return int(card[-4:]) % 41 in {7, 23}


def test_who_was_not_paid_corrects_the_card_and_is_paid(
    federation: Federation, subsidy: ProgrammeVersion
) -> None:
    people = migrants(federation, 3)
    _give_card(people[0], refused=True, after=800_000)
    for n, member in enumerate(people[1:], start=1):
        _give_card(member, refused=False, after=800_000 + n * 100)
    run = approved(prepared(federation, subsidy), federation.checker)
    fund(federation, run)
    settle(federation, pay_out(federation, run))
    assert [c.member_id for c in run.commitments.filter(state=CommitmentState.FAILED)] == [people[0].pk]
    _give_card(people[0], refused=False, after=900_000)
    settle(federation, pay_out(federation, run))
    assert run.commitments.filter(state=CommitmentState.PAID).count() == len(people)
    assert [check for check in verify() if not check.ok] == []
    with pytest.raises(WrongState):
        pay_out(federation, run)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE benefits_commitment SET amount = 1",
        "UPDATE benefits_commitment SET state = 'approved', paid_on = NULL, transaction_id = NULL WHERE state = 'paid'",
        "DELETE FROM benefits_commitment",
    ],
)
def test_what_was_paid_stays_paid(federation: Federation, subsidy: ProgrammeVersion, statement: str) -> None:
    migrants(federation, 3)
    run = approved(prepared(federation, subsidy), federation.checker)
    fund(federation, run)
    settle(federation, pay_out(federation, run))
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def test_a_list_is_of_a_day_that_has_come_and_on_which_the_rules_hold(
    federation: Federation, subsidy: ProgrammeVersion
) -> None:
    migrants(federation, 1)
    ProgrammeVersion.objects.filter(pk=subsidy.pk).update(effective_to=TODAY)
    for day, why in (
        (timezone.localdate() + dt.timedelta(days=1), "lies in the future"),
        (dt.date(2015, 1, 1), "are in force from"),
        (TODAY + dt.timedelta(days=1), "are in force from 2019-03-15 to 2026-03-16"),
    ):
        with pytest.raises(WrongState, match=why):
            runs.prepare(
                version=subsidy, union=federation.district, list_date=day, prepared_by=federation.maker
            )
    assert not Run.objects.exists()
    assert prepared(federation, subsidy).count == 1


def test_a_union_outside_the_owner_of_the_rules_prepares_no_list(
    federation: Federation, subsidy: ProgrammeVersion
) -> None:
    migrants(federation, 1)
    elsewhere = factories.district_union(federation.municipal, code="NK")
    subsidy.programme.owner = elsewhere
    subsidy.programme.save()
    with pytest.raises(WrongState, match="is not below it"):
        prepared(federation, subsidy)
    assert not Run.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_two_lists_prepared_at_once_name_everybody_once(
    federation: Federation, subsidy: ProgrammeVersion
) -> None:
    migrants(federation, 5)
    factories.membership_in(federation.community, is_migrant_worker=True)
    results = at_once(
        [
            lambda union=union: runs.prepare(
                version=ProgrammeVersion.objects.get(pk=subsidy.pk), union=union, list_date=TODAY,
                prepared_by=federation.maker,
            )
            for union in (federation.district, federation.district, federation.community, federation.community)
        ]
    )  # fmt: skip
    assert sorted(type(result).__name__ for result in results) == [*["NobodyEligible"] * 3, "Run"]
    assert (Run.objects.get().count, Run.objects.get().without_card) == (5, 1)


@pytest.mark.django_db(transaction=True)
def test_two_lists_approved_at_once_are_both_in_the_budget(
    federation: Federation, subsidy: ProgrammeVersion
) -> None:
    migrants(federation, 2)
    first = prepared(federation, subsidy)
    migrants(federation, 3)
    second = prepared(federation, subsidy)
    results = at_once([lambda run=run: approved(run, federation.checker) for run in (first, second)])
    assert all(isinstance(result, Run) for result in results)
    budgets = subsidy.programme.budgets
    assert budgets.get(union=federation.municipal).committed == 450
    assert budgets.get(union=federation.district).committed == 300
    assert [check for check in verify() if not check.ok] == []


def test_a_payout_waits_while_its_earmarked_money_was_spent_elsewhere(
    federation: Federation, subsidy: ProgrammeVersion
) -> None:
    migrants(federation, 2)
    run = approved(prepared(federation, subsidy), federation.checker)
    fund(federation, run)
    bank, project = federation.banks["HD"].account.code, subsidy.programme.name
    entry = Entry(
        debit="50305", credit=bank, amount=Money("90.01", "CNY"), project=project, fund_source="earmarked"
    )
    elsewhere = post(
        book=federation.books["HD"], external_key="elsewhere", date=TODAY, kind="x", summary="x", entries=[entry]
    )  # fmt: skip
    with pytest.raises(EarmarkOverspent, match=rf"“{project}”: 90\.01 yuan more"):
        pay_out(federation, run)
    reverse(original=elsewhere, date=TODAY, reason="x", external_key="back")
    assert pay_out(federation, run).line_count == 2
