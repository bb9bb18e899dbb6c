"""Report files that open cleanly in Excel and WPS: xlsx, and CSV with a BOM and no live formulas."""

from __future__ import annotations

import csv
import io
import itertools
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any, BinaryIO

import xlsxwriter

Cell = str | int | Decimal | None
Sheet = tuple[str, Sequence[str], Iterable[Sequence[Cell]]]
_ROWS = 1_048_575  # of a sheet, without its header
_TITLE = 31
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def csv_bytes(header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> bytes:
    """What ``write_csv`` writes."""
    out = io.BytesIO()
    write_csv(out, header, rows)
    return out.getvalue()


def write_csv(out: BinaryIO, header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> None:
    """UTF-8 with BOM; a text that a spreadsheet would run as a formula is quoted with an apostrophe."""
    text = io.TextIOWrapper(out, encoding="utf-8-sig", newline="", write_through=True)
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(header)
    writer.writerows([_plain(cell) for cell in row] for row in rows)
    text.detach()


def xlsx_bytes(sheets: Iterable[Sheet]) -> bytes:
    """What ``write_xlsx`` writes."""
    out = io.BytesIO()
    write_xlsx(out, sheets)
    return out.getvalue()


def write_xlsx(out: BinaryIO, sheets: Iterable[Sheet]) -> None:
    """One sheet per (name, header, rows); amounts are numbers with two decimals, everything else is text.

    Rows are written as they come; what does not fit on a sheet goes on to the next one.
    """
    workbook = xlsxwriter.Workbook(
        out, {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    )
    formats = (
        workbook.add_format({"bold": True, "bottom": 1}),
        workbook.add_format({"num_format": "#,##0.00"}),
    )
    for name, header, rows in sheets:
        left = iter(rows)
        _write_sheet(workbook, name, header, itertools.islice(left, _ROWS), formats)
        for part, first in enumerate(left, start=2):
            rest = itertools.chain([first], itertools.islice(left, _ROWS - 1))
            _write_sheet(workbook, f"{name} ({part})", header, rest, formats)
    workbook.close()


def _write_sheet(
    workbook: xlsxwriter.Workbook,
    name: str,
    header: Sequence[str],
    rows: Iterable[Sequence[Cell]],
    formats: tuple[Any, Any],
) -> None:
    bold, money = formats
    sheet = workbook.add_worksheet(name[:_TITLE])
    sheet.freeze_panes(1, 0)
    sheet.set_column(0, len(header) - 1, 16)
    sheet.write_row(0, 0, header, bold)
    for number, row in enumerate(rows, start=1):
        for column, cell in enumerate(row):
            if isinstance(cell, Decimal):
                # Spreadsheets have no decimals: 15 digits are exact up to 9,999,999,999,999.99 yuan.
                sheet.write_number(number, column, float(cell), money)
            elif cell is not None:
                sheet.write_string(number, column, str(cell))


def _plain(cell: Cell) -> str:
    if isinstance(cell, Decimal):
        return f"{cell:.2f}"
    text = "" if cell is None else str(cell)
    return "'" + text if text.startswith(_FORMULA_STARTS) else text
