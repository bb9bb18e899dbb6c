"""The accounting archive of one book and year (会计档案): everything needed to read and prove it without this software.

财会〔2024〕12号 第二十八条 (an archive interface) and 第四十一条 (the user owns the data). The zip holds statements and
ledgers of each closed month, the journal, every posted voucher as paper and as the text that its hash proves, the files
attached to vouchers, and a manifest with the SHA-256 of each file.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO

from django.db import connection
from django.utils import timezone

from ledger.books.models import Book, PeriodState, Voucher, VoucherFile, VoucherState

from . import exports, ledgers, papers, tables
from .periods import written
from .spreadsheets import csv_bytes

FORMAT = "puhui-archive/1"
_MANIFEST = "manifest.json"
_CHAIN = "vouchers/chain.jsonl"
_ALWAYS = ("README.txt", "accounts.csv", "journal.csv", _CHAIN)
_STATEMENTS = ("trial-balance", "general-ledger", "balance-sheet", "income-statement")
_NOTE = """会计档案 {book} {year}年

manifest.json  本档案全部文件及其 SHA-256
accounts.csv  会计科目（chain.jsonl 中的科目编号对应 id 列）
journal.csv  序时账
reports/  各月科目余额表、总账、资产负债表、收入支出表（PDF、CSV），明细账（CSV）
vouchers/  记账凭证（PDF）；chain.jsonl 为各凭证的原文与散列链
attachments/  原始凭证附件

其他年度的凭证若在本年凭证之间记账，chain.jsonl 中只有其散列，content 为空。
核对散列链：每行 hash = SHA-256(previous_hash 的字节 + content 的 UTF-8 字节)，
下一张凭证的 previous_hash 等于本张的 hash。
"""
_VOUCHERS = """
WITH year AS (
    SELECT min(sequence) AS first, max(sequence) AS last FROM books_voucher
     WHERE book_id = %(book)s AND state = 'posted' AND month BETWEEN %(from)s AND %(to)s
)
SELECT v.sequence, v.word, v.month, v.number, v.date, v.summary, encode(v.previous_hash, 'hex'), encode(v.hash, 'hex'),
       CASE WHEN v.month BETWEEN %(from)s AND %(to)s THEN books_voucher_content(v) END
  FROM year JOIN books_voucher v ON v.sequence BETWEEN year.first AND year.last
 WHERE v.book_id = %(book)s AND v.state = 'posted' ORDER BY v.sequence
"""


@dataclass
class _Packer:
    """Puts files into the zip and remembers what they are."""

    zip: zipfile.ZipFile
    files: list[dict[str, Any]] = field(default_factory=list)

    def add(self, path: str, content: bytes) -> None:
        self.zip.writestr(path, content)
        digest = hashlib.sha256(content).hexdigest()
        self.files.append({"path": path, "size": len(content), "sha256": digest})


def write(book: Book, year: int, out: BinaryIO) -> dict[str, Any]:
    """Write the archive of the year so far to a binary file; returns its manifest.

    Only closed months have reports: what is still open is not archived as if it were final.
    """
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        packer = _Packer(archive)
        packer.add("README.txt", _NOTE.format(book=book.code, year=year).encode())
        packer.add("accounts.csv", _accounts(book))
        packer.add("journal.csv", _journal(book, year))
        months = list(
            book.periods.filter(month__range=_months(year), state=PeriodState.CLOSED).values_list(
                "month", flat=True
            )
        )
        for month in months:
            _add_reports(packer, book, month)
        chain = _add_vouchers(packer, book, year)
        manifest = {
            "format": FORMAT,
            "book": book.code,
            "union": book.union.name,
            "chart": book.chart.code,
            "year": year,
            "closed_months": [written(month) for month in months],
            "made_at": timezone.now().isoformat(timespec="seconds"),
            "chain": chain,
            "files": packer.files,
        }
        archive.writestr(_MANIFEST, json.dumps(manifest, ensure_ascii=False, indent=1))
    return manifest


def problems(file: Path) -> list[str]:
    """What does not hold in an archive: files that differ from the manifest, breaks in the chain of vouchers.

    Needs no database. Raises OSError, ValueError, KeyError or zipfile.BadZipFile when it is no archive of ours.
    """
    with zipfile.ZipFile(file) as archive:
        manifest = json.loads(archive.read(_MANIFEST))
        if manifest["format"] != FORMAT:
            raise ValueError(manifest["format"])
        listed = {entry["path"]: entry for entry in manifest["files"]}
        present = set(archive.namelist()) - {_MANIFEST}
        found = [f"missing: {path}" for path in sorted(listed.keys() - present)]
        found += [f"not in the manifest: {path}" for path in sorted(present - listed.keys())]
        for path in sorted(listed.keys() & present):
            if hashlib.sha256(archive.read(path)).hexdigest() != listed[path]["sha256"]:
                found.append(f"changed: {path}")
        found += [f"missing: {path}" for path in _ALWAYS if path not in listed]
        if _CHAIN in present:
            with archive.open(_CHAIN) as lines:
                found += _breaks(lines, manifest["chain"])
    return found


def _breaks(lines: Any, chain: dict[str, Any]) -> Iterator[str]:
    previous, count = chain["previous_hash"], 0
    for line in lines:
        row = json.loads(line)
        # Vouchers of other years that were posted in between are links without their text.
        text = row["content"]
        before = bytes.fromhex(row["previous_hash"])
        computed = row["hash"] if text is None else hashlib.sha256(before + text.encode()).hexdigest()
        if (row["previous_hash"], computed) != (previous, row["hash"]):
            yield f"voucher {row['word']}-{row['number']} of {row['month']}: the chain breaks"
        previous, count = row["hash"], count + 1
    if (previous, count) != (chain["hash"], chain["vouchers"]):
        yield "the chain does not end where the manifest says"


def _months(year: int) -> tuple[int, int]:
    return year * 100 + 1, year * 100 + 12


def _accounts(book: Book) -> bytes:
    header = ("id", "科目代码", "科目名称", "类别", "余额方向", "授权")
    accounts = book.accounts.order_by("code")
    rows = ((a.pk, a.code, a.name, a.account_class, a.normal_side, a.authorised_by) for a in accounts)
    return csv_bytes(header, rows)


def _journal(book: Book, year: int) -> bytes:
    out = io.BytesIO()
    exports.write_journal(book, out, months=_months(year))
    return out.getvalue()


def _add_reports(packer: _Packer, book: Book, month: int) -> None:
    folder = f"reports/{written(month)}"
    for code in _STATEMENTS:
        report = ledgers.CATALOGUE[code].make(book, month, "zh")
        packer.add(f"{folder}/{code}.csv", tables.as_csv(report))
        packer.add(f"{folder}/{code}.pdf", tables.as_pdf(report))
    moved = book.accounts.filter(is_leaf=True, turnovers__month=month).distinct().order_by("code")
    for account in moved:
        report = ledgers.subsidiary_ledger(book, month, account)
        packer.add(f"{folder}/ledger-{account.code}.csv", tables.as_csv(report))


def _add_vouchers(packer: _Packer, book: Book, year: int) -> dict[str, Any]:
    lines, previous, last = [], "", ""
    with connection.cursor() as cursor:
        first, last_month = _months(year)
        cursor.execute(_VOUCHERS, {"book": book.pk, "from": first, "to": last_month})
        for sequence, word, month, number, date, summary, before, digest, content in cursor.fetchall():
            previous, last = previous or before, digest
            row = {
                "sequence": sequence, "word": word, "month": month, "number": number, "date": date.isoformat(),
                "summary": summary, "previous_hash": before, "hash": digest, "content": content,
            }  # fmt: skip
            lines.append(json.dumps(row, ensure_ascii=False))
    packer.add(_CHAIN, "".join(f"{line}\n" for line in lines).encode())
    posted = Voucher.objects.filter(book=book, state=VoucherState.POSTED, month__range=_months(year))
    for voucher in posted.select_related("book__union", "prepared_by", "checked_by", "cancels").order_by(
        "sequence"
    ):
        name = f"{written(voucher.month)}/{voucher}"
        packer.add(f"vouchers/{name}.pdf", papers.voucher_paper(voucher))
    files = VoucherFile.objects.filter(voucher__in=posted).select_related("voucher")
    for n, file in enumerate(files.iterator(chunk_size=500), start=1):
        with file.file.open("rb") as content:
            packer.add(
                f"attachments/{written(file.voucher.month)}/{file.voucher}/{n}-{PurePosixPath(file.name).name}",
                content.read(),
            )
    return {"vouchers": len(lines), "previous_hash": previous, "hash": last}
