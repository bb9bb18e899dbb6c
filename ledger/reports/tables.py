"""Reports as tables: one description that screen, xlsx, CSV and paper are made from."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from ledger.books.models import Book

from .spreadsheets import Cell, csv_bytes, xlsx_bytes

# 制度第六十四条: who signs a report.
SIGNATURES = ("工会法定代表人", "主管会计工作的负责人", "会计机构负责人", "制表")


@dataclass(frozen=True, slots=True)
class Column:
    """A column by its official and its English heading; figures stand to the right."""

    name: str
    name_en: str
    is_figure: bool = False

    def local_name(self, language: str) -> str:
        return self.name_en if language.startswith("en") else self.name


@dataclass(frozen=True, slots=True)
class Row:
    """Cells in the order of the columns. ``account`` or ``transaction`` say what the row leads to on a screen."""

    cells: tuple[Cell, ...]
    account: str = ""
    transaction: int = 0
    is_total: bool = False


@dataclass(frozen=True, slots=True)
class Report:
    """A finished report of one book; amounts in yuan."""

    name: str
    name_en: str
    number: str
    book: Book
    period: str
    columns: tuple[Column, ...]
    rows: list[Row] = field(default_factory=list)
    is_wide: bool = False
    note: str = ""  # a line above the table, such as what approved a budget

    def local_name(self, language: str) -> str:
        return self.name_en if language.startswith("en") else self.name

    @property
    def header(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)


def as_csv(report: Report) -> bytes:
    return csv_bytes(report.header, (row.cells for row in report.rows))


def as_xlsx(report: Report) -> bytes:
    return xlsx_bytes([(report.name, report.header, (row.cells for row in report.rows))])


def as_pdf(report: Report) -> bytes:
    """The report on paper, in Chinese, with the lines that people sign. Raises CharacterNotPrintable."""
    from portal.paper.rendering import render

    return render(
        "reports/table.html",
        {
            "report": report,
            "union": report.book.union.name,
            "rows": [
                (row, [(_written(cell), isinstance(cell, Decimal)) for cell in row.cells])
                for row in report.rows
            ],
            "signatures": SIGNATURES,
        },
    )


def _written(cell: Cell) -> str:
    if isinstance(cell, Decimal):
        return f"{cell:,.2f}" if cell else ""
    return "" if cell is None else str(cell)
