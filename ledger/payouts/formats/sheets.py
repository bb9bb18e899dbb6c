"""Reading and writing the first sheet of an Excel file; what claims to be larger than any payout is not unpacked."""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import openpyxl
import xlrd
import xlsxwriter
import xlwt
from django.utils.translation import gettext as _

from ledger.payouts.errors import FileRefused

from .description import Record, SheetLayout
from .text import named
from .values import Read, Values, literal, names, require_control_free

_LARGEST_UNPACKED = 200 * 1024 * 1024
_MOST_PACKED = 400  # times smaller than what it unpacks to
_MOST_ROWS = 250_000
_EMPTY_ROWS_END = 1_000
_EXACT_DIGITS = 15  # what a number in Excel keeps
_MADE = dt.datetime(2000, 1, 1)  # noqa: DTZ001 — the same payment gives the same bytes
_AMOUNTS = frozenset({"amount", "total"})
_COUNTS = frozenset({"seq", "count"})


def write(layout: SheetLayout, head: Values, details: Iterable[Values]) -> bytes:
    """The file's bytes; amounts are numbers with two decimals, everything else is text."""
    return (_write_xls if layout.container == "xls" else _write_xlsx)(layout, _rows(layout, head, details))


def _rows(layout: SheetLayout, head: Values, details: Iterable[Values]) -> Iterator[list[tuple[str, bool]]]:
    """Each cell with whether it is an amount."""

    def row(record: Record, values: Values) -> list[tuple[str, bool]]:
        return [
            (name[1:], False) if literal(name) is not None else (values[name], name in _AMOUNTS)
            for name in names(record)
        ]

    if layout.header:
        yield row(layout.header, head)
    for detail in details:
        yield row(layout.detail, detail)
    if layout.trailer:
        yield row(layout.trailer, head)


def _write_xlsx(layout: SheetLayout, rows: Iterable[list[tuple[str, bool]]]) -> bytes:
    out = io.BytesIO()
    book = xlsxwriter.Workbook(
        out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    )
    book.set_properties({"created": _MADE})
    page, money = book.add_worksheet("Sheet1"), book.add_format({"num_format": "0.00"})
    for number, row in enumerate(rows):
        for column, (cell, is_amount) in enumerate(row):
            if is_amount:
                page.write_number(number, column, float(cell), money)
            else:
                page.write_string(number, column, cell)
    book.close()
    return out.getvalue()


def _write_xls(layout: SheetLayout, rows: Iterable[list[tuple[str, bool]]]) -> bytes:
    book = xlwt.Workbook(encoding="utf-8")
    page, money = book.add_sheet("Sheet1"), xlwt.easyxf(num_format_str="0.00")
    for number, row in enumerate(rows):
        for column, (cell, is_amount) in enumerate(row):
            if is_amount:
                page.write(number, column, float(cell), money)
            else:
                page.write(number, column, cell)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def read(layout: SheetLayout, content: bytes) -> Read:
    """Take a file apart; raises FileRefused for what is no Excel file of this kind, wrong columns or cells."""
    width = max(len(layout.header), len(layout.detail), len(layout.trailer))
    cells = (_read_xls if layout.container == "xls" else _read_xlsx)(content, width + 1)
    rows = [(number, row) for number, row in enumerate(cells, 1) if any(cell != "" for cell in row)]
    head: dict[str, str] = {}
    if layout.header:
        if not rows:
            raise FileRefused(0, _("The file is empty."))
        head |= _values(layout, layout.header, *rows.pop(0))
    if layout.trailer:
        if not rows:
            raise FileRefused(0, _("The file is cut short: its last line is missing."))
        head |= _values(layout, layout.trailer, *rows.pop())
    return Read(head, [(number, _values(layout, layout.detail, number, row)) for number, row in rows])


def _values(layout: SheetLayout, record: Record, number: int, row: list[Any]) -> dict[str, str]:
    while row and row[-1] == "":
        row.pop()
    if len(row) > len(record):
        raise FileRefused(
            number,
            _("%(found)s columns, but this format has %(expected)s.")
            % {"found": len(row), "expected": len(record)},
        )
    row += [""] * (len(record) - len(row))
    texts = [_text(layout, name, cell, number) for name, cell in zip(names(record), row, strict=True)]
    return named(record, texts, number)


def _text(layout: SheetLayout, name: str, cell: Any, number: int) -> str:
    """What the cell says; a number stands for an amount or a count, never for an account."""
    match cell:
        case str():
            require_control_free(cell, number)
            return cell.strip()
        case bool():
            pass
        case dt.datetime():
            return cell.strftime(layout.date_format if cell.time() == dt.time() else layout.time_format)
        case int() | float() if name in _AMOUNTS and layout.amount_unit == "yuan":
            if abs(cell) < 10**13 and abs(cell * 100 - round(cell * 100)) < 1e-4:
                return f"{cell:.2f}"
        case int() | float() if abs(cell) < 10**_EXACT_DIGITS and cell == int(cell):
            return str(int(cell))
        case int() | float():
            raise FileRefused(
                number,
                _(
                    "Excel has made a number of a long text such as an account; its last digits are lost."
                    " Ask for the file with text cells."
                ),
            )
    raise FileRefused(
        number, _("The cell “%(cell)s” is neither text nor a number.") % {"cell": str(cell)[:40]}
    )


def _refusing(reader: Callable[[bytes, int], list[list[Any]]]) -> Callable[[bytes, int], list[list[Any]]]:
    """The readers of Excel files raise whatever the damage in a file makes them stumble over."""

    def read_it(content: bytes, width: int) -> list[list[Any]]:
        try:
            return reader(content, width)
        except FileRefused:
            raise
        except Exception as error:
            raise FileRefused(0, _("This is not an Excel file that can be read.")) from error

    return read_it


@_refusing
def _read_xlsx(content: bytes, width: int) -> list[list[Any]]:
    _require_sane_zip(content)
    book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=False)
    page = book.worksheets[0]
    rows: list[list[Any]] = []
    empty = 0
    for cells in page.iter_rows(max_col=width, values_only=True):
        row = ["" if cell is None else cell for cell in cells]
        empty = 0 if any(cell != "" for cell in row) else empty + 1
        rows.append(row)
        if len(rows) > _MOST_ROWS or empty > _EMPTY_ROWS_END:
            break
    return _not_too_many(rows)


def _require_sane_zip(content: bytes) -> None:
    """Before anything is unpacked: what the archive says it holds, and how well it is packed (zip bombs)."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        unpacked = sum(part.file_size for part in archive.infolist())
        packed = sum(part.compress_size for part in archive.infolist())
    if unpacked > _LARGEST_UNPACKED or (unpacked > 10**6 and unpacked > packed * _MOST_PACKED):
        raise FileRefused(0, _("The file unpacks to more than a bank's result can have; it is not read."))


@_refusing
def _read_xls(content: bytes, width: int) -> list[list[Any]]:
    book = xlrd.open_workbook(file_contents=content, ragged_rows=True, on_demand=True, logfile=io.StringIO())
    page = book.sheet_by_index(0)
    rows = [
        [_xls_cell(book, cell) for cell in page.row(number)[:width]]
        for number in range(min(page.nrows, _MOST_ROWS + 1))
    ]
    return _not_too_many(rows)


def _xls_cell(book: Any, cell: Any) -> Any:
    if cell.ctype == xlrd.XL_CELL_DATE:
        return xlrd.xldate_as_datetime(cell.value, book.datemode)
    if cell.ctype == xlrd.XL_CELL_BOOLEAN:
        return bool(cell.value)
    if cell.ctype == xlrd.XL_CELL_ERROR:
        raise FileRefused(0, _("A cell of the file has an error instead of a value."))
    return cell.value


def _not_too_many(rows: list[list[Any]]) -> list[list[Any]]:
    if len(rows) > _MOST_ROWS:
        raise FileRefused(0, _("The file has more lines than any payout."))
    return rows
