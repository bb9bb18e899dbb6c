"""The trial balance (科目余额表) of a book and month, as plain data for commands, pages and files."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from ledger.books.models import Book
from ledger.books.queries import TrialBalanceRow, trial_balance

from .periods import written

COLUMNS = ("opening_debit", "opening_credit", "debit", "credit", "closing_debit", "closing_credit")


def totals(rows: list[TrialBalanceRow]) -> dict[str, Decimal]:
    """Column totals over the level-1 rows (which include their details)."""
    return {
        column: sum((getattr(r, column) for r in rows if len(r.code) == 3), Decimal("0.00"))
        for column in COLUMNS
    }


def as_data(book: Book, month: int) -> dict[str, Any]:
    """The document of ``manage.py trial_balance --json``; amounts are decimal strings in yuan."""
    rows = trial_balance(book, month)
    return {
        "book": book.code,
        "period": written(month),
        "rows": [
            {"account": r.code, "name": r.name, **{column: f"{getattr(r, column):.2f}" for column in COLUMNS}}
            for r in rows
        ],
        "totals": {column: f"{amount:.2f}" for column, amount in totals(rows).items()},
    }
