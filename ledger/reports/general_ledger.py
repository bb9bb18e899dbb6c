"""总账: level-1 accounts month by month, from monthly totals; and 科目余额表, every account of one month."""

from __future__ import annotations

from decimal import Decimal

from django.db import connection

from ledger.books.models import Book
from ledger.books.queries import trial_balance as trial_balance_rows

from .periods import before, month_in_words, months_in_words, written, year_start
from .tables import Column, Lead, Report, Row
from .trial_balance import COLUMNS, totals
from .wording import AccountNames, said, standing

_ZERO = Decimal("0.00")
_ACCOUNT = Column("科目", "Account")


def trial_balance(book: Book, month: int, language: str = "zh") -> Report:
    """科目余额表 of YYYYMM."""
    found = trial_balance_rows(book, month)
    names = AccountNames(book, language)
    january = year_start(book, month)
    earlier = (january, before(month)) if month > january else (january - 100, before(january))
    headings = (
        ("期初借方", "Opening debit"), ("期初贷方", "Opening credit"), ("借方", "Debit"), ("贷方", "Credit"),
        ("期末借方", "Closing debit"), ("期末贷方", "Closing credit"),
    )  # fmt: skip
    rows = []
    for r in found:
        opening, moved, closing = (
            Lead(r.code, earlier),
            Lead(r.code, (month, month)),
            Lead(r.code, (january, month)),
        )
        rows.append(
            Row(
                (names.full(r.code), *(getattr(r, c) for c in COLUMNS)),
                account=r.code,
                leads=(moved, opening, opening, moved, moved, closing, closing),
                level=1 if len(r.code) == 3 else 2,
                short="" if len(r.code) == 3 else names.own(r.code),
                strong=(len(r.code) == 3,) * (len(COLUMNS) + 1),
            )
        )
    sums = totals(found)
    rows.append(Row((said("合计", language), *(sums[c] for c in COLUMNS)), is_total=True, level=0))
    return Report(
        name="科目余额表",
        name_en="Trial balance",
        number="",
        book=book,
        period=month_in_words(month, language),
        columns=(_ACCOUNT, *(Column(zh, en, is_figure=True) for zh, en in headings)),
        rows=rows,
        is_wide=True,
    )


_GENERAL = """
SELECT left(a.code, 3) AS level_1, t.month, sum(t.debit), sum(t.credit)
  FROM books_account a JOIN books_turnover t ON t.account_id = a.id
 WHERE a.book_id = %s AND t.month <= %s
 GROUP BY level_1, t.month ORDER BY level_1, t.month
"""


def general_ledger(book: Book, month: int, language: str = "zh") -> Report:
    """总账 of the year until YYYYMM: of each level-1 account what was brought forward, each month, the year so far."""
    with connection.cursor() as cursor:
        cursor.execute(_GENERAL, [book.pk, month])
        found = cursor.fetchall()
    names = AccountNames(book, language)
    moved: dict[str, list[tuple[int, Decimal, Decimal]]] = {}
    for code, when, debit, credit in found:
        moved.setdefault(code, []).append((when, debit, credit))
    return Report(
        name="总账",
        name_en="General ledger",
        number="",
        book=book,
        period=months_in_words(year_start(book, month), month, language),
        columns=(
            _ACCOUNT, Column("期间", "Month"), Column("摘要", "Summary"),
            Column("借方", "Debit", is_figure=True), Column("贷方", "Credit", is_figure=True),
            Column("方向", "Side"), Column("余额", "Balance", is_figure=True),
        ),
        rows=[
            row
            for code, own in moved.items()
            for row in _account(code, names.own(code), own, year_start(book, month), language)
        ],
        is_wide=True,
    )  # fmt: skip


def _account(
    code: str, name: str, moved: list[tuple[int, Decimal, Decimal]], january: int, language: str
) -> list[Row]:
    balance = sum((debit - credit for when, debit, credit in moved if when < january), _ZERO)
    last_year = Lead(code, (january - 100, before(january)))
    rows = []
    if balance:
        words = "期初余额" if january % 100 > 1 else "上年结转"
        brought = (name, "", said(words, language), None, None, *standing(balance, language))
        rows.append(Row(brought, account=code, leads=(last_year, None, None, None, None, None, last_year)))
    debits = credits_ = _ZERO
    for when, debit, credit in moved:
        if when < january:
            continue
        balance, debits, credits_ = balance + debit - credit, debits + debit, credits_ + credit
        stands = standing(balance, language)
        month, year = Lead(code, (when, when)), Lead(code, (january, when))
        rows.append(
            Row(
                (name, written(when), said("本月合计", language), debit, credit, *stands),
                account=code,
                leads=(month, None, None, month, month, None, year),
            )
        )
        rows.append(
            Row(
                (name, written(when), said("本年累计", language), debits, credits_, *stands),
                account=code,
                leads=(year, None, None, year, year, None, year),
                is_total=True,
            )
        )
    return rows
