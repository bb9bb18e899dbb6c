"""支出经济分类表: expenditure by economic class and by 基本支出 or 项目支出, below the accounts of 工会02表."""

from __future__ import annotations

from decimal import Decimal
from itertools import groupby
from typing import Any, NamedTuple

from django.db import connection

from ledger.books.models import Book, Nature

from .periods import month_in_words, year_start
from .spreadsheets import Cell
from .tables import Column, Lead, Leads, Report, Row
from .wording import AccountNames, class_in_words, said

_ZERO = Decimal("0.00")
# The whole is what 工会02表 says.
_STATEMENT = Lead(report="income-statement")
_OF_TOTAL: Leads = (None, None, None, _STATEMENT, None, None, _STATEMENT)
# As in 工会02表: without the entries that carry expenditure forward.
_SPENT = """
SELECT left(a.code, 3) AS level_1, p.economic_class, p.month = %(month)s AS is_now, p.nature,
       sum(CASE p.side WHEN 'D' THEN p.amount ELSE -p.amount END)
  FROM books_posting p
  JOIN books_account a ON a.id = p.account_id
  JOIN books_transaction t ON t.id = p.transaction_id
 WHERE p.book_id = %(book)s AND p.month BETWEEN %(first)s AND %(month)s AND p.account_id = ANY(%(accounts)s)
   AND t.kind NOT IN ('closing', 'year_end')
 GROUP BY level_1, p.economic_class, is_now, p.nature
 ORDER BY level_1, p.economic_class = '', p.economic_class
"""


class _Spent(NamedTuple):
    account: str
    economic_class: str
    is_now: bool
    nature: str
    amount: Decimal


def by_class(book: Book, month: int, language: str = "zh") -> Report:
    """支出经济分类表 of YYYYMM: each level-1 account of expenditure by economic class, the month and the year so far.

    What an older line leaves open stands under 未指定, or in 合计 alone when it says neither basic nor project.
    """
    spent = _spent(book, month)
    names = AccountNames(book, language)
    january = year_start(book, month)
    rows = []
    for account, of_account in groupby(spent, key=lambda line: line.account):
        own = list(of_account)
        rows.append(Row((names.own(account), *_figures(own)), account=account, strong=(True,) * 7,
                        leads=_leads(account, "", month, january)))  # fmt: skip
        for code, of_class in groupby(own, key=lambda line: line.economic_class):
            words = class_in_words(code, language) or said("未指定", language)
            leads = _leads(account, code, month, january) if code else ()
            rows.append(Row((words, *_figures(list(of_class))), leads=leads, level=2))
    total = (said("支出合计", language), *_figures(spent))
    rows.append(Row(total, is_total=True, level=0, leads=_OF_TOTAL))
    return Report(
        name="支出经济分类表",
        name_en="Expenditure by economic class",
        number="",
        book=book,
        period=month_in_words(month, language),
        columns=(
            Column("科目、经济分类", "Account, class"),
            Column("本月基本支出", "Basic, this month", is_figure=True),
            Column("本月项目支出", "Project, this month", is_figure=True),
            Column("本月合计", "This month", is_figure=True),
            Column("本年基本支出", "Basic, year so far", is_figure=True),
            Column("本年项目支出", "Project, year so far", is_figure=True),
            Column("本年合计", "Year so far", is_figure=True),
        ),
        rows=rows,
        is_wide=True,
    )


def _spent(book: Book, month: int) -> list[_Spent]:
    accounts = list(book.accounts.filter(account_class="expense").values_list("pk", flat=True))
    values: dict[str, Any] = {
        "book": book.pk,
        "month": month,
        "first": year_start(book, month),
        "accounts": accounts,
    }
    with connection.cursor() as cursor:
        cursor.execute(_SPENT, values)
        return [_Spent(*row) for row in cursor.fetchall()]


def _figures(spent: list[_Spent]) -> tuple[Cell, ...]:
    """基本支出, 项目支出, 合计 of the month, then of the year so far."""
    return tuple(
        sum((line.amount for line in spent if line.is_now >= only_now and line.nature in natures), _ZERO)
        for only_now in (True, False)
        for natures in ((Nature.BASIC,), (Nature.PROJECT,), (*Nature.values, ""))
    )


def _leads(account: str, code: str, month: int, january: int) -> Leads:
    """Each figure leads to the postings of its class and nature in its months."""
    return None, *(
        Lead(account, months, economic_class=code, nature=nature)
        for months in ((month, month), (january, month))
        for nature in (Nature.BASIC.value, Nature.PROJECT.value, "")
    )
