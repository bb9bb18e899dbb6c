"""A payment list of many people, put together and approved, beside one plain INSERT … SELECT of the same lines."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from django.db import connection

from tests.bench.memory import peak_memory


def measure(count: int) -> dict[str, Any]:
    """``count`` members, made by the database; seconds of each step, memory on top of what was in use before it."""
    run, checker = _people_and_rules(count)
    from django.test import override_settings

    from ledger.benefits import list_approval, making
    from portal.settings import base

    timed: dict[str, Any] = {"people": count}
    with override_settings(TASKS=base.TASKS):
        prepared = _step(timed, "prepare", run)
    _step(timed, "put_together", lambda: making.put_together(prepared))
    prepared.refresh_from_db()
    if prepared.count != count:
        raise AssertionError(f"{prepared.count} of {count} are on the list")
    seen = _step(timed, "fingerprint", lambda: list_approval.fingerprint(prepared))
    raw = _step(timed, "insert_select", lambda: _raw_copy(prepared.pk))
    if raw != count:
        raise AssertionError(f"{raw} lines were copied")
    _step(timed, "approve", lambda: list_approval.approve(run=prepared, seen=seen, approved_by=checker))
    timed["put_together_to_insert_select"] = round(
        timed["put_together"]["s"] / timed["insert_select"]["s"], 2
    )
    return timed


def _step(timed: dict[str, Any], name: str, call: Callable[[], Any]) -> Any:
    with peak_memory() as peak:
        began = time.perf_counter()
        result = call()
        took = time.perf_counter() - began
    timed[name] = {"s": round(took, 2), **peak}
    return result


def _people_and_rules(count: int) -> tuple[Callable[[], Any], Any]:
    """What prepares the list, and who approves it."""
    from djmoney.money import Money

    from ledger.benefits import programmes, runs
    from portal.accounts.roles import Role
    from tests import factories
    from tests.many_members import many_migrants

    city = factories.municipal_union("RUNS")
    district = factories.district_union(city, code="RUNS1")
    many_migrants(district, count)
    worker = factories.user("runs_worker", Role.CASE_WORKER, city)
    maker = factories.user("runs_maker", Role.FINANCE_MAKER, city)
    checker = factories.user("runs_checker", Role.FINANCE_CHECKER, city)
    version = programmes.draft(code="card_subsidy", owner=city, prepared_by=worker)
    programmes.activate(version=version, approved_by=checker)
    for union in (city, district):
        programmes.set_budget(
            union=union, programme=version.programme, year_key=2026, amount=Money(150 * count, "CNY"),
            approved_by=checker,
        )  # fmt: skip
    return (
        lambda: runs.prepare(version=version, union=district, list_date=factories.TODAY, prepared_by=maker)
    ), checker


def _raw_copy(run_id: int) -> int:
    """The same lines by one statement into a table with the same columns and indexes, and no rule."""
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS raw_commitment")
        cursor.execute(
            "CREATE TABLE raw_commitment (LIKE benefits_commitment INCLUDING DEFAULTS INCLUDING INDEXES)"
        )
        cursor.execute(
            "INSERT INTO raw_commitment SELECT * FROM benefits_commitment WHERE run_id = %s", [run_id]
        )
        return cursor.rowcount
