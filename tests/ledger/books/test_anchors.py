"""Daily anchors: a copy in other hands shows what the database alone cannot."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction

from ledger.books import anchors, vouchers
from ledger.books.errors import AnchorExists
from ledger.books.integrity import verify
from ledger.books.models import Anchor
from tests.conftest import Federation

from .test_attachments import broken
from .test_manual_vouchers import levy

DAY = dt.date(2026, 3, 16)


@pytest.fixture
def posted(federation: Federation, bank: str) -> None:
    vouchers.check_and_post(voucher=levy(federation, bank), checked_by=federation.checker)


def test_an_anchor_names_the_chains_that_have_grown(federation: Federation, bank: str, posted: None) -> None:
    first = anchors.take(DAY)
    voucher = federation.books["HD"].vouchers.get()
    assert first.heads == f"HD|1|{bytes(voucher.hash or b'').hex()}"
    assert anchors.take(DAY + dt.timedelta(days=1)).heads == ""
    vouchers.check_and_post(voucher=levy(federation, bank, "2.00"), checked_by=federation.checker)
    third = anchors.take(DAY + dt.timedelta(days=2))
    assert third.heads.startswith("HD|2|")
    assert broken() == {}


def test_one_anchor_a_day_in_the_order_of_days(posted: None) -> None:
    anchors.take(DAY)
    for day in (DAY, DAY - dt.timedelta(days=1)):
        with pytest.raises(AnchorExists):
            anchors.take(day)
    for statement in (
        "UPDATE books_anchor SET heads = ''",
        "DELETE FROM books_anchor",
        "TRUNCATE books_anchor",
    ):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    assert Anchor.objects.count() == 1


def _rewrite_the_chain() -> None:
    """Somebody with every right changes a summary, and every hash after it, so that the chain holds again."""
    with connection.cursor() as cursor:
        cursor.execute("""
            SET session_replication_role = replica;
            UPDATE books_voucher SET summary = 'other';
            UPDATE books_voucher v SET hash = sha256(previous_hash || convert_to(books_voucher_content(v), 'UTF8'));
            UPDATE books_voucher_chain c SET last_hash = (SELECT hash FROM books_voucher WHERE book_id = c.book_id);
            SET session_replication_role = origin;
        """)


def test_a_rewritten_chain_does_not_meet_its_anchor(posted: None) -> None:
    anchors.take(DAY)
    _rewrite_the_chain()
    assert broken() == {"daily anchors hold": "anchor of 2026-03-16: book HD voucher 1"}


def test_a_copy_outside_shows_rewritten_anchors(posted: None, tmp_path: Path) -> None:
    call_command("ledger_anchor", "--output", str(tmp_path / "anchors.jsonl"))
    call_command("ledger_verify", "--anchors", str(tmp_path / "anchors.jsonl"))
    _rewrite_the_chain()
    with connection.cursor() as cursor:
        cursor.execute("""
            SET session_replication_role = replica;
            UPDATE books_anchor SET heads = (SELECT 'HD|1|' || encode(hash, 'hex') FROM books_voucher);
            UPDATE books_anchor a SET hash = books_anchor_hash(a);
            SET session_replication_role = origin;
        """)
    assert [check for check in verify() if not check.ok] == []
    with pytest.raises(SystemExit) as stop:
        call_command("ledger_verify", "--anchors", str(tmp_path / "anchors.jsonl"))
    assert stop.value.code == 1


@pytest.mark.parametrize("text", ["", "\n", "{", "[]\n", '{"hash": ""}\n'])
def test_a_file_that_is_no_copy_is_said_to_be_none(posted: None, tmp_path: Path, text: str) -> None:
    file = tmp_path / "anchors.jsonl"
    file.write_text(text)
    with pytest.raises(SystemExit) as stop:
        call_command("ledger_verify", "--anchors", str(file))
    assert stop.value.code == 2


def test_the_copy_can_be_recomputed_by_anybody(posted: None) -> None:
    import hashlib

    anchors.take(DAY)
    (line,) = anchors.all_as_lines()
    kept = json.loads(line)
    text = kept["day"] + "\n" + "\n".join(kept["heads"])
    assert hashlib.sha256(bytes.fromhex(kept["previous_hash"]) + text.encode()).hexdigest() == kept["hash"]
