"""Reading a bank's statement file: every figure is read strictly, and every balance must follow from the one before."""

from __future__ import annotations

import csv
import datetime as dt
import io
import itertools
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from . import layouts
from .errors import FileRefused

_NO_HEADER = gettext_lazy("There is no header with a date, an amount and a balance.")
_HEADER_WITHIN = 30
_MOST_PROBLEMS = 100  # nobody corrects more lines than these by hand
_ZERO = Decimal("0.00")
_AMOUNT = re.compile(r"[+-]?(\d{1,15}|\d{1,3}(,\d{3}){1,4})(\.\d{1,2}0*)?", re.ASCII)
_DATE = re.compile(
    r"(\d{4})([-/.年]?)(\d{1,2})([-/.月]?)(\d{1,2})日?(?:[ T]?\d\d:?\d\d(?::?\d\d)?)?", re.ASCII
)
_NOTHING = frozenset({"", "-", "--"})
_LIMITS = {"summary": 200, "reference": 80, "counterparty": 120}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One movement as the file says it; ``line`` is its line in the file, amounts in yuan, out is negative."""

    line: int
    booked_on: dt.date
    amount: Decimal
    balance: Decimal
    summary: str = ""
    reference: str = ""
    counterparty: str = ""
    counterparty_account: str = ""


@dataclass(frozen=True, slots=True)
class StatementFile:
    """A whole file, oldest movement first, its balances checked. ``rejected`` lines moved no money."""

    opening: Decimal
    closing: Decimal
    rows: list[Row]
    rejected: list[tuple[int, str]] = field(default_factory=list)


class _Bad(Exception):
    """Why one line cannot be read."""


Cells = dict[str, str]


def read_csv(content: bytes, *, account_number: str) -> StatementFile:
    """Read a statement of this account. Raises FileRefused with the first hundred lines that cannot be true."""
    text = _decoded(content)
    if not text.endswith(("\n", "\r")):
        raise FileRefused(
            [(len(text.splitlines()), _("The last line is not ended: the file seems to be cut off."))]
        )
    facts, columns, table = _table(text)
    rows, rejected, totals = _rows(columns, table, account_number)
    problem = _wrong_account(facts, account_number)
    if problem:
        raise FileRefused([(0, problem)])
    if not rows:
        raise FileRefused([(0, _("The file has no movements."))])
    rows = _oldest_first(rows)
    _check_facts(facts, rows)
    for line, cells in totals:
        _check_totals(line, cells, rows)
        rejected.append((line, _("a total, not a movement")))
    return StatementFile(
        opening=rows[0].balance - rows[0].amount, closing=rows[-1].balance, rows=rows, rejected=rejected
    )


def _decoded(content: bytes) -> str:
    for encoding in layouts.ENCODINGS:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" not in text and text.strip():
            return text
        break
    raise FileRefused(
        [(0, _("This is not a statement in CSV: it is empty or not a text in UTF-8 or GB18030."))]
    )


def _plain(word: str) -> str:
    """A header word without spaces, brackets and case."""
    return re.sub(r"\(.*?\)|[\s:/]", "", unicodedata.normalize("NFKC", word)).lower()


def _table(text: str) -> tuple[Cells, list[str], Iterator[tuple[int, list[str]]]]:
    """The facts above the table, its columns by our names, and its lines with their numbers in the file, one by one."""
    facts: Cells = {}
    lines = _lines(text, _separator(text))
    for number, cells in itertools.islice(lines, _HEADER_WITHIN):
        columns = _columns(cells)
        if _is_header(columns):
            _check_columns(number, columns)
            return facts, columns, lines
        facts |= _facts(cells)
    raise FileRefused([(0, str(_NO_HEADER))])


def _lines(text: str, separator: str) -> Iterator[tuple[int, list[str]]]:
    begins = 1
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    try:
        for cells in reader:
            yield begins, cells
            begins = reader.line_num + 1
    except csv.Error as error:
        raise FileRefused([(begins, _("This line is not CSV."))]) from error


def _separator(text: str) -> str:
    """The separator with which one of the first lines is a header."""
    first = [line.strip("\r\n") for line in itertools.islice(io.StringIO(text), _HEADER_WITHIN)]
    for separator in layouts.SEPARATORS:
        if any(_is_header(_columns(line.replace('"', "").split(separator))) for line in first):
            return separator
    raise FileRefused([(0, str(_NO_HEADER))])


def _is_header(columns: list[str]) -> bool:
    return {"date", "balance"} <= set(columns) and bool({"amount", "debit", "credit"} & set(columns))


def _columns(cells: list[str]) -> list[str]:
    """Our name of each column, empty for columns that we do not read; the first summary-like column wins."""
    known = {word: name for name, words in layouts.COLUMNS.items() for word in words}
    names = [known.get(_plain(cell), "") for cell in cells]
    return ["" if name == "summary" and name in names[:n] else name for n, name in enumerate(names)]


def _check_columns(line: int, columns: list[str]) -> None:
    twice = {name for name in columns if name and columns.count(name) > 1}
    if twice:
        raise FileRefused([(line, _("Two columns say the same thing."))])
    if ("debit" in columns) != ("credit" in columns):
        raise FileRefused([(line, _("Money out and money in need a column each."))])


def _facts(cells: list[str]) -> Cells:
    """Label and value pairs of a line above the table: “账号,9900…” or “账号:9900…”."""
    known = {word: name for name, words in layouts.FACTS.items() for word in words}
    parts = [part.strip() for cell in cells for part in re.split("[:\uff1a]", cell)]
    return {
        known[_plain(label)]: value for label, value in itertools.pairwise(parts) if _plain(label) in known
    }


def _rows(
    columns: list[str], table: Iterable[tuple[int, list[str]]], account_number: str
) -> tuple[list[Row], list[tuple[int, str]], list[tuple[int, Cells]]]:
    rows: list[Row] = []
    rejected: list[tuple[int, str]] = []
    totals: list[tuple[int, Cells]] = []
    problems: list[tuple[int, str]] = []
    for line, values in table:
        if not any(value.strip() for value in values):
            continue
        cells = {name: value.strip() for name, value in zip(columns, values, strict=False) if name}
        if _plain(values[0]) in layouts.TOTALS:
            totals.append((line, cells))
            continue
        try:
            if len(values) != len(columns):
                raise _Bad(
                    _("has %(found)s columns, the header %(expected)s")
                    % {"found": len(values), "expected": len(columns)}
                )
            if wrong := _wrong_account(cells, account_number):
                raise _Bad(wrong)
            row = _row(line, cells)
        except _Bad as bad:
            problems.append((line, str(bad)))
            if len(problems) == _MOST_PROBLEMS:
                break
            continue
        if row.amount:
            rows.append(row)
        else:
            rejected.append((line, _("no amount: nothing moved")))
    if problems:
        raise FileRefused(problems)
    return rows, rejected, totals


def _row(line: int, cells: Cells) -> Row:
    for name, limit in _LIMITS.items():
        if len(cells.get(name, "")) > limit:
            raise _Bad(_("“%(text)s…” is too long") % {"text": cells[name][:20]})
    return Row(
        line=line,
        booked_on=_date(cells["date"]),
        amount=_signed(cells),
        balance=_amount(cells["balance"]),
        summary=cells.get("summary", ""),
        reference=cells.get("reference", ""),
        counterparty=cells.get("counterparty", ""),
        counterparty_account=cells.get("counterparty_account", "")[-4:],
    )


def _signed(cells: Cells) -> Decimal:
    if "debit" in cells:
        out, into = (
            _ZERO if cells[side] in _NOTHING else _amount(cells[side]) for side in ("debit", "credit")
        )
        if out and into:
            raise _Bad(_("money both out and in"))
        # A correction of the bank stands in red, negative, on the side it corrects.
        return into - out
    if cells["amount"] in _NOTHING:
        return _ZERO
    amount = _amount(cells["amount"])
    if "mark" not in cells:
        return amount
    mark = cells["mark"].upper()
    if mark not in layouts.OUT | layouts.IN:
        raise _Bad(_("“%(text)s” says neither in nor out") % {"text": cells["mark"]})
    return -amount if mark in layouts.OUT else amount


def _amount(text: str) -> Decimal:
    plain = unicodedata.normalize("NFKC", text).replace(" ", "").lstrip("¥")
    if not _AMOUNT.fullmatch(plain):
        raise _Bad(_("“%(text)s” is not an amount in yuan") % {"text": text[:40]})
    return Decimal(plain.replace(",", "")).quantize(Decimal("0.01"))


def _date(text: str) -> dt.date:
    found = _DATE.fullmatch(text)
    try:
        if found:
            return dt.date(int(found[1]), int(found[3]), int(found[5]))
    except ValueError:
        pass
    raise _Bad(_("“%(text)s” is not a date") % {"text": text[:40]})


def _wrong_account(cells: Cells, number: str) -> str:
    """Why these cells are not of this account in yuan, or nothing. Banks mask numbers: what they show must agree."""
    shown = cells.get("account", "").replace(" ", "")
    if shown:
        pattern = re.sub(r"(\\\*)+", ".+", re.escape(shown))
        if not re.fullmatch(pattern, number):
            return _("This is another bank account: %(found)s.") % {"found": shown[-4:]}
    currency = cells.get("currency", "").upper()
    if currency and currency not in layouts.CURRENCIES:
        return _("The currency is %(found)s, not yuan.") % {"found": currency[:20]}
    return ""


def _oldest_first(rows: list[Row]) -> list[Row]:
    """Turn a file round that lists the newest first; each balance must be the one before plus the amount."""
    newest_first = rows[0].booked_on > rows[-1].booked_on or (
        rows[0].booked_on == rows[-1].booked_on and _problems(rows) and not _problems(rows[::-1])
    )
    ordered = rows[::-1] if newest_first else rows
    problems = _problems(ordered)
    if problems:
        raise FileRefused(problems)
    return ordered


def _problems(rows: list[Row]) -> list[tuple[int, str]]:
    problems = []
    for before, row in itertools.pairwise(rows):
        if row.balance != before.balance + row.amount:
            problems.append(
                (
                    row.line,
                    _("the balance should be %(expected)s, not %(found)s: a line is missing or wrong")
                    % {"expected": before.balance + row.amount, "found": row.balance},
                )
            )
        elif row.booked_on < before.booked_on:
            problems.append((row.line, _("the dates go backwards")))
        if len(problems) == _MOST_PROBLEMS:
            break
    return problems


def _check_facts(facts: Cells, rows: list[Row]) -> None:
    for name, expected in (("opening", rows[0].balance - rows[0].amount), ("closing", rows[-1].balance)):
        try:
            if name in facts and _amount(facts[name]) != expected:
                raise _Bad(
                    _(
                        "The lines begin or end with %(found)s, the head of the file says %(said)s: lines are missing."
                    )
                    % {"found": expected, "said": facts[name]}
                )
        except _Bad as bad:
            raise FileRefused([(0, str(bad))]) from bad


def _check_totals(line: int, cells: Cells, rows: list[Row]) -> None:
    sums = {
        "debit": -sum((row.amount for row in rows if row.amount < 0), _ZERO),
        "credit": sum((row.amount for row in rows if row.amount > 0), _ZERO),
    }
    for side, total in sums.items():
        try:
            if cells.get(side, "") not in _NOTHING and _amount(cells[side]) != total:
                raise _Bad(
                    _("the total is %(said)s, the lines add up to %(found)s")
                    % {"said": cells[side], "found": total}
                )
        except _Bad as bad:
            raise FileRefused([(line, str(bad))]) from bad
