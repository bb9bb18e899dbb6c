"""Reading and writing the lines of a described text file; refusals name the line and what is wrong with it."""

from __future__ import annotations

import codecs
import datetime as dt
import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from django.utils.translation import gettext as _

from ledger.payouts.errors import FileRefused

from .description import Layout, Record

_DATE, _TIME = "%Y%m%d", "%Y%m%d%H%M%S"
Values = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Read:
    """A file taken apart: what header and trailer say, and each payment line with its number."""

    head: dict[str, str]
    details: list[tuple[int, dict[str, str]]]


def write(layout: Layout, head: Values, details: Iterable[Values]) -> bytes:
    """The file's bytes. Values have been checked before; one that would break the file is a programming error."""
    lines = [_join(layout, layout.header, head)] if layout.header else []
    lines += [_join(layout, layout.detail, detail) for detail in details]
    content = "".join(lines).encode(layout.encoding)
    if layout.trailer:
        closing = {**head, "sha256": hashlib.sha256(content).hexdigest()}
        content += _join(layout, layout.trailer, closing).encode(layout.encoding)
    return content


def _join(layout: Layout, record: Record, values: Values) -> str:
    cells = [column[1:] if column.startswith("=") else values[column] for column in record]
    for cell in cells:
        if layout.separator in cell or "\n" in cell or "\r" in cell:
            raise ValueError(f"{cell!r} would break the file")
    return layout.separator.join(cells) + layout.separator * layout.trailing_separator + layout.line_end


def read(layout: Layout, content: bytes) -> Read:
    """Take a file apart; raises FileRefused for wrong encoding, columns, checksum, or a file cut short."""
    content = content.removeprefix(codecs.BOM_UTF8)
    lines = _lines(layout, content)
    head: dict[str, str] = {}
    first, last = 0, len(lines)
    if layout.header:
        if not lines:
            raise FileRefused(0, _("The file is empty."))
        head |= _split(layout, layout.header, 1, lines[0])
        first = 1
    if layout.trailer:
        if last <= first or not _is(layout, layout.trailer, lines[-1]):
            raise FileRefused(last, _("The file is cut short: its last line is missing."))
        head = _with_trailer(layout, content, lines[-1], head, last)
        last -= 1
    details = [(n + 1, _split(layout, layout.detail, n + 1, lines[n])) for n in range(first, last)]
    return Read(head, details)


def _lines(layout: Layout, content: bytes) -> list[str]:
    try:
        text = content.decode(layout.encoding)
    except UnicodeDecodeError as error:
        number = content[: error.start].count(b"\n") + 1
        raise FileRefused(
            number, _("These bytes are not text in %(encoding)s.") % {"encoding": layout.encoding.upper()}
        ) from error
    lines = [line.removesuffix("\r") for line in text.split("\n")]
    while lines and not lines[-1].strip():
        lines.pop()
    for number, line in enumerate(lines, 1):
        if any(ord(c) < 32 and c != "\t" for c in line):
            raise FileRefused(number, _("The line has control characters; this is not a text file."))
    return lines


def _is(layout: Layout, record: Record, line: str) -> bool:
    literal = next((c[1:] for c in record if c.startswith("=")), "")
    return line.split(layout.separator, 1)[0].strip() == literal


def _split(layout: Layout, record: Record, number: int, line: str) -> dict[str, str]:
    cells = [cell.strip() for cell in line.split(layout.separator)]
    if layout.trailing_separator and cells[-1] == "":
        cells.pop()
    if len(cells) != len(record):
        raise FileRefused(
            number,
            _("%(found)s columns, but this format has %(expected)s.")
            % {"found": len(cells), "expected": len(record)},
        )
    for column, cell in zip(record, cells, strict=True):
        if column.startswith("=") and cell != column[1:]:
            raise FileRefused(
                number,
                _("Starts with “%(found)s”, not “%(expected)s”.") % {"found": cell, "expected": column[1:]},
            )
    return {column: cell for column, cell in zip(record, cells, strict=True) if not column.startswith("=")}


def _with_trailer(
    layout: Layout, content: bytes, line: str, head: dict[str, str], number: int
) -> dict[str, str]:
    """What header and trailer say together, once the trailer fits the rest of the file."""
    trailer = _split(layout, layout.trailer, number, line)
    if "sha256" in trailer:
        body = content[: content.rindex(line.encode(layout.encoding))]
        if hashlib.sha256(body).hexdigest() != trailer["sha256"].lower():
            raise FileRefused(number, _("The checksum does not fit: the file was changed or cut short."))
    for column in ("count", "total"):
        if column in head and column in trailer and head[column] != trailer[column]:
            raise FileRefused(number, _("The last line does not agree with the first."))
    return head | trailer


def amount_text(layout: Layout, fen: int) -> str:
    return str(fen) if layout.amount_unit == "fen" else f"{fen // 100}.{fen % 100:02d}"


def amount_fen(layout: Layout, text: str, number: int) -> int:
    """Fen from the bank's way of writing; thousands separators are taken, anything vague is refused."""
    plain = re.sub(r"(?<=\d),(?=\d{3}(\D|$))", "", text)
    pattern = r"\d+" if layout.amount_unit == "fen" else r"\d+(\.\d{1,2})?"
    if not re.fullmatch(pattern, plain, re.ASCII) or len(plain) > 20:
        raise FileRefused(number, _("“%(text)s” is not an amount.") % {"text": text})
    try:
        return int(plain) if layout.amount_unit == "fen" else int(Decimal(plain) * 100)
    except InvalidOperation as error:
        raise FileRefused(number, _("“%(text)s” is not an amount.") % {"text": text}) from error


def yuan_text(fen: int) -> str:
    """For people: 1,234.50."""
    return f"{fen // 100:,}.{fen % 100:02d}"


def whole_number(text: str, number: int) -> int:
    if not re.fullmatch(r"\d{1,9}", text, re.ASCII):
        raise FileRefused(number, _("“%(text)s” is not a number.") % {"text": text})
    return int(text)


def date_text(date: dt.date) -> str:
    return date.strftime(_DATE)


def time_text(date: dt.date) -> str:
    return date.strftime(_TIME)


def date_of(text: str, number: int) -> dt.date | None:
    """A day written as yyyymmdd, with or without the time of day; None for an empty cell."""
    if not text:
        return None
    try:
        if not re.fullmatch(r"\d{8}(\d{6})?", text, re.ASCII):
            raise ValueError
        return dt.datetime.strptime(text, _TIME if len(text) == 14 else _DATE).date()  # noqa: DTZ007
    except ValueError as error:
        raise FileRefused(number, _("“%(text)s” is not a date (yyyymmdd).") % {"text": text}) from error


def totals(layout: Layout, head: Values, details: Sequence[object]) -> tuple[int, int]:
    """The count and the total in fen that the file claims; the count must be that of its lines."""
    count = whole_number(head["count"], 1)
    if count != len(details):
        raise FileRefused(
            1,
            _("The file says %(claimed)s lines and has %(found)s: it is cut short or was changed.")
            % {"claimed": count, "found": len(details)},
        )
    return count, amount_fen(layout, head["total"], 1)
