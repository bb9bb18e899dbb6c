"""The statement that the two balances agree: 银行存款余额调节表, from postings, bank lines and their matches."""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db import connection
from django.db.models import F, Sum
from django.utils.translation import gettext as _
from djmoney.money import Money

from ledger.books.first_day import first_month
from ledger.books.models import Account, BankAccount, Book, Turnover

from .models import LineState, StatementLine
from .open_items import OpenPosting, open_line_counts, open_lines, open_postings

__all__ = [
    "Adjustment",
    "Item",
    "OpenPosting",
    "adjustment",
    "matched_in",
    "open_line_counts",
    "open_lines",
    "open_postings",
]


@dataclass(frozen=True, slots=True)
class Item:
    """One open item (未达账项), its amount above zero; ``source`` is the key of the line or posting."""

    source: str
    date: dt.date
    amount: Money
    summary: str
    reference: str
    party: str


@dataclass(frozen=True, slots=True)
class Adjustment:
    """银行存款余额调节表 of one account at the end of a month; amounts in yuan.

    ``unexplained`` counts bank lines for which there is no entry yet; an entry of a later month explains a line too.
    ``statement_until`` is the day of the last line taken into account.
    """

    bank_account: BankAccount
    month: int
    as_of: dt.date
    book_balance: Money
    bank_balance: Money
    bank_received_we_not: list[Item]  # 银行已收我方未收
    bank_paid_we_not: list[Item]  # 银行已付我方未付
    we_received_bank_not: list[Item]  # 我方已收银行未收
    we_paid_bank_not: list[Item]  # 我方已付银行未付
    unexplained: int
    statement_until: dt.date | None

    @property
    def adjusted_book(self) -> Money:
        return self.book_balance + _total(self.bank_received_we_not) - _total(self.bank_paid_we_not)

    @property
    def adjusted_bank(self) -> Money:
        return self.bank_balance + _total(self.we_received_bank_not) - _total(self.we_paid_bank_not)

    @property
    def ties(self) -> bool:
        """Whether both sides come to the same balance."""
        return bool(self.adjusted_book == self.adjusted_bank)


def matched_in(*, bank_account: BankAccount, month: int) -> int:
    """How many bank lines of month YYYYMM are matched with the books, whenever that was done."""
    return StatementLine.objects.filter(
        bank_account=bank_account,
        booked_on__year=month // 100,
        booked_on__month=month % 100,
        state=LineState.MATCHED,
    ).count()


def adjustment(*, bank_account: BankAccount, month: int) -> Adjustment:
    """The adjustment at the end of month YYYYMM, as known now.

    What was matched across the end of the month is in transit there. Balances come from monthly totals and the bank's
    own figures, not from the items, so that ``ties`` says something.
    """
    as_of = dt.date(month // 100, month % 100, calendar.monthrange(month // 100, month % 100)[1])
    lines, unexplained = _lines(bank_account, as_of)
    postings = _postings(bank_account, as_of)
    last = (
        StatementLine.objects.filter(bank_account=bank_account, booked_on__lte=as_of)
        .order_by("sequence")
        .last()
    )
    book = Turnover.objects.filter(account_id=bank_account.account_id, month__lte=month).aggregate(
        net=Sum(F("debit") - F("credit"))
    )["net"]
    return Adjustment(
        bank_account=bank_account,
        month=month,
        as_of=as_of,
        book_balance=Money(book or Decimal(0), "CNY"),
        bank_balance=last.balance_after if last else Money(0, "CNY"),
        bank_received_we_not=_items(lines, 1),
        bank_paid_we_not=_items(lines, -1),
        we_received_bank_not=_items(postings, 1),
        we_paid_bank_not=_items(postings, -1),
        unexplained=unexplained,
        statement_until=last.booked_on if last else None,
    )


def closing_problems(book: Book, month: int) -> list[str]:
    """What keeps the month of a book from being closed: a bank account without statement, lines without entry.

    Banks are reconciled at least monthly (工会会计制度 第二十九条). Accounts that did not move need no statement,
    nor do opening balances and books of the past.
    """
    if month < first_month(book, month // 100) or book.chart.effective_to:
        return []
    without_bank = Turnover.objects.filter(
        month=month, account__book=book, account__code__startswith="102", account__bank_account=None
    )
    problems = [
        _("%(account)s moved and belongs to no bank account.") % {"account": account}
        for account in Account.objects.filter(turnovers__in=without_bank).distinct().order_by("code")
    ]
    moved = Turnover.objects.filter(month=month, account__book=book, account__bank_account__isnull=False)
    for account in BankAccount.objects.filter(account__turnovers__in=moved).distinct().order_by("code"):
        found = adjustment(bank_account=account, month=month)
        if found.statement_until is None or found.statement_until < found.as_of.replace(day=1):
            problems.append(_("%(account)s: no statement of this month yet.") % {"account": account})
        elif found.unexplained:
            problems.append(
                _("%(account)s: %(n)s lines of the statement have no entry.")
                % {"account": account, "n": found.unexplained}
            )
        elif not found.ties:
            problems.append(
                _("%(account)s: books and bank do not come to one balance.") % {"account": account}
            )
    return problems


# Matches that are in force and join this side to something after the day.
_LATE = """
SELECT ml.match_id FROM reconciliation_statementline l JOIN reconciliation_matchline ml ON ml.line_id = l.id AND ml.live
 WHERE l.bank_account_id = %(bank_account)s AND l.booked_on > %(as_of)s
UNION
SELECT mp.match_id
  FROM reconciliation_match m JOIN reconciliation_matchposting mp ON mp.match_id = m.id AND mp.live
  JOIN books_transfer f ON f.id = mp.transfer_id JOIN books_transaction t ON t.id = f.transaction_id
 WHERE m.bank_account_id = %(bank_account)s AND t.date > %(as_of)s
"""
_LINES = f"""
WITH late AS ({_LATE})
SELECT l.id::text, l.booked_on, l.amount, l.summary, l.bank_reference, l.counterparty_name, l.state = 'open'
  FROM reconciliation_statementline l
  LEFT JOIN reconciliation_matchline ml ON ml.line_id = l.id AND ml.live
 WHERE l.bank_account_id = %(bank_account)s AND l.booked_on <= %(as_of)s
   AND (ml.id IS NULL OR ml.match_id IN (SELECT match_id FROM late))
 ORDER BY l.sequence
"""
_POSTINGS = f"""
WITH late AS ({_LATE})
SELECT p.id, t.date, p.amount, t.summary, coalesce(nullif(t.document, ''), t.external_key),
       coalesce(nullif(f.party, ''), f.credit_party, '')
  FROM reconciliation_bankposting p
  JOIN books_transfer f ON f.id = p.transfer_id JOIN books_transaction t ON t.id = p.transaction_id
  LEFT JOIN reconciliation_matchposting mp ON mp.transfer_id = p.transfer_id AND mp.side = p.side AND mp.live
 WHERE p.bank_account_id = %(bank_account)s AND t.date <= %(as_of)s
   AND (mp.id IS NULL OR mp.match_id IN (SELECT match_id FROM late))
 ORDER BY t.date, p.transfer_id
"""
_Row = tuple[str, dt.date, Decimal, str, str, str]


def _lines(bank_account: BankAccount, as_of: dt.date) -> tuple[list[_Row], int]:
    """Open lines at the end of a day, and how many of them have no entry at all."""
    with connection.cursor() as cursor:
        cursor.execute(_LINES, {"bank_account": bank_account.pk, "as_of": as_of})
        rows = cursor.fetchall()
    return [row[:6] for row in rows], sum(1 for row in rows if row[6])


def _postings(bank_account: BankAccount, as_of: dt.date) -> list[_Row]:
    with connection.cursor() as cursor:
        cursor.execute(_POSTINGS, {"bank_account": bank_account.pk, "as_of": as_of})
        return cursor.fetchall()


def _items(rows: Sequence[_Row], sign: int) -> list[Item]:
    return [
        Item(source, day, Money(abs(amount), "CNY"), summary, reference, party)
        for source, day, amount, summary, reference, party in rows
        if amount * sign > 0
    ]


def _total(items: Sequence[Item]) -> Money:
    return Money(sum((item.amount.amount for item in items), Decimal(0)), "CNY")
