"""工会01表 and 工会02表 as people know them on paper: account form and step form (财会〔2021〕7号 第五部分)."""

from __future__ import annotations

from decimal import Decimal

from ledger.books.models import AccountClass, Book

from . import statements
from .periods import before, month_end_in_words, month_in_words, year_start
from .spreadsheets import Cell
from .statements import Statement, StatementRow
from .tables import Column, Half, Lead, Leads, Report, Row, side_by_side
from .wording import AccountNames, said

# What an account is shown less, and what is left of it: 固定资产净值, 无形资产净值.
_LESS = {"163": ("162", "固定资产净值"), "172": ("171", "无形资产净值")}
_BALANCES = (
    Column("年初余额", "Start of the year", is_figure=True),
    Column("期末余额", "End of the month", is_figure=True),
)
_FLOWS = (
    Column("本月数", "This month", is_figure=True),
    Column("本年累计数", "Year so far", is_figure=True),
)


def balance_sheet(book: Book, month: int, language: str = "zh") -> Report:
    """工会01表 资产负债表 in account form: assets to the left, liabilities and net assets to the right."""
    statement = statements.balance_sheet(book, month)
    names = AccountNames(book, language)
    totals = statement.totals
    left = Half(
        (Column("资产", "Assets"), *_BALANCES),
        [_heading("一、资产", language), *_assets(statement, names, month, language),
         _total("资产合计", totals["assets"], language)],
    )  # fmt: skip
    surplus = []
    if any(totals["surplus"]):
        surplus = [_line(said("本期收支差额", language), totals["surplus"], _to_income)]
    right = Half(
        (Column("负债和净资产", "Liabilities and net assets"), *_BALANCES),
        [
            _heading("二、负债", language),
            *(_balance(row, names, month) for row in statement.of(AccountClass.LIABILITY)),
            _total("负债合计", totals["liabilities"], language),
            _heading("三、净资产", language),
            *(_balance(row, names, month) for row in statement.of(AccountClass.NET_ASSET)),
            *surplus,
            _total("净资产合计", totals["net_assets"], language),
            _total("负债和净资产合计", totals["liabilities_and_net_assets"], language),
        ],
    )
    columns, rows = side_by_side(left, right)
    return Report(
        name=statement.title,
        name_en="Balance sheet",
        number=statement.number,
        book=book,
        period=month_end_in_words(month, language),
        columns=columns,
        rows=rows,
        is_wide=True,
        halves=(left, right),
    )


_to_income: Leads = (None, Lead(report="income-statement"), Lead(report="income-statement"))


def _assets(statement: Statement, names: AccountNames, month: int, language: str) -> list[Row]:
    rows = []
    known = {row.code: row for row in statement.rows}
    for row in statement.of(AccountClass.ASSET):
        reduced, left = _LESS.get(row.code, ("", ""))
        if reduced not in known:
            rows.append(_balance(row, names, month))
            continue
        rows.append(_balance(row, names, month, less=said("减：", language)))
        net = (known[reduced].first + row.first, known[reduced].second + row.second)
        rows.append(_line(said(left, language), net))
    return rows


def _balance(row: StatementRow, names: AccountNames, month: int, less: str = "") -> Row:
    figures = (-row.first, -row.second) if less else (row.first, row.second)
    january = year_start(names.book, month)
    last_year = Lead(row.code, months=(january - 100, before(january)))
    this_year = Lead(row.code, months=(january, month))
    return _line(less + names.own(row.code), figures, (this_year, last_year, this_year), row.code)


def income_statement(book: Book, month: int, language: str = "zh") -> Report:
    """工会02表 收入支出表: income, expenditure and what is left, of the month and of the year so far."""
    statement = statements.income_statement(book, month)
    names = AccountNames(book, language)

    def lines(account_class: AccountClass) -> list[Row]:
        return [_flow(row, names, month) for row in statement.of(account_class)]

    return Report(
        name=statement.title,
        name_en="Income and expenditure",
        number=statement.number,
        book=book,
        period=month_in_words(month, language),
        columns=(Column("项目", "Item"), *_FLOWS),
        rows=[
            _heading("一、收入", language),
            *lines(AccountClass.INCOME),
            _total("收入合计", statement.totals["income"], language),
            _heading("二、支出", language),
            *lines(AccountClass.EXPENSE),
            _total("支出合计", statement.totals["expenditure"], language),
            _total("三、本期收支差额", statement.totals["surplus"], language),
        ],
    )


def _flow(row: StatementRow, names: AccountNames, month: int) -> Row:
    this_month, year = Lead(row.code, (month, month)), Lead(row.code, (year_start(names.book, month), month))
    return _line(
        names.own(row.code), (row.first, row.second), (this_month, this_month, year), row.code,
        level=2 if row.is_detail else 1,
    )  # fmt: skip


def _heading(words: str, language: str) -> Row:
    cells: tuple[Cell, ...] = (said(words, language), None, None)
    return Row(cells, level=0, strong=(True, False, False))


def _line(
    text: str, figures: tuple[Decimal, Decimal], leads: Leads = (), account: str = "", *, level: int = 1
) -> Row:
    return Row((text, *figures), account=account, leads=leads, level=level)


def _total(words: str, figures: tuple[Decimal, Decimal], language: str) -> Row:
    return Row((said(words, language), *figures), is_total=True, level=0)
