"""The archive of a year: complete, and provable without the database."""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import json
import zipfile
from pathlib import Path

import pytest
from django.core.management import call_command
from django.utils import timezone

from ledger.books import attachments, closing, vouchers
from ledger.reports import archive
from tests.conftest import Federation
from tests.ledger.books.test_manual_vouchers import levy


@pytest.fixture
def zipped(federation: Federation, tmp_path: Path) -> Path:
    """The district's year with one closed quarter, one voucher and its document."""
    book = federation.books["HD"]
    draft = levy(federation, "13599")
    attachments.attach(voucher=draft, name="通知.pdf", content=b"%PDF-1.7", added_by=federation.maker)
    vouchers.check_and_post(voucher=draft, checked_by=federation.checker)
    for month in (202601, 202602, 202603):
        closing.carry_forward(book=book, month=month, actor=federation.maker)
        for voucher in vouchers.draw_up_month(book=book, month=month, prepared_by=federation.maker):
            vouchers.check_and_post(voucher=voucher, checked_by=federation.checker)
        closing.close_period(book=book, month=month, actor=federation.maker)
    file = tmp_path / "HD-2026.zip"
    call_command("ledger_archive", "--book", "HD", "--year", "2026", "--output", str(file))
    return file


def rewritten(file: Path, **changed: bytes | None) -> Path:
    """A copy with some files changed, or left out when None; keys are the ends of their paths."""
    copy = file.with_name("copy.zip")
    with zipfile.ZipFile(file) as old, zipfile.ZipFile(copy, "w") as new:
        for path in old.namelist():
            key = next((key for key in changed if Path(path).stem == key), None)
            content = changed[key] if key else old.read(path)
            if content is not None:
                new.writestr(path, content)
    return copy


def test_the_archive_holds_everything(zipped: Path) -> None:
    with zipfile.ZipFile(zipped) as content:
        manifest = json.loads(content.read("manifest.json"))
        names = content.namelist()
        chain = content.read("vouchers/chain.jsonl").decode().splitlines()
    assert manifest["closed_months"] == ["2026-01", "2026-02", "2026-03"]
    assert manifest["chain"]["vouchers"] == len(chain) == 2
    assert "attachments/2026-03/记-1/1-通知.pdf" in names
    assert "vouchers/2026-03/记-1.pdf" in names
    assert "reports/2026-03/balance-sheet.pdf" in names
    assert "reports/2026-03/ledger-402.csv" in names
    assert archive.problems(zipped) == []
    call_command("ledger_archive", "--check", str(zipped))


def test_a_changed_or_missing_file_is_seen(zipped: Path) -> None:
    assert archive.problems(rewritten(zipped, journal=b"x")) == ["changed: journal.csv"]
    assert archive.problems(rewritten(zipped, journal=None)) == ["missing: journal.csv"]
    with zipfile.ZipFile(zipped) as content:
        emptied = json.loads(content.read("manifest.json")) | {"files": []}
    copy = zipped.with_name("emptied.zip")
    with zipfile.ZipFile(copy, "w") as made:
        made.writestr("manifest.json", json.dumps(emptied))
    assert "missing: vouchers/chain.jsonl" in archive.problems(copy)
    with zipfile.ZipFile(rewritten(zipped), "a") as more:
        more.writestr("extra.txt", "x")
    assert archive.problems(zipped.with_name("copy.zip")) == ["not in the manifest: extra.txt"]


def test_december_posted_in_january_does_not_break_the_archive(
    federation: Federation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timezone, "localdate", lambda: dt.date(2027, 1, 5))
    for day in (dt.date(2026, 12, 30), dt.date(2027, 1, 5), dt.date(2026, 12, 31)):
        draft = levy(federation, "13599", date=day)
        vouchers.check_and_post(voucher=draft, checked_by=federation.checker)
    for year, count in ((2026, 2), (2027, 1)):
        file = tmp_path / f"{year}.zip"
        with file.open("wb") as out:
            manifest = archive.write(federation.books["HD"], year, out)
        assert archive.problems(file) == []
        assert manifest["chain"]["vouchers"] == {2: 3, 1: 1}[count]


def test_a_rewritten_voucher_breaks_the_chain_even_with_its_manifest_adjusted(zipped: Path) -> None:
    with zipfile.ZipFile(zipped) as content:
        chain = content.read("vouchers/chain.jsonl").replace(b"1000.00", b"9000.00")
        manifest = json.loads(content.read("manifest.json"))
    for entry in manifest["files"]:
        if entry["path"] == "vouchers/chain.jsonl":
            entry["sha256"] = hashlib.sha256(chain).hexdigest()
    copy = rewritten(zipped, chain=chain, manifest=json.dumps(manifest).encode())
    assert archive.problems(copy) == [
        "voucher 记-1 of 202603: the chain breaks",
        "voucher 记-2 of 202603: the chain breaks",
    ]


@pytest.mark.parametrize("content", [b"", b"PK", "manifest"])
def test_what_is_no_archive_is_said_to_be_none(tmp_path: Path, content: bytes | str) -> None:
    file = tmp_path / "x.zip"
    if isinstance(content, str):
        made = io.BytesIO()
        with zipfile.ZipFile(made, "w") as other:
            other.writestr("manifest.json", "{}")
        content = made.getvalue()
    file.write_bytes(content)
    with pytest.raises(SystemExit) as stop:
        call_command("ledger_archive", "--check", str(file))
    assert stop.value.code == 2


@pytest.mark.parametrize("arguments", [(), ("--book", "NO", "--year", "2026", "--output", "x.zip")])
def test_a_command_that_lacks_something_says_so(db: None, tmp_path: Path, arguments: tuple[str, ...]) -> None:
    with pytest.raises(SystemExit) as stop:
        call_command("ledger_archive", *arguments)
    assert stop.value.code == 2
