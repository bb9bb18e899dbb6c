"""Transactions posted per second: beside the same rows written by one raw statement, and beside other ledgers."""

from __future__ import annotations

import datetime as dt
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from typing import Any

import psycopg
from django.db import connection
from djmoney.money import Money

from tests.bench import raw_tables
from tests.bench.database import empty_database
from tests.bench.rounds import in_turn, ratio, spread
from tests.bench.workers import Rate, steady_rate

_DAY = dt.date(2026, 3, 16)
_WARM_UP = 0.5
_PEERS = ("hordak", "django_ledger")
# The rows that one post leaves behind: transaction, transfer, two balances, two turnovers.
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
    VALUES (%(debit)s, %(debit_part)s, %(amount)s, 0, 0), (%(credit)s, %(credit_part)s, 0, %(amount)s, 0)
    ON CONFLICT (account_id, shard)
    DO UPDATE SET debit = b.debit + EXCLUDED.debit, credit = b.credit + EXCLUDED.credit
)
INSERT INTO raw_turnover AS t (account_id, month, shard, debit, credit)
VALUES (%(debit)s, %(month)s, %(debit_part)s, %(amount)s, 0), (%(credit)s, %(month)s, %(credit_part)s, 0, %(amount)s)
ON CONFLICT (account_id, month, shard)
DO UPDATE SET debit = t.debit + EXCLUDED.debit, credit = t.credit + EXCLUDED.credit
"""


def measure(milliseconds: int) -> dict[str, Any]:
    """Each worker posts to two accounts of its own, then all workers to the same two.

    Every contender has the same time in every round, after as much warming up, and rounds begin in turn.
    """
    from tests import factories

    city = factories.municipal_union()
    books = [factories.book_of(factories.community_union(city, code=f"B{n:02d}")) for n in range(8)]
    raw_tables.create("transaction", "transfer", "balance", "turnover")
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    result: dict[str, Any] = {"seconds_each": milliseconds / 1000}
    rates: dict[str, list[float]] = {}
    with ExitStack() as stack:
        for peer in _PEERS:
            address = stack.enter_context(empty_database(f"peer_{peer}_empty"))
            _peer_command(peer, "prepare", address, "--workers", "8")
        for name, workers, chosen in (
            ("1 worker", 1, books),
            ("8 workers", 8, books),
            ("8 workers, one hot pair of accounts", 8, books[:1]),
        ):
            result[name], rates[name] = _beside(name, workers, chosen, milliseconds / 1000)
    hot = result["8 workers, one hot pair of accounts"]
    hot["hot_to_distinct"] = ratio(rates["8 workers, one hot pair of accounts"], rates["8 workers"])
    return result


def _beside(name: str, workers: int, books: list[Any], seconds: float) -> tuple[dict[str, Any], list[float]]:
    def ours_or_raw(work: Callable[..., Iterator[object]], n: int) -> Rate:
        return steady_rate(
            partial(work, books, f"{name}:{n}"), workers=workers, seconds=seconds, warm_up=_WARM_UP
        )

    is_hot = len(books) < workers
    contenders: dict[str, Callable[[int], Rate]] = {
        "raw_statement": partial(ours_or_raw, _raw),
        "posted": partial(ours_or_raw, _ours),
        "django_hordak": partial(_peer, "hordak", workers, seconds, is_hot),
    }
    # Entries of one ledger of django-ledger collide when several workers write them at once.
    if not is_hot:
        contenders["django_ledger"] = partial(_peer, "django_ledger", workers, seconds, is_hot)
    found = in_turn(contenders)
    figures: dict[str, Any] = {}
    for contender, rates in found.items():
        figures[f"{contender}_per_s"] = spread([rate.per_s for rate in rates])
        figures[f"{contender}_client_us"] = spread([rate.client_us for rate in rates])
        if server := [rate.server_us for rate in rates if rate.server_us is not None]:
            figures[f"{contender}_server_us"] = spread(server)
    ours = [rate.per_s for rate in found["posted"]]
    for peer, rates in found.items():
        if peer != "posted":
            figures[f"posted_to_{peer}"] = ratio(ours, [rate.per_s for rate in rates])
    return figures, ours


def _peer(peer: str, workers: int, seconds: float, is_hot: bool, round_: int) -> Rate:
    with empty_database(f"peer_{peer}", template=f"peer_{peer}_empty") as address:
        settings = ["--workers", str(workers), "--seconds", str(seconds), "--warm-up", str(_WARM_UP)]
        said = _peer_command(peer, "post", address, *settings, *(["--hot"] if is_hot else []))
    return Rate(**json.loads(said.splitlines()[-1]))


def _peer_command(peer: str, task: str, address: str, *settings: str) -> str:
    command = [sys.executable, "-m", "tests.bench.peers", peer, task, "--database", address, *settings]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=600).stdout


def _raw(books: list[Any], run: str, worker: int) -> Iterator[object]:
    book = books[worker % len(books)]
    debit, credit = (book.accounts.get(code=code) for code in ("13501", "401"))
    amount, n = Money("24.00", "CNY").amount, 0
    backend = connection.connection.info.backend_pid
    with psycopg.Cursor(connection.connection) as cursor:
        while True:
            n += 1
            values = {
                "book": book.pk, "key": f"{run}:{worker}:{n}", "date": _DAY, "month": 202603, "kind": "bench",
                "summary": "收会费", "document": "", "debit": debit.pk, "credit": credit.pk, "amount": amount,
                "fund": "own", "debit_part": backend % debit.shards, "credit_part": backend % credit.shards,
            }  # fmt: skip
            yield cursor.execute(_RAW_POST, values, prepare=True)


def _ours(books: list[Any], run: str, worker: int) -> Iterator[object]:
    from ledger.books.posting import Entry, post

    book, n = books[worker % len(books)], 0
    while True:
        n += 1
        yield post(
            book=book,
            external_key=f"{run}:{worker}:{n}",
            date=_DAY,
            kind="bench",
            summary="收会费",
            entries=[Entry(debit="13501", credit="401", amount=Money("24.00", "CNY"))],
        )
