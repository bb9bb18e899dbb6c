"""预算执行情况: the year's budget of each account beside what was taken or spent."""

from __future__ import annotations

from decimal import Decimal

from ledger.books.budgets import accounts_with_budget, amounts_of, budget_of
from ledger.books.models import Book

from . import statements
from .periods import month_in_words, year_start
from .spreadsheets import Cell
from .tables import Column, Lead, Report, Row
from .wording import said

_ZERO = Decimal("0.00")


def budget_execution(book: Book, month: int, language: str = "zh") -> Report:
    """预算执行情况表 until YYYYMM, by level-1 account."""
    budget = budget_of(book, month // 100)
    planned = amounts_of(budget)
    done = {row.code: row for row in statements.income_statement(book, month).rows}
    rows, sums = [], {kind: [_ZERO] * 3 for kind in ("income", "expense")}
    for account in accounts_with_budget(book):
        row = done.get(account.code)
        figures = (
            planned.get(account.code, _ZERO),
            row.first if row else _ZERO,
            row.second if row else _ZERO,
        )
        if any(figures):
            sums[account.account_class] = [
                a + b for a, b in zip(sums[account.account_class], figures, strict=True)
            ]
            name = f"{account.code} {account.local_name(language)}"
            this_month = Lead(account.code, (month, month))
            year = Lead(account.code, (year_start(book, month), month))
            leads = (year, None, this_month, year, None, None)
            rows.append(Row((name, *_executed(*figures)), account=account.code, leads=leads))
    for kind, words in (("income", "收入合计"), ("expense", "支出合计")):
        rows.append(Row((said(words, language), *_executed(*sums[kind])), is_total=True, level=0))
    return Report(
        name="预算执行情况表",
        name_en="Budget execution",
        number="",
        book=book,
        period=month_in_words(month, language),
        columns=(
            Column("科目", "Account"),
            Column("全年预算", "Budget of the year", is_figure=True),
            Column("本月数", "This month", is_figure=True),
            Column("本年累计数", "Year so far", is_figure=True),
            Column("预算结余", "Left", is_figure=True),
            Column("执行率", "Executed"),
        ),
        rows=rows,
        is_wide=True,
        note=f"{said('批准文件', language)} {budget.approval}"
        if budget
        else said("本年度没有已确认的预算", language),
    )


def _executed(planned: Decimal, month: Decimal, year: Decimal) -> tuple[Cell, ...]:
    share = f"{(year * 100 / planned).quantize(Decimal('0.1'))}%" if planned else "—"
    return planned, month, year, planned - year, share
