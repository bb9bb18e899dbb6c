"""What the database refuses about statements and matches, tried by SQL that goes around the application."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, connection, transaction

from ledger.books.integrity import verify
from ledger.reconciliation import matching
from ledger.reconciliation.errors import DoesNotAddUp, reconciliation_refusals
from ledger.reconciliation.models import Match, MatchLine, MatchPosting
from ledger.reconciliation.open_items import open_postings
from tests.conftest import Federation

from .conftest import World

NEW_LINE = """
INSERT INTO reconciliation_statementline (statement_id, bank_account_id, sequence, position, booked_on, amount,
       amount_currency, balance_after, balance_after_currency, counterparty_name, counterparty_account, summary,
       bank_reference, state)
SELECT statement_id, bank_account_id, {sequence}, 9, booked_on, {amount}, 'CNY', {balance}, 'CNY', '', '', '', 'new',
       '{state}' FROM reconciliation_statementline ORDER BY sequence DESC LIMIT 1"""
MATCH = """
INSERT INTO reconciliation_match (bank_account_id, kind, rule, reason, created_at, undone_reason)
VALUES (%s, 'by_hand', '', 'SQL', now(), '') RETURNING id"""


def refusal(sql: str, *arguments: object) -> str:
    """The SQLSTATE with which the database refuses."""
    with pytest.raises(DatabaseError) as refused:
        _run(sql, arguments)
    return str(getattr(refused.value.__cause__, "sqlstate", ""))


def _run(sql: str, arguments: tuple[object, ...]) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(sql, arguments)


def without_triggers(sql: str, *arguments: object) -> None:
    """What only somebody with full rights over the database could do."""
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(sql, arguments)
        cursor.execute("SET session_replication_role = origin")


@pytest.fixture
def matched(world: World) -> World:
    """Two matched lines and one open one of 5."""
    for day in (2, 3):
        world.posts(day, "24", document=world.moves(day, "24"))
    world.moves(4, "5")
    world.imports()
    assert world.matches().matched == 2
    return world


@pytest.mark.parametrize(
    ("sql", "state"),
    [
        ("UPDATE reconciliation_statementline SET amount = 25", "PH041"),
        ("UPDATE reconciliation_statementline SET booked_on = '2026-03-09'", "PH041"),
        ("UPDATE reconciliation_statementline SET summary = 'x'", "PH041"),
        ("UPDATE reconciliation_statementline SET state = 'matched'", "PH041"),
        ("DELETE FROM reconciliation_statementline", "PH041"),
        ("TRUNCATE reconciliation_statementline CASCADE", "PH041"),
        ("UPDATE reconciliation_statement SET closing_balance = 0", "PH041"),
        ("DELETE FROM reconciliation_statement", "PH041"),
        ("TRUNCATE reconciliation_statement CASCADE", "PH041"),
        ("DELETE FROM reconciliation_match", "PH041"),
        ("UPDATE reconciliation_match SET rule = 'x'", "PH041"),
        ("UPDATE reconciliation_match SET undone_at = now()", "23514"),
        ("TRUNCATE reconciliation_match CASCADE", "PH041"),
        ("DELETE FROM reconciliation_matchline", "PH041"),
        ("UPDATE reconciliation_matchline SET live = false", "PH041"),
        ("TRUNCATE reconciliation_matchline", "PH041"),
        ("DELETE FROM reconciliation_matchposting", "PH041"),
        ("UPDATE reconciliation_matchposting SET live = false", "PH041"),
        ("UPDATE reconciliation_matchposting SET transfer_id = transfer_id + 1", "PH041"),
        ("TRUNCATE reconciliation_matchposting", "PH041"),
        (NEW_LINE.format(sequence=4, amount=1, balance=55, state="open"), "PH042"),
        (NEW_LINE.format(sequence=5, amount=1, balance=54, state="open"), "PH042"),
        (NEW_LINE.format(sequence=4, amount=1, balance=54, state="matched"), "PH042"),
        (NEW_LINE.format(sequence=4, amount=0, balance=53, state="open"), "23514"),
    ],
)
def test_what_was_said_and_matched_cannot_be_changed_by_sql(matched: World, sql: str, state: str) -> None:
    assert refusal(sql) == state
    assert all(result.ok for result in verify())


def test_undoing_happens_once(matched: World, federation: Federation) -> None:
    made = Match.objects.order_by("pk")[0]
    matching.undo(match=made, actor=federation.maker, reason="看错")
    assert refusal("UPDATE reconciliation_match SET undone_reason = 'x' WHERE id = %s", made.pk) == "PH041"
    redo = "UPDATE reconciliation_match SET undone_at = NULL, undone_by_id = NULL, undone_reason = '' WHERE id = %s"
    assert refusal(redo, made.pk) == "PH041"


def test_a_line_and_a_posting_are_in_one_live_match(matched: World) -> None:
    other = Match.objects.latest("pk").pk
    line = """
        INSERT INTO reconciliation_matchline (match_id, line_id, live)
        SELECT %s, line_id, true FROM reconciliation_matchline ORDER BY id LIMIT 1"""
    posting = """
        INSERT INTO reconciliation_matchposting (match_id, transfer_id, side, live)
        SELECT %s, transfer_id, side, true FROM reconciliation_matchposting ORDER BY id LIMIT 1"""
    assert (refusal(line, other), refusal(posting, other)) == ("23505", "23505")


def test_nothing_is_added_to_a_match_of_an_earlier_database_transaction(matched: World) -> None:
    made = Match.objects.order_by("pk")[0]
    without_triggers("UPDATE reconciliation_match SET xid = '1' WHERE id = %s", made.pk)
    line, transfer = matched.line(sequence=3), matched.posts(4, "5").transfers.get()
    assert (
        refusal(
            "INSERT INTO reconciliation_matchline (match_id, line_id, live) VALUES (%s, %s, true)",
            made.pk,
            line.pk,
        )
        == "PH041"
    )
    assert (
        refusal(
            "INSERT INTO reconciliation_matchposting (match_id, transfer_id, side, live) VALUES (%s, %s, 'D', true)",
            made.pk,
            transfer.pk,
        )
        == "PH041"
    )


def commits(world: World, lines: list[int], postings: list[tuple[int, str]]) -> None:
    """Write a match as it would be found at commit."""
    with reconciliation_refusals(), transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(MATCH, [world.account.pk])
            (made,) = cursor.fetchone()
        MatchLine.objects.bulk_create([MatchLine(match_id=made, line_id=line) for line in lines])
        MatchPosting.objects.bulk_create(
            [MatchPosting(match_id=made, transfer_id=transfer, side=side) for transfer, side in postings]
        )
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def test_the_two_sides_of_a_match_are_the_same_money_of_the_same_account(
    matched: World, federation: Federation
) -> None:
    line = matched.line(sequence=3).pk
    for amount in ("6", "-5"):
        posted = matched.posts(4, amount).transfers.get().pk
        with pytest.raises(DoesNotAddUp):
            commits(matched, [line], [(posted, "D" if amount == "6" else "C")])
    with pytest.raises(DoesNotAddUp):
        commits(matched, [line], [])
    with pytest.raises(DoesNotAddUp):
        commits(matched, [], [])
    elsewhere = World(federation.banks["HD"]).posts(4, "5").transfers.get().pk
    with pytest.raises(DoesNotAddUp):
        commits(matched, [line], [(elsewhere, "D")])
    right = matched.posts(4, "5").transfers.get().pk
    with pytest.raises(DoesNotAddUp):
        commits(matched, [line], [(right, "C")])
    commits(matched, [line], [(right, "D")])
    assert matched.line(sequence=3).state == "matched"
    assert {p.amount for p in open_postings(matched.account)} == {6, -5}


@pytest.mark.parametrize(
    ("sql", "check"),
    [
        (
            "UPDATE reconciliation_statementline SET balance_after = 1 WHERE sequence = 2",
            "balances of bank statements chain",
        ),
        (
            "UPDATE reconciliation_statementline SET sequence = 7 WHERE sequence = 3",
            "balances of bank statements chain",
        ),
        ("DELETE FROM reconciliation_matchposting", "matches between bank and books add up"),
        (
            """INSERT INTO reconciliation_matchposting (match_id, transfer_id, side, live)
               SELECT (SELECT max(id) FROM reconciliation_match), min(transfer_id), 'D', false
                 FROM reconciliation_matchposting""",
            "no posting is matched twice",
        ),
        (
            "UPDATE reconciliation_statementline SET state = 'open'",
            "bank lines are marked as they are matched",
        ),
    ],
)
def test_ledger_verify_finds_what_was_done_around_the_triggers(matched: World, sql: str, check: str) -> None:
    without_triggers(sql)
    assert check in {result.name for result in verify() if not result.ok}
