"""Closing months and years (月末结转、结账、年末转账), and opening the last closed month again on the record."""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import connection, transaction
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from djmoney.money import Money

from . import acts
from .errors import CannotReopen, CheckedBySamePerson, PeriodNotReady, ledger_refusals
from .integrity import verify
from .locks import lock_periods_alone
from .models import Book, FundSource, Period, PeriodReopening, PeriodState, Transaction, VoucherState
from .opening import open_year
from .posting import Entry, post

# Where a month's income and expenditure go, by chart: 32103 工会资金结转—本年收支结转 takes earmarked money and 32203
# 工会资金结余—本年收支结转 the rest (财会〔2021〕7号); all went to 331 结余 before (财会〔2009〕7号).
_RESULTS = {
    "2009": {FundSource.EARMARKED: "331", FundSource.OWN: "331"},
    "2021": {FundSource.EARMARKED: "32103", FundSource.OWN: "32203"},
}

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

# Yearly accounts and the accumulated account that takes their balance at the end of December.
_YEAR_END = {
    "2009": (),
    "2021": ((("32101", "32102", "32103"), "32104"), (("32201", "32202", "32203", "32204"), "32205")),
}
_YEARLY_ACCOUNTS = """
SELECT a.code, p.project, p.fund_source, sum(CASE p.side WHEN 'D' THEN -p.amount ELSE p.amount END) AS net
  FROM books_posting p JOIN books_account a ON a.id = p.account_id
 WHERE p.book_id = %s AND p.month <= %s AND a.code = ANY(%s)
 GROUP BY a.code, p.project, p.fund_source
HAVING sum(CASE p.side WHEN 'D' THEN p.amount ELSE -p.amount END) <> 0
 ORDER BY a.code, p.project, p.fund_source
"""
_NAMED = 5
_DECEMBER = 12


def posted_by_closing() -> set[str]:
    """Codes of the accounts that closing months and years posts to."""
    results = {code for targets in _RESULTS.values() for code in targets.values()}
    year_ends = {
        code for pairs in _YEAR_END.values() for sources, target in pairs for code in (*sources, target)
    }
    return results | year_ends


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
    results = _RESULTS[book.chart.code]
    entries = []
    for code, project, fund_source, nature, economic_class, net in rows:
        result = results[FundSource(fund_source)]
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
def close_year(*, book: Book, year: int, actor: AbstractBaseUser | None = None) -> list[Transaction]:
    """Carry the year's results into the accumulated ones on 31 December (年末转账); again, only what is still open.

    32101–32103 go to 32104 累计结转 by project, 32201–32204 to 32205 累计结余 (财会〔2021〕7号 321、322 科目说明).
    Raises PeriodNotReady before the eleven months are closed and December is carried forward.
    """
    lock_periods_alone(book.pk)
    december = year * 100 + 12
    problems = _earlier_months(book, december) + _open_results(book, december)
    if problems:
        raise PeriodNotReady(
            _("The results of %(year)s cannot be carried over yet. %(problems)s")
            % {"year": year, "problems": " ".join(problems)}
        )
    entries = []
    for sources, target in _YEAR_END[book.chart.code]:
        for code, project, fund_source, net in _open_by_project(book, sources, year):
            # A credit balance is taken off by a debit.
            debit, credit = (code, target) if net > 0 else (target, code)
            entries.append(
                Entry(
                    debit=debit,
                    credit=credit,
                    amount=Money(abs(net), "CNY"),
                    project=project,
                    fund_source=fund_source,
                )
            )
    if not entries:
        return []
    done = book.transactions.filter(month=december, kind="year_end").count()
    return [
        post(
            book=book,
            external_key=f"year-end:{year}:{done + 1}",
            date=month_end(december),
            kind="year_end",
            summary=f"{year}年末结转本年收支至累计结转结余",
            entries=entries,
            actor=actor,
        )
    ]


def _open_by_project(book: Book, sources: tuple[str, ...], year: int) -> list[tuple[str, str, str, Decimal]]:
    with connection.cursor() as cursor:
        cursor.execute(_YEARLY_ACCOUNTS, [book.pk, year * 100 + 12, list(sources)])
        return list(cursor.fetchall())


ClosingCheck = Callable[[Book, int], list[str]]
_checks: dict[str, tuple[str | Promise, ClosingCheck]] = {}


def register_closing_check(code: str, name: str | Promise, check: ClosingCheck) -> None:
    """Add a condition for closing a month: ``check`` names what is still in the way, one line each."""
    _checks[code] = (name, check)


@dataclass(frozen=True, slots=True)
class ChecklistItem:
    """One condition for closing a month (月末结账检查) and what is still in its way."""

    code: str
    name: str | Promise
    problems: list[str]

    @property
    def done(self) -> bool:
        return not self.problems


def checklist(book: Book, month: int) -> list[ChecklistItem]:
    """Everything that must hold before YYYYMM of the book can be closed, in the order of the work."""
    own: list[tuple[str, str | Promise, ClosingCheck]] = [
        ("earlier", gettext_lazy("Earlier months are closed"), _earlier_months),
        ("carried", gettext_lazy("Income and expenditure are carried forward"), _open_results),
        *_year_end_item(month),
        ("vouchers", gettext_lazy("Every event has its posted voucher"), _without_voucher),
    ]
    others = [(code, name, check) for code, (name, check) in _checks.items()]
    last = [("verified", gettext_lazy("The checks of the books are clean"), _violations)]
    return [ChecklistItem(code, name, check(book, month)) for code, name, check in own + others + last]


def _year_end_item(month: int) -> list[tuple[str, str | Promise, ClosingCheck]]:
    name = gettext_lazy("The results of the year are carried into the accumulated ones")
    return [("year_end", name, _open_year_end)] if month % 100 == _DECEMBER else []


@transaction.atomic
def close_period(*, book: Book, month: int, actor: AbstractBaseUser) -> Period:
    """Close the month and make sure that next year has its months. Raises PeriodNotReady with what is in the way."""
    lock_periods_alone(book.pk)
    period = Period.objects.select_for_update(no_key=True).get(book=book, month=month)
    problems = [problem for item in checklist(book, month) for problem in item.problems]
    if period.state == PeriodState.OPEN and problems:
        raise PeriodNotReady(" ".join(problems))
    period.state = PeriodState.CLOSED
    period.closed_at = timezone.now()
    period.closed_by_id = actor.pk
    with ledger_refusals():
        period.save(update_fields=["state", "closed_at", "closed_by"])
    open_year(book=book, year=month // 100 + 1)
    acts.record(actor=actor, action="period.closed", target=period, union=book.union, month=month)
    return period


@transaction.atomic
def ask_to_reopen(*, book: Book, month: int, reason: str, asked_by: AbstractBaseUser) -> PeriodReopening:
    """Ask for a closed month to be opened again. Raises CannotReopen for any month but the last closed one."""
    period = Period.objects.get(book=book, month=month)
    _require_last_closed(period)
    if not reason.strip():
        raise CannotReopen(_("Say why the month has to be opened again."))
    asked, created = PeriodReopening.objects.get_or_create(
        period=period, allowed_by=None, defaults={"reason": reason.strip(), "asked_by_id": asked_by.pk}
    )
    if created:
        acts.record(
            actor=asked_by,
            action="period.reopening_asked",
            target=asked,
            union=book.union,
            month=month,
            reason=asked.reason,
        )
    return asked


@transaction.atomic
def allow_reopening(*, reopening: PeriodReopening, allowed_by: AbstractBaseUser) -> Period:
    """Open the month again; posted vouchers stay as they are. Raises CheckedBySamePerson, CannotReopen."""
    lock_periods_alone(reopening.period.book_id)
    locked = PeriodReopening.objects.select_for_update().get(pk=reopening.pk)
    if locked.asked_by_id == allowed_by.pk:
        raise CheckedBySamePerson(_("Somebody else must check this: you prepared it yourself."))
    if locked.allowed_by_id is not None:
        raise CannotReopen(_("This request has been allowed already."))
    _require_last_closed(locked.period)
    locked.allowed_by_id, locked.allowed_at = allowed_by.pk, timezone.now()
    locked.save(update_fields=["allowed_by", "allowed_at"])
    period = locked.period
    period.state, period.closed_at, period.closed_by_id = PeriodState.OPEN, None, None
    with ledger_refusals():
        period.save(update_fields=["state", "closed_at", "closed_by"])
    acts.record(
        actor=allowed_by,
        action="period.reopened",
        target=locked,
        union=period.book.union,
        month=period.month,
        reason=locked.reason,
    )
    return period


def _require_last_closed(period: Period) -> None:
    later = Period.objects.filter(book=period.book_id, month__gt=period.month, state=PeriodState.CLOSED)
    if period.state != PeriodState.CLOSED or later.exists():
        raise CannotReopen(_("Only the last closed month can be opened again."))


def _earlier_months(book: Book, month: int) -> list[str]:
    is_open = book.periods.filter(month__lt=month, state=PeriodState.OPEN).order_by("month")
    return [_("%(month)s is still open.") % {"month": period} for period in is_open[:_NAMED]]


def _open_results(book: Book, month: int) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(_RESULT_ACCOUNTS, [book.pk, month])
        codes = sorted({row[0] for row in cursor.fetchall()})
    if not codes:
        return []
    return [_("%(accounts)s: not carried forward yet.") % {"accounts": ", ".join(codes[:_NAMED])}]


def _open_year_end(book: Book, month: int) -> list[str]:
    year_end = _YEAR_END[book.chart.code]
    codes = {row[0] for sources, _target in year_end for row in _open_by_project(book, sources, month // 100)}
    if codes:
        return [_("%(accounts)s: not carried forward yet.") % {"accounts": ", ".join(sorted(codes))}]
    # What December has not carried forward yet would still change them.
    return _open_results(book, month)


def _without_voucher(book: Book, month: int) -> list[str]:
    problems = []
    waiting = book.transactions.filter(month=month, voucher_entry=None).count()
    drafts = book.vouchers.filter(month=month, state=VoucherState.DRAFT).count()
    if waiting:
        problems.append(
            ngettext("%(n)s event has no voucher.", "%(n)s events have no voucher.", waiting) % {"n": waiting}
        )
    if drafts:
        problems.append(
            ngettext("%(n)s voucher is not checked.", "%(n)s vouchers are not checked.", drafts)
            % {"n": drafts}
        )
    return problems


def _violations(book: Book, month: int) -> list[str]:
    return [f"{_(check.name)}: {check.detail}" for check in verify(book=book) if not check.ok]
