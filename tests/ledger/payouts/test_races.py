"""Two persons at once: one release, one import, one batch for one payment."""

from __future__ import annotations

import pytest

from ledger.payouts import batches, exporting
from ledger.payouts.errors import AlreadyInPayout, WrongState
from ledger.payouts.models import Batch, BatchState
from ledger.payouts.results import Outcome, import_result
from portal.accounts.models import AuditEvent
from portal.accounts.roles import Role
from portal.unions.models import Union
from tests import factories
from tests.concurrency import at_once

from .conftest import DAY, a_line, the_bank_answers, with_money

pytestmark = pytest.mark.django_db(transaction=True)


def _world() -> tuple[object, object, object, object]:
    union = Union.objects.get(pk=factories.municipal_union().pk)
    bank = with_money(factories.bank_account_of(factories.book_of(union)))
    cashier = factories.user("cashier", Role.CASHIER, union)
    checkers = [factories.user(f"checker{n}", Role.FINANCE_CHECKER, union) for n in range(2)]
    return bank, cashier, checkers[0], checkers[1]


def _build(bank: object, cashier: object, *serials: int) -> Batch:
    return batches.build(
        bank_account=bank,
        purpose="普惠补贴",
        source="run:1",
        lines=[a_line(n) for n in serials],
        format_code="ubp1",
        value_date=DAY,
        prepared_by=cashier,
    )


def test_two_releases_at_once_release_once() -> None:
    bank, cashier, first, second = _world()
    batch = _build(bank, cashier, 1, 2)
    results = at_once([lambda by=by: batches.release(batch=batch, released_by=by) for by in (first, second)])
    assert [type(result) for result in results if isinstance(result, Exception)] == [WrongState]
    assert AuditEvent.objects.filter(action="payout.released").count() == 1


def test_the_same_result_imported_twice_at_once_is_taken_once() -> None:
    bank, cashier, checker, _second = _world()
    batch = batches.release(batch=_build(bank, cashier, 1, 2, 3), released_by=checker)
    exporting.export(batch=batch, actor=cashier)
    content = the_bank_answers(batch, {2: ("E", "3031", "")})
    outcomes = at_once([lambda: import_result(batch=batch, content=content, actor=cashier)] * 3)
    assert all(isinstance(outcome, Outcome) for outcome in outcomes)
    assert sorted((len(o.paid), len(o.failed), o.already) for o in outcomes) == [
        (0, 0, 3),
        (0, 0, 3),
        (2, 1, 0),
    ]
    batch.refresh_from_db()
    assert batch.state == BatchState.SETTLED


def test_one_payment_asked_for_in_two_batches_at_once_gets_into_one() -> None:
    bank, cashier, _first, _second = _world()
    results = at_once([lambda n=n: _build(bank, cashier, 1, n) for n in (2, 3)])
    assert sorted(type(result).__name__ for result in results) == ["AlreadyInPayout", "Batch"]
    assert any(isinstance(result, AlreadyInPayout) for result in results)
    assert Batch.objects.get().lines.count() == 2
