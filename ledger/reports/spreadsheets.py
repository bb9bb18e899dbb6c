"""Report files that open cleanly in Excel and WPS: xlsx, and CSV with a BOM and no live formulas."""

from __future__ import annotations

import csv
import io
import itertools
from collections.abc import Container, Iterable, Sequence
from decimal import Decimal
from typing import Any, BinaryIO, NamedTuple

import xlsxwriter

Cell = str | int | Decimal | None
_ROWS = 1_048_570  # of a sheet, without its header and what stands above
_TITLE = 31
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
_MONEY = "#,##0.00;[Red]-#,##0.00;"  # nothing is left blank
_WIDTH = 16
_A4 = 9


class Sheet(NamedTuple):
    """A table for a spreadsheet: ``head`` stands above the header, ``strong`` are the bold cells by row and column."""

    name: str
    header: Sequence[str]
    rows: Iterable[Sequence[Cell]]
    head: Sequence[Sequence[str]] = ()
    widths: Sequence[int] = ()
    strong: Container[tuple[int, int]] = ()


AnySheet = Sheet | tuple[str, Sequence[str], Iterable[Sequence[Cell]]]


def csv_bytes(
    header: Sequence[str], rows: Iterable[Sequence[Cell]], head: Iterable[Sequence[str]] = ()
) -> bytes:
    """What ``write_csv`` writes, below the lines of ``head``."""
    out = io.BytesIO()
    write_csv(out, header, rows, head)
    return out.getvalue()


def write_csv(
    out: BinaryIO, header: Sequence[str], rows: Iterable[Sequence[Cell]], head: Iterable[Sequence[str]] = ()
) -> None:
    """UTF-8 with BOM; a text that a spreadsheet would run as a formula is quoted with an apostrophe."""
    text = io.TextIOWrapper(out, encoding="utf-8-sig", newline="", write_through=True)
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerows([_plain(cell) for cell in line] for line in head)
    writer.writerow(header)
    writer.writerows([_plain(cell) for cell in row] for row in rows)
    text.detach()


def xlsx_bytes(sheets: Iterable[AnySheet]) -> bytes:
    """What ``write_xlsx`` writes."""
    out = io.BytesIO()
    write_xlsx(out, sheets)
    return out.getvalue()


def write_xlsx(out: BinaryIO, sheets: Iterable[AnySheet]) -> None:
    """One sheet per table; amounts are numbers with two decimals, everything else is text.

    Rows are written as they come; what does not fit on a sheet goes on to the next one.
    """
    workbook = xlsxwriter.Workbook(
        out, {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    )
    looks = _Looks(workbook)
    for sheet in (Sheet(*given) for given in sheets):
        left = enumerate(sheet.rows)
        _write_sheet(workbook, sheet, sheet.name, itertools.islice(left, _ROWS), looks)
        for part, first in enumerate(left, start=2):
            rest = itertools.chain([first], itertools.islice(left, _ROWS - 1))
            _write_sheet(workbook, sheet, f"{sheet.name} ({part})", rest, looks)
    workbook.close()


class _Looks:
    """How cells look: title, header, text and amounts, each plain or bold."""

    def __init__(self, workbook: xlsxwriter.Workbook) -> None:
        self.title = workbook.add_format({"bold": True, "font_size": 14})
        self.header = workbook.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
        self.text = {False: None, True: workbook.add_format({"bold": True, "top": 1})}
        self.money = {
            strong: workbook.add_format({"num_format": _MONEY} | ({"bold": True, "top": 1} if strong else {}))
            for strong in (False, True)
        }


def _write_sheet(
    workbook: xlsxwriter.Workbook,
    sheet: Sheet,
    name: str,
    rows: Iterable[tuple[int, Sequence[Cell]]],
    looks: _Looks,
) -> None:
    page = workbook.add_worksheet(name[:_TITLE])
    top = len(sheet.head)
    page.freeze_panes(top + 1, 0)
    for column, width in enumerate(sheet.widths or [_WIDTH] * len(sheet.header)):
        page.set_column(column, column, width)
    page.set_paper(_A4)
    page.fit_to_pages(1, 0)
    page.repeat_rows(top)
    for number, line in enumerate(sheet.head):
        page.write_row(number, 0, line, looks.title if number == 0 else None)
    page.write_row(top, 0, sheet.header, looks.header)
    for number, (index, row) in enumerate(rows, start=top + 1):
        for column, cell in enumerate(row):
            strong = (index, column) in sheet.strong
            _write_cell(page, (number, column), cell, looks.text[strong], looks.money[strong])


def _write_cell(page: Any, place: tuple[int, int], cell: Cell, text: Any, money: Any) -> None:
    if isinstance(cell, Decimal):
        # Spreadsheets have no decimals: 15 digits are exact up to 9,999,999,999,999.99 yuan.
        page.write_number(*place, float(cell), money)
    elif cell is not None:
        page.write_string(*place, str(cell), text)


def _plain(cell: Cell) -> str:
    if isinstance(cell, Decimal):
        return f"{cell:.2f}"
    text = "" if cell is None else str(cell)
    return "'" + text if text.startswith(_FORMULA_STARTS) else text
