"""Reports on a screen: every figure with the address of what it is made of."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from django.urls import reverse

from ledger.books.models import Book
from ledger.reports.journals import FILTERS
from ledger.reports.periods import written
from ledger.reports.spreadsheets import Cell
from ledger.reports.tables import Column, Half, Lead, Report, Row


@dataclass(frozen=True, slots=True)
class ScreenCell:
    column: Column
    value: Cell
    href: str
    is_strong: bool


@dataclass(frozen=True, slots=True)
class ScreenRow:
    row: Row
    cells: list[ScreenCell]

    @property
    def is_empty(self) -> bool:
        return all(cell.value is None for cell in self.cells)


@dataclass(frozen=True, slots=True)
class ScreenTable:
    columns: tuple[Column, ...]
    rows: list[ScreenRow]


def tables_of(report: Report, period: str) -> list[ScreenTable]:
    """The table of a report, or both sides of a statement; ``period`` is the month that other reports open with."""
    height = max(len(half.rows) for half in report.parts)
    return [ScreenTable(half.columns, _rows(half, height, report.book, period)) for half in report.parts]


def _rows(half: Half, height: int, book: Book, period: str) -> list[ScreenRow]:
    return [
        ScreenRow(
            row,
            [
                ScreenCell(column, value, address_of(lead, book, period) if lead else "", is_strong)
                for column, value, lead, is_strong in zip(
                    half.columns, _said(row), row.leads or (None,) * len(row.cells), row.bold, strict=True
                )
            ],
        )
        for row in half.filled(height)
    ]


def _said(row: Row) -> tuple[Cell, ...]:
    return (row.short, *row.cells[1:]) if row.short else row.cells


def address_of(lead: Lead, book: Book, period: str) -> str:
    """The page that a figure leads to."""
    if lead.transaction:
        return reverse("office_transaction", args=[book.code, lead.transaction])
    if lead.report:
        return f"{reverse('office_report', args=[book.code, lead.report])}?period={period}"
    first, last = lead.months
    asked = {"period": written(last)}
    if first != last:
        asked["from"] = written(first)
    asked |= {name: value for name in FILTERS if (value := getattr(lead, name))}
    return f"{reverse('office_account', args=[book.code, lead.account])}?{urlencode(asked)}"
