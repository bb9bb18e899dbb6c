"""Files that prove vouchers: what may be attached, once for each document, and never changed after posting."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from ledger.books import attachments, manual, vouchers
from ledger.books.errors import FileRefused, PostedIsFinal
from ledger.books.integrity import verify
from ledger.books.models import Voucher, VoucherFile
from tests.concurrency import at_once
from tests.conftest import Federation

from .test_manual_vouchers import levy
from .test_posting import DAY

PDF = b"%PDF-1.7\n%%EOF"


def _ofd() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("OFD.xml", "<ofd/>")
    return out.getvalue()


def attach(
    draft: Voucher, federation: Federation, content: bytes = PDF, name: str = "发票.pdf"
) -> VoucherFile:
    return attachments.attach(voucher=draft, name=name, content=content, added_by=federation.maker)


def broken() -> dict[str, str]:
    return {check.name: check.detail for check in verify() if not check.ok}


@pytest.mark.parametrize(
    ("content", "name", "kept_as"),
    [
        (PDF, "发票.pdf", "发票.pdf"),
        (PDF, "C:\\temp\\发票.exe", "发票.pdf"),
        (_ofd(), "e.ofd", "e.ofd"),
        (b"<?xml version='1.0'?><a/>", "../../e.xml", "e.xml"),
        (b"\x89PNG\r\n\x1a\nrest", "", "附件.png"),
        (b"\xff\xd8\xffrest", "a" * 300, "a" * 100 + ".jpg"),
    ],
)
def test_a_file_is_known_by_its_content(
    federation: Federation, bank: str, content: bytes, name: str, kept_as: str
) -> None:
    draft = levy(federation, bank)
    kept = attach(draft, federation, content, name)
    draft.refresh_from_db()
    ending = kept_as.rpartition(".")[2].replace("jpg", "jpeg")
    assert (kept.name, kept.content_type.partition("/")[2]) == (kept_as, ending)
    assert (kept.size, draft.attachments) == (len(content), 1)
    assert kept.file.read() == content


@pytest.mark.parametrize("content", [b"", b"MZ\x90", b"PK\x03\x04no zip", b"<html></html>"])
def test_other_files_are_refused(federation: Federation, bank: str, content: bytes) -> None:
    draft = levy(federation, bank)
    with pytest.raises(FileRefused):
        attach(draft, federation, content)
    draft.refresh_from_db()
    assert (draft.attachments, draft.files.count()) == (0, 0)


def test_a_file_above_the_limit_is_refused(
    federation: Federation,
    bank: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(attachments, "LARGEST", len(PDF) - 1)
    with pytest.raises(FileRefused):
        attach(levy(federation, bank), federation)


def test_one_document_proves_one_voucher_until_that_is_cancelled(federation: Federation, bank: str) -> None:
    first, second = levy(federation, bank), levy(federation, bank)
    attach(first, federation)
    with pytest.raises(FileRefused, match="proves the draft “收到经费”"):
        attach(second, federation)
    vouchers.check_and_post(voucher=first, checked_by=federation.checker)
    with pytest.raises(FileRefused, match="记-1"):
        attach(second, federation)
    red = manual.cancel(voucher=first, date=DAY, prepared_by=federation.maker)
    vouchers.check_and_post(voucher=red, checked_by=federation.checker)
    attach(second, federation)
    vouchers.check_and_post(voucher=second, checked_by=federation.checker)
    assert broken() == {}


def test_posted_vouchers_keep_their_files(federation: Federation, bank: str) -> None:
    draft = levy(federation, bank)
    kept = attach(draft, federation)
    vouchers.check_and_post(voucher=draft, checked_by=federation.checker)
    with pytest.raises(PostedIsFinal):
        attachments.remove(file=kept, removed_by=federation.maker)
    with pytest.raises(PostedIsFinal):
        attach(draft, federation, PDF + b" ")
    for statement in (
        "UPDATE books_voucherfile SET sha256 = sha256('x')",
        "DELETE FROM books_voucherfile",
        "TRUNCATE books_voucherfile",
        """INSERT INTO books_voucherfile (voucher_id, name, content_type, size, sha256, file, added_at, added_by_id)
           SELECT voucher_id, 'x', 'x', 1, sha256('x'), 'x', now(), added_by_id FROM books_voucherfile""",
    ):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    assert broken() == {}


def test_the_digests_are_part_of_the_hash_and_the_bytes_are_checked(
    federation: Federation, bank: str
) -> None:
    draft = levy(federation, bank)
    kept = attach(draft, federation)
    vouchers.check_and_post(voucher=draft, checked_by=federation.checker)
    with kept.file.storage.open(kept.file.name, "wb") as stored:
        stored.write(b"%PDF-1.7 other")
    assert broken() == {"files of vouchers are as posted": "book HD voucher 记-1 of 202603: 发票.pdf"}
    kept.file.storage.delete(kept.file.name)
    assert list(broken()) == ["files of vouchers are as posted"]
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute("UPDATE books_voucherfile SET sha256 = sha256('other')")
        cursor.execute("SET session_replication_role = origin")
    assert "voucher hash chain is unbroken" in broken()


def test_a_draft_takes_its_files_with_it(
    federation: Federation,
    bank: str,
    django_capture_on_commit_callbacks: Callable[..., Any],
) -> None:
    draft = levy(federation, bank)
    first, second = attach(draft, federation), attach(draft, federation, PDF + b"2")
    with django_capture_on_commit_callbacks(execute=True):
        attachments.remove(file=first, removed_by=federation.maker)
    draft.refresh_from_db()
    assert draft.attachments == 1
    assert not first.file.storage.exists(first.file.name)
    with django_capture_on_commit_callbacks(execute=True):
        vouchers.discard(voucher=draft)
    assert not second.file.storage.exists(second.file.name)


@pytest.mark.django_db(transaction=True)
def test_two_people_cannot_prove_two_vouchers_with_one_document(federation: Federation, bank: str) -> None:
    drafts = [levy(federation, bank) for _ in range(4)]
    results = at_once([lambda draft=draft: attach(draft, federation) for draft in drafts])
    assert sum(isinstance(result, VoucherFile) for result in results) == 1
    assert sum(isinstance(result, FileRefused) for result in results) == 3
