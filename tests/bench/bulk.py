"""The bulk path beside the same rows brought in by COPY and INSERT … SELECT, without any rule."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import psycopg
from django.db import connection, transaction
from djmoney.money import Money

from tests.bench import raw_tables
from tests.bench.rounds import in_turn, ratio, spread

_DAY = dt.date(2026, 3, 16)
_CHUNK = 10_000
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
    raw_tables.create("transaction", "transfer")
    contenders = {
        "copy_and_insert_select": partial(_rate, count, partial(_row, book, ids), _write_raw),
        "posted": partial(_rate, count, partial(_new, book), _write_ours),
    }
    rates = in_turn(contenders)
    return {
        "transactions": count,
        **{f"{name}_per_s": spread(found) for name, found in rates.items()},
        "posted_to_raw": ratio(rates["posted"], rates["copy_and_insert_select"]),
    }


def _rate(
    count: int, make: Callable[[int, int], Any], write: Callable[[list[Any]], object], round_: int
) -> float:
    took = 0.0
    for first in range(0, count, _CHUNK):
        chunk = [make(round_, n) for n in range(first, min(first + _CHUNK, count))]
        began = time.perf_counter()
        write(chunk)
        took += time.perf_counter() - began
    return count / took


def _row(book: Any, ids: dict[str, int], round_: int, n: int) -> tuple[object, ...]:
    amount = Money("150.00", "CNY").amount
    return (n, book.pk, f"{round_}:{n}", _DAY, "发放", f"DF{n}", ids["13599"], ids["408"], amount, f"M{n}")


def _write_raw(rows: list[tuple[object, ...]]) -> None:
    with transaction.atomic(), psycopg.Cursor(connection.connection) as cursor:
        cursor.execute(_INCOMING)
        with cursor.copy("COPY incoming FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
        cursor.execute(_RAW)


def _new(book: Any, round_: int, n: int) -> Any:
    from ledger.books.bulk import NewTransaction
    from ledger.books.posting import Entry

    return NewTransaction(
        book=book,
        external_key=f"{round_}:{n}",
        date=_DAY,
        kind="bench",
        summary="发放",
        document=f"DF{n}",
        entries=[Entry(debit="13599", credit="408", amount=Money("150.00", "CNY"), party=f"M{n}")],
    )


def _write_ours(new: list[Any]) -> None:
    from ledger.books.bulk import post_many

    post_many(new)
