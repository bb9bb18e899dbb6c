"""The two statements every union makes: 工会01表 资产负债表 and 工会02表 收入支出表 (财会〔2021〕7号 第五部分)."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from django.db import connection

from ledger.books.first_day import first_month
from ledger.books.models import AccountClass, Book


@dataclass(frozen=True, slots=True)
class StatementRow:
    """One line: a level-1 account with two amounts in yuan (opening/closing, or month/year so far)."""

    code: str
    name: str
    name_en: str
    account_class: str
    first: Decimal
    second: Decimal

    def local_name(self, language: str) -> str:
        return self.name_en if language.startswith("en") and self.name_en else self.name


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement of one book and month; ``balanced`` says whether its own equation holds."""

    number: str
    title: str
    rows: list[StatementRow]
    totals: dict[str, tuple[Decimal, Decimal]]
    balanced: bool


_LEVEL_1 = """
SELECT a.code, a.name, a.name_en, a.account_class,
       coalesce(sum(t.debit - t.credit) FILTER (WHERE t.month < %(first)s), 0),
       coalesce(sum(t.debit - t.credit) FILTER (WHERE t.month <= %(month)s), 0)
  FROM books_account a
  JOIN books_account d ON d.book_id = a.book_id AND d.code LIKE a.code || '%%'
  JOIN books_turnover t ON t.account_id = d.id
 WHERE a.book_id = %(book)s AND length(a.code) = 3 AND t.month <= %(month)s
 GROUP BY a.id ORDER BY a.code
"""

# Income and expenditure without the month-end entries that carry them to 321 and 322: the monthly totals less those few
# entries, so that the size of the book does not matter.
_RESULTS = """
WITH closed AS (
    SELECT p.account_id, p.month, CASE p.side WHEN 'D' THEN -p.amount ELSE p.amount END AS net
      FROM books_transaction t JOIN books_posting p ON p.transaction_id = t.id
     WHERE t.book_id = %(book)s AND t.month BETWEEN %(first)s AND %(month)s AND t.kind = 'closing'
), moved AS (
    SELECT u.account_id, u.month, u.debit - u.credit AS net
      FROM books_turnover u JOIN books_account d ON d.id = u.account_id
     WHERE d.book_id = %(book)s AND u.month BETWEEN %(first)s AND %(month)s
    UNION ALL
    SELECT account_id, month, net FROM closed
)
SELECT a.code, a.name, a.name_en, a.account_class,
       coalesce(sum(x.net) FILTER (WHERE x.month = %(month)s), 0), coalesce(sum(x.net), 0)
  FROM books_account a
  JOIN books_account d ON d.book_id = a.book_id AND d.code LIKE a.code || '%%'
  JOIN moved x ON x.account_id = d.id
 WHERE a.book_id = %(book)s AND length(a.code) = 3 AND a.account_class IN ('income', 'expense')
 GROUP BY a.id ORDER BY a.code
"""


def balance_sheet(book: Book, month: int) -> Statement:
    """资产负债表 at the end of YYYYMM: at the start of the year (or book) and at the end of the month."""
    rows = [r for r in _rows(_LEVEL_1, book, month, first_month(book, month // 100)) if r.first or r.second]
    sums = _sums(rows)
    right = _add(_add(sums[AccountClass.LIABILITY], sums[AccountClass.NET_ASSET]), _result(sums))
    left = sums[AccountClass.ASSET]
    return Statement(
        "工会01表", "资产负债表", rows, {"assets": left, "liabilities_and_net_assets": right}, left == right
    )


def income_statement(book: Book, month: int) -> Statement:
    """收入支出表 of YYYYMM: the month and the year so far."""
    rows = _rows(_RESULTS, book, month, month // 100 * 100 + 1)
    sums = _sums(rows)
    income, expense = sums[AccountClass.INCOME], sums[AccountClass.EXPENSE]
    surplus = (income[0] - expense[0], income[1] - expense[1])
    totals = {"income": income, "expenditure": expense, "surplus": surplus}
    return Statement("工会02表", "收入支出表", rows, totals, balanced=True)


def _rows(query: str, book: Book, month: int, first: int) -> list[StatementRow]:
    with connection.cursor() as cursor:
        cursor.execute(query, {"book": book.pk, "month": month, "first": first})
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
        sums[row.account_class] = _add(sums[row.account_class], (row.first, row.second))
    return sums


def _result(sums: dict[str, tuple[Decimal, Decimal]]) -> tuple[Decimal, Decimal]:
    income, expense = sums[AccountClass.INCOME], sums[AccountClass.EXPENSE]
    return income[0] - expense[0], income[1] - expense[1]


def _add(a: tuple[Decimal, Decimal], b: tuple[Decimal, Decimal]) -> tuple[Decimal, Decimal]:
    return a[0] + b[0], a[1] + b[1]
