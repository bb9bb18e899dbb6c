"""The accounting archive of one book and year (会计档案): everything needed to read and prove it without this software.

财会〔2024〕12号 第二十八条 (an archive interface) and 第四十一条 (the user owns the data). The zip holds statements and
ledgers of each closed month, the journal, every posted voucher as paper and as the text that its hash proves, the files
attached to vouchers, and a manifest with the SHA-256 of each file. ``archive_check`` proves it.
"""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any, BinaryIO

from django.contrib.auth import get_user_model
from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext as _

from ledger.books import acts
from ledger.books.first_day import day_of_balances
from ledger.books.models import Book, PeriodState, Voucher, VoucherFile, VoucherState
from portal.errors import DomainError

from . import exports, journals, ledgers, papers, tables
from .periods import written
from .snapshot import one_moment
from .spreadsheets import write_csv

FORMAT = "puhui-archive/1"
MANIFEST = "manifest.json"
CHAIN = "vouchers/chain.jsonl"
JOURNAL = "journal.csv"
ALWAYS = ("README.txt", "accounts.csv", JOURNAL, CHAIN)
STATEMENTS = ("trial-balance", "general-ledger", "balance-sheet", "income-statement")
# Too long for paper when a book has many parties.
TABLES = ("by-project", "by-party", "budget-execution", "elimination")
_AT_ONCE = 1 << 16
_NOTE = """会计档案 {book} {year}年

manifest.json  本档案全部文件及其 SHA-256
accounts.csv  会计科目（chain.jsonl 旧格式凭证中的科目编号对应 id 列）
people.csv  凭证原文中的人员编号与姓名
journal.csv  序时账
reports/  各已结账月份的科目余额表、总账、资产负债表、收入支出表（PDF、CSV），辅助核算、预算执行、
          上下级往来抵销和明细账（CSV）；未结账月份见 manifest.json 的 open_months
vouchers/  记账凭证（PDF）；chain.jsonl 为各凭证的原文与散列链
attachments/  原始凭证附件

全部内容取自数据库的同一时点。建账年度的档案包括建账前一日的期初余额。
其他年度的凭证若在本年凭证之间记账，chain.jsonl 中只有其散列，content 为空。
核对散列链：各行 sequence 连续；每行 hash = SHA-256(previous_hash 的字节 + content 的 UTF-8 字节)，
下一张凭证的 previous_hash 等于本张的 hash。
以 ["puhui-voucher/2" 开头的凭证原文每行为一个 JSON 数组；"t" 行的第 13、14、15 项为借方科目、贷方科目、金额，
第 16 项为是否红字，其各科目合计等于 journal.csv 中该凭证的合计。
档案是否原件：manifest.json 的 SHA-256 应等于制作时给出并另行保管的数值（unzip -p 档案.zip manifest.json | sha256sum）。
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


class NothingToArchive(DomainError):
    """A year of which the book can have no archive."""

    code = "nothing_to_archive"


@dataclass(frozen=True, slots=True)
class Written:
    """What was written: the manifest, and the SHA-256 of its bytes, which stands for the whole archive."""

    manifest: dict[str, Any]
    sha256: str


def write(book: Book, year: int, out: BinaryIO) -> Written:
    """Write the archive of the year so far to a binary file, as the books stand at one moment.

    Only closed months have reports: what is still open is not archived as if it were final. Raises NothingToArchive.
    """
    _require_year(book, year)
    with one_moment(), zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        packer = _Packer(archive)
        first, last = _months(book, year)
        with packer.file("README.txt") as file:
            file.write(_NOTE.format(book=book.code, year=year).encode())
        with packer.file("accounts.csv") as file:
            _write_accounts(book, file)
        with packer.file("people.csv") as file:
            _write_people(book, file)
        with packer.file(JOURNAL) as file:
            exports.write_journal(book, file, months=(first, last))
        closed = book.periods.filter(month__range=(first, last), state=PeriodState.CLOSED)
        months = list(closed.values_list("month", flat=True))
        still_open = list(
            book.periods.filter(month__range=(first, last), state=PeriodState.OPEN)
            .exclude(month__gt=timezone.localdate().year * 100 + timezone.localdate().month)
            .values_list("month", flat=True)
        )
        for month in months:
            _add_reports(packer, book, month)
        with packer.file(CHAIN) as file:
            chain = _write_chain(book, (first, last), file)
        _add_papers(packer, book, (first, last))
        manifest = {
            "format": FORMAT,
            "book": book.code,
            "union": book.union.name,
            "chart": book.chart.code,
            "year": year,
            "first_month": written(first),
            "closed_months": [written(month) for month in months],
            "open_months": [written(month) for month in still_open],
            "made_at": timezone.now().isoformat(timespec="seconds"),
            "chain": chain,
            "files": packer.files,
        }
        content = json.dumps(manifest, ensure_ascii=False, indent=1).encode()
        archive.writestr(MANIFEST, content)
    return Written(manifest, hashlib.sha256(content).hexdigest())


def keep_digest(*, book: Book, year: int, made: Written) -> None:
    """Put the digest of an archive on the audit trail of the books: which one was made when."""
    acts.record(
        actor=None,
        action="archive.made",
        target=book,
        union=book.union,
        year=year,
        sha256=made.sha256,
    )


def _require_year(book: Book, year: int) -> None:
    this_year = timezone.localdate().year
    last = book.chart.effective_to.year if book.chart.effective_to else this_year
    if not book.opened_on.year <= year <= min(last, this_year):
        raise NothingToArchive(
            _("Book %(book)s has archives of the years %(first)s to %(last)s, not of %(year)s.")
            % {
                "book": book.code,
                "first": book.opened_on.year,
                "last": max(min(last, this_year), book.opened_on.year),
                "year": year,
            }
        )


def _months(book: Book, year: int) -> tuple[int, int]:
    """First and last month; opening balances belong to the year that they open."""
    day = day_of_balances(book)
    first = day.year * 100 + day.month if year == book.opened_on.year else year * 100 + 1
    return first, year * 100 + 12


class _Hashing(io.RawIOBase):
    """Hands on what is written to it, and knows its size and SHA-256."""

    def __init__(self, out: Any) -> None:
        self.out, self.size, self.sha256 = out, 0, hashlib.sha256()

    def writable(self) -> bool:
        return True

    def write(self, content: Any, /) -> int:
        self.sha256.update(content)
        self.size += len(content)
        self.out.write(content)
        return len(content)


@dataclass
class _Packer:
    """Puts files into the zip, piece by piece, and remembers what they are."""

    zip: zipfile.ZipFile
    files: list[dict[str, Any]] = field(default_factory=list)

    @contextmanager
    def file(self, path: str) -> Iterator[BinaryIO]:
        entry = zipfile.ZipInfo(path, date_time=timezone.localtime().timetuple()[:6])
        entry.compress_type = zipfile.ZIP_DEFLATED
        entry.external_attr = 0o644 << 16
        with self.zip.open(entry, "w", force_zip64=True) as out:
            hashing = _Hashing(out)
            with io.BufferedWriter(hashing, _AT_ONCE) as buffered:
                yield buffered
        self.files.append({"path": path, "size": hashing.size, "sha256": hashing.sha256.hexdigest()})

    def table(self, path: str, header: tuple[str, ...], rows: Iterable[tables.Row]) -> None:
        with self.file(path) as file:
            write_csv(file, header, (row.cells for row in rows))


def _write_people(book: Book, out: BinaryIO) -> None:
    """Who prepared and checked the vouchers; texts name them by id."""
    ids = Voucher.objects.filter(book=book).values_list("prepared_by", "checked_by").distinct()
    found = get_user_model().objects.filter(pk__in={pk for pair in ids for pk in pair if pk}).order_by("pk")
    write_csv(out, ("id", "用户名", "姓名"), ((p.pk, p.get_username(), str(p)) for p in found))


def _write_accounts(book: Book, out: BinaryIO) -> None:
    header = ("id", "科目代码", "科目名称", "类别", "余额方向", "授权")
    accounts = book.accounts.order_by("code")
    rows = ((a.pk, a.code, a.name, a.account_class, a.normal_side, a.authorised_by) for a in accounts)
    write_csv(out, header, rows)


def _add_reports(packer: _Packer, book: Book, month: int) -> None:
    folder = f"reports/{written(month)}"
    for code in STATEMENTS:
        report = ledgers.CATALOGUE[code].make(book, month, "zh")
        packer.table(f"{folder}/{code}.csv", report.header, report.rows)
        with packer.file(f"{folder}/{code}.pdf") as file:
            file.write(tables.as_pdf(report))
    for code in TABLES:
        report = ledgers.CATALOGUE[code].make(book, month, "zh")
        packer.table(f"{folder}/{code}.csv", report.header, report.rows)
    moved = book.accounts.filter(is_leaf=True, turnovers__month=month).distinct().order_by("code")
    for account in moved:
        header, rows = journals.streamed(book, month, account)
        packer.table(f"{folder}/ledger-{account.code}.csv", header, rows)


def _write_chain(book: Book, months: tuple[int, int], out: BinaryIO) -> dict[str, Any]:
    count, first, previous, last = 0, None, "", ""
    with connection.chunked_cursor() as cursor:
        cursor.execute(_VOUCHERS, {"book": book.pk, "from": months[0], "to": months[1]})
        # One at a time: the text of a voucher over many events is long.
        while voucher := cursor.fetchone():
            sequence, word, month, number, date, summary, before, digest, content = voucher
            count, first, previous, last = count + 1, first or sequence, previous or before, digest
            row = {
                "sequence": sequence, "word": word, "month": month, "number": number, "date": date.isoformat(),
                "summary": summary, "previous_hash": before, "hash": digest, "content": content,
            }  # fmt: skip
            out.write(json.dumps(row, ensure_ascii=False).encode() + b"\n")
    return {"vouchers": count, "first_sequence": first, "previous_hash": previous, "hash": last}


def _add_papers(packer: _Packer, book: Book, months: tuple[int, int]) -> None:
    posted = Voucher.objects.filter(book=book, state=VoucherState.POSTED, month__range=months)
    known = posted.select_related("book__union", "prepared_by", "checked_by", "cancels").order_by("sequence")
    for voucher in known.iterator(chunk_size=100):
        with packer.file(f"vouchers/{written(voucher.month)}/{voucher}.pdf") as file:
            file.write(papers.voucher_paper(voucher))
    files = VoucherFile.objects.filter(voucher__in=posted).select_related("voucher").order_by("pk")
    for n, kept in enumerate(files.iterator(chunk_size=500), start=1):
        name = f"{written(kept.voucher.month)}/{kept.voucher}/{n}-{PurePosixPath(kept.name).name}"
        with packer.file(f"attachments/{name}") as file, kept.file.open("rb") as content:
            shutil.copyfileobj(content, file)
