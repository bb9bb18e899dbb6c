"""Transactions posted per second beside the same rows written by one raw psycopg statement per transaction."""

from __future__ import annotations

import datetime as dt
from functools import partial
from typing import Any

import psycopg
from django.db import connection
from djmoney.money import Money

_DAY = dt.date(2026, 3, 16)
# The rows that one post leaves behind (transaction, transfer, two balances, two turnovers) in tables with primary keys
# and without any of the ledger's rules: the floor of what the same storage costs.
_RAW_TABLES = """
CREATE TABLE raw_transaction
    (LIKE books_transaction INCLUDING DEFAULTS, PRIMARY KEY (id), UNIQUE (book_id, external_key));
CREATE TABLE raw_transfer (LIKE books_transfer INCLUDING DEFAULTS, PRIMARY KEY (id));
CREATE TABLE raw_balance (account_id bigint, shard int, debit numeric(20,2), credit numeric(20,2),
                          PRIMARY KEY (account_id, shard));
CREATE TABLE raw_turnover (account_id bigint, month int, shard int, debit numeric(20,2), credit numeric(20,2),
                           PRIMARY KEY (account_id, month, shard));
CREATE SEQUENCE raw_transaction_id; CREATE SEQUENCE raw_transfer_id;
"""
_RAW_POST = """
WITH head AS (
    INSERT INTO raw_transaction
           (id, book_id, external_key, date, month, kind, summary, document, mirror_key, created_at)
    VALUES (nextval('raw_transaction_id'), %(book)s, %(key)s, %(day)s, 202603, 'bench', '收会费', '', '', now())
    RETURNING id
), line AS (
    INSERT INTO raw_transfer (id, transaction_id, book_id, month, line, debit_id, credit_id, amount, amount_currency,
                              is_red, project, fund_source, party)
    SELECT nextval('raw_transfer_id'), head.id, %(book)s, 202603, 1, %(debit)s, %(credit)s, 24.00, 'CNY',
           false, '', 'own', '' FROM head
), balance AS (
    INSERT INTO raw_balance AS b VALUES (%(debit)s, 0, 24, 0), (%(credit)s, 0, 0, 24)
    ON CONFLICT (account_id, shard)
    DO UPDATE SET debit = b.debit + EXCLUDED.debit, credit = b.credit + EXCLUDED.credit
)
INSERT INTO raw_turnover AS t VALUES (%(debit)s, 202603, 0, 24, 0), (%(credit)s, 202603, 0, 0, 24)
ON CONFLICT (account_id, month, shard)
DO UPDATE SET debit = t.debit + EXCLUDED.debit, credit = t.credit + EXCLUDED.credit
"""


def _raw(books: list[Any], posts: int, worker: int) -> int:
    book = books[worker % len(books)]
    ids = dict(book.accounts.filter(code__in=["13501", "401"]).values_list("code", "id"))
    with psycopg.Cursor(connection.connection) as cursor:
        for n in range(posts):
            key = f"{worker}:{n}"
            values = {"book": book.pk, "key": key, "day": _DAY, "debit": ids["13501"], "credit": ids["401"]}
            cursor.execute(_RAW_POST, values, prepare=True)
    return posts


def _ours(books: list[Any], posts: int, run: str, worker: int) -> int:
    from ledger.books.posting import Entry, post

    book = books[worker % len(books)]
    for n in range(posts):
        post(
            book=book,
            external_key=f"{run}:{worker}:{n}",
            date=_DAY,
            kind="bench",
            summary="收会费",
            entries=[Entry(debit="13501", credit="401", amount=Money("24.00", "CNY"))],
        )
    return posts


def measure(posts: int) -> dict[str, Any]:
    """Each worker posts into its own book, then all workers into one book's same two accounts."""
    from tests import factories
    from tests.bench.workers import per_second

    city = factories.municipal_union()
    books = [factories.book_of(factories.community_union(city, code=f"B{n:02d}")) for n in range(8)]
    with connection.cursor() as cursor:
        cursor.execute(_RAW_TABLES)
    result: dict[str, Any] = {"posts_per_worker": posts}
    for name, workers, chosen in (
        ("1 worker", 1, books),
        ("8 workers", 8, books),
        ("8 workers, one book", 8, books[:1]),
    ):
        with connection.cursor() as cursor:
            cursor.execute("TRUNCATE raw_transaction, raw_transfer, raw_balance, raw_turnover")
        raw = per_second(partial(_raw, chosen, posts), workers=workers)
        ours = per_second(partial(_ours, chosen, posts, name), workers=workers)
        result[name] = {
            "raw_statement_per_s": round(raw),
            "posted_per_s": round(ours),
            "posted_to_raw": round(ours / raw, 3),
        }
    return result
