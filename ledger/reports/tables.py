"""Reports as tables: one description that screen, xlsx, CSV and paper are made from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal

from django.utils.translation import gettext as _

from ledger.books.models import Book
from portal.errors import DomainError

from .spreadsheets import Cell, Sheet, csv_bytes, xlsx_bytes

# 制度第六十四条: who signs a report.
SIGNATURES = ("工会法定代表人", "主管会计工作的负责人", "会计机构负责人", "制表")
UNIT = "金额单位：元"
_MOST_ON_PAPER = 3_000
_NARROW, _FIGURE, _BROAD = 10, 18, 46


class TooLongForPaper(DomainError):
    code = "too_long_for_paper"


@dataclass(frozen=True, slots=True)
class Column:
    """A column by its official and its English heading; figures stand to the right, long texts need room."""

    name: str
    name_en: str
    is_figure: bool = False
    is_text: bool = False

    def local_name(self, language: str) -> str:
        return self.name_en if language.startswith("en") else self.name


@dataclass(frozen=True, slots=True)
class Lead:
    """Where a figure comes from: postings of an account in ``months`` (first, last), one event, or another report."""

    account: str = ""
    months: tuple[int, int] = (0, 0)
    project: str = ""
    party: str = ""
    economic_class: str = ""
    nature: str = ""
    transaction: int = 0
    report: str = ""


Leads = tuple[Lead | None, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """Cells in the order of the columns, and where each of them leads on a screen.

    ``account`` is the account that the row is about; ``level`` 0 is a heading or a total, 1 an account, 2 its details.
    ``short`` is what a screen says instead of the first cell, below the row of the account above.
    """

    cells: tuple[Cell, ...]
    account: str = ""
    transaction: int = 0
    is_total: bool = False
    leads: Leads = ()
    level: int = 1
    short: str = ""
    strong: tuple[bool, ...] = ()  # the bold cells where not all of a total are

    @property
    def bold(self) -> tuple[bool, ...]:
        return self.strong or (self.is_total,) * len(self.cells)


@dataclass(frozen=True, slots=True)
class Half:
    """One side of a statement in account form (账户式)."""

    columns: tuple[Column, ...]
    rows: list[Row]

    def filled(self, height: int) -> Iterator[Row]:
        """Its rows with empty ones above the last, so that the totals of both sides stand beside each other."""
        yield from self.rows[:-1]
        for _number in range(height - len(self.rows)):
            yield Row((None,) * len(self.columns))
        yield from self.rows[-1:]


@dataclass(frozen=True, slots=True)
class Report:
    """A finished report of one book; amounts in yuan.

    ``halves`` are the sides of a statement in account form, whose ``rows`` have both beside each other. ``count`` says
    how many entries there are when ``rows`` has only a part of them.
    """

    name: str
    name_en: str
    number: str
    book: Book
    period: str
    columns: tuple[Column, ...]
    rows: list[Row] = field(default_factory=list)
    is_wide: bool = False
    halves: tuple[Half, ...] = ()
    count: int = 0
    note: str = ""  # a line above the table, such as what approved a budget

    def local_name(self, language: str) -> str:
        return self.name_en if language.startswith("en") else self.name

    @property
    def header(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)

    @property
    def head(self) -> list[tuple[str, ...]]:
        """What stands above the table in files: title, union, book, period, unit."""
        return [
            (f"{self.name}　{self.number}".strip(),),
            (f"编制单位：{self.book.union.name}", f"账套：{self.book.code}", f"期间：{self.period}", UNIT),
            *([(self.note,)] if self.note else []),
        ]

    @property
    def parts(self) -> tuple[Half, ...]:
        """The tables of a screen: one, or the two sides of a statement."""
        return self.halves or (Half(self.columns, self.rows),)


def side_by_side(left: Half, right: Half) -> tuple[tuple[Column, ...], list[Row]]:
    """Both sides of a statement as one table whose last rows, the totals, stand beside each other."""
    height = max(len(left.rows), len(right.rows))
    rows = [
        Row(one.cells + other.cells, strong=one.bold + other.bold)
        for one, other in zip(left.filled(height), right.filled(height), strict=True)
    ]
    return left.columns + right.columns, rows


def as_csv(report: Report) -> bytes:
    return csv_bytes(report.header, (row.cells for row in report.rows), report.head)


def as_xlsx(report: Report) -> bytes:
    strong = {
        (number, column)
        for number, row in enumerate(report.rows)
        for column, is_bold in enumerate(row.bold)
        if is_bold
    }
    rows = (row.cells for row in report.rows)
    return xlsx_bytes([Sheet(report.name, report.header, rows, report.head, _widths(report), strong)])


def as_pdf(report: Report) -> bytes:
    """The report on paper, in Chinese, with the lines that people sign.

    Raises CharacterNotPrintable, and TooLongForPaper when nobody would want to hold it.
    """
    from portal.paper.rendering import render

    if len(report.rows) > _MOST_ON_PAPER:
        raise TooLongForPaper(
            _("%(n)s lines are too many for paper: take the report as xlsx or csv, or print one account.")
            % {"n": f"{len(report.rows):,}"}
        )
    return render(
        "reports/table.html",
        {
            "report": report,
            "union": report.book.union.name,
            "rows": [
                (
                    row,
                    [
                        (
                            _written(cell),
                            isinstance(cell, Decimal),
                            is_bold,
                            isinstance(cell, Decimal) and cell < 0,
                        )
                        for cell, is_bold in zip(row.cells, row.bold, strict=True)
                    ],
                )
                for row in report.rows
            ],
            "signatures": SIGNATURES,
        },
    )


def _written(cell: Cell) -> str:
    if isinstance(cell, Decimal):
        return f"{cell:,.2f}" if cell else ""
    return "" if cell is None else str(cell)


def _widths(report: Report) -> list[int]:
    """As wide as the longest text of a column; Chinese characters are two wide."""
    widths = [_FIGURE if column.is_figure else _NARROW for column in report.columns]
    for row in report.rows:
        for number, cell in enumerate(row.cells):
            if isinstance(cell, str):
                wide = 2 + sum(2 if character > "ÿ" else 1 for character in cell)
                widths[number] = min(max(widths[number], wide), _BROAD)
    return widths
