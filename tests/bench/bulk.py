"""The bulk path beside the same rows brought in by COPY and INSERT … SELECT, without any rule."""

from __future__ import annotations

import datetime as dt
import statistics
import time
from functools import partial
from typing import Any

import psycopg
from django.db import connection, transaction
from djmoney.money import Money

_DAY = dt.date(2026, 3, 16)
_CHUNK = 10_000
_ROUNDS = 3
_INCOMING = """
CREATE TEMPORARY TABLE incoming (n int, book_id bigint, external_key text, date date, summary text, document text,
                                 debit_id bigint, credit_id bigint, amount numeric(18, 2), party text) ON COMMIT DROP
"""
_RAW = """
WITH head AS (
    INSERT INTO raw_transaction (book_id, external_key, date, month, kind, summary, document, rule, mirror_key,
                                 created_at)
    SELECT book_id, external_key, date, 202603, 'bench', summary, document, '', '', now() FROM incoming ORDER BY n
    RETURNING id, external_key
)
INSERT INTO raw_transfer (transaction_id, book_id, month, line, debit_id, credit_id, amount, amount_currency, is_red,
                          project, fund_source, party, nature, economic_class)
SELECT head.id, book_id, 202603, 1, debit_id, credit_id, amount, 'CNY', false, '', 'own', party, 'basic', ''
  FROM head JOIN incoming USING (external_key)
"""


def measure(count: int) -> dict[str, Any]:
    """``count`` transactions of one line each, at hand as Python objects, in chunks of ten thousand."""
    from tests import factories

    book = factories.book_of(factories.municipal_union("BULK"))
    ids = dict(book.accounts.filter(code__in=["13599", "408"]).values_list("code", "id"))
    with connection.cursor() as cursor:
        for name in ("transaction", "transfer"):
            cursor.execute(f"DROP TABLE IF EXISTS raw_{name}")
            cursor.execute(
                f"CREATE TABLE raw_{name}"
                f" (LIKE books_{name} INCLUDING DEFAULTS INCLUDING IDENTITY INCLUDING INDEXES)"
            )
    rates: dict[str, list[float]] = {"copy_and_insert_select": [], "posted": []}
    for run in range(_ROUNDS):
        for name, make, write in (
            ("copy_and_insert_select", partial(_row, book, ids), _write_raw),
            ("posted", partial(_new, book), _write_ours),
        ):
            took = 0.0
            for first in range(0, count, _CHUNK):
                chunk = [make(run, n) for n in range(first, min(first + _CHUNK, count))]
                began = time.perf_counter()
                write(chunk)
                took += time.perf_counter() - began
            rates[name].append(count / took)
    middle = {name: statistics.median(found) for name, found in rates.items()}
    return {
        "transactions": count,
        **{f"{name}_per_s": round(rate) for name, rate in middle.items()},
        "posted_to_raw": round(middle["posted"] / middle["copy_and_insert_select"], 2),
    }


def _row(book: Any, ids: dict[str, int], run: int, n: int) -> tuple[object, ...]:
    amount = Money("150.00", "CNY").amount
    return (n, book.pk, f"{run}:{n}", _DAY, "发放", f"DF{n}", ids["13599"], ids["408"], amount, f"M{n}")


def _write_raw(rows: list[tuple[object, ...]]) -> None:
    with transaction.atomic(), psycopg.Cursor(connection.connection) as cursor:
        cursor.execute(_INCOMING)
        with cursor.copy("COPY incoming FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
        cursor.execute(_RAW)


def _new(book: Any, run: int, n: int) -> Any:
    from ledger.books.bulk import NewTransaction
    from ledger.books.posting import Entry

    return NewTransaction(
        book=book,
        external_key=f"{run}:{n}",
        date=_DAY,
        kind="bench",
        summary="发放",
        document=f"DF{n}",
        entries=[Entry(debit="13599", credit="408", amount=Money("150.00", "CNY"), party=f"M{n}")],
    )


def _write_ours(new: list[Any]) -> None:
    from ledger.books.bulk import post_many

    post_many(new)
