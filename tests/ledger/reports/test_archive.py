"""The archive of a year: complete, and provable without the database."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import zipfile
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from ledger.books import balances_brought, vouchers
from ledger.books.models import Voucher, VoucherState
from ledger.reports import archive
from ledger.reports.archive_check import problems
from portal.accounts.models import AuditEvent
from tests.concurrency import at_once
from tests.conftest import Federation
from tests.ledger.books.test_manual_vouchers import levy
from tests.ledger.reports.archives import district_year, rewritten


@pytest.fixture
def archived(federation: Federation, tmp_path: Path) -> Path:
    """The archive of the district's year, in the books that it was made from."""
    return district_year(federation, tmp_path)


def test_the_archive_holds_everything(archived: Path) -> None:
    with zipfile.ZipFile(archived) as content:
        manifest = json.loads(content.read("manifest.json"))
        names = content.namelist()
        chain = content.read("vouchers/chain.jsonl").decode().splitlines()
        journal = content.read("journal.csv").decode("utf-8-sig").splitlines()
    assert journal[1] == "HD,2026-03-16,记-2026-03-1,收到经费,13599,其他应收款 / 其他,1000.00,,,自有经费,,,,"
    assert manifest["closed_months"] == ["2026-01", "2026-02", "2026-03"]
    assert manifest["chain"]["vouchers"] == len(chain) == 2
    assert "attachments/2026-03/记-1/1-通知.pdf" in names
    assert "vouchers/2026-03/记-1.pdf" in names
    assert "reports/2026-03/balance-sheet.pdf" in names
    assert "reports/2026-03/ledger-402.csv" in names
    assert problems(archived) == []
    call_command("ledger_archive", "--check", str(archived))


@pytest.fixture
def in_2027(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("django.utils.timezone.localdate", lambda: dt.date(2027, 2, 1))


def test_december_posted_in_january_does_not_break_the_archive(
    federation: Federation, tmp_path: Path, in_2027: None
) -> None:
    for day in (dt.date(2026, 12, 30), dt.date(2027, 1, 5), dt.date(2026, 12, 31)):
        draft = levy(federation, "13599", date=day)
        vouchers.check_and_post(voucher=draft, checked_by=federation.checker)
    for year, count in ((2026, 2), (2027, 1)):
        file = tmp_path / f"{year}.zip"
        with file.open("wb") as out:
            manifest = archive.write(federation.books["HD"], year, out).manifest
        assert problems(file) == []
        assert manifest["chain"]["vouchers"] == {2: 3, 1: 1}[count]


@pytest.mark.parametrize("arguments", [(), ("--book", "NO", "--year", "2026", "--output", "x.zip")])
def test_a_command_that_lacks_something_says_so(db: None, tmp_path: Path, arguments: tuple[str, ...]) -> None:
    with pytest.raises(SystemExit) as stop:
        call_command("ledger_archive", *arguments)
    assert stop.value.code == 2


def test_the_digest_of_the_manifest_tells_this_archive_from_another(
    archived: Path, federation: Federation, capsys: pytest.CaptureFixture[str]
) -> None:
    beside = archived.with_name("HD-2026.zip.sha256")
    with zipfile.ZipFile(archived) as content:
        digest = hashlib.sha256(content.read("manifest.json")).hexdigest()
    assert beside.read_text() == f"{digest}  manifest.json\n"
    kept = AuditEvent.objects.get(action="archive.made")
    assert kept.details == {"year": 2026, "sha256": digest}
    assert kept.union == federation.district
    for given in (digest, digest.upper(), str(beside)):
        call_command("ledger_archive", "--check", str(archived), "--manifest-sha256", given)
    again = archived.with_name("again.zip")
    call_command("ledger_archive", "--book", "HD", "--year", "2026", "--output", str(again))
    capsys.readouterr()
    with pytest.raises(SystemExit) as stop:
        call_command("ledger_archive", "--check", str(rewritten(archived)), "--manifest-sha256", "0" * 64)
    assert stop.value.code == 1
    assert "it is another archive" in capsys.readouterr().out


@pytest.mark.parametrize("year", [0, 1, -5, 2025, 2027, 99999])
def test_years_that_cannot_be_are_refused_and_leave_no_file(
    federation: Federation, tmp_path: Path, year: int, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stop:
        call_command("ledger_archive", book="HD", year=year, output=tmp_path / "x.zip")
    assert stop.value.code == 2
    assert f"archives of the years 2026 to 2026, not of {year}" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
    assert not AuditEvent.objects.filter(action="archive.made").exists()


def test_opening_balances_are_in_the_archive_of_the_first_year(
    federation: Federation, tmp_path: Path
) -> None:
    book = federation.books["HD"]
    lines = balances_brought.read(b"account,debit,credit\n10201,5,\n32205,,5\n")
    draft = balances_brought.bring(book=book, lines=lines, prepared_by=federation.maker)
    vouchers.check_and_post(voucher=draft, checked_by=federation.checker)
    file = tmp_path / "HD.zip"
    with file.open("wb") as out:
        assert archive.write(book, 2026, out).manifest["chain"]["vouchers"] == 1
    with zipfile.ZipFile(file) as content:
        assert "vouchers/2025-12/记-1.pdf" in content.namelist()
    assert problems(file) == []


@pytest.mark.django_db(transaction=True)
def test_everything_is_read_from_one_moment_although_people_go_on_posting(
    federation: Federation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    book = federation.books["HD"]
    first, second = levy(federation, "13599"), levy(federation, "13599", "2.00")
    vouchers.check_and_post(voucher=first, checked_by=federation.checker)
    write_chain = archive._write_chain

    def after_somebody_posted(*wanted: Any) -> dict[str, Any]:
        (posted,) = at_once([partial(vouchers.check_and_post, voucher=second, checked_by=federation.checker)])
        assert isinstance(posted, Voucher)
        return write_chain(*wanted)

    monkeypatch.setattr(archive, "_write_chain", after_somebody_posted)
    file = tmp_path / "HD.zip"
    with file.open("wb") as out:
        assert archive.write(book, 2026, out).manifest["chain"]["vouchers"] == 1
    assert book.vouchers.filter(state=VoucherState.POSTED).count() == 2
    assert problems(file) == []
