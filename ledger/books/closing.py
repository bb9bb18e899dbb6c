"""Closing a month (月末结转、结账): income and expenditure go to 321 or 322, then the period takes no more posts."""

from __future__ import annotations

import calendar
import datetime as dt
from decimal import Decimal

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import connection, transaction
from django.utils import timezone
from djmoney.money import Money

from .errors import ledger_refusals
from .locks import lock_periods_alone
from .models import Book, FundSource, Period, PeriodState, Transaction
from .posting import Entry, post

_EARMARKED_RESULT = "32103"  # 工会资金结转—本年收支结转
_OWN_RESULT = "32203"  # 工会资金结余—本年收支结转

# Debit less credit of each income and expenditure account of the month, by its dimensions.
_RESULT_ACCOUNTS = """
SELECT a.code, p.project, p.fund_source, p.nature, p.economic_class,
       sum(CASE p.side WHEN 'D' THEN p.amount ELSE -p.amount END) AS net
  FROM books_posting p JOIN books_account a ON a.id = p.account_id
 WHERE p.book_id = %s AND p.month = %s AND a.account_class IN ('income', 'expense')
 GROUP BY a.code, p.project, p.fund_source, p.nature, p.economic_class
HAVING sum(CASE p.side WHEN 'D' THEN p.amount ELSE -p.amount END) <> 0
 ORDER BY a.code, p.project, p.fund_source, p.nature, p.economic_class
"""


def month_end(month: int) -> dt.date:
    """The last day of YYYYMM."""
    return dt.date(month // 100, month % 100, calendar.monthrange(month // 100, month % 100)[1])


@transaction.atomic
def carry_forward(*, book: Book, month: int, actor: AbstractBaseUser | None = None) -> list[Transaction]:
    """Close income and expenditure of the month: earmarked money to 321, the rest to 322 (财会〔2021〕7号).

    May run again after late posts: it carries only what is still open. Returns the transactions posted.
    """
    lock_periods_alone(book.pk)
    with connection.cursor() as cursor:
        cursor.execute(_RESULT_ACCOUNTS, [book.pk, month])
        rows: list[tuple[str, str, str, str, str, Decimal]] = cursor.fetchall()
    if not rows:
        return []
    entries = []
    for code, project, fund_source, nature, economic_class, net in rows:
        result = _EARMARKED_RESULT if fund_source == FundSource.EARMARKED else _OWN_RESULT
        debit, credit = (result, code) if net > 0 else (code, result)
        entries.append(
            Entry(
                debit=debit,
                credit=credit,
                amount=Money(abs(net), "CNY"),
                project=project,
                fund_source=fund_source,
                nature=nature,
                economic_class=economic_class,
            )
        )
    closings = book.transactions.filter(month=month, kind="closing").count()
    return [
        post(
            book=book,
            external_key=f"closing:{month}:{closings + 1}",
            date=month_end(month),
            kind="closing",
            summary=f"结转{month // 100}年{month % 100}月收支",
            entries=entries,
            actor=actor,
        )
    ]


@transaction.atomic
def close_period(*, book: Book, month: int, actor: AbstractBaseUser) -> Period:
    """Close the month for good. Raises PeriodNotReady while a transaction has no posted voucher or income is open."""
    period = Period.objects.select_for_update().get(book=book, month=month)
    period.state = PeriodState.CLOSED
    period.closed_at = timezone.now()
    period.closed_by_id = actor.pk
    with ledger_refusals():
        period.save(update_fields=["state", "closed_at", "closed_by"])
    return period
