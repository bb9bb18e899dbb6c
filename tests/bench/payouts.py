"""Paying a list: building, releasing, handing over and settling a file beside one INSERT … SELECT of its lines."""

from __future__ import annotations

import datetime as dt
import time
import tracemalloc
from collections.abc import Callable
from typing import Any

from django.db import connection
from djmoney.money import Money

from tests.bench.raw_tables import create
from tests.bench.rounds import in_turn, ratio, spread

_DAY = dt.date(2026, 3, 16)
_FORMAT = "ubp1"
_LINES = """
INSERT INTO raw_batchline (batch_id, seq, reference, payee_name, card_number, card_last4, bank, party, amount,
                           amount_currency, state, reason, bank_code, bank_message, bank_reference)
SELECT batch_id, seq, reference || '-' || %s, payee_name, card_number, card_last4, bank, party, amount, amount_currency,
       state, reason, bank_code, bank_message, bank_reference
  FROM payouts_batchline WHERE batch_id = %s
"""
_STEPS = ("build", "release", "export", "import_result")


def measure(count: int) -> dict[str, Any]:
    """One file of ``count`` lines through all of its steps: seconds, and how many times the plain statement."""
    from tests import factories

    municipal = factories.municipal_union("PAY")
    people = _people(factories, municipal)
    bank = _with_money(factories.bank_account_of(factories.book_of(municipal)))
    create("batchline", app="payouts")
    times: dict[str, list[float]] = {step: [] for step in (*_STEPS, "insert_select")}
    in_turn({"payout": lambda n: _round(n, count, bank, people, times)})
    return {
        "lines": count,
        "format": _FORMAT,
        **{f"{step}_s": spread(times[step], 2) for step in times},
        **{f"{step}_to_insert_select": ratio(times[step], times["insert_select"]) for step in _STEPS},
        "peak_of_building_mb": _peak(lambda: _build(99, count, bank, people[0])),
    }


def _with_money(bank: Any) -> Any:
    from ledger.books.posting import Entry, post

    entry = Entry(debit=bank.account.code, credit="402", amount=Money("9000000000.00", "CNY"))
    post(
        book=bank.book, external_key="money", date=dt.date(2026, 1, 1), kind="levy", summary="收到经费", entries=[entry]
    )  # fmt: skip
    return bank


def _people(factories: Any, union: Any) -> tuple[Any, Any]:
    from portal.accounts.roles import Role

    return (
        factories.user("cashier", Role.CASHIER, union),
        factories.user("checker", Role.FINANCE_CHECKER, union),
    )


def _build(round_: int, count: int, bank: Any, cashier: Any) -> Any:
    from ledger.payouts import batches

    lines = [
        batches.Line(
            reference=f"R{round_}-{n:08d}", payee_name="张示例", card_number=f"6228480{n:012d}", bank="示例银行",
            amount=Money("150.00", "CNY"), party=f"M{n:08d}",
        )
        for n in range(count)
    ]  # fmt: skip
    return batches.build(
        bank_account=bank, purpose="普惠补贴", source="bench", lines=lines, format_code=_FORMAT, value_date=_DAY,
        prepared_by=cashier,
    )  # fmt: skip


def _round(
    round_: int, count: int, bank: Any, people: tuple[Any, Any], times: dict[str, list[float]]
) -> None:
    from ledger.payouts import batches, exporting, results

    cashier, checker = people
    made: dict[str, Any] = {}

    def clock(step: str, act: Callable[[], Any]) -> None:
        began = time.perf_counter()
        made[step] = act()
        times[step].append(time.perf_counter() - began)

    clock("build", lambda: _build(round_, count, bank, cashier))
    batch = made["build"]
    clock("insert_select", lambda: _plain(round_, batch.pk))
    clock("release", lambda: batches.release(batch=batch, released_by=checker))
    clock("export", lambda: exporting.export(batch=batch, actor=cashier))
    answer = _answer(made["export"].content)
    clock("import_result", lambda: results.import_result(batch=batch, content=answer, actor=cashier))


def _plain(round_: int, batch: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_LINES, [round_, batch])


def _answer(content: bytes) -> bytes:
    """As the bank would: one line in forty is refused."""
    from ledger.payouts import formats

    known = formats.get(_FORMAT)
    request = formats.read_payment(known, content)
    rows = [
        formats.ResultRow(
            seq=row.seq, reference=row.reference, outcome="E" if row.seq % 40 == 0 else "S",
            code="3018" if row.seq % 40 == 0 else "0000", message="", bank_reference=f"F{row.seq}", date=_DAY,
        )
        for row in request.rows
    ]  # fmt: skip
    return formats.render_result(
        known, rows, batch=request.batch, date=_DAY, amounts_fen=[row.amount_fen for row in request.rows]
    )


def _peak(act: Callable[[], object]) -> float:
    """The most memory that Python held at once, in MB."""
    tracemalloc.start()
    act()
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return round(peak / 1024 / 1024, 1)
