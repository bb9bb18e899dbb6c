"""Posting (记账): one business event becomes one immutable, balanced, idempotent transaction."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace

import psycopg
from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from djmoney.money import Money

from .errors import ExternalKeyReused, HoldEnded, NothingToPost, UnknownAccount, ledger_refusals
from .first_day import require_begun
from .models import Book, FundSource, Hold, Transaction, Transfer


@dataclass(frozen=True, slots=True, kw_only=True)
class Details:
    """What one side of a line says besides its account and amount; fields as in ``Entry``."""

    project: str = ""
    fund_source: str = FundSource.OWN.value
    party: str = ""
    nature: str = ""
    economic_class: str = ""
    summary: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line to post: debit and credit account codes of the book, a positive amount in yuan, dimensions.

    Left empty, ``nature`` (基本/项目) follows from the project, ``economic_class`` (款级) from the account, and
    ``summary`` (摘要) is that of the transaction. ``red`` writes the line in red letters (红字): the amount is taken
    off both sides. ``on_credit`` is what the credit side says where that differs from the debit side, as when money of
    one account goes from one project to another.
    """

    debit: str
    credit: str
    amount: Money
    project: str = ""
    fund_source: str = FundSource.OWN.value
    party: str = ""
    nature: str = ""
    economic_class: str = ""
    summary: str = ""
    red: bool = False
    on_credit: Details | None = None

    def __post_init__(self) -> None:
        if self.amount.amount <= 0:
            raise NothingToPost(_("An entry needs an amount above zero."))
        if self.amount.amount != round(self.amount.amount, 2):
            raise NothingToPost(_("An entry has whole fen: at most two decimals."))
        if str(self.amount.currency) != settings.DEFAULT_CURRENCY:
            raise NothingToPost(_("The books are kept in yuan."))


# How lines become transfers, for one transaction and for many. Plain lines say the same on both sides.
PLAIN_LINES = """
       (transaction_id, book_id, month, line, debit_id, credit_id, amount, amount_currency, is_red, project,
        fund_source, party, nature, economic_class)
SELECT head.id, head.book_id, head.month, row.line, debit.id, credit.id, row.amount, 'CNY', row.red, row.project,
       row.fund, row.party,
       CASE WHEN row.nature <> '' OR 'expense' NOT IN (debit.account_class, credit.account_class) THEN row.nature
            WHEN row.project <> '' THEN 'project' ELSE 'basic' END,
       coalesce(nullif(row.economic, ''), nullif(debit.economic_class, ''), credit.economic_class)
"""
# With details of its own on the credit side, each side follows its own account only.
SIDED_LINES = """
       (transaction_id, book_id, month, line, debit_id, credit_id, amount, amount_currency, is_red, project,
        fund_source, party, nature, economic_class, line_summary, credit_project, credit_fund_source, credit_party,
        credit_nature, credit_economic_class, credit_line_summary)
SELECT head.id, head.book_id, head.month, row.line, debit.id, credit.id, row.amount, 'CNY', row.red, row.project,
       row.fund, row.party,
       CASE WHEN row.nature <> '' OR debit.account_class <> 'expense'
                 AND (row.credit_fund IS NOT NULL OR credit.account_class <> 'expense') THEN row.nature
            WHEN row.project <> '' THEN 'project' ELSE 'basic' END,
       coalesce(nullif(row.economic, ''), nullif(debit.economic_class, ''),
                CASE WHEN row.credit_fund IS NULL THEN credit.economic_class ELSE '' END),
       row.line_summary, row.credit_project, row.credit_fund, row.credit_party,
       CASE WHEN row.credit_nature <> '' OR row.credit_fund IS NULL OR credit.account_class <> 'expense'
            THEN row.credit_nature WHEN row.credit_project <> '' THEN 'project' ELSE 'basic' END,
       CASE WHEN row.credit_fund IS NOT NULL THEN coalesce(nullif(row.credit_economic, ''), credit.economic_class) END,
       row.credit_line_summary
"""

# One prepared statement: the transaction and its transfers stand or fall together, in one round trip. An account that
# the book does not have leaves a null, which the table refuses.
_POST = """
WITH head AS (
    INSERT INTO books_transaction
           (book_id, external_key, date, month, kind, summary, document, rule, reverses_id, mirror_key, created_at,
            created_by_id)
    VALUES (%(book)s, %(key)s, %(date)s, %(month)s, %(kind)s, %(summary)s, %(document)s, %(rule)s, %(reverses)s,
            %(mirror)s, %(now)s, %(actor)s)
    ON CONFLICT (book_id, external_key) DO NOTHING RETURNING id, book_id, month
), body AS (
    INSERT INTO books_transfer {lines}
      FROM head CROSS JOIN {rows}
      LEFT JOIN books_account debit ON debit.book_id = %(book)s AND debit.code = row.debit
      LEFT JOIN books_account credit ON credit.book_id = %(book)s AND credit.code = row.credit
){more}
SELECT id FROM head
"""
PLAIN_COLUMNS = {
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
SIDED_COLUMNS = PLAIN_COLUMNS | dict.fromkeys(
    (
        "line_summary",
        "credit_project",
        "credit_fund",
        "credit_party",
        "credit_nature",
        "credit_economic",
        "credit_line_summary",
    ),
    "text",
)
# A hold ends in the statement that posts its money; the table refuses to end it twice.
_ENDED = """, ended AS (
    UPDATE books_hold SET state = 'posted', posted_as_id = head.id FROM head WHERE books_hold.id = %(ends)s
)"""


def _several(columns: dict[str, str]) -> str:
    arrays = ", ".join(f"%({name})s::{kind}[]" for name, kind in columns.items())
    return f"unnest({arrays}) WITH ORDINALITY AS row ({', '.join(columns)}, line)"


def _one(columns: dict[str, str]) -> str:
    values = ", ".join(f"%({name})s::{kind} AS {name}" for name, kind in columns.items())
    return f"(SELECT 1 AS line, {values}) AS row"


# Nearly every post has one plain line, and plain values are handed over quicker than arrays.
_POST_ONE = _POST.format(lines=PLAIN_LINES, rows=_one(PLAIN_COLUMNS), more="")
_POST_SEVERAL = _POST.format(lines=PLAIN_LINES, rows=_several(PLAIN_COLUMNS), more="")
_POST_SIDED = _POST.format(lines=SIDED_LINES, rows=_several(SIDED_COLUMNS), more="")
_POST_AND_END = _POST.format(lines=SIDED_LINES, rows=_several(SIDED_COLUMNS), more=_ENDED)


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
    ends: Hold | None = None,
) -> Transaction:
    """Post one event to one book; posting the same key and content again returns the first transaction.

    ``date`` is the business day in Asia/Shanghai. ``ends`` is the hold whose money this moves: it is posted in the same
    step, so that what it kept back is there for this event and for nothing else. Raises PeriodClosed, UnknownAccount,
    Overdrawn, AccountNotInChart, DimensionMissing, HoldEnded, TooLarge, and ExternalKeyReused when the key exists with
    another content.
    """
    if not entries:
        raise NothingToPost(_("A transaction needs at least one entry."))
    require_begun(book=book, date=date, kind=kind)
    posted = Transaction(
        book=book,
        external_key=external_key,
        date=date,
        month=date.year * 100 + date.month,
        kind=kind,
        summary=summary,
        document=document,
        rule=rule,
        reverses=reverses,
        mirror_key=mirror_key,
        created_at=timezone.now(),
        created_by_id=actor.pk if actor else None,
    )
    row = _execute(posted, entries, ends)
    if row is None:
        return _the_first(posted, entries, ends)
    (posted.pk,) = row
    posted._state.adding = False
    posted._state.db = connection.alias
    return posted


def _execute(posted: Transaction, entries: Sequence[Entry], ends: Hold | None) -> tuple[int] | None:
    """Run the statement on Django's connection; psycopg's own cursor, because Django's never prepares."""
    is_sided = ends is not None or any(e.on_credit or e.summary for e in entries)
    parameters = _head(posted)
    if is_sided:
        statement = _POST_SIDED if ends is None else _POST_AND_END
        columns = zip(SIDED_COLUMNS, map(list, zip(*map(sided_values, entries), strict=True)), strict=True)
        parameters |= {"ends": ends and ends.pk, **dict(columns)}
    elif len(entries) == 1:
        statement = _POST_ONE
        parameters |= zip(PLAIN_COLUMNS, plain_values(entries[0]), strict=True)
    else:
        statement = _POST_SEVERAL
        parameters |= zip(
            PLAIN_COLUMNS, map(list, zip(*map(plain_values, entries), strict=True)), strict=True
        )
    connection.ensure_connection()
    # Alone the statement is its own database transaction; inside another one a refusal must leave that one usable.
    guard = transaction.atomic() if connection.in_atomic_block else nullcontext()
    try:
        with (
            ledger_refusals(),
            guard,
            connection.wrap_database_errors,
            psycopg.Cursor(connection.connection) as cursor,
        ):
            return cursor.execute(statement, parameters, prepare=True).fetchone()
    except IntegrityError as error:
        if isinstance(error.__cause__, psycopg.errors.NotNullViolation):
            raise UnknownAccount(_missing_accounts(posted.book, entries)) from error
        raise


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
        replace(_entry(line), red=not line.is_red)
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


def plain_values(e: Entry) -> tuple[object, ...]:
    """The values of ``PLAIN_COLUMNS``."""
    return (
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


def sided_values(e: Entry) -> tuple[object, ...]:
    """The values of ``SIDED_COLUMNS``."""
    c = e.on_credit
    on_credit = (
        (c.project, c.fund_source, c.party, c.nature, c.economic_class, c.summary) if c else (None,) * 6
    )
    return (*plain_values(e), e.summary, *on_credit)


def _head(posted: Transaction) -> dict[str, object]:
    return {
        "book": posted.book_id,
        "key": posted.external_key,
        "date": posted.date,
        "month": posted.month,
        "kind": posted.kind,
        "summary": posted.summary,
        "document": posted.document,
        "rule": posted.rule,
        "reverses": posted.reverses_id,
        "mirror": posted.mirror_key,
        "now": posted.created_at,
        "actor": posted.created_by_id,
    }


def _entry(line: Transfer) -> Entry:
    """What was asked when this line was posted, with the dimensions that followed from others filled in."""
    on_credit = None
    if line.credit_fund_source is not None:
        on_credit = Details(
            project=line.credit_project or "",
            fund_source=line.credit_fund_source,
            party=line.credit_party or "",
            nature=line.credit_nature or "",
            economic_class=line.credit_economic_class or "",
            summary=line.credit_line_summary or "",
        )
    return Entry(
        debit=line.debit.code,
        credit=line.credit.code,
        amount=line.amount,
        project=line.project,
        fund_source=line.fund_source,
        party=line.party,
        nature=line.nature,
        economic_class=line.economic_class,
        summary=line.line_summary,
        red=line.is_red,
        on_credit=on_credit,
    )


def _the_first(posted: Transaction, entries: Sequence[Entry], ends: Hold | None) -> Transaction:
    """The transaction that already has this key, if it says the same."""
    first = Transaction.objects.get(book=posted.book, external_key=posted.external_key)
    lines = [_entry(t) for t in first.transfers.select_related("debit", "credit").order_by("line")]
    said = ("date", "kind", "document", "mirror_key", "reverses_id")
    if (
        any(getattr(first, name) != getattr(posted, name) for name in said)
        or len(lines) != len(entries)
        or not all(map(_says_the_same, lines, entries))
    ):
        raise ExternalKeyReused(
            _("“%(key)s” has already been posted with other content.") % {"key": posted.external_key}
        )
    if ends is not None and not Hold.objects.filter(pk=ends.pk, posted_as=first).exists():
        raise HoldEnded(_("This hold has already been posted or released."))
    return first


def _says_the_same(line: Entry, asked: Entry) -> bool:
    """Whether a posted line is what is asked for again; what was left to follow from others is not compared."""
    filled_in = replace(
        asked, nature=asked.nature or line.nature, economic_class=asked.economic_class or line.economic_class
    )
    if asked.on_credit and line.on_credit:
        on_credit = replace(
            asked.on_credit,
            nature=asked.on_credit.nature or line.on_credit.nature,
            economic_class=asked.on_credit.economic_class or line.on_credit.economic_class,
        )
        filled_in = replace(filled_in, on_credit=on_credit)
    return filled_in == line


def _missing_accounts(book: Book, entries: Sequence[Entry]) -> str:
    asked = {code for e in entries for code in (e.debit, e.credit)}
    known = set(book.accounts.filter(code__in=asked).values_list("code", flat=True))
    return _("Book %(book)s has no account %(codes)s.") % {
        "book": book.code,
        "codes": ", ".join(sorted(asked - known)),
    }
