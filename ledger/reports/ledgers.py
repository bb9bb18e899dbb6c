"""Ledgers as reports: trial balance, general and subsidiary ledger, journals, auxiliary accounting, statements."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from django.db import connection
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from ledger.books.budgets import accounts_with_budget, budget_of
from ledger.books.first_day import first_month
from ledger.books.models import Account, Book, Side
from ledger.books.queries import trial_balance as trial_balance_rows

from . import statements
from .periods import written
from .spreadsheets import Cell
from .tables import Column, Report, Row
from .trial_balance import COLUMNS, totals

_ZERO = Decimal("0.00")
_ACCOUNT = Column("科目", "Account")
_DEBIT, _CREDIT = Column("借方", "Debit", is_figure=True), Column("贷方", "Credit", is_figure=True)
_SIDES = {1: "借", 0: "平", -1: "贷"}
# What rows say, for readers of English; paper and files are always Chinese.
_IN_ENGLISH = {
    "借": "Dr", "平": "—", "贷": "Cr", "合计": "Total", "上年结转": "Brought forward", "期初余额": "Opening balance",
    "本月合计": "Month", "本年累计": "Year so far", "资产合计": "Assets",
    "负债和净资产合计": "Liabilities and net assets",
    "收入合计": "Income", "支出合计": "Expenditure", "本期收支差额": "Surplus",
}  # fmt: skip


def trial_balance(book: Book, month: int, language: str = "zh") -> Report:
    """科目余额表 of YYYYMM."""
    rows = trial_balance_rows(book, month)
    headings = (
        ("期初借方", "Opening debit"), ("期初贷方", "Opening credit"), ("借方", "Debit"), ("贷方", "Credit"),
        ("期末借方", "Closing debit"), ("期末贷方", "Closing credit"),
    )  # fmt: skip
    sums = totals(rows)
    return Report(
        name="科目余额表",
        name_en="Trial balance",
        number="",
        book=book,
        period=written(month),
        columns=(_ACCOUNT, *(Column(zh, en, is_figure=True) for zh, en in headings)),
        rows=[
            Row((f"{r.code} {r.local_name(language)}", *(getattr(r, c) for c in COLUMNS)), account=r.code)
            for r in rows
        ]
        + [Row((_said("合计", language), *(sums[c] for c in COLUMNS)), is_total=True)],
        is_wide=True,
    )


_GENERAL = """
SELECT a.code, a.name, a.name_en, t.month, sum(t.debit), sum(t.credit)
  FROM books_account a
  JOIN books_account d ON d.book_id = a.book_id AND d.code LIKE a.code || '%%'
  JOIN books_turnover t ON t.account_id = d.id
 WHERE a.book_id = %s AND length(a.code) = 3 AND t.month <= %s
 GROUP BY a.id, t.month ORDER BY a.code, t.month
"""


def general_ledger(book: Book, month: int, language: str = "zh") -> Report:
    """总账 of the year until YYYYMM: level-1 accounts month by month, from monthly totals."""
    first = first_month(book, month // 100)
    before = "期初余额" if first % 100 > 1 else "上年结转"
    rows: list[Row] = []
    with connection.cursor() as cursor:
        cursor.execute(_GENERAL, [book.pk, month])
        found = cursor.fetchall()
    for code in sorted({row[0] for row in found}):
        own = [row for row in found if row[0] == code]
        label = f"{code} {own[0][2] if language.startswith('en') and own[0][2] else own[0][1]}"
        balance = sum((row[4] - row[5] for row in own if row[3] < first), _ZERO)
        rows.append(
            Row((label, _said(before, language), None, None, *_standing(balance, language)), account=code)
        )
        year_debit = year_credit = _ZERO
        for _code, _name, _name_en, when, debit, credit in own:
            if when < first:
                continue
            balance += debit - credit
            year_debit, year_credit = year_debit + debit, year_credit + credit
            words = f"{written(when)} {_said('合计', language)}"
            rows.append(Row(("", words, debit, credit, *_standing(balance, language)), account=code))
        year = ("", _said("本年累计", language), year_debit, year_credit, *_standing(balance, language))
        rows.append(Row(year, is_total=True))
    return Report(
        name="总账",
        name_en="General ledger",
        number="",
        book=book,
        period=written(month),
        columns=(_ACCOUNT, Column("摘要", "Summary"), _DEBIT, _CREDIT, *_BALANCE),
        rows=rows,
    )


_BALANCE = (Column("方向", "Side"), Column("余额", "Balance", is_figure=True))
_OPENING = """
SELECT coalesce(sum(t.debit - t.credit), 0) FROM books_turnover t JOIN books_account a ON a.id = t.account_id
 WHERE a.book_id = %(book)s AND a.code LIKE %(prefix)s AND t.month < %(month)s
"""
_DETAIL = """
SELECT t.date, v.word, v.number, t.summary, a.code, p.party, p.side, p.amount, t.id
  FROM books_posting p
  JOIN books_account a ON a.id = p.account_id
  JOIN books_transaction t ON t.id = p.transaction_id
  LEFT JOIN books_voucherentry e ON e.transaction_id = t.id
  LEFT JOIN books_voucher v ON v.id = e.voucher_id
 WHERE p.book_id = %(book)s AND p.month = %(month)s AND a.code LIKE %(prefix)s
 ORDER BY t.date, t.id, p.line
"""


SUBSIDIARY_COLUMNS = (
    Column("日期", "Date"), Column("凭证", "Voucher"), Column("摘要", "Summary"), Column("明细、往来", "Detail"),
    _DEBIT, _CREDIT, *_BALANCE,
)  # fmt: skip


def subsidiary_ledger(book: Book, month: int, account: Account, language: str = "zh") -> Report:
    """明细账 of an account with its details in YYYYMM: every posting with the running balance."""
    is_money = account.code.startswith(("101", "102"))
    return Report(
        name=("现金日记账" if account.code.startswith("101") else "银行存款日记账") if is_money else "明细账",
        name_en="Journal" if is_money else "Subsidiary ledger",
        number=f"{account.code} {account.local_name(language)}",
        book=book,
        period=written(month),
        columns=SUBSIDIARY_COLUMNS,
        rows=list(subsidiary_rows(book, month, account, language)),
        is_wide=True,
    )


def subsidiary_rows(book: Book, month: int, account: Account, language: str = "zh") -> Iterator[Row]:
    """The rows of ``subsidiary_ledger`` as they are read: a busy month need not fit in memory."""
    values: dict[str, int | str] = {"book": book.pk, "month": month, "prefix": f"{account.code}%"}
    with connection.cursor() as cursor:
        cursor.execute(_OPENING, values)
        (balance,) = cursor.fetchone()
    yield Row(("", "", _said("期初余额", language), "", None, None, *_standing(balance, language)))
    debits = credits_ = _ZERO
    with connection.chunked_cursor() as cursor:
        cursor.execute(_DETAIL, values)
        for date, word, number, summary, code, party, side, amount, posted in cursor:
            debit, credit = (amount, None) if side == Side.DEBIT else (None, amount)
            debits, credits_ = debits + (debit or _ZERO), credits_ + (credit or _ZERO)
            balance += amount if side == Side.DEBIT else -amount
            where = " ".join(filter(None, [code if code != account.code else "", party]))
            voucher = f"{word}-{number}" if number else ""
            yield Row(
                (f"{date:%Y-%m-%d}", voucher, summary, where, debit, credit, *_standing(balance, language)),
                transaction=posted,
            )
    total = ("", "", _said("本月合计", language), "", debits, credits_, *_standing(balance, language))
    yield Row(total, is_total=True)


_AUXILIARY = """
SELECT a.code, a.name, a.name_en, p.{dimension},
       coalesce(sum(p.amount) FILTER (WHERE p.side = 'D'), 0), coalesce(sum(p.amount) FILTER (WHERE p.side = 'C'), 0)
  FROM books_posting p
  JOIN books_account a ON a.id = p.account_id JOIN books_transaction t ON t.id = p.transaction_id
 WHERE p.book_id = %s AND p.month BETWEEN %s AND %s AND p.{dimension} <> ''
   AND a.code NOT LIKE '102%%' AND t.kind NOT IN ('closing', 'year_end')
 GROUP BY a.id, p.{dimension} ORDER BY p.{dimension}, a.code
"""


def by_project(book: Book, month: int, language: str = "zh") -> Report:
    """辅助核算 by project, the year until YYYYMM, before results are carried forward."""
    return _auxiliary(book, month, language, "project", Column("项目", "Project"), "辅助核算（项目）")


def by_party(book: Book, month: int, language: str = "zh") -> Report:
    """辅助核算 by party (往来), the year until YYYYMM."""
    return _auxiliary(book, month, language, "party", Column("往来", "Party"), "辅助核算（往来）")


def _auxiliary(  # noqa: PLR0917 - two public functions above give it its names
    book: Book, month: int, language: str, dimension: str, column: Column, name: str
) -> Report:
    with connection.cursor() as cursor:
        cursor.execute(
            _AUXILIARY.format(dimension=dimension), [book.pk, first_month(book, month // 100), month]
        )
        found = cursor.fetchall()
    return Report(
        name=name,
        name_en=f"By {column.name_en.lower()}",
        number="",
        book=book,
        period=written(month),
        columns=(column, _ACCOUNT, _DEBIT, _CREDIT),
        rows=[
            Row(
                (value, f"{code} {en if language.startswith('en') and en else zh}", debit, credit),
                account=code,
            )
            for code, zh, en, value, debit, credit in found
        ],
    )


def balance_sheet(book: Book, month: int, language: str = "zh") -> Report:
    """工会01表 资产负债表."""
    return _statement(
        statements.balance_sheet(book, month), book, month, language, "Balance sheet",
        (Column("年初余额", "Start of the year", is_figure=True),
         Column("期末余额", "End of the month", is_figure=True)),
        {"assets": "资产合计", "liabilities_and_net_assets": "负债和净资产合计"},
    )  # fmt: skip


def income_statement(book: Book, month: int, language: str = "zh") -> Report:
    """工会02表 收入支出表."""
    return _statement(
        statements.income_statement(book, month), book, month, language, "Income and expenditure",
        (Column("本月数", "This month", is_figure=True), Column("本年累计数", "Year so far", is_figure=True)),
        {"income": "收入合计", "expenditure": "支出合计", "surplus": "本期收支差额"},
    )  # fmt: skip


def _statement(  # noqa: PLR0917 - two public functions above give it its names
    statement: statements.Statement,
    book: Book,
    month: int,
    language: str,
    name_en: str,
    figures: tuple[Column, Column],
    words: dict[str, str],
) -> Report:
    rows = [
        Row((f"{r.code} {r.local_name(language)}", r.first, r.second), account=r.code) for r in statement.rows
    ]
    rows += [
        Row((_said(words[code], language), first, second), is_total=True)
        for code, (first, second) in statement.totals.items()
    ]
    return Report(
        name=statement.title,
        name_en=name_en,
        number=statement.number,
        book=book,
        period=written(month),
        columns=(_ACCOUNT, *figures),
        rows=rows,
    )


def budget_execution(book: Book, month: int, language: str = "zh") -> Report:
    """预算执行情况: the year's budget of each account beside what was taken or spent until YYYYMM."""
    planned = {line.account.code: line.amount.amount for line in budget_of(book, month // 100)}
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
            rows.append(Row((name, *_executed(*figures)), account=account.code))
    for kind, words in (("income", "收入合计"), ("expense", "支出合计")):
        rows.append(Row((_said(words, language), *_executed(*sums[kind])), is_total=True))
    return Report(
        name="预算执行情况表",
        name_en="Budget execution",
        number="",
        book=book,
        period=written(month),
        columns=(
            _ACCOUNT,
            Column("全年预算", "Budget of the year", is_figure=True),
            Column("本月数", "This month", is_figure=True),
            Column("本年累计数", "Year so far", is_figure=True),
            Column("预算结余", "Left", is_figure=True),
            Column("执行率", "Executed"),
        ),
        rows=rows,
        is_wide=True,
    )


def _executed(planned: Decimal, month: Decimal, year: Decimal) -> tuple[Cell, ...]:
    share = f"{(year * 100 / planned).quantize(Decimal('0.1'))}%" if planned else "—"
    return planned, month, year, planned - year, share


# 上下级往来 (domain 2.7): what one union gives or owes stands against what the other receives or has to get.
_ELIMINATION = """
WITH pair (giving, giving_side, getting, getting_side) AS (
    VALUES ('50801', 'D', '40301', 'C'), ('50802', 'D', '40302', 'C'), ('21201', 'C', '13101', 'D'),
           ('21202', 'C', '13102', 'D'), ('211', 'C', '132', 'D')
), linked AS (
    SELECT t.mirror_key, b.code AS book, a.code AS account, p.side, p.amount
      FROM books_transaction t
      JOIN books_posting p ON p.transaction_id = t.id
      JOIN books_account a ON a.id = p.account_id
      JOIN books_book b ON b.id = t.book_id
     WHERE t.month <= %(month)s AND t.kind NOT IN ('closing', 'year_end') AND t.mirror_key IN (
           SELECT mirror_key FROM books_transaction
            WHERE book_id = %(book)s AND mirror_key <> '' AND month <= %(month)s)
), sides AS (
    SELECT mirror_key, pair.*, book, true AS gives, CASE side WHEN giving_side THEN amount ELSE -amount END AS amount
      FROM linked JOIN pair ON account LIKE giving || '%%'
    UNION ALL
    SELECT mirror_key, pair.*, book, false, CASE side WHEN getting_side THEN amount ELSE -amount END
      FROM linked JOIN pair ON account LIKE getting || '%%'
)
SELECT mirror_key, giving || ' / ' || getting, max(book) FILTER (WHERE gives), max(book) FILTER (WHERE NOT gives),
       coalesce(sum(amount) FILTER (WHERE gives), 0), coalesce(sum(amount) FILTER (WHERE NOT gives), 0)
  FROM sides GROUP BY mirror_key, giving, getting ORDER BY mirror_key, giving
"""


def elimination(book: Book, month: int, language: str = "zh") -> Report:
    """上下级往来抵销: what this book gave, owed, received or had to get, against the other union's, until YYYYMM."""
    with connection.cursor() as cursor:
        cursor.execute(_ELIMINATION, {"book": book.pk, "month": month})
        found = cursor.fetchall()
    rows = [
        Row((key, pair, giver or "", getter or "", given, got, given - got))
        for key, pair, giver, getter, given, got in found
    ]
    sums = [sum((Decimal(row[n]) for row in found), _ZERO) for n in (4, 5)]
    rows.append(Row((_said("合计", language), "", "", "", *sums, sums[0] - sums[1]), is_total=True))
    return Report(
        name="上下级往来抵销表",
        name_en="Inter-union elimination",
        number="",
        book=book,
        period=written(month),
        columns=(
            Column("业务", "Payment"),
            Column("对应科目", "Accounts"),
            Column("拨付方", "Gives"),
            Column("收款方", "Receives"),
            Column("拨付方金额", "Given", is_figure=True),
            Column("收款方金额", "Received", is_figure=True),
            Column("在途", "In transit", is_figure=True),
        ),
        rows=rows,
        is_wide=True,
    )


def _said(words: str, language: str) -> str:
    return _IN_ENGLISH[words] if language.startswith("en") else words


def _standing(balance: Decimal, language: str) -> tuple[Cell, Cell]:
    return _said(_SIDES[(balance > 0) - (balance < 0)], language), abs(balance)


@dataclass(frozen=True, slots=True)
class Entry:
    """A report that every book has, by its address."""

    code: str
    title: str | Promise
    make: Callable[[Book, int, str], Report]


CATALOGUE: dict[str, Entry] = {
    entry.code: entry
    for entry in (
        Entry("trial-balance", _("Trial balance"), trial_balance),
        Entry("general-ledger", _("General ledger"), general_ledger),
        Entry("balance-sheet", _("Balance sheet"), balance_sheet),
        Entry("income-statement", _("Income and expenditure"), income_statement),
        Entry("budget-execution", _("Budget execution"), budget_execution),
        Entry("by-project", _("By project"), by_project),
        Entry("by-party", _("By party"), by_party),
        Entry("elimination", _("Inter-union elimination"), elimination),
    )
}
