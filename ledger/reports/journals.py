"""明细账 and 日记账: every posting of an account with the running balance, days, months and the year summed up.

An account may be read for one project, party or economic class alone: there figures of 辅助核算 come from. Opening
balances and sums are monthly totals.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

from django.db import connection

from ledger.books.models import Account, AccountClass, Book, Side

from .periods import before, months_in_words, written, year_start
from .spreadsheets import Cell
from .tables import Column, Lead, Report, Row
from .wording import AccountNames, class_in_words, details_of, nature_in_words, said, standing

_ZERO = Decimal("0.00")
_CASH, _BANK = "101", "102"
_MOST_COUNTERS = 3
# What a ledger may be read for alone, by the names that postings have for it.
FILTERS = ("project", "party", "economic_class", "nature")


class Part(NamedTuple):
    """A part of a long report: how many entries to skip, and how many to show."""

    skip: int
    most: int


class _Line(NamedTuple):
    date: Any
    month: int
    word: str | None
    number: int | None
    summary: str
    code: str
    project: str
    fund_source: str
    party: str
    nature: str
    economic_class: str
    counters: list[str] | None
    side: str
    amount: Decimal
    transaction: int
    running: Decimal
    day_debit: Decimal
    day_credit: Decimal
    next_date: Any
    entries: int

    @property
    def net(self) -> Decimal:
        return self.amount if self.side == Side.DEBIT else -self.amount


# A line as it was typed may have met several others: what one transaction says alike of one account is one line. Who
# took or gave the money is asked for the lines shown only.
_LINES = """
WITH typed AS (
    SELECT t.id, t.date, coalesce(nullif(p.line_summary, ''), t.summary) AS summary, p.month, min(p.line) AS line,
           p.side, sum(p.amount) AS amount, p.account_id, p.project, p.fund_source, p.party, {own},
           array_agg(p.transfer_id) AS transfers
      FROM books_posting p JOIN books_transaction t ON t.id = p.transaction_id
     WHERE p.book_id = %(book)s AND p.month BETWEEN %(first)s AND %(last)s AND p.account_id = ANY(%(accounts)s) {filter}
     GROUP BY t.id, p.line_summary, p.month, p.side, p.amount < 0, p.account_id, p.project, p.fund_source, p.party,
              nature, economic_class
), kept AS (
    -- Nothing in all where black and red only took each other off (ledger.books.pairing).
    SELECT *, sum(amount) OVER (PARTITION BY id, account_id, side, summary, project, fund_source, party, nature,
                                             economic_class) AS in_all
      FROM typed
), lines AS (
    SELECT kept.*,
           sum(CASE side WHEN 'D' THEN amount ELSE -amount END) OVER entries AS running,
           sum(CASE side WHEN 'D' THEN amount ELSE 0 END) OVER days AS day_debit,
           sum(CASE side WHEN 'C' THEN amount ELSE 0 END) OVER days AS day_credit,
           lead(date) OVER entries AS next_date, count(*) OVER () AS count
      FROM kept WHERE in_all <> 0
    WINDOW entries AS (ORDER BY date, id, line, side DESC, account_id ROWS UNBOUNDED PRECEDING),
           days AS (PARTITION BY date)
     ORDER BY date, id, line, side DESC, account_id
     LIMIT %(most)s OFFSET %(skip)s
)
SELECT l.date, l.month, v.word, v.number, l.summary, a.code, l.project, l.fund_source, l.party, l.nature,
       l.economic_class, {counters}, l.side, l.amount, l.id, l.running, l.day_debit, l.day_credit, l.next_date, l.count
  FROM lines l
  JOIN books_account a ON a.id = l.account_id
  LEFT JOIN books_voucherentry e ON e.transaction_id = l.id
  LEFT JOIN books_voucher v ON v.id = e.voucher_id
 ORDER BY l.date, l.id, l.line, l.side DESC, l.account_id
"""
_COUNTERS = """(
    SELECT array_agg(DISTINCT o.code ORDER BY o.code)
      FROM books_transfer f
      JOIN books_account o ON o.id = CASE l.side WHEN 'D' THEN f.credit_id ELSE f.debit_id END
     WHERE f.id = ANY(l.transfers) AND o.id <> l.account_id)"""
# Both sides of a plain transfer carry what its expenditure says; it is told where it belongs.
_OWN = "p.nature, p.economic_class"
_NOT_OWN = "''::text AS nature, ''::text AS economic_class"
_TURNOVERS = """
SELECT month, sum(debit), sum(credit) FROM books_turnover
 WHERE account_id = ANY(%(accounts)s) AND month <= %(last)s GROUP BY month
"""
_FILTERED_TURNOVERS = """
SELECT p.month, coalesce(sum(p.amount) FILTER (WHERE p.side = 'D'), 0),
       coalesce(sum(p.amount) FILTER (WHERE p.side = 'C'), 0)
  FROM books_posting p
 WHERE p.book_id = %(book)s AND p.month BETWEEN %(since)s AND %(last)s AND p.account_id = ANY(%(accounts)s) {filter}
 GROUP BY p.month
"""


def subsidiary_ledger(
    book: Book,
    month: int,
    account: Account,
    language: str = "zh",
    *,
    first: int = 0,
    part: Part | None = None,
    **only: str,
) -> Report:
    """明细账 of an account with its details from the month ``first`` (this one when left out) until YYYYMM.

    ``only`` names what of it is read alone, by ``FILTERS``: one project, party, economic class, basic or project.
    Cash and bank accounts are journals (日记账): they sum up each day and name the account on the other side.
    """
    ledger = _Ledger(book, account, first or month, month, language, only)
    lines = ledger.lines(part)
    return Report(
        name=_name(account.code),
        name_en="Journal" if _is_money(account) else "Subsidiary ledger",
        number=" · ".join([ledger.names.full(account.code), *ledger.only_in_words()]),
        book=book,
        period=months_in_words(ledger.first, month, language),
        columns=_columns(account),
        rows=list(ledger.rows(lines, part)),
        is_wide=True,
        count=lines[0].entries if lines else 0,
    )


def streamed(book: Book, month: int, account: Account) -> tuple[tuple[str, ...], Iterator[Row]]:
    """The header of ``subsidiary_ledger`` in Chinese, and its rows as they are read: a busy month is long."""
    ledger = _Ledger(book, account, month, month, "zh", {})
    return tuple(column.name for column in _columns(account)), ledger.rows(ledger.stream())


def _columns(account: Account) -> tuple[Column, ...]:
    counter = (Column("对方科目", "Other side", is_text=True),) if _is_money(account) else ()
    return (
        Column("日期", "Date"), Column("凭证", "Voucher"), Column("摘要", "Summary", is_text=True), *counter,
        Column("明细、往来", "Detail", is_text=True), Column("借方", "Debit", is_figure=True),
        Column("贷方", "Credit", is_figure=True), Column("方向", "Side"), Column("余额", "Balance", is_figure=True),
    )  # fmt: skip


def _is_money(account: Account) -> bool:
    return account.code.startswith((_CASH, _BANK))


def _name(code: str) -> str:
    if code.startswith(_CASH):
        return "现金日记账"
    return "银行存款日记账" if code.startswith(_BANK) else "明细账"


@dataclass
class _Ledger:
    """What is read: an account with its details, from one month to another, what ``only`` names alone."""

    book: Book
    account: Account
    first: int
    last: int
    language: str
    only: Mapping[str, str]

    def __post_init__(self) -> None:
        self.names = AccountNames(self.book, self.language)
        self.values: dict[str, Any] = {
            "book": self.book.pk,
            "first": self.first,
            "last": self.last,
            # Nothing but a project is named when results are carried forward: they begin anew with each year.
            "since": year_start(self.book, self.first) if self._is_result() and self._is_part() else 0,
            "accounts": list(
                self.book.accounts.filter(code__startswith=self.account.code).values_list("pk", flat=True)
            ),
            **self.only,
        }
        self.months = self._months()

    def _is_result(self) -> bool:
        return self.account.account_class in (AccountClass.INCOME, AccountClass.EXPENSE)

    def _is_part(self) -> bool:
        return any(self.only.get(name) for name in FILTERS if name != "project")

    def only_in_words(self) -> list[str]:
        """What is read alone, as a title says it."""
        said_of = {"economic_class": class_in_words, "nature": nature_in_words}
        named = [(name, self.only[name]) for name in FILTERS if self.only.get(name)]
        return [said_of[name](value, self.language) if name in said_of else value for name, value in named]

    def _months(self) -> dict[int, tuple[Decimal, Decimal]]:
        """Debit and credit of each month until the last one."""
        query = _FILTERED_TURNOVERS if any(self.only.values()) else _TURNOVERS
        with connection.cursor() as cursor:
            cursor.execute(query.format(filter=self._filter()), self.values)
            return {month: (debit, credit) for month, debit, credit in cursor.fetchall()}

    def _filter(self) -> str:
        return "".join(f" AND p.{name} = %({name})s" for name in FILTERS if self.only.get(name))

    def _lines(self) -> str:
        return _LINES.format(
            filter=self._filter(),
            own=_OWN if self.account.account_class == AccountClass.EXPENSE else _NOT_OWN,
            counters=_COUNTERS if _is_money(self.account) else "NULL",
        )

    def lines(self, part: Part | None) -> list[_Line]:
        values = self.values | {"skip": part.skip if part else 0, "most": part.most if part else None}
        with connection.cursor() as cursor:
            cursor.execute(self._lines(), values)
            return [_Line(*row) for row in cursor.fetchall()]

    def stream(self) -> Iterator[_Line]:
        with connection.chunked_cursor() as cursor:
            cursor.execute(self._lines(), self.values | {"skip": 0, "most": None})
            for row in cursor:
                yield _Line(*row)

    def rows(self, lines: Iterable[_Line], part: Part | None = None) -> Iterator[Row]:
        is_money = _is_money(self.account)
        opening = sum((d - c for month, (d, c) in self.months.items() if month < self.first), _ZERO)
        is_start = part is None or part.skip == 0
        last: _Line | None = None
        if is_start:
            yield self._opening(opening, is_money=is_money)
        for line in lines:
            if last is None and not is_start:
                before_it = opening + line.running - line.net
                yield self._row("承前页", (None, None), before_it, is_money=is_money)
            yield self._posting(line, opening + line.running, is_money=is_money)
            if is_money and line.next_date != line.date:
                day = (line.day_debit, line.day_credit)
                yield self._row("本日合计", day, opening + line.running, is_money=is_money, date=line.date)
            if line.next_date is None or line.next_date.month != line.date.month:
                yield from self._sums(line.month, is_money=is_money)
            last = line
        # A last month in which nothing happened is summed up too.
        if last is None or (last.next_date is None and last.month != self.last):
            yield from self._sums(self.last, is_money=is_money)

    def _opening(self, balance: Decimal, *, is_money: bool) -> Row:
        january = year_start(self.book, self.first)
        is_first = self.first == january
        months = (january - 100, before(january)) if is_first else (january, before(self.first))
        words = "上年结转" if is_first and january % 100 == 1 else "期初余额"
        return self._row(words, (None, None), balance, is_money=is_money, balance_of=months)

    def _sums(self, month: int, *, is_money: bool) -> Iterator[Row]:
        """本月合计 and 本年累计 at the end of a month."""
        january = year_start(self.book, month)
        balance = sum((d - c for when, (d, c) in self.months.items() if when <= month), _ZERO)
        sums = self.months.get(month, (_ZERO, _ZERO))
        year = [moved for when, moved in self.months.items() if january <= when <= month]
        so_far = (sum((d for d, _c in year), _ZERO), sum((c for _d, c in year), _ZERO))
        yield self._row("本月合计", sums, balance, is_money=is_money, is_total=True, of=(month, month))
        yield self._row("本年累计", so_far, balance, is_money=is_money, is_total=True, of=(january, month))

    def _posting(self, line: _Line, balance: Decimal, *, is_money: bool) -> Row:
        debit, credit = (line.amount, None) if line.side == Side.DEBIT else (None, line.amount)
        detail = self.names.own(line.code) if line.code != self.account.code else ""
        counter = (self._counters(line),) if is_money else ()
        cells = (
            f"{line.date:%Y-%m-%d}",
            f"{line.word}-{line.number}" if line.number else "",
            line.summary,
            *counter,
            " · ".join(filter(None, [detail, *details_of(line, self.language)])),
            debit,
            credit,
            *standing(balance, self.language),
        )
        lead = Lead(transaction=line.transaction)
        leads = (None, None, lead, *(None,) * (len(counter) + 1), lead, lead, None, lead)
        return Row(cells, transaction=line.transaction, leads=leads)

    def _counters(self, line: _Line) -> str:
        codes = line.counters or []
        more = ["…"] if len(codes) > _MOST_COUNTERS else []
        return "; ".join([self.names.full(code) for code in codes[:_MOST_COUNTERS]] + more)

    def _row(
        self,
        words: str,
        figures: tuple[Cell, Cell],
        balance: Decimal,
        *,
        is_money: bool,
        is_total: bool = False,
        date: Any = None,
        of: tuple[int, int] | None = None,
        balance_of: tuple[int, int] | None = None,
    ) -> Row:
        """A row between the postings; ``of`` and ``balance_of`` are the months that its figures lead to."""
        gap = ("", "") if is_money else ("",)
        day = f"{date:%Y-%m-%d}" if date else written(of[1]) if of else ""
        cells = (day, "", said(words, self.language), *gap, *figures, *standing(balance, self.language))
        sums, stands = self._lead(of), self._lead(balance_of)
        return Row(
            cells,
            is_total=is_total,
            level=0,
            leads=(*(None,) * (3 + len(gap)), sums, sums, None, stands),
        )

    def _lead(self, months: tuple[int, int] | None) -> Lead | None:
        if months is None or months == (self.first, self.last):
            return None
        only = {name: self.only.get(name, "") for name in FILTERS}
        return Lead(
            self.account.code,
            months,
            project=only["project"],
            party=only["party"],
            economic_class=only["economic_class"],
            nature=only["nature"],
        )
