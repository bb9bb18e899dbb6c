"""A long list becomes as many files as the bank takes, each released by itself; nobody is in two of them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from ledger.benefits import paying, runs
from ledger.benefits.models import Commitment, CommitmentState, ProgrammeVersion, Run
from ledger.books.errors import EarmarkOverspent
from ledger.payouts import batches
from ledger.payouts.errors import LinesRefused
from ledger.payouts.formats import FORMATS
from ledger.payouts.models import Batch, BatchLine, BatchState
from portal.accounts.permissions import SamePerson
from portal.members.models import ServiceCard
from tests.conftest import Federation

from .conftest import TODAY, approved, fund, migrants, prepared

pytestmark = pytest.mark.django_db


@pytest.fixture
def short_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every format takes two lines in a file."""
    for code, known in FORMATS.items():
        monkeypatch.setitem(FORMATS, code, replace(known, max_lines=2))


@pytest.fixture
def run(federation: Federation, subsidy: ProgrammeVersion) -> Run:
    """Five people on an approved list whose money is there."""
    migrants(federation, 5)
    run = approved(prepared(federation, subsidy), federation.checker)
    fund(federation, run)
    return run


def build(federation: Federation, run: Run, format_code: str = "ubp1") -> list[Batch]:
    return runs.build_payout(
        run=run, bank_account=federation.banks["HD"], format_code=format_code, value_date=TODAY,
        prepared_by=federation.cashier,
    )  # fmt: skip


@pytest.mark.usefixtures("short_files")
def test_a_list_longer_than_a_file_becomes_several_and_everybody_is_in_one(
    federation: Federation, run: Run
) -> None:
    built = build(federation, run)
    assert [batch.line_count for batch in built] == [2, 2, 1]
    assert len({batch.file_sha256 for batch in built}) == 3
    assert {batch.source for batch in built} == {run.code}
    references = BatchLine.objects.filter(batch__in=built).values_list("reference", flat=True)
    assert sorted(references) == sorted(c.reference for c in run.commitments.all())
    lines = {c.payout_line_id for c in run.commitments.all()}
    assert len(lines) == 5
    assert set(run.commitments.values_list("state", "attempts")) == {(CommitmentState.IN_PAYOUT, 1)}


@pytest.mark.usefixtures("short_files")
def test_each_file_is_released_and_withdrawn_by_itself(federation: Federation, run: Run) -> None:
    first, second, third = build(federation, run)
    with pytest.raises(SamePerson):
        batches.release(batch=first, released_by=_with_release(federation))
    batches.release(batch=second, released_by=federation.checker)
    paying.withdraw(batch=third, reason="重做", actor=federation.cashier)
    states = [Batch.objects.get(pk=batch.pk).state for batch in (first, second, third)]
    assert states == [BatchState.PREPARED, BatchState.RELEASED, BatchState.WITHDRAWN]
    (again,) = build(federation, run)
    assert (again.line_count, again.lines.get().reference[-2:]) == (1, "-2")


def _with_release(federation: Federation) -> object:
    from portal.accounts.models import RoleAssignment
    from portal.accounts.roles import Role

    RoleAssignment.objects.create(
        user=federation.cashier, role=Role.FINANCE_CHECKER, union=federation.municipal
    )
    return federation.cashier


def test_a_format_with_one_file_per_bank_sorts_the_cards_by_bank(federation: Federation, run: Run) -> None:
    members = list(run.commitments.order_by("pk").values_list("member", flat=True))
    ServiceCard.objects.filter(member__in=members[:2]).update(bank="中国农业银行")
    built = build(federation, run, "xlsx_counter")
    assert sorted((batch.line_count, set(batch.lines.values_list("bank", flat=True))) for batch in built) == [
        (2, {"中国农业银行"}),
        (3, {"示例银行"}),
    ]


def test_cards_that_a_format_cannot_pay_wait_with_the_reason(federation: Federation, run: Run) -> None:
    with pytest.raises(LinesRefused, match="cards of 农业银行 only"):
        build(federation, run, "abc_fixed")
    assert not run.commitments.exclude(left_out="").exists()
    member = run.commitments.order_by("pk").first().member_id
    ServiceCard.objects.filter(member=member).update(bank="中国农业银行")
    (batch,) = build(federation, run, "abc_fixed")
    assert batch.line_count == 1
    assert run.commitments.filter(left_out="This format pays to cards of 农业银行 only.").count() == 4
    (rest,) = build(federation, run)
    assert rest.line_count == 4
    assert not run.commitments.exclude(left_out="").exists()


def test_more_than_came_from_above_for_all_files_together_is_refused_and_leaves_nothing(
    federation: Federation, run: Run, short_files: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def overspent(*_args: object, **_facts: object) -> None:
        assert Commitment.objects.filter(state=CommitmentState.IN_PAYOUT).count() == 5
        raise EarmarkOverspent("too much")

    monkeypatch.setattr("ledger.benefits.funding.funds.require_earmarked", overspent)
    with pytest.raises(EarmarkOverspent):
        build(federation, run)
    assert not Batch.objects.exists()
    assert set(run.commitments.values_list("state", flat=True)) == {CommitmentState.APPROVED}


def test_the_queries_of_a_payout_do_not_grow_with_its_lines(
    federation: Federation, subsidy: ProgrammeVersion
) -> None:
    asked = []
    for people in (2, 30):
        migrants(federation, people)
        run = approved(prepared(federation, subsidy), federation.checker)
        fund(federation, run)
        waiting = run.commitments.all()
        with CaptureQueriesContext(connection) as queries:
            paying.pay(
                waiting, bank_account=federation.banks["HD"], payer=federation.district, source=run.code,
                purpose="补贴", format_code="ubp1", value_date=TODAY, prepared_by=federation.cashier,
            )  # fmt: skip
        asked.append(len(queries))
    assert asked[1] <= asked[0]
