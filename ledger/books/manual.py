"""Vouchers that a person writes (手工凭证): typed, copied, from a template, or in red letters to cancel another."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction
from django.db.models import Sum
from django.utils import timezone
from django.utils.translation import gettext as _
from djmoney.money import Money

from . import acts
from .errors import (
    AccountKeptElsewhere,
    CancelledAlready,
    DateAhead,
    DimensionMissing,
    LedgerError,
    NotCancellable,
    NotCorrectable,
    NotLowestAccount,
    PeriodClosed,
    PostedIsFinal,
    UnknownAccount,
    VoucherIncomplete,
    VoucherUnbalanced,
    ledger_refusals,
)
from .first_day import require_balances_only, require_begun, require_only_balances
from .models import (
    Account,
    AccountClass,
    Book,
    FundSource,
    Nature,
    PeriodState,
    Posting,
    Side,
    Voucher,
    VoucherEntry,
    VoucherKind,
    VoucherLine,
    VoucherState,
    VoucherTemplate,
)
from .pairing import DETAILS, Line, entries_of, moves_nothing
from .posting import post, reverse
from .queries import OWN_CLASS, OWN_NATURE

_FEWEST_LINES = 2
# Transactions that only the books know of: nobody's own records break when they are cancelled.
_CANCELLABLE = frozenset({"manual", "opening"})
_CARRIED_FORWARD = frozenset({"closing", "year_end"})


@transaction.atomic
def prepare(
    *,
    book: Book,
    date: dt.date,
    summary: str,
    lines: Sequence[Line],
    prepared_by: AbstractBaseUser,
    attachments: int = 0,
    corrects: Voucher | None = None,
) -> Voucher:
    """Write a draft (制单); nothing is posted before another person checks it.

    ``corrects`` is the voucher that it puts right (蓝字订正). Raises DateAhead, VoucherIncomplete, VoucherUnbalanced,
    UnknownAccount, NotLowestAccount, AccountKeptElsewhere, NotCorrectable.
    """
    if corrects is not None:
        require_correctable(Voucher.objects.select_for_update(no_key=True).get(pk=corrects.pk))
    voucher = Voucher(
        book=book,
        kind=VoucherKind.MANUAL,
        month=date.year * 100 + date.month,
        date=date,
        summary=summary,
        attachments=attachments,
        prepared_by_id=prepared_by.pk,
        corrects=corrects,
    )
    require_only_balances(book=book, date=date)
    accounts = _require_writable(book, date, lines)
    with ledger_refusals():
        voucher.save()
    _keep(voucher, lines, accounts)
    _record("voucher.prepared", voucher, prepared_by)
    return voucher


@transaction.atomic
def revise(
    *,
    voucher: Voucher,
    date: dt.date,
    summary: str,
    lines: Sequence[Line],
    prepared_by: AbstractBaseUser,
    attachments: int = 0,
) -> Voucher:
    """Write a draft anew; whoever writes last is its preparer. Raises PostedIsFinal and what ``prepare`` raises."""
    locked = Voucher.objects.select_for_update().get(pk=voucher.pk)
    if locked.state != VoucherState.DRAFT or locked.kind != VoucherKind.MANUAL:
        raise PostedIsFinal(_("Posted entries cannot be changed. Correct them with a red-letter entry."))
    require_only_balances(book=locked.book, date=date, besides=locked)
    accounts = _require_writable(locked.book, date, lines)
    locked.date, locked.month = date, date.year * 100 + date.month
    locked.summary, locked.attachments = summary, attachments
    locked.prepared_by_id = prepared_by.pk
    locked.returned_by_id, locked.returned_reason = None, ""
    locked.revision += 1
    with ledger_refusals():
        locked.save()
    locked.lines.all().delete()
    _keep(locked, lines, accounts)
    _record("voucher.changed", locked, prepared_by)
    return locked


def lines_of(voucher: Voucher) -> list[Line]:
    """The lines of a voucher as it is read: as they were typed, or what its events posted, summed by details.

    A cancelling voucher has the lines of the cancelled one in red. Vouchers over many events are read without their
    parties, whom the events behind them name one by one.
    """
    if voucher.cancels is not None:
        return [replace(line, amount=-line.amount) for line in lines_of(voucher.cancels)]
    typed = [
        Line(
            account=line.account.code,
            side=line.side,
            amount=line.amount.amount,
            **{name: getattr(line, name) for name in DETAILS},
        )
        for line in voucher.lines.select_related("account")
    ]
    return typed or _summed(voucher)


def _summed(voucher: Voucher) -> list[Line]:
    details = ("project", "fund_source", "nature", "economic_class")
    sums = (
        Posting.objects.filter(transaction__vouchers=voucher)
        .annotate(own_nature=OWN_NATURE, own_class=OWN_CLASS)
        .values("account__code", "side", "project", "fund_source", "own_nature", "own_class")
        .annotate(total=Sum("amount"))
        .order_by("-side", "account__code", *details)
    )
    return [
        Line(
            account=row["account__code"],
            side=row["side"],
            amount=row["total"],
            project=row["project"],
            fund_source=row["fund_source"],
            nature=row["own_nature"],
            economic_class=row["own_class"],
        )
        for row in sums
    ]


@transaction.atomic
def cancel(*, voucher: Voucher, date: dt.date, prepared_by: AbstractBaseUser) -> Voucher:
    """Draft the red-letter voucher that takes a posted one back (会计基础工作规范 第五十一条).

    Vouchers of benefits, dues and payouts are taken back where they arose, so that their own records follow. Errors of
    an earlier year are not cancelled but corrected by a blue voucher on 32101 or 32201. Raises NotCancellable,
    CancelledAlready.
    """
    Voucher.objects.select_for_update(of=["self"]).get(pk=voucher.pk)
    refusal = why_not_cancellable(voucher, date)
    if refusal is not None:
        raise refusal
    with ledger_refusals():
        red = Voucher.objects.create(
            book=voucher.book,
            kind=VoucherKind.CANCELLING,
            month=date.year * 100 + date.month,
            date=date,
            summary=f"注销{voucher.date.month}月{voucher.date.day}日{voucher}号凭证",
            prepared_by_id=prepared_by.pk,
            cancels=voucher,
        )
    _record("voucher.prepared", red, prepared_by)
    return red


def why_not_cancellable(voucher: Voucher, date: dt.date) -> LedgerError | None:
    """What red letters of ``date`` would be refused for; None when ``cancel`` takes them."""
    kinds = set(voucher.transactions.values_list("kind", flat=True))
    if voucher.state != VoucherState.POSTED or voucher.kind == VoucherKind.CANCELLING:
        return NotCancellable(_("Only a posted voucher can be cancelled."))
    if kinds & _CARRIED_FORWARD:
        return NotCancellable(
            _("Carrying forward is not cancelled: open the month again and carry its results forward anew.")
        )
    if not kinds <= _CANCELLABLE:
        return NotCancellable(
            _(
                "This voucher was made by dues, benefits or the bank. Take it back there; the books will follow."
            )
        )
    if voucher.date.year != date.year:
        return NotCancellable(
            _("An error of an earlier year is corrected by a new voucher on 32101 or 32201 (年初余额调整).")
        )
    if Voucher.objects.filter(cancels=voucher).exists():
        return CancelledAlready(_("A voucher that cancels this one exists already."))
    return None


def can_correct(voucher: Voucher) -> bool:
    """Whether ``prepare`` takes a blue correction of this voucher now."""
    try:
        require_correctable(voucher)
    except NotCorrectable:
        return False
    return True


def require_correctable(voucher: Voucher) -> None:
    """Red letters come first, then one right voucher (会计基础工作规范 第五十一条). Raises NotCorrectable."""
    if voucher.kind != VoucherKind.MANUAL:
        raise NotCorrectable(_("Only a voucher written by hand is corrected by another one."))
    if not Voucher.objects.filter(cancels=voucher, state=VoucherState.POSTED).exists():
        raise NotCorrectable(_("Cancel the voucher in red letters first, and have the red letters posted."))
    if voucher.corrected_by.exclude(cancelled_by__state=VoucherState.POSTED).exists():
        raise NotCorrectable(_("A voucher that corrects this one exists already."))


def correction_summary(voucher: Voucher) -> str:
    """The statutory words of the blue voucher that puts right what ``voucher`` had wrong."""
    return f"订正{voucher.date.month}月{voucher.date.day}日{voucher}号凭证"


def materialise(voucher: Voucher) -> None:
    """Post what a draft says, so that it can be numbered; called inside the database transaction of the check."""
    if voucher.kind == VoucherKind.MANUAL:
        posted = [
            post(
                book=voucher.book,
                external_key=f"voucher:{voucher.pk}",
                date=voucher.date,
                kind="manual",
                summary=voucher.summary,
                entries=entries_of(lines_of(voucher)),
                actor=voucher.prepared_by,
            )
        ]
    elif voucher.cancels is not None:
        posted = [
            reverse(
                original=original,
                date=voucher.date,
                reason=voucher.summary,
                external_key=f"voucher:{voucher.pk}:{n}",
                actor=voucher.prepared_by,
            )
            for n, original in enumerate(voucher.cancels.transactions.order_by("pk"))
        ]
    else:
        return
    VoucherEntry.objects.bulk_create([VoucherEntry(voucher=voucher, transaction=t) for t in posted])


def template_lines(template: VoucherTemplate) -> list[Line]:
    return [Line(**row | {"amount": Decimal(row["amount"])}) for row in template.lines]


def _record(action: str, voucher: Voucher, actor: AbstractBaseUser) -> None:
    acts.record(
        actor=actor,
        action=action,
        target=voucher,
        union=voucher.book.union,
        summary=voucher.summary,
        date=voucher.date.isoformat(),
    )


def _require_writable(book: Book, date: dt.date, lines: Sequence[Line]) -> dict[str, Account]:
    if date > timezone.localdate():
        raise DateAhead(_("The date lies ahead. A voucher is dated today or earlier."))
    if not book.periods.filter(month=date.year * 100 + date.month, state=PeriodState.OPEN).exists():
        raise PeriodClosed(
            _("The accounting period is closed or not open yet. Choose a date in an open period.")
        )
    require_begun(book=book, date=date)
    require_balances_only(book=book, date=date, accounts=[line.account for line in lines])
    if len(lines) < _FEWEST_LINES:
        raise VoucherIncomplete(_("A voucher needs at least two lines."))
    if any(not line.amount for line in lines):
        raise VoucherIncomplete(_("Every line needs an amount."))
    sums = {side: sum(line.amount for line in lines if line.side == side) for side in Side.values}
    if sums[Side.DEBIT] != sums[Side.CREDIT]:
        raise VoucherUnbalanced(
            _("Debits %(debit)s and credits %(credit)s differ by %(difference)s yuan.")
            % {
                "debit": f"{sums[Side.DEBIT]:,.2f}",
                "credit": f"{sums[Side.CREDIT]:,.2f}",
                "difference": f"{abs(sums[Side.DEBIT] - sums[Side.CREDIT]):,.2f}",
            }
        )
    wanted = {line.account for line in lines}
    accounts = {account.code: account for account in book.accounts.filter(code__in=wanted)}
    for code in sorted(wanted):
        _require_account(book, code, accounts.get(code))
    for line in lines:
        _require_details(accounts[line.account], line)
        _require_purpose(book, line)
    for line in moves_nothing(lines):
        raise VoucherUnbalanced(
            _("%(account)s stands on both sides and nothing moves. Give the sides different details.")
            % {"account": line.account}
        )
    return accounts


def _require_purpose(book: Book, line: Line) -> None:
    """工会资金结转 (321) is what is left of earmarked money, project by project (321 科目说明)."""
    is_carried = book.chart.code == "2021" and line.account.startswith("321")
    if is_carried and (line.fund_source != FundSource.EARMARKED or not line.project):
        raise DimensionMissing(
            _("%(account)s holds earmarked money: name its project and say that the money is earmarked.")
            % {"account": line.account}
        )


def _require_details(account: Account, line: Line) -> None:
    """What the account asks of its lines (制度第二十二条); nature and class follow from the account, see ``_keep``."""
    is_earmarked = line.fund_source == FundSource.EARMARKED
    if (account.needs_project or is_earmarked) and not line.project:
        raise DimensionMissing(_("%(account)s: name the project.") % {"account": account})
    if account.needs_economic_class and not (line.economic_class or account.economic_class):
        raise DimensionMissing(_("%(account)s: choose the economic class.") % {"account": account})


def _require_account(book: Book, code: str, account: Account | None) -> None:
    if account is None:
        raise UnknownAccount(
            _("Book %(book)s has no account %(codes)s.") % {"book": book.code, "codes": code}
        )
    if not account.is_leaf:
        raise NotLowestAccount(
            _("%(account)s has detail accounts. Choose one of them.") % {"account": account}
        )
    if code == "102" and not book.chart.effective_to:
        raise NotLowestAccount(_("Add the union's bank account below 102 first, then post to it."))
    if account.kept_by:
        raise AccountKeptElsewhere(
            _("%(account)s is kept by dues and payouts and cannot be written by hand.") % {"account": account}
        )


def _keep(voucher: Voucher, lines: Sequence[Line], accounts: dict[str, Account]) -> None:
    """Keep the lines with what follows from their accounts written out, so that whoever checks them sees it."""
    kept: list[VoucherLine] = []
    for n, line in enumerate(lines, start=1):
        details: dict[str, Any] = {name: getattr(line, name) for name in DETAILS}
        if accounts[line.account].account_class == AccountClass.EXPENSE:
            details["nature"] = line.nature or (Nature.PROJECT if line.project else Nature.BASIC)
            details["economic_class"] = line.economic_class or accounts[line.account].economic_class
        kept.append(
            VoucherLine(
                voucher=voucher,
                line=n,
                account=accounts[line.account],
                side=line.side,
                amount=Money(line.amount, "CNY"),
                **details,
            )
        )
    with ledger_refusals():
        VoucherLine.objects.bulk_create(kept)
