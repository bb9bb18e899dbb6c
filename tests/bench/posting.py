"""Transactions posted per second: beside the same rows written by one raw statement, and beside other ledgers."""

from __future__ import annotations

import datetime as dt
import json
import statistics
import subprocess
import sys
from functools import partial
from typing import Any

import psycopg
from django.db import connection
from djmoney.money import Money

from tests.bench.database import empty_database

_DAY = dt.date(2026, 3, 16)
_ROUNDS = 3
# The rows that one post leaves behind (transaction, transfer, two balances, two turnovers) in tables with the same
# indexes and none of the ledger's rules: what the same storage costs without a ledger.
_RAW_TABLES = "".join(
    f"CREATE TABLE raw_{name} (LIKE books_{name} INCLUDING DEFAULTS INCLUDING IDENTITY INCLUDING INDEXES);"
    for name in ("transaction", "transfer", "balance", "turnover")
)
_RAW_POST = """
WITH head AS (
    INSERT INTO raw_transaction
           (book_id, external_key, date, month, kind, summary, document, rule, mirror_key, created_at)
    VALUES (%(book)s, %(key)s, %(date)s, %(month)s, %(kind)s, %(summary)s, %(document)s, '', '', now()) RETURNING id
), line AS (
    INSERT INTO raw_transfer (transaction_id, book_id, month, line, debit_id, credit_id, amount, amount_currency,
                              is_red, project, fund_source, party, nature, economic_class)
    SELECT id, %(book)s, %(month)s, 1, %(debit)s, %(credit)s, %(amount)s, 'CNY', false, '', %(fund)s, '', '', ''
      FROM head
), balance AS (
    INSERT INTO raw_balance AS b (account_id, shard, debit, credit, guard)
    VALUES (%(debit)s, 0, %(amount)s, 0, 0), (%(credit)s, 0, 0, %(amount)s, 0)
    ON CONFLICT (account_id, shard)
    DO UPDATE SET debit = b.debit + EXCLUDED.debit, credit = b.credit + EXCLUDED.credit
)
INSERT INTO raw_turnover AS t (account_id, month, shard, debit, credit)
VALUES (%(debit)s, %(month)s, 0, %(amount)s, 0), (%(credit)s, %(month)s, 0, 0, %(amount)s)
ON CONFLICT (account_id, month, shard)
DO UPDATE SET debit = t.debit + EXCLUDED.debit, credit = t.credit + EXCLUDED.credit
"""


def measure(posts: int) -> dict[str, Any]:
    """Each worker posts to two accounts of its own, then all workers to the same two; medians of three rounds."""
    from tests import factories

    city = factories.municipal_union()
    books = [factories.book_of(factories.community_union(city, code=f"B{n:02d}")) for n in range(8)]
    with connection.cursor() as cursor:
        cursor.execute(_RAW_TABLES)
        cursor.execute("ANALYZE")
    result: dict[str, Any] = {"posts_per_worker": posts, "rounds": _ROUNDS}
    for name, workers, chosen in (
        ("1 worker", 1, books),
        ("8 workers", 8, books),
        ("8 workers, one hot pair of accounts", 8, books[:1]),
    ):
        result[name] = _beside(name, workers, chosen, posts)
    hot, distinct = result["8 workers, one hot pair of accounts"], result["8 workers"]
    hot["hot_to_distinct"] = round(hot["posted_per_s"] / distinct["posted_per_s"], 2)
    return result


def _beside(name: str, workers: int, books: list[Any], posts: int) -> dict[str, Any]:
    from tests.bench.workers import per_second

    rates: dict[str, list[float]] = {
        "raw_statement": [],
        "posted": [],
        "django_hordak": [],
        "django_ledger": [],
    }
    for n in range(_ROUNDS):
        rates["raw_statement"].append(per_second(partial(_raw, books, posts, f"{name}:{n}"), workers=workers))
        rates["posted"].append(per_second(partial(_ours, books, posts, f"{name}:{n}"), workers=workers))
        for peer in ("hordak", "django_ledger"):
            is_hot = len(books) < workers
            # Entries of one ledger of django-ledger collide when several workers write them at once.
            if not (is_hot and peer == "django_ledger"):
                share = max(posts // (4 if peer == "hordak" else 20), 5)
                rates[f"django_{peer.removeprefix('django_')}"].append(
                    _peer(peer, workers, share, is_hot=is_hot)
                )
    medians = {key: statistics.median(found) for key, found in rates.items() if found}
    ours = medians["posted"]
    figures: dict[str, Any] = {f"{key}_per_s": round(rate) for key, rate in medians.items()}
    for peer in ("raw_statement", "django_hordak", "django_ledger"):
        if peer in medians:
            figures[f"posted_to_{peer}"] = round(ours / medians[peer], 2)
    return figures


def _peer(peer: str, workers: int, posts: int, *, is_hot: bool) -> float:
    with empty_database(f"peer_{peer}") as url:
        command = [sys.executable, "-m", "tests.bench.peers", peer, "--database", url]
        command += ["--workers", str(workers), "--posts", str(posts), *(["--hot"] if is_hot else [])]
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=600)
    return float(json.loads(done.stdout.splitlines()[-1])["per_s"])


def _raw(books: list[Any], posts: int, run: str, worker: int) -> int:
    book = books[worker % len(books)]
    ids = dict(book.accounts.filter(code__in=["13501", "401"]).values_list("code", "id"))
    with psycopg.Cursor(connection.connection) as cursor:
        for n in range(posts):
            values = {
                "book": book.pk, "key": f"{run}:{worker}:{n}", "date": _DAY, "month": 202603, "kind": "bench",
                "summary": "收会费", "document": "", "debit": ids["13501"], "credit": ids["401"],
                "amount": Money("24.00", "CNY").amount, "fund": "own",
            }  # fmt: skip
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
