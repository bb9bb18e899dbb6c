"""Reading large books: one balance, a trial balance, and the verification of everything."""

from __future__ import annotations

import datetime as dt
import statistics
import time
from collections.abc import Callable
from typing import Any

from django.db import connection, transaction

_STEP = 250_000
_PER_VOUCHER = 50_000
_REPEATS = 21
# As raw SQL would, through every trigger of the ledger.
_LOAD = """
WITH head AS (
    INSERT INTO books_transaction (book_id, external_key, date, month, kind, summary, document, mirror_key, created_at)
    SELECT %(book)s, 'load:' || n, %(day)s, %(month)s, 'bench', '其他收入', 'S-' || n, '', now()
      FROM generate_series(%(first)s, %(last)s) AS n RETURNING id
)
INSERT INTO books_transfer (transaction_id, book_id, month, line, debit_id, credit_id, amount, amount_currency, is_red,
                            project, fund_source, party)
SELECT id, %(book)s, %(month)s, 1, %(debit)s, %(credit)s, 24.00, 'CNY', false, '', 'own', 'M-' || id FROM head
"""
_ENTRIES = """
INSERT INTO books_voucherentry (voucher_id, transaction_id)
SELECT %s, t.id FROM books_transaction t LEFT JOIN books_voucherentry e ON e.transaction_id = t.id
 WHERE t.book_id = %s AND t.month = %s AND e.id IS NULL ORDER BY t.id LIMIT %s
"""


def measure(postings: int) -> dict[str, Any]:
    """A book that grows to ``postings`` posting lines over ten months, every transaction in a posted voucher."""
    from ledger.books.integrity import verify
    from tests import factories

    book = factories.book_of(factories.community_union(factories.municipal_union("READ"), code="READ-C1"))
    people = [factories.user(name) for name in ("bench-maker", "bench-checker")]
    account = book.accounts.get(code="408")
    result: dict[str, Any] = {}
    loaded = 0
    for size in (postings // 10_000, postings // 100, postings // 10, postings):
        began, before = time.perf_counter(), loaded
        loaded = _load(book, people, loaded, size // 2)
        took = time.perf_counter() - began
        result[f"{size} postings"] = _figures(book, account) | {
            "loaded_per_s": round((loaded - before) * 2 / took)
        }
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    began = time.perf_counter()
    broken = [check for check in verify(book=book) if not check.ok]
    took = time.perf_counter() - began
    if broken:
        raise AssertionError(broken)
    total = loaded * 2
    result["ledger_verify"] = {
        "postings": total,
        "seconds": round(took, 2),
        "postings_per_s": round(total / took),
    }
    return result


def _figures(book: Any, account: Any) -> dict[str, Any]:
    from ledger.books import queries
    from ledger.reports import statements

    return {
        "balance_ms": _milliseconds(lambda: queries.balance(account)),
        "trial_balance_ms": _milliseconds(lambda: queries.trial_balance(book, 202603)),
        "income_statement_ms": _milliseconds(lambda: statements.income_statement(book, 202603), repeats=3),
    }


def _milliseconds(read: Callable[[], object], repeats: int = _REPEATS) -> float:
    times = []
    for _ in range(repeats):
        began = time.perf_counter()
        read()
        times.append((time.perf_counter() - began) * 1000)
    return round(statistics.median(times), 3)


def _load(book: Any, people: list[Any], loaded: int, wanted: int) -> int:
    from ledger.books import vouchers
    from ledger.books.models import Voucher

    ids = dict(book.accounts.filter(code__in=["13599", "408"]).values_list("code", "id"))
    maker, checker = people
    while loaded < wanted:
        month = 202601 + (loaded // _STEP) % 10
        last = min(loaded + _STEP, wanted)
        day = dt.date(2026, month % 100, 15)
        values = {"book": book.pk, "day": day, "month": month, "first": loaded + 1, "last": last}
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(_LOAD, values | {"debit": ids["13599"], "credit": ids["408"]})
            for _ in range(loaded, last, _PER_VOUCHER):
                draft = Voucher.objects.create(
                    book=book, month=month, date=day, summary="其他收入汇总", prepared_by=maker
                )
                cursor.execute(_ENTRIES, [draft.pk, book.pk, month, _PER_VOUCHER])
                vouchers.check_and_post(voucher=draft, checked_by=checker)
        loaded = last
    return loaded
