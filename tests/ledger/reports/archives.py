"""An archive for tests: the district's year with one closed quarter, one voucher and its document."""

from __future__ import annotations

import zipfile
from pathlib import Path

from django.core.management import call_command

from ledger.books import attachments, closing, vouchers
from tests.conftest import Federation
from tests.ledger.books.test_manual_vouchers import levy


def district_year(federation: Federation, folder: Path) -> Path:
    """Make it in the books of the federation."""
    book = federation.books["HD"]
    draft = levy(federation, "13599")
    attachments.attach(voucher=draft, name="通知.pdf", content=b"%PDF-1.7", added_by=federation.maker)
    vouchers.check_and_post(voucher=draft, checked_by=federation.checker)
    for month in (202601, 202602, 202603):
        closing.carry_forward(book=book, month=month, actor=federation.maker)
        for voucher in vouchers.draw_up_month(book=book, month=month, prepared_by=federation.maker):
            vouchers.check_and_post(voucher=voucher, checked_by=federation.checker)
        closing.close_period(book=book, month=month, actor=federation.maker)
    file = folder / "HD-2026.zip"
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
