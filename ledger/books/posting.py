"""Posting (记账): one business event becomes one immutable, balanced, idempotent transaction."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import psycopg
from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.db import DEFAULT_DB_ALIAS, IntegrityError, connections
from django.utils import timezone
from django.utils.translation import gettext as _
from djmoney.money import Money

from .errors import ExternalKeyReused, NothingToPost, UnknownAccount, ledger_refusals
from .models import Book, FundSource, Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line to post: debit and credit account codes of the book, a positive amount in yuan, dimensions.

    Left empty, ``nature`` (基本/项目) follows from the project and ``economic_class`` (款级) from the account.
    ``red`` writes the line in red letters (红字): the amount is taken off both sides.
    """

    debit: str
    credit: str
    amount: Money
    project: str = ""
    fund_source: str = field(default=FundSource.OWN.value)
    party: str = ""
    nature: str = ""
    economic_class: str = ""
    red: bool = False

    def __post_init__(self) -> None:
        if self.amount.amount <= 0:
            raise NothingToPost(_("An entry needs an amount above zero."))
        if self.amount.amount != round(self.amount.amount, 2):
            raise NothingToPost(_("An entry has whole fen: at most two decimals."))
        if str(self.amount.currency) != settings.DEFAULT_CURRENCY:
            raise NothingToPost(_("The books are kept in yuan."))


# How lines become transfers, for one transaction and for many.
LINES = """
       (transaction_id, book_id, month, line, debit_id, credit_id, amount, amount_currency, is_red, project,
        fund_source, party, nature, economic_class)
SELECT head.id, head.book_id, head.month, row.line, debit.id, credit.id, row.amount, 'CNY', row.red, row.project,
       row.fund, row.party,
       CASE WHEN row.nature <> '' OR 'expense' NOT IN (debit.account_class, credit.account_class) THEN row.nature
            WHEN row.project <> '' THEN 'project' ELSE 'basic' END,
       coalesce(nullif(row.economic, ''), nullif(debit.economic_class, ''), credit.economic_class)
"""

# One prepared statement: the transaction and its transfers stand or fall together, in one round trip. An account that
# the book does not have leaves a null, which the table refuses.
_POST = f"""
WITH head AS (
    INSERT INTO books_transaction
           (book_id, external_key, date, month, kind, summary, document, rule, reverses_id, mirror_key, created_at,
            created_by_id)
    VALUES (%(book)s, %(key)s, %(date)s, %(month)s, %(kind)s, %(summary)s, %(document)s, %(rule)s, %(reverses)s,
            %(mirror)s, %(now)s, %(actor)s)
    ON CONFLICT (book_id, external_key) DO NOTHING RETURNING id, book_id, month
), body AS (
    INSERT INTO books_transfer {LINES}
      FROM head CROSS JOIN {{rows}}
      LEFT JOIN books_account debit ON debit.book_id = %(book)s AND debit.code = row.debit
      LEFT JOIN books_account credit ON credit.book_id = %(book)s AND credit.code = row.credit
)
SELECT id FROM head
"""
_COLUMNS = {
    "debit": "varchar",
    "credit": "varchar",
    "amount": "numeric",
    "red": "bool",
    "project": "text",
    "fund": "text",
    "party": "text",
    "nature": "text",
    "economic": "text",
}
# Nearly every post has one line, and plain values are handed over quicker than arrays.
_POST_ONE = _POST.format(
    rows=f"(SELECT 1 AS line, {', '.join(f'%({name})s::{kind} AS {name}' for name, kind in _COLUMNS.items())}) AS row"
)
_POST_SEVERAL = _POST.format(
    rows=f"unnest({', '.join(f'%({name})s::{kind}[]' for name, kind in _COLUMNS.items())})"
    f" WITH ORDINALITY AS row ({', '.join(_COLUMNS)}, line)"
)
_FIELDS = [field.attname for field in Transaction._meta.concrete_fields]
_BOOK = Transaction._meta.get_field("book")
_kept = threading.local()


def post(
    *,
    book: Book,
    external_key: str,
    date: dt.date,
    kind: str,
    summary: str,
    entries: Sequence[Entry],
    document: str = "",
    mirror_key: str = "",
    actor: AbstractBaseUser | None = None,
    reverses: Transaction | None = None,
    rule: str = "",
) -> Transaction:
    """Post one event to one book; posting the same key and content again returns the first transaction.

    ``date`` is the business day in Asia/Shanghai. Raises PeriodClosed, UnknownAccount, Overdrawn, AccountNotInChart,
    DimensionMissing, and ExternalKeyReused when the key exists with another content.
    """
    if not entries:
        raise NothingToPost(_("A transaction needs at least one entry."))
    head = {
        "book": book.pk,
        "key": external_key,
        "date": date,
        "month": date.year * 100 + date.month,
        "kind": kind,
        "summary": summary,
        "document": document,
        "rule": rule,
        "reverses": reverses.pk if reverses else None,
        "mirror": mirror_key,
        "now": timezone.now(),
        "actor": actor.pk if actor else None,
    }
    try:
        row = _execute(head, entries)
    except IntegrityError as error:
        if isinstance(error.__cause__, psycopg.errors.NotNullViolation):
            raise UnknownAccount(_missing_accounts(book, entries)) from error
        raise
    # Made like a row that was read: values in the order of the columns take a third of the time that names take.
    posted = Transaction.from_db(DEFAULT_DB_ALIAS, _FIELDS, (row and row[0], *head.values()))
    _BOOK.set_cached_value(posted, book)
    if reverses is not None:
        posted.reverses = reverses
    return posted if row else _the_first(posted, entries)


def _execute(head: dict[str, object], entries: Sequence[Entry]) -> tuple[int] | None:
    database = connections[DEFAULT_DB_ALIAS]
    database.ensure_connection()
    statement = _POST_ONE if len(entries) == 1 else _POST_SEVERAL
    with ledger_refusals(), database.wrap_database_errors:
        cursor = _cursor_of(database.connection)
        # Alone the statement is its own database transaction; inside another one a refusal must leave that one usable.
        with _savepoint(cursor) if database.in_atomic_block else nullcontext():
            return cursor.execute(statement, _parameters(head, entries), prepare=True).fetchone()


@contextmanager
def _savepoint(cursor: psycopg.Cursor[Any]) -> Iterator[None]:
    """Django's own goes over a cursor of its own each time, which costs as much again as the post."""
    cursor.execute("SAVEPOINT post")
    try:
        yield
    except psycopg.Error:
        cursor.execute("ROLLBACK TO SAVEPOINT post")
        raise
    cursor.execute("RELEASE SAVEPOINT post")


def _cursor_of(opened: psycopg.Connection[Any]) -> psycopg.Cursor[Any]:
    """One for each connection, as a new one looks up every adapter again; psycopg's, as Django's never prepares."""
    cursor: psycopg.Cursor[Any] | None = getattr(_kept, "cursor", None)
    if cursor is None or cursor.connection is not opened:
        cursor = _kept.cursor = psycopg.Cursor(opened)
    return cursor


def reverse(
    *,
    original: Transaction,
    date: dt.date,
    reason: str,
    external_key: str,
    actor: AbstractBaseUser | None = None,
) -> Transaction:
    """Reverse in red letters (红字冲销): the same lines, negative on the same sides (会计基础工作规范 第五十一条)."""
    entries = [
        Entry(
            debit=line.debit.code,
            credit=line.credit.code,
            amount=line.amount,
            project=line.project,
            fund_source=line.fund_source,
            party=line.party,
            nature=line.nature,
            economic_class=line.economic_class,
            red=not line.is_red,
        )
        for line in original.transfers.select_related("debit", "credit").order_by("line")
    ]
    return post(
        book=original.book,
        external_key=external_key,
        date=date,
        kind=original.kind,
        summary=f"注销{original.date:%Y年%m月%d日}业务:{original.summary}({reason})"[:200],
        entries=entries,
        document=original.document,
        rule=original.rule,
        mirror_key=original.mirror_key and f"{original.mirror_key}:red",
        actor=actor,
        reverses=original,
    )


def _parameters(head: dict[str, object], entries: Sequence[Entry]) -> dict[str, object]:
    rows = [
        (
            e.debit,
            e.credit,
            e.amount.amount,
            e.red,
            e.project,
            e.fund_source,
            e.party,
            e.nature,
            e.economic_class,
        )
        for e in entries
    ]
    columns = rows[0] if len(rows) == 1 else map(list, zip(*rows, strict=True))
    return head | dict(zip(_COLUMNS, columns, strict=True))


def _the_first(posted: Transaction, entries: Sequence[Entry]) -> Transaction:
    """The transaction that already has this key, if it says the same."""
    first = Transaction.objects.get(book=posted.book, external_key=posted.external_key)
    lines = [
        (t.debit.code, t.credit.code, t.amount.amount, t.is_red, t.project, t.fund_source, t.party)
        for t in first.transfers.select_related("debit", "credit").order_by("line")
    ]
    asked = [
        (e.debit, e.credit, Decimal(e.amount.amount), e.red, e.project, e.fund_source, e.party)
        for e in entries
    ]
    said = ("date", "kind", "document", "mirror_key", "reverses_id")
    if any(getattr(first, name) != getattr(posted, name) for name in said) or lines != asked:
        raise ExternalKeyReused(
            _("“%(key)s” has already been posted with other content.") % {"key": posted.external_key}
        )
    return first


def _missing_accounts(book: Book, entries: Sequence[Entry]) -> str:
    asked = {code for e in entries for code in (e.debit, e.credit)}
    known = set(book.accounts.filter(code__in=asked).values_list("code", flat=True))
    return _("Book %(book)s has no account %(codes)s.") % {
        "book": book.code,
        "codes": ", ".join(sorted(asked - known)),
    }
