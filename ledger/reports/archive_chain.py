"""The vouchers of an archive: the chain of their texts, and the journal computed again from them."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import IO, Any

from django.utils.translation import gettext as _

from .exports import JOURNAL_HEADER
from .periods import written
from .wording import FUND_SOURCES

# Vouchers whose text names accounts by their code (books_voucher_content).
_BY_CODE = '["puhui-voucher/2"'
# Where a line of what was posted has them.
_DATE, _SUMMARY, _DOCUMENT = 2, 4, 5
_DEBIT, _CREDIT, _AMOUNT, _IS_RED = 12, 13, 14, 15
_PROJECT, _FUND_SOURCE, _PARTY, _LINE_SUMMARY, _ON_CREDIT = 16, 17, 18, 21, 22
_BEFORE_THE_FIRST = hashlib.sha256(b"").hexdigest()


@dataclass(frozen=True, slots=True)
class Extent:
    """What an archive is about: a book, the months (YYYYMM) of which it has every voucher, and which are closed."""

    book: str
    first: int
    last: int
    closed: frozenset[int]

    def holds(self, month: int) -> bool:
        """Whether vouchers of this month belong to the archive."""
        return self.first <= month <= self.last


@dataclass
class _Told:
    """What is kept of one voucher: debit and credit by account, and a sum over the digests of its lines.

    The sum does not depend on the order of lines, and stays small for vouchers over many events.
    """

    sums: dict[str, list[Decimal]] = field(
        default_factory=lambda: defaultdict(lambda: [Decimal(0), Decimal(0)])
    )
    lines: int = 0

    def add(self, account: str, side: int, amount: Decimal, words: Iterable[str | None]) -> None:
        self.sums[account][side] += amount
        # A text that a spreadsheet would run as a formula has an apostrophe in the journal.
        line = [account, str(side), str(amount), *((word or "").lstrip("'") for word in words)]
        digest = hashlib.sha256(json.dumps(line).encode()).digest()
        self.lines = (self.lines + int.from_bytes(digest)) % 2**256

    def moved(self) -> dict[str, list[Decimal]]:
        return {account: sums for account, sums in self.sums.items() if any(sums)}


class Chain:
    """The vouchers as their texts say."""

    def __init__(self, extent: Extent) -> None:
        self.extent = extent
        # Paths of the papers that belong to the vouchers.
        self.papers: set[str] = set()
        self._told: dict[str, _Told] = {}
        # Vouchers of the earlier text, which names accounts by their id.
        self._older: set[str] = set()

    def breaks(self, lines: Iterable[bytes], said: dict[str, Any]) -> Iterator[str]:
        """Read the chain and say where it does not hold.

        Raises ValueError, LookupError, TypeError or RecursionError when it is no chain of ours.
        """
        previous, sequence, count = said["previous_hash"], said["first_sequence"], 0
        text: str | None = ""
        for line in lines:
            row = json.loads(line)
            text = row["content"]
            if not isinstance(text, str | None) or not isinstance(row["month"], int):
                raise ValueError(line[:80])
            if not _follows(row, previous, sequence):
                yield _("voucher %(word)s-%(number)s of %(month)s: the chain breaks") % row
            yield from self._read(row, text)
            previous, sequence, count = row["hash"], row["sequence"] + 1, count + 1
            if count == 1 and text is None:
                yield _("the chain does not begin with a voucher of the archive")
        if text is None:
            yield _("the chain does not end with a voucher of the archive")
        if (previous, count) != (said["hash"], said["vouchers"]):
            yield _("the chain does not end where the manifest says")

    def _read(self, row: dict[str, Any], text: str | None) -> Iterator[str]:
        """Remember a voucher, and say why it cannot be the one of its row."""
        if text is None:
            # Vouchers of other years that were posted in between are links without their text.
            if self.extent.holds(row["month"]):
                yield _("voucher %(word)s-%(number)s of %(month)s: its text is missing") % row
            return
        paper = f"vouchers/{written(row['month'])}/{row['word']}-{row['number']}.pdf"
        if paper in self.papers:
            yield _("voucher %(word)s-%(number)s of %(month)s: stands in the chain twice") % row
        self.papers.add(paper)
        if not self.extent.holds(row["month"]):
            yield _("voucher %(word)s-%(number)s of %(month)s: is of another year") % row
        elif not self._is_of(row, text):
            yield _("voucher %(word)s-%(number)s of %(month)s: its text is of another voucher") % row

    def _is_of(self, row: dict[str, Any], text: str) -> bool:
        """Whether a text says that it is the voucher of its row; remembers its lines."""
        name = f"{row['word']}-{written(row['month'])}-{row['number']}"
        facts = [str(row[fact]) for fact in ("word", "month", "number", "sequence", "date")]
        if not text.startswith(_BY_CODE):
            self._older.add(name)
            # No voucher of the earlier form was posted after one of the later.
            return not self._told and bool(re.match(r"[0-9]+\|" + re.escape("|".join(facts) + "|"), text))
        # Other line ends may stand inside a summary.
        head, *lines = text.split("\n")
        try:
            posted = [line for line in map(json.loads, filter(str.strip, lines)) if line[0] == "t"]
            self._told[name] = _told(posted)
            is_of_its_day = all(line[_DATE] == row["date"] for line in posted)
            return is_of_its_day and json.loads(head)[1:8] == [self.extent.book, *facts, row["summary"]]
        except (ValueError, LookupError, TypeError, RecursionError):
            return False

    def differences(self, journal: IO[bytes]) -> Iterator[str]:
        """Where the journal does not say what the texts of the vouchers say."""
        kept: dict[str, _Told] = defaultdict(_Told)
        alone: Counter[int] = Counter()
        with io.TextIOWrapper(journal, encoding="utf-8-sig", errors="replace", newline="") as text:
            try:
                for row in _journal_rows(text, self.extent.book):
                    if name := row["凭证号"]:
                        _add_row(kept[name], row)
                    else:
                        alone[int(row["日期"][:4] + row["日期"][5:7])] += 1
            except (ValueError, LookupError, TypeError, csv.Error):
                yield _("journal.csv cannot be read as a journal of the book")
                return
        for month in sorted(alone):
            if month in self.extent.closed or not self.extent.holds(month):
                yield _("journal.csv: lines of %(month)s have no voucher") % {"month": written(month)}
        yield from self._compared(kept)

    def _compared(self, kept: dict[str, _Told]) -> Iterator[str]:
        for name in sorted(kept.keys() | self._told.keys() | self._older):
            told, entered = self._told.get(name), kept.get(name)
            if entered is None:
                yield _("journal.csv: voucher %s is missing") % name
            elif name in self._older:
                continue
            elif told is None:
                yield _("journal.csv: %s is not in the chain of vouchers") % name
            elif told.moved() != entered.moved():
                yield _("journal.csv: the amounts of voucher %s are not those of its text") % name
            elif told.lines != entered.lines:
                yield _("journal.csv: the lines of voucher %s are not those of its text") % name


def _follows(row: dict[str, Any], previous: str, sequence: int) -> bool:
    """Whether a voucher is the next one after the hash before it."""
    before, text = bytes.fromhex(row["previous_hash"]), row["content"]
    computed = row["hash"] if text is None else hashlib.sha256(before + text.encode()).hexdigest()
    is_first = row["sequence"] == 1
    return (row["previous_hash"], computed, row["sequence"]) == (previous, row["hash"], sequence) and (
        not is_first or previous == _BEFORE_THE_FIRST
    )


def _told(lines: Iterable[list[Any]]) -> _Told:
    told = _Told()
    for line in lines:
        amount = -_amount(line[_AMOUNT]) if line[_IS_RED] == "true" else _amount(line[_AMOUNT])
        own = [line[at] for at in (_PROJECT, _FUND_SOURCE, _PARTY, _LINE_SUMMARY)]
        on_credit = own
        if line[_ON_CREDIT] is not None:
            project, fund_source, party, _nature, _economic_class, summary = json.loads(line[_ON_CREDIT])
            given = (project, fund_source, party, summary)
            on_credit = [mine if theirs is None else theirs for mine, theirs in zip(own, given, strict=True)]
        for side, account, (project, fund_source, party, summary) in (
            (0, line[_DEBIT], own),
            (1, line[_CREDIT], on_credit),
        ):
            words = (
                line[_DATE],
                summary or line[_SUMMARY],
                project,
                FUND_SOURCES[fund_source],
                party,
                line[_DOCUMENT],
            )
            told.add(account, side, amount, words)
    return told


def _journal_rows(text: Iterable[str], book: str) -> Iterator[dict[str, str]]:
    reader = csv.DictReader(text)
    if tuple(reader.fieldnames or ()) != JOURNAL_HEADER:
        raise ValueError(reader.fieldnames)
    for row in reader:
        if len(row) != len(JOURNAL_HEADER) or None in row.values() or row["账套"] != book:
            raise ValueError(row)
        yield row


def _add_row(kept: _Told, row: dict[str, str]) -> None:
    words = [row[column] for column in ("日期", "摘要", "项目", "资金来源", "往来", "原始凭证")]
    for side, column in enumerate(("借方", "贷方")):
        if row[column]:
            kept.add(row["科目代码"], side, _amount(row[column]), words)


def _amount(text: str) -> Decimal:
    """Yuan as the books write them; raises ValueError for anything else that is a number."""
    if not re.fullmatch(r"-?[0-9]{1,20}\.[0-9]{2}", text):
        raise ValueError(text)
    return Decimal(text)
