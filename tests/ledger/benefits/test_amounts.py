"""Lists whose people get different amounts: the database counts what a list pays, and funders bear it to the fen."""

from __future__ import annotations

import random
from collections import Counter
from decimal import Decimal

import pytest
from django.db import connection
from djmoney.money import Money

from ledger.benefits import funding, list_approval, making, programmes
from ledger.benefits.errors import ListChanged
from ledger.benefits.models import Commitment, ProgrammeVersion, Run
from ledger.benefits.sharing import split
from ledger.books.integrity import verify
from tests.conftest import Federation
from tests.ledger.benefits.conftest import TODAY, approved, migrants, prepared
from tests.ledger.benefits.test_guards import refusal


def listed(federation: Federation, version: ProgrammeVersion, amounts: list[Decimal]) -> Run:
    """A list on which each person gets an amount of one's own."""
    run = Run.objects.create(
        code="CARDSUBSIDY-2026-HD-9", version=version, union=federation.district, year_key=2026, list_date=TODAY,
        prepared_by=federation.maker,
    )  # fmt: skip
    Commitment.objects.bulk_create(
        Commitment(
            programme=version.programme, version=version, member=member, year_key=2026, payer=federation.district,
            party=f"M{member.pk}", amount=Money(amount, "CNY"), run=run,
        )
        for member, amount in zip(migrants(federation, len(amounts)), amounts, strict=True)
    )  # fmt: skip
    making.put_together(run)
    run.refresh_from_db()
    return run


@pytest.fixture
def run(federation: Federation, subsidy: ProgrammeVersion) -> Run:
    return listed(federation, subsidy, [Decimal(a) for a in ("150.00", "33.33", "33.33", "0.01")])


def _around_the_guards(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(sql)
        cursor.execute("SET LOCAL session_replication_role = origin")


def _broken() -> list[str]:
    return [check.detail for check in verify() if not check.ok]


def test_what_a_list_pays_is_counted_by_amount(run: Run) -> None:
    assert [(line.people, str(line.amount.amount)) for line in run.amounts.all()] == [
        (1, "0.01"), (2, "33.33"), (1, "150.00"),
    ]  # fmt: skip


def test_funders_bear_the_parts_of_every_payment_and_not_a_part_of_the_sum(
    federation: Federation, run: Run
) -> None:
    """60 % of 216.67 would be 130.01; the odd fen of each payment goes to the bearer of the remainder."""
    parts = {union.pk: part for union, part in funding.funder_parts(run)}
    assert parts == {
        federation.municipal.pk: Money("130.01", "CNY"), federation.district.pk: Money("86.66", "CNY"),
    }  # fmt: skip


def test_the_budgets_of_a_list_of_any_amounts_agree_with_the_sum_over_its_lines(
    federation: Federation, subsidy: ProgrammeVersion
) -> None:
    """The database computes what was promised on its own and refuses the approval if the two differ by a fen."""
    dice = random.Random(20190222)
    amounts = [
        Decimal(dice.choice([1, 3, 7, 9_999, 15_000, dice.randint(1, 99_999)])) / 100 for _ in range(60)
    ]
    run = approved(listed(federation, subsidy, amounts), federation.checker)
    shares = programmes.funders(subsidy, federation.district)
    expected: Counter[int] = Counter()
    for amount in amounts:
        parts = split(Money(amount, "CNY"), [share for _union, share in shares])
        for (union, _share), part in zip(shares, parts, strict=True):
            expected[union.pk] += int(part.amount * 100)
    committed = {line.union_id: int(line.committed * 100) for line in subsidy.programme.budgets.all()}
    assert committed == expected
    assert sum(expected.values()) == int(run.total.amount * 100)
    assert _broken() == []


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE benefits_runamount SET people = people + 1",
        "DELETE FROM benefits_runamount",
        "INSERT INTO benefits_runamount (run_id, amount, people) SELECT id, 7, 1 FROM benefits_run",
    ],
)
def test_nobody_writes_what_a_list_pays(run: Run, sql: str) -> None:
    assert refusal(sql) == "PH053"


def test_verification_recounts_the_amounts(run: Run) -> None:
    _around_the_guards("UPDATE benefits_runamount SET people = 3 WHERE amount = 33.33")
    assert any("2 members get 33.33, counted 3" in line for line in _broken())


def test_who_gets_how_much_is_what_is_approved(federation: Federation, subsidy: ProgrammeVersion) -> None:
    """Two people who have swapped their amounts make another list, though it pays the same."""
    run = listed(federation, subsidy, [Decimal(100), Decimal(50)])
    seen = list_approval.fingerprint(run)
    _around_the_guards("UPDATE benefits_commitment SET amount = 150 - amount")
    with pytest.raises(ListChanged):
        list_approval.approve(run=run, seen=seen, approved_by=federation.checker)
    _around_the_guards("UPDATE benefits_commitment SET amount = 150 - amount")
    assert list_approval.fingerprint(run) == seen


def test_an_equal_list_of_other_people_has_another_digest(
    federation: Federation, subsidy: ProgrammeVersion
) -> None:
    migrants(federation, 2)
    first = prepared(federation, subsidy)
    migrants(federation, 2)
    assert list_approval.fingerprint(first) != list_approval.fingerprint(prepared(federation, subsidy))
