"""Importing bank statements (对账单): a file is taken whole or refused, and twice is the same as once."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from django.db import transaction
from django.utils.translation import gettext as _
from djmoney.money import Money

from ledger.books.models import BankAccount
from portal.accounts import audit
from portal.accounts.models import User
from portal.accounts.permissions import require
from portal.accounts.roles import Duty

from .errors import FileRefused, reconciliation_refusals
from .models import Statement, StatementLine
from .statement_files import Row, read_csv

FORMATS = ("auto", "csv")
_INSERTED_AT_ONCE = 2_000
_BROUGHT_FORWARD = "期初余额"

# Which movement a line is: its day, the bank's reference, and the how-manieth of the day with it.
Identity = tuple[dt.date, str, int]


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import brought: ``statement`` is None when nothing was new; ``rejected`` lines moved no money."""

    statement: Statement | None
    new: int
    duplicate: int
    rejected: list[tuple[int, str]] = field(default_factory=list)


@transaction.atomic
def import_statement(
    *,
    bank_account: BankAccount,
    content: bytes,
    file_name: str,
    actor: User | None,
    format: str = "auto",  # noqa: A002
) -> Imported:
    """Add the lines of a file that this account does not have yet; they must follow on from those it has.

    ``actor`` None is the operator's command. Raises FileRefused with each line and reason (nothing is imported),
    NotAllowed.
    """
    if actor is not None:
        require(actor, Duty.IMPORT_STATEMENT, bank_account.book.union)
    if format not in FORMATS:
        raise FileRefused([(0, _("There is no statement format “%(code)s”.") % {"code": format})])
    lock(bank_account)
    file = read_csv(content, account_number=bank_account.number)
    last = StatementLine.objects.filter(bank_account=bank_account).order_by("sequence").last()
    identities = _identities(file.rows)
    known = _known(bank_account, file.rows, identities)
    new = file.rows[known:]
    if not new:
        return Imported(None, 0, known, file.rejected)
    _require_continuation(last, new[0])
    statement = Statement.objects.create(
        bank_account=bank_account,
        source_name=file_name[-200:],
        sha256=hashlib.sha256(content).hexdigest(),
        format="csv",
        opening_balance=Money(new[0].balance - new[0].amount, "CNY"),
        closing_balance=Money(file.closing, "CNY"),
        from_day=new[0].booked_on,
        to_day=new[-1].booked_on,
        imported_by=actor,
    )
    _insert(statement, new, identities[known:], last)
    _record(statement, actor, new=len(new), duplicate=known)
    return Imported(statement, len(new), known, file.rejected)


def lock(bank_account: BankAccount) -> None:
    """Let one import or match at a time change what is open on the account (lock 1 of ledger.books.locks)."""
    BankAccount.objects.select_for_update(of=("self",)).get(pk=bank_account.pk)


def _identities(rows: Sequence[Row]) -> list[Identity]:
    seen: Counter[tuple[dt.date, str]] = Counter()
    identities = []
    for row in rows:
        key = (row.booked_on, row.reference)
        seen[key] += 1
        identities.append((*key, seen[key]))
    return identities


def _known(bank_account: BankAccount, rows: Sequence[Row], identities: Sequence[Identity]) -> int:
    """How many lines at the beginning the account already has. Raises FileRefused where one says something else."""
    stored = {
        (line.booked_on, line.bank_reference, line.position): line
        for line in StatementLine.objects.filter(
            bank_account=bank_account,
            booked_on__range=(rows[0].booked_on, rows[-1].booked_on),
            sequence__gt=0,
        )
    }
    problems = []
    known = 0
    for place, (row, identity) in enumerate(zip(rows, identities, strict=True)):
        line = stored.get(identity)
        if line is None:
            continue
        if (line.booked_on, line.amount.amount, line.balance_after.amount) != (
            row.booked_on,
            row.amount,
            row.balance,
        ):
            problems.append((row.line, _("the bank said something else about this movement before")))
        elif place != known:
            problems.append((row.line, _("a movement that was imported before follows a new one")))
        known += 1
    if problems:
        raise FileRefused(problems)
    return known


def _require_continuation(last: StatementLine | None, first: Row) -> None:
    if last is None:
        return
    opening = first.balance - first.amount
    if opening != last.balance_after.amount or first.booked_on < last.booked_on:
        raise FileRefused(
            [
                (
                    first.line,
                    _(
                        "The last statement ended on %(day)s with %(balance)s, this one begins with %(opening)s. "
                        "Import what lies between first."
                    )
                    % {"day": last.booked_on, "balance": last.balance_after.amount, "opening": opening},
                )
            ]
        )


def _insert(
    statement: Statement, rows: Sequence[Row], identities: Sequence[Identity], last: StatementLine | None
) -> None:
    lines = []
    opening = statement.opening_balance
    if last is None and opening.amount:
        # What was there before our first statement is a line of its own, explained by the opening entry (建账).
        lines.append(
            StatementLine(
                statement=statement,
                bank_account_id=statement.bank_account_id,
                sequence=0,
                position=0,
                booked_on=statement.from_day,
                amount=opening,
                balance_after=opening,
                summary=_BROUGHT_FORWARD,
            )
        )
    after = last.sequence if last else 0
    lines += [
        StatementLine(
            statement=statement,
            bank_account_id=statement.bank_account_id,
            sequence=sequence,
            position=identity[2],
            booked_on=row.booked_on,
            amount=Money(row.amount, "CNY"),
            balance_after=Money(row.balance, "CNY"),
            counterparty_name=row.counterparty,
            counterparty_account=row.counterparty_account,
            summary=row.summary,
            bank_reference=row.reference,
        )
        for sequence, (row, identity) in enumerate(zip(rows, identities, strict=True), after + 1)
    ]
    with reconciliation_refusals():
        StatementLine.objects.bulk_create(lines, batch_size=_INSERTED_AT_ONCE)


def _record(statement: Statement, actor: User | None, *, new: int, duplicate: int) -> None:
    audit.record(
        actor=actor,
        action="statement.imported",
        target=statement,
        union=statement.bank_account.book.union,
        bank_account=statement.bank_account.code,
        file=statement.source_name,
        sha256=statement.sha256,
        new=new,
        duplicate=duplicate,
    )
