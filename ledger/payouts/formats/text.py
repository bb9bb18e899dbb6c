"""Reading and writing text files: separators or fixed widths in bytes; refusals name the line and what is wrong."""

from __future__ import annotations

import codecs
import csv
import hashlib
import io
from collections.abc import Iterable

from django.utils.translation import gettext as _

from ledger.payouts.errors import FileRefused

from .description import Column, Record, TextLayout
from .values import Read, Values, decoded, literal, names, require_control_free


def write(layout: TextLayout, head: Values, details: Iterable[Values]) -> bytes:
    """The file's bytes. Values have been checked before; one that would break the file is a programming error."""
    out = io.BytesIO()
    if layout.header:
        out.write(_join(layout, layout.header, head))
    for detail in details:
        out.write(_join(layout, layout.detail, detail))
    if layout.trailer:
        closing = {**head, "sha256": hashlib.sha256(out.getvalue()).hexdigest()}
        out.write(_join(layout, layout.trailer, closing))
    return (codecs.BOM_UTF8 if layout.encoding == "utf-8-sig" else b"") + out.getvalue()


def _plain(encoding: str) -> str:
    """The encoding of a line; the byte order mark stands once, at the head of the file."""
    return "utf-8" if encoding == "utf-8-sig" else encoding


def _join(layout: TextLayout, record: Record, values: Values) -> bytes:
    encoding = _plain(layout.encoding)
    cells = [values[name] if literal(name) is None else name[1:] for name in names(record)]
    if any("\n" in cell or "\r" in cell for cell in cells):
        raise ValueError(f"{cells!r} would break the file")
    if not layout.separator:
        padded = (_pad(column, cell, encoding) for column, cell in zip(record, cells, strict=True))
        return b"".join(padded) + layout.line_end.encode(encoding)
    if layout.quotes != "never":
        return _quoted(layout, cells).encode(encoding)
    if any(layout.separator in cell for cell in cells):
        raise ValueError(f"{cells!r} would break the file")
    line = layout.separator.join(cells) + layout.separator * layout.trailing_separator + layout.line_end
    return line.encode(encoding)


def _pad(column: str | Column, cell: str, encoding: str) -> bytes:
    if isinstance(column, str):
        raise TypeError(f"{column} has no width")
    content, fill = cell.encode(encoding), column.fill.encode(encoding)
    if len(content) > column.width:
        raise ValueError(f"{cell!r} is longer than {column.width} bytes")
    return content.ljust(column.width, fill) if column.align == "left" else content.rjust(column.width, fill)


def _quoted(layout: TextLayout, cells: list[str]) -> str:
    out = io.StringIO()
    writer = csv.writer(
        out,
        delimiter=layout.separator,
        quoting=csv.QUOTE_ALL if layout.quotes == "always" else csv.QUOTE_MINIMAL,
        lineterminator=layout.line_end,
    )
    writer.writerow(cells)
    return out.getvalue()


def read(layout: TextLayout, content: bytes) -> Read:
    """Take a file apart; raises FileRefused for wrong encoding, columns, checksum, or a file cut short."""
    content = content.removeprefix(codecs.BOM_UTF8)
    lines = _lines(layout, content)
    head: dict[str, str] = {}
    first, last = 0, len(lines)
    if not lines:
        raise FileRefused(0, _("The file is empty."))
    if layout.header:
        head |= _split(layout, layout.header, 1, lines[0])
        first = 1
    if layout.trailer:
        if last <= first or not _is(layout, layout.trailer, lines[-1]):
            raise FileRefused(last, _("The file is cut short: its last line is missing."))
        head = _with_trailer(layout, content, lines[-1], head, last)
        last -= 1
    details = [(n + 1, _split(layout, layout.detail, n + 1, lines[n])) for n in range(first, last)]
    return Read(head, details)


def _lines(layout: TextLayout, content: bytes) -> list[str]:
    text = decoded(_plain(layout.encoding), content)
    lines = [line.removesuffix("\r") for line in text.split("\n")]
    while lines and not lines[-1].strip():
        lines.pop()
    for number, line in enumerate(lines, 1):
        require_control_free(line, number)
    return lines


def _is(layout: TextLayout, record: Record, line: str) -> bool:
    mark = next((name[1:] for name in names(record) if literal(name) is not None), "")
    if not layout.separator:
        return line.startswith(mark)
    return line.split(layout.separator, 1)[0].strip(' "') == mark


def _split(layout: TextLayout, record: Record, number: int, line: str) -> dict[str, str]:
    cells = _cells(layout, record, number, line)
    if layout.trailing_separator and cells[-1] == "":
        cells.pop()
    if len(cells) != len(record):
        raise FileRefused(
            number,
            _("%(found)s columns, but this format has %(expected)s.")
            % {"found": len(cells), "expected": len(record)},
        )
    return named(record, cells, number)


def named(record: Record, cells: list[str], number: int) -> dict[str, str]:
    """The values of a line by their names, once its literals are there."""
    found = {}
    for column, cell in zip(names(record), cells, strict=True):
        expected = literal(column)
        if expected is None:
            found[column] = cell
        elif cell != expected:
            raise FileRefused(
                number,
                _("Has “%(found)s” where “%(expected)s” belongs.")
                % {"found": cell[:40], "expected": expected},
            )
    return found


def _cells(layout: TextLayout, record: Record, number: int, line: str) -> list[str]:
    if not layout.separator:
        return _fixed_cells(layout, record, number, line)
    if layout.quotes == "never":
        return [cell.strip() for cell in line.split(layout.separator)]
    try:
        (cells,) = csv.reader([line], delimiter=layout.separator, strict=True)
    except (csv.Error, ValueError) as error:
        raise FileRefused(number, _("The quotes of this line do not match.")) from error
    return [cell.strip() for cell in cells]


def _fixed_cells(layout: TextLayout, record: Record, number: int, line: str) -> list[str]:
    encoding = _plain(layout.encoding)
    content = line.encode(encoding)
    cells, start = [], 0
    widths = [column.width for column in record if isinstance(column, Column)]
    if len(content) != sum(widths):
        raise FileRefused(
            number,
            _("%(found)s bytes, but a line of this format has %(expected)s.")
            % {"found": len(content), "expected": sum(widths)},
        )
    for column in record:
        assert isinstance(column, Column)  # noqa: S101 — no separator: every column has its width
        part = content[start : start + column.width]
        start += column.width
        try:
            cell = part.decode(encoding)
        except UnicodeDecodeError as error:
            raise FileRefused(number, _("A column ends in the middle of a character.")) from error
        bare = cell.rstrip(column.fill) if column.align == "left" else cell.lstrip(column.fill)
        # A number filled with zeros may be nothing but zeros.
        cells.append(bare.strip() or ("0" if column.fill == "0" else ""))
    return cells


def _with_trailer(
    layout: TextLayout, content: bytes, line: str, head: dict[str, str], number: int
) -> dict[str, str]:
    """What header and trailer say together, once the trailer fits the rest of the file."""
    trailer = _split(layout, layout.trailer, number, line)
    if "sha256" in trailer:
        body = content[: content.rindex(line.encode(_plain(layout.encoding)))]
        if hashlib.sha256(body).hexdigest() != trailer["sha256"].lower():
            raise FileRefused(number, _("The checksum does not fit: the file was changed or cut short."))
    for column in ("count", "total"):
        if column in head and column in trailer and head[column] != trailer[column]:
            raise FileRefused(number, _("The last line does not agree with the first."))
    return head | trailer
