"""Report files that open cleanly in Excel and WPS: xlsx, and CSV with a BOM and no live formulas."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from decimal import Decimal

import xlsxwriter

Cell = str | int | Decimal | None
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def csv_bytes(header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> bytes:
    """UTF-8 with BOM; a text that a spreadsheet would run as a formula is quoted with an apostrophe."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(header)
    for row in rows:
        writer.writerow([_plain(cell) for cell in row])
    return b"\xef\xbb\xbf" + text.getvalue().encode()


def xlsx_bytes(sheets: Sequence[tuple[str, Sequence[str], Iterable[Sequence[Cell]]]]) -> bytes:
    """One sheet per (name, header, rows); amounts are numbers with two decimals, everything else is text."""
    buffer = io.BytesIO()
    workbook = xlsxwriter.Workbook(
        buffer, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    )
    bold = workbook.add_format({"bold": True, "bottom": 1})
    money = workbook.add_format({"num_format": "#,##0.00"})
    for name, header, rows in sheets:
        sheet = workbook.add_worksheet(name[:31])
        sheet.freeze_panes(1, 0)
        sheet.write_row(0, 0, header, bold)
        for number, row in enumerate(rows, start=1):
            for column, cell in enumerate(row):
                if isinstance(cell, Decimal):
                    # Spreadsheets have no decimals: 15 digits are exact up to 9,999,999,999,999.99 yuan.
                    sheet.write_number(number, column, float(cell), money)
                elif cell is not None:
                    sheet.write_string(number, column, str(cell))
        sheet.set_column(0, len(header) - 1, 16)
    workbook.close()
    return buffer.getvalue()


def _plain(cell: Cell) -> str:
    if isinstance(cell, Decimal):
        return f"{cell:.2f}"
    text = "" if cell is None else str(cell)
    return "'" + text if text.startswith(_FORMULA_STARTS) else text
