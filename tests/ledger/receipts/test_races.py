"""Numbers under real concurrency: many connections, rollbacks in the middle, and what happens without the lock."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connections, transaction

from ledger.receipts import numbering
from ledger.receipts.errors import NumberNotNext
from ledger.receipts.models import Receipt, Series, SeriesKind
from portal.unions.models import Union

from .conftest import issue_to, make_union

WORKERS = 6


class _ChangedHisMind(Exception):
    """The payment failed after its receipt was numbered."""


def _in_parallel(work: Callable[[int], object]) -> list[object]:
    """Run ``work`` in as many threads, each with its own connection, that start together; errors are results."""
    start = Barrier(WORKERS)

    def run(worker: int) -> object:
        try:
            start.wait(timeout=30)
            return work(worker)
        except Exception as error:
            return error
        finally:
            connections.close_all()

    with ThreadPoolExecutor(WORKERS) as pool:
        return list(pool.map(run, range(WORKERS)))


@pytest.mark.usefixtures("committing_database")
def test_numbers_have_no_gap_when_every_third_payment_is_rolled_back() -> None:
    union = make_union()

    def work(worker: int) -> int:
        kept = 0
        for turn in range(9):
            try:
                with transaction.atomic():
                    issue_to(union, payer_name=f"示例{worker}")
                    if turn % 3 == worker % 3:
                        raise _ChangedHisMind
                kept += 1
            except _ChangedHisMind:
                pass
        return kept

    assert _in_parallel(work) == [6] * WORKERS
    numbers = sorted(Receipt.objects.values_list("number", flat=True))
    assert numbers == [f"{n:010d}" for n in range(1, 6 * WORKERS + 1)]
    assert Series.objects.get().last_number == 6 * WORKERS


@pytest.mark.usefixtures("committing_database")
def test_unions_that_issue_their_first_receipts_together_get_different_codes() -> None:
    unions = [make_union(f"T-C{n:03d}") for n in range(3)]
    receipts = _in_parallel(lambda worker: issue_to(unions[worker % 3]))
    assert [type(r) for r in receipts] == [Receipt] * WORKERS
    assert sorted(Series.objects.values_list("code", flat=True)) == ["26000001", "26000002", "26000003"]
    assert sorted(Series.objects.values_list("last_number", flat=True)) == [2, 2, 2]


@pytest.mark.usefixtures("committing_database")
def test_without_the_row_lock_only_one_of_those_who_saw_the_same_number_gets_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The twin: the lock is what lets all succeed; without it the database still keeps the numbers right."""
    union = make_union()
    issue_to(union)
    everybody_has_read = Barrier(WORKERS)

    def unlocked_series(*, union: Union, kind: SeriesKind, year: int) -> Series:
        series = Series.objects.get(union=union, kind=kind, year=year)
        everybody_has_read.wait(timeout=30)
        return series

    monkeypatch.setattr(numbering, "locked_series", unlocked_series)
    outcomes = _in_parallel(lambda worker: issue_to(union))
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["NumberNotNext"] * (WORKERS - 1) + [
        "Receipt"
    ]
    assert {str(e) for e in outcomes if isinstance(e, NumberNotNext)} != set()
    assert list(Receipt.objects.order_by("number").values_list("number", flat=True)) == [
        "0000000001",
        "0000000002",
    ]
