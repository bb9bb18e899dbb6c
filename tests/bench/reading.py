"""Reading large books: one balance, a trial balance, and the verification of everything."""

from __future__ import annotations

import datetime as dt
import statistics
import time
from collections.abc import Callable
from typing import Any

from django.db import connection, transaction

from tests.bench.memory import peak_memory

_STEP = 250_000
_PER_VOUCHER = 250
_DAYS = 28
_DETAILS = 99
_REPEATS = 21
# As raw SQL would, through every trigger of the ledger. Day by day as many transactions as a voucher has.
_LOAD = f"""
WITH head AS (
    INSERT INTO books_transaction (book_id, external_key, date, month, kind, summary, document, mirror_key, created_at)
    SELECT %(book)s, 'load:' || n, %(first_day)s::date + (n - %(first)s) / {_PER_VOUCHER} %% {_DAYS}, %(month)s,
           'bench', '其他收入', 'S-' || n, '', now()
      FROM generate_series(%(first)s, %(last)s) AS n RETURNING id
)
INSERT INTO books_transfer (transaction_id, book_id, month, line, debit_id, credit_id, amount, amount_currency, is_red,
                            project, fund_source, party)
SELECT id, %(book)s, %(month)s, 1, %(debit)s, (%(credits)s::bigint[])[1 + id %% {_DETAILS}], 24.00, 'CNY', false, '',
       'own', 'M-' || id
  FROM head
"""
_ENTRIES = """
INSERT INTO books_voucherentry (voucher_id, transaction_id)
SELECT %s, id FROM books_transaction WHERE book_id = %s AND id > %s ORDER BY id LIMIT %s RETURNING transaction_id
"""


def measure(postings: int) -> dict[str, Any]:
    """A book that grows to ``postings`` posting lines over ten months, every transaction in a posted voucher.

    Half of the lines are on one account, whose balance is read; the other half on a hundred details of 408.
    """
    from tests import factories

    book = factories.book_of(factories.community_union(factories.municipal_union("READ"), code="READ-C1"))
    people = [factories.user(name) for name in ("bench-maker", "bench-checker")]
    _add_details(book)
    account = book.accounts.get(code="13599")
    result: dict[str, Any] = {}
    loaded = 0
    for wanted in (postings // 10_000, postings // 100, postings // 20, postings // 10, postings // 2):
        began, before = time.perf_counter(), loaded
        loaded = _load(book, people, loaded, wanted)
        took = time.perf_counter() - began
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")  # as autovacuum does sooner or later
        result[f"{loaded} postings on the account, {2 * loaded} in the book"] = {
            **_figures(book, account),
            "loaded_per_s": round((loaded - before) * 2 / took),
            **(_verified(book, loaded * 2) if wanted in (postings // 20, postings // 2) else {}),
        }
    smallest, *_, largest = result.values()
    largest["balance_to_smallest"] = round(largest["balance_ms"] / smallest["balance_ms"], 2)
    return result


def _figures(book: Any, account: Any) -> dict[str, Any]:
    from ledger.books import queries
    from ledger.reports import statements

    return {
        "balance_ms": _milliseconds(lambda: queries.balance(account)),
        "trial_balance_ms": _milliseconds(lambda: queries.trial_balance(book, 202603)),
        "income_statement_ms": _milliseconds(lambda: statements.income_statement(book, 202603), repeats=3),
    }


def _verified(book: Any, postings: int) -> dict[str, Any]:
    from ledger.books.integrity import verify

    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    with peak_memory() as memory:
        began = time.perf_counter()
        broken = [check for check in verify(book=book) if not check.ok]
        took = time.perf_counter() - began
    if broken:
        raise AssertionError(broken)
    return {
        "vouchers": book.vouchers.count(),
        "verify_s": round(took, 2),
        "verify_postings_per_s": round(postings / took),
        **{f"verify_{name}": value for name, value in memory.items()},
    }


def _milliseconds(read: Callable[[], object], repeats: int = _REPEATS) -> float:
    times = []
    for _ in range(repeats):
        began = time.perf_counter()
        read()
        times.append((time.perf_counter() - began) * 1000)
    return round(statistics.median(times), 3)


def _add_details(book: Any) -> None:
    from ledger.books import opening

    for n in range(1, _DETAILS + 1):
        opening.add_account(book=book, code=f"408{n:02d}", name=f"其他收入{n}", authorised_by="测试")


def _load(book: Any, people: list[Any], loaded: int, wanted: int) -> int:
    details = book.accounts.filter(code__startswith="408", is_leaf=True).values_list("pk", flat=True)
    values = {"book": book.pk, "debit": book.accounts.get(code="13599").pk, "credits": list(details)}
    while loaded < wanted:
        month = 202601 + (loaded // _STEP) % 10
        last = min(loaded + _STEP, wanted)
        first_day = dt.date(2026, month % 100, 1)
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT coalesce(max(id), 0) FROM books_transaction")
            before = cursor.fetchone()[0]
            numbers = {"month": month, "first_day": first_day, "first": loaded + 1, "last": last}
            cursor.execute(_LOAD, values | numbers)
            for voucher in range((last - loaded + _PER_VOUCHER - 1) // _PER_VOUCHER):
                before = _voucher(book, people, first_day + dt.timedelta(voucher % _DAYS), before)
        loaded = last
    return loaded


def _voucher(book: Any, people: list[Any], day: dt.date, before: int) -> int:
    """A posted voucher over the next transactions after the number ``before``; returns the last one of them."""
    from ledger.books import vouchers
    from ledger.books.models import Voucher

    maker, checker = people
    draft = Voucher.objects.create(
        book=book, month=day.year * 100 + day.month, date=day, summary="其他收入汇总", prepared_by=maker
    )
    with connection.cursor() as cursor:
        cursor.execute(_ENTRIES, [draft.pk, book.pk, before, _PER_VOUCHER])
        last = max(row[0] for row in cursor.fetchall())
    vouchers.check_and_post(voucher=draft, checked_by=checker)
    return int(last)
