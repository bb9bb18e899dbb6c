"""The two statements every union makes: 工会01表 资产负债表 and 工会02表 收入支出表 (财会〔2021〕7号 第五部分).

Their lines are the official accounts of the table that the union keeps (基层 or 县级以上), also those without an
amount, and any other official account that has one.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import connection

from ledger.books.models import AccountClass, Book, BookKind

from .periods import year_start


@dataclass(frozen=True, slots=True)
class StatementRow:
    """One line: an official account with two amounts in yuan (opening/closing, or month/year so far)."""

    code: str
    name: str
    name_en: str
    account_class: str
    first: Decimal
    second: Decimal

    def local_name(self, language: str) -> str:
        return self.name_en if language.startswith("en") and self.name_en else self.name

    @property
    def is_detail(self) -> bool:
        """Whether the amounts are in those of its level-1 account already."""
        return len(self.code) > 3


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement of one book and month; ``balanced`` says whether its own equation holds."""

    number: str
    title: str
    rows: list[StatementRow]
    totals: dict[str, tuple[Decimal, Decimal]]
    balanced: bool

    def of(self, account_class: str) -> list[StatementRow]:
        return [row for row in self.rows if row.account_class == account_class]


# Balances from monthly totals, before the year and at the end of the month.
_BALANCES = """
SELECT t.account_id,
       sum(t.debit - t.credit) FILTER (WHERE t.month < %(first)s) AS first, sum(t.debit - t.credit) AS second
  FROM books_account a JOIN books_turnover t ON t.account_id = a.id
 WHERE a.book_id = %(book)s AND t.month <= %(month)s
 GROUP BY t.account_id
"""

# Income and expenditure without the month-end entries that carry them to 321 and 322: the monthly totals less those few
# entries, so that the size of the book does not matter.
_RESULTS = """
SELECT account_id, sum(net) FILTER (WHERE month = %(month)s) AS first, sum(net) AS second
  FROM (SELECT t.account_id, t.month, t.debit - t.credit AS net
          FROM books_account a JOIN books_turnover t ON t.account_id = a.id
         WHERE a.book_id = %(book)s AND t.month BETWEEN %(first)s AND %(month)s
           AND a.account_class IN ('income', 'expense')
        UNION ALL
        SELECT p.account_id, p.month, CASE p.side WHEN 'D' THEN -p.amount ELSE p.amount END
          FROM books_transaction t JOIN books_posting p ON p.transaction_id = t.id
          JOIN books_account a ON a.id = p.account_id
         WHERE t.book_id = %(book)s AND t.month BETWEEN %(first)s AND %(month)s AND t.kind = 'closing'
           AND a.account_class IN ('income', 'expense')) moved
 GROUP BY account_id
"""

# The lines of a form: its official accounts down to ``length`` digits, each with what is booked below it.
_FORM = """
WITH sums AS ({sums}), booked AS (
    SELECT d.code, s.first, s.second FROM sums s JOIN books_account d ON d.id = s.account_id
)
SELECT a.code, a.name, a.name_en, a.account_class, coalesce(sum(b.first), 0), coalesce(sum(b.second), 0)
  FROM books_account a
  JOIN books_book k ON k.id = a.book_id
  JOIN books_chartaccount c ON c.chart_id = k.chart_id AND c.code = a.code
  LEFT JOIN booked b ON b.code LIKE a.code || '%%'
 WHERE a.book_id = %(book)s AND length(a.code) <= %(length)s AND a.account_class = ANY(%(classes)s)
 GROUP BY a.id, c.id
HAVING c.{table} OR sum(b.first) <> 0 OR sum(b.second) <> 0
 ORDER BY a.code
"""
_TABLES = {BookKind.GRASSROOTS: "in_grassroots", BookKind.COUNTY: "in_county"}
_POSITION = [AccountClass.ASSET, AccountClass.LIABILITY, AccountClass.NET_ASSET]
_RESULT = [AccountClass.INCOME, AccountClass.EXPENSE]
_LEVEL_1, _LEVEL_2 = 3, 5


def balance_sheet(book: Book, month: int) -> Statement:
    """资产负债表 at the end of YYYYMM: balances at the start of the year (or of the book) and at the month's end.

    What income and expenditure have not given to 321 and 322 yet is the ``surplus`` among net assets.
    """
    rows = _rows(_BALANCES, book, month, _POSITION, _LEVEL_1)
    sums = _sums(rows)
    surplus = _surplus(_sums(_rows(_BALANCES, book, month, _RESULT, _LEVEL_1)))
    assets, liabilities = sums[AccountClass.ASSET], sums[AccountClass.LIABILITY]
    net_assets = _add(sums[AccountClass.NET_ASSET], surplus)
    totals = {
        "assets": assets,
        "liabilities": liabilities,
        "surplus": surplus,
        "net_assets": net_assets,
        "liabilities_and_net_assets": _add(liabilities, net_assets),
    }
    return Statement(
        "工会01表", "资产负债表", rows, totals, balanced=assets == totals["liabilities_and_net_assets"]
    )


def income_statement(book: Book, month: int) -> Statement:
    """收入支出表 of YYYYMM: the month and the year so far, with the official details of each account."""
    rows = _rows(_RESULTS, book, month, _RESULT, _LEVEL_2)
    sums = _sums(rows)
    totals = {
        "income": sums[AccountClass.INCOME],
        "expenditure": sums[AccountClass.EXPENSE],
        "surplus": _surplus(sums),
    }
    return Statement("工会02表", "收入支出表", rows, totals, balanced=True)


def _rows(sums: str, book: Book, month: int, classes: list[AccountClass], length: int) -> list[StatementRow]:
    query = _FORM.format(sums=sums, table=_TABLES[BookKind(book.kind)])
    values: dict[str, Any] = {
        "book": book.pk,
        "month": month,
        "first": year_start(book, month),
        "classes": list(map(str, classes)),
        "length": length,
    }
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        return [
            StatementRow(
                code, name, name_en, account_class, _on_side(account_class, a), _on_side(account_class, b)
            )
            for code, name, name_en, account_class, a, b in cursor.fetchall()
        ]


def _on_side(account_class: str, net: Decimal) -> Decimal:
    """Assets and expenditure count debits, the other classes credits; 163 and 172 therefore reduce assets."""
    return net if account_class in (AccountClass.ASSET, AccountClass.EXPENSE) else -net


def _sums(rows: list[StatementRow]) -> dict[str, tuple[Decimal, Decimal]]:
    sums = {c: (Decimal("0.00"), Decimal("0.00")) for c in AccountClass.values}
    for row in rows:
        if not row.is_detail:
            sums[row.account_class] = _add(sums[row.account_class], (row.first, row.second))
    return sums


def _surplus(sums: dict[str, tuple[Decimal, Decimal]]) -> tuple[Decimal, Decimal]:
    income, expense = sums[AccountClass.INCOME], sums[AccountClass.EXPENSE]
    return income[0] - expense[0], income[1] - expense[1]


def _add(a: tuple[Decimal, Decimal], b: tuple[Decimal, Decimal]) -> tuple[Decimal, Decimal]:
    return a[0] + b[0], a[1] + b[1]
