"""辅助核算: balances of accounts by project and by party (往来), the postings of each figure one step below.

Cash and bank are not kept by project or party. What names none stands under 未指定. Carrying results forward keeps the
project, so that a project's result stands on 32103 and 32203 afterwards; it names no party, so that results of parties
begin anew with each year.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from itertools import groupby
from typing import Any, NamedTuple

from django.db import connection

from ledger.books.models import Book

from .journals import Part
from .periods import before, month_in_words, year_start
from .tables import Column, Lead, Report, Row
from .wording import AccountNames, said, standing

# One reading of the postings gives the page and the number of projects or parties (first row). What names none is the
# rest of the monthly totals, below the last of them, so that every account has the figures of the trial balance.
_BALANCES = """
WITH sums AS MATERIALIZED (
    SELECT p.{dimension} AS value, p.account_id,
           coalesce(sum(CASE p.side WHEN 'D' THEN p.amount ELSE -p.amount END)
                    FILTER (WHERE p.month < %(month)s), 0) AS opening,
           coalesce(sum(p.amount) FILTER (WHERE p.month = %(month)s AND p.side = 'D'), 0) AS debit,
           coalesce(sum(p.amount) FILTER (WHERE p.month = %(month)s AND p.side = 'C'), 0) AS credit
      FROM books_posting p
     WHERE p.book_id = %(book)s AND p.month <= %(month)s AND p.{dimension} <> '' AND (
           p.account_id = ANY(%(balances)s) OR p.account_id = ANY(%(results)s) AND p.month >= %(since)s)
     GROUP BY p.{dimension}, p.account_id
), moved AS (
    SELECT * FROM sums WHERE opening <> 0 OR debit <> 0 OR credit <> 0
), shown AS (
    SELECT DISTINCT value FROM moved ORDER BY value LIMIT %(most)s OFFSET %(skip)s
), whole AS (
    SELECT account_id, coalesce(sum(debit - credit) FILTER (WHERE month < %(month)s), 0) AS opening,
           coalesce(sum(debit) FILTER (WHERE month = %(month)s), 0) AS debit,
           coalesce(sum(credit) FILTER (WHERE month = %(month)s), 0) AS credit
      FROM books_turnover WHERE month <= %(month)s AND (account_id = ANY(%(balances)s) OR account_id = ANY(%(results)s))
     GROUP BY account_id
), open AS (
    SELECT w.account_id, w.opening - coalesce(sum(m.opening), 0) AS opening,
           w.debit - coalesce(sum(m.debit), 0) AS debit, w.credit - coalesce(sum(m.credit), 0) AS credit
      FROM whole w LEFT JOIN moved m USING (account_id) GROUP BY w.account_id, w.opening, w.debit, w.credit
)
SELECT 0 AS part, NULL AS value, NULL AS code, coalesce(sum(opening), 0), coalesce(sum(debit), 0),
       coalesce(sum(credit), 0), (SELECT count(DISTINCT value) FROM moved)
  FROM whole
UNION ALL
SELECT 1, m.value, a.code, m.opening, m.debit, m.credit, 0
  FROM moved m JOIN shown USING (value) JOIN books_account a ON a.id = m.account_id
UNION ALL
SELECT 2, '', a.code, o.opening, o.debit, o.credit, 0
  FROM open o JOIN books_account a ON a.id = o.account_id
 WHERE (o.opening <> 0 OR o.debit <> 0 OR o.credit <> 0) AND
       coalesce(%(skip)s + %(most)s::bigint >= (SELECT count(DISTINCT value) FROM moved), true)
 ORDER BY part, value, code
"""


_ZERO = Decimal("0.00")


class _Sums(NamedTuple):
    part: int
    value: str
    code: str
    opening: Decimal
    debit: Decimal
    credit: Decimal
    values: int


def by_project(book: Book, month: int, language: str = "zh", part: Part | None = None) -> Report:
    """辅助核算（项目） of YYYYMM: opening balance, movement and closing balance of each project and account."""
    return _report(book, month, language, "project", part)


def by_party(book: Book, month: int, language: str = "zh", part: Part | None = None) -> Report:
    """辅助核算（往来） of YYYYMM, by party and account; ``part`` counts parties, of which a book may have very many."""
    return _report(book, month, language, "party", part)


_TITLES = {
    "project": ("辅助核算（项目）", "By project", Column("项目", "Project")),
    "party": ("辅助核算（往来）", "By party", Column("往来", "Party")),
}


def _report(book: Book, month: int, language: str, dimension: str, part: Part | None) -> Report:
    total, *found = _balances(book, month, dimension, part)
    names = AccountNames(book, language)
    name, name_en, column = _TITLES[dimension]
    rows: list[Row] = []
    for value, own in groupby(found, key=lambda sums: sums.value):
        rows += _group(list(own), dimension, value, month, names, language)
    if rows:
        rows.append(Row((said("合计", language), "", *_figures(total, language)), is_total=True, level=0))
    return Report(
        name=name,
        name_en=name_en,
        number="",
        book=book,
        period=month_in_words(month, language),
        columns=(
            column, Column("科目", "Account", is_text=True),
            Column("方向", "Side"), Column("期初余额", "Opening balance", is_figure=True),
            Column("借方", "Debit", is_figure=True), Column("贷方", "Credit", is_figure=True),
            Column("方向", "Side"), Column("期末余额", "Closing balance", is_figure=True),
        ),
        rows=rows,
        is_wide=True,
        count=total.values,
        note=said(_NOTES[dimension], language),
    )  # fmt: skip


# Keys of what readers of English are told.
_NOTES = {
    "project": "未指定项目的金额列于最后，各科目合计与科目余额表一致；不含库存现金和银行存款。",
    "party": "结转分录不注明往来，收入、支出在年末前列于未指定；各科目合计与科目余额表一致，不含库存现金和银行存款。",
}


def _balances(book: Book, month: int, dimension: str, part: Part | None) -> Iterator[_Sums]:
    accounts = book.accounts.exclude(code__startswith="101").exclude(code__startswith="102")
    results = accounts.filter(account_class__in=("income", "expense"))
    values: dict[str, Any] = {
        "book": book.pk,
        "month": month,
        "since": year_start(book, month) if dimension == "party" else 0,
        "balances": list(
            accounts.exclude(account_class__in=("income", "expense")).values_list("pk", flat=True)
        ),
        "results": list(results.values_list("pk", flat=True)),
        "most": part.most if part else None,
        "skip": part.skip if part else 0,
    }
    with connection.cursor() as cursor:
        cursor.execute(_BALANCES.format(dimension=dimension), values)
        return iter([_Sums(*row) for row in cursor.fetchall()])


def _group(  # noqa: PLR0917 - one row of the loop above
    own: list[_Sums], dimension: str, value: str, month: int, names: AccountNames, language: str
) -> list[Row]:
    january = year_start(names.book, month)
    earlier = (january, before(month)) if month > january else (january - 100, before(january))
    rows: list[Row] = []
    shown = value or said("未指定", language)
    for sums in own:
        opening, moved, closing = (
            Lead(
                sums.code,
                months,
                project=value if dimension == "project" else "",
                party=value if dimension == "party" else "",
            )
            for months in (earlier, (month, month), (january, month))
        )
        rows.append(
            Row(
                (shown, names.full(sums.code), *_figures(sums, language)),
                account=sums.code,
                # No address of a ledger says: of no project, of no party.
                leads=(None, moved, None, opening, moved, moved, None, closing) if value else (),
            )
        )
    if len(own) > 1:
        subtotal = _Sums(
            1, value, "",
            sum((sums.opening for sums in own), _ZERO), sum((sums.debit for sums in own), _ZERO),
            sum((sums.credit for sums in own), _ZERO), 0,
        )  # fmt: skip
        rows.append(
            Row((shown, said("小计", language), *_figures(subtotal, language)), is_total=True, level=0)
        )
    return rows


def _figures(sums: _Sums, language: str) -> tuple[Any, ...]:
    closing = sums.opening + sums.debit - sums.credit
    return *standing(sums.opening, language), sums.debit, sums.credit, *standing(closing, language)
