"""Bugs planted on purpose: a simulation that misses one of them proves nothing."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from ledger.books import bulk, closing, entry_rows, posting
from ledger.books.models import FundSource
from tests.simulation import business


@dataclasses.dataclass(frozen=True)
class Mutation:
    name: str
    plant: Callable[[pytest.MonkeyPatch], None]


def _function(name: str, old: str, new: str) -> Callable[[pytest.MonkeyPatch], None]:
    """Replace text in a function of the database."""

    def plant(_monkeypatch: pytest.MonkeyPatch) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_get_functiondef(%s::regproc)", [name])
            (source,) = cursor.fetchone()
            if old not in source:
                raise LookupError(f"{old} is not in {name}")
            cursor.execute(source.replace(old, new))

    return plant


def _sql(statement: str) -> Callable[[pytest.MonkeyPatch], None]:
    def plant(_monkeypatch: pytest.MonkeyPatch) -> None:
        with connection.cursor() as cursor:
            cursor.execute(statement)

    return plant


def _every_key_is_new(monkeypatch: pytest.MonkeyPatch) -> None:
    original, counter = posting._execute, iter(range(10**9))

    def execute(statement: str, parameters: dict[str, object]) -> Any:
        return original(statement, parameters | {"key": f"lost idempotency {next(counter)}"})

    monkeypatch.setattr(posting, "_execute", execute)


def _reversal_forgets_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    original = posting.post

    def post(**arguments: Any) -> Any:
        if arguments.get("reverses") and len(arguments["entries"]) > 1:
            arguments["entries"] = arguments["entries"][:-1]
        return original(**arguments)

    monkeypatch.setattr(posting, "post", post)


def _bulk_drops_the_last(monkeypatch: pytest.MonkeyPatch) -> None:
    original = bulk.post_many

    def post_many(new: Any) -> Any:
        ids = original(new[:-1])
        return [*ids, ids[0] - 1]

    monkeypatch.setattr(business, "post_many", post_many)


def _earmarked_money_closes_to_own(monkeypatch: pytest.MonkeyPatch) -> None:
    results = closing._RESULTS["2021"]
    monkeypatch.setitem(results, FundSource.EARMARKED, results[FundSource.OWN])


def _changed_content_is_taken_for_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    def the_first(posted: Any, _entries: Any, _ends: Any) -> Any:
        return posted.book.transactions.get(external_key=posted.external_key)

    monkeypatch.setattr(posting, "_the_first", the_first)


def _earmarked_is_posted_as_own(monkeypatch: pytest.MonkeyPatch) -> None:
    original = entry_rows.plain_values

    def values(entry: Any) -> tuple[object, ...]:
        return original(dataclasses.replace(entry, fund_source=FundSource.OWN.value))

    monkeypatch.setattr(posting, "plain_values", values)


def _hold_outlives_its_posting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(posting, "_POST_AND_END", posting._POST_SIDED + "-- %(ends)s")


def _one_story_for_both_sides(monkeypatch: pytest.MonkeyPatch) -> None:
    original = entry_rows.sided_values

    def values(entry: Any) -> tuple[object, ...]:
        if entry.on_credit and entry.debit != entry.credit:
            entry = dataclasses.replace(entry, on_credit=None)
        return original(entry)

    monkeypatch.setattr(posting, "sided_values", values)


MUTATIONS = [
    Mutation("retries post twice", _every_key_is_new),
    Mutation("other content under a key is believed", _changed_content_is_taken_for_the_same),
    Mutation("a reversal forgets its last line", _reversal_forgets_a_line),
    Mutation("the bulk path drops the last transaction", _bulk_drops_the_last),
    Mutation("earmarked income closes to own money", _earmarked_money_closes_to_own),
    Mutation("earmarked money is posted as own", _earmarked_is_posted_as_own),
    Mutation(
        "red letters count in black",
        _function(
            "books_apply_transfers",
            "WHEN line.is_red THEN -line.amount ELSE line.amount END",
            "ELSE line.amount END",
        ),
    ),
    Mutation(
        "red letters of compound entries count in black",
        _function("books_apply_transfers", "CASE WHEN is_red THEN -amount ELSE amount END", "amount"),
    ),
    Mutation(
        "months are counted and running balances are not",
        _function(
            "books_apply_transfers",
            "VALUES (first_id, first_part, first_debit",
            "VALUES (first_id, first_part, 0.00",
        ),
    ),
    Mutation(
        "running balances of compound entries mix up the sides",
        _function(
            "books_apply_transfers",
            "SELECT account_id, shard, sum(debit), sum(credit), 0 FROM sums",
            "SELECT account_id, shard, sum(debit), sum(debit), 0 FROM sums",
        ),
    ),
    Mutation(
        "posts into closed months are taken",
        _function("books_apply_transfers", "AND state = 'open'", ""),
    ),
    Mutation(
        "voucher numbers skip",
        _function(
            "books_guard_voucher", "last_number = c.last_number + 1", "last_number = c.last_number + 2"
        ),
    ),
    Mutation(
        "the hash chain is not linked",
        _function(
            "books_guard_voucher", "NEW.previous_hash := chain.last_hash", "NEW.previous_hash := sha256('x')"
        ),
    ),
    Mutation("a hold outlives its posting", _hold_outlives_its_posting),
    Mutation("the credit side says what the debit side says", _one_story_for_both_sides),
    Mutation(
        "a released hold stays on the balance",
        _function("books_guard_hold", "effect := -OLD.amount", "effect := 0"),
    ),
    Mutation("cash may be overdrawn", _sql("ALTER TABLE books_balance DROP CONSTRAINT not_overdrawn")),
]
