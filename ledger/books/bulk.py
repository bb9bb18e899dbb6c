"""Posting many transactions at once: the guarantees of ``post``, one COPY stream and one statement for all of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
from django.contrib.auth.base_user import AbstractBaseUser
from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from .entry_rows import (
    PLAIN_COLUMNS,
    PLAIN_LINES,
    SIDED_COLUMNS,
    SIDED_LINES,
    Entry,
    plain_values,
    sided_values,
)
from .errors import ExternalKeyReused, NothingToPost, UnknownAccount, ledger_refusals
from .first_day import require_begun
from .models import Book, Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class NewTransaction:
    """One business event to post; fields as in ``posting.post``."""

    book: Book
    external_key: str
    date: dt.date
    kind: str
    summary: str
    entries: Sequence[Entry]
    document: str = ""
    mirror_key: str = ""
    rule: str = ""
    actor: AbstractBaseUser | None = None


def post_together(linked: Sequence[NewTransaction]) -> list[Transaction]:
    """Post linked events, as the two halves of a payment between unions, in one statement: all or none.

    One statement takes the totals of all of them in one order, whatever the order of ``linked``; the result is in the
    order of ``linked``. Raises what ``post`` raises.
    """
    ids = post_many(linked)
    found = Transaction.objects.select_related("book").in_bulk(ids)
    return [found[pk] for pk in ids]


# One row for each line; the head stands on every line of its transaction and is read from the first.
_HEAD = (
    "n, line, book_id, external_key, date, month, kind, summary, document, rule, mirror_key, created_by_id"
)
_INCOMING = f"""
DROP TABLE IF EXISTS pg_temp.incoming;
CREATE TEMPORARY TABLE incoming (
    n int, line int, book_id bigint, external_key text, date date, month int, kind text, summary text, document text,
    rule text, mirror_key text, created_by_id bigint,
    {", ".join(f"{name} {kind}" for name, kind in SIDED_COLUMNS.items())}) ON COMMIT DROP
"""
_POST_MANY = """
WITH head AS (
    INSERT INTO books_transaction (book_id, external_key, date, month, kind, summary, document, rule, mirror_key,
                                   created_at, created_by_id)
    SELECT book_id, external_key, date, month, kind, summary, document, rule, mirror_key, %s, created_by_id
      FROM pg_temp.incoming WHERE line = 1 ORDER BY n
    ON CONFLICT (book_id, external_key) DO NOTHING RETURNING id, book_id, month, external_key
), body AS (
    INSERT INTO books_transfer {lines}
      FROM head JOIN pg_temp.incoming row USING (book_id, external_key)
      LEFT JOIN books_account debit ON debit.book_id = head.book_id AND debit.code = row.debit
      LEFT JOIN books_account credit ON credit.book_id = head.book_id AND credit.code = row.credit
)
SELECT array_agg(id ORDER BY id) FROM head
"""
# What was left to follow from others is not compared.
_OTHER_CONTENT = """
SELECT i.external_key
  FROM (SELECT *, count(*) OVER (PARTITION BY n) AS lines FROM pg_temp.incoming) i
  JOIN books_transaction t USING (book_id, external_key)
  LEFT JOIN books_transfer f ON f.transaction_id = t.id AND f.line = i.line
  LEFT JOIN books_account d ON d.id = f.debit_id LEFT JOIN books_account c ON c.id = f.credit_id
 WHERE (t.date, t.kind, t.document, t.mirror_key, d.code, c.code, f.amount, f.is_red, f.project, f.fund_source, f.party,
        f.line_summary, f.credit_project, f.credit_fund_source, f.credit_party, f.credit_line_summary)
       IS DISTINCT FROM
       (i.date, i.kind, i.document, i.mirror_key, i.debit, i.credit, i.amount, i.red, i.project, i.fund, i.party,
        coalesce(i.line_summary, ''), i.credit_project, i.credit_fund, i.credit_party, i.credit_line_summary)
    OR i.nature NOT IN ('', f.nature) OR i.economic NOT IN ('', f.economic_class)
    OR i.credit_nature NOT IN ('', f.credit_nature) OR i.credit_economic NOT IN ('', f.credit_economic_class)
    OR i.lines <> (SELECT count(*) FROM books_transfer WHERE transaction_id = t.id)
 ORDER BY i.n LIMIT 1
"""
_IDS = """
SELECT array_agg(t.id ORDER BY n)
  FROM pg_temp.incoming JOIN books_transaction t USING (book_id, external_key) WHERE line = 1
"""


@transaction.atomic
def post_many(new: Sequence[NewTransaction]) -> list[int]:
    """Post all or none; returns the ids in the order asked. Keys already posted with this content stay as they are.

    Raises what ``post`` raises. Fit for chunks of some ten thousand transactions.
    """
    if any(not one.entries for one in new):
        raise NothingToPost(_("A transaction needs at least one entry."))
    for one in new:
        require_begun(book=one.book, date=one.date, kind=one.kind)
    if len({(one.book.pk, one.external_key) for one in new}) < len(new):
        raise ExternalKeyReused(_("The same key comes twice in one batch."))
    if not new:
        return []
    try:
        with (
            ledger_refusals(),
            transaction.atomic(),
            connection.wrap_database_errors,
            psycopg.Cursor(connection.connection) as cursor,
        ):
            return _copy_and_post(cursor, new)
    except IntegrityError as error:
        if isinstance(error.__cause__, psycopg.errors.NotNullViolation):
            raise UnknownAccount(_("A line names an account that its book does not have.")) from error
        raise


def _copy_and_post(cursor: psycopg.Cursor[tuple[Any, ...]], new: Sequence[NewTransaction]) -> list[int]:
    is_sided = any(e.on_credit or e.summary for one in new for e in one.entries)
    columns, values = (SIDED_COLUMNS, sided_values) if is_sided else (PLAIN_COLUMNS, plain_values)
    cursor.execute(_INCOMING)
    with cursor.copy(f"COPY pg_temp.incoming ({_HEAD}, {', '.join(columns)}) FROM STDIN") as copy:
        for n, one in enumerate(new):
            date = one.date
            head = (
                one.book.pk, one.external_key, date, date.year * 100 + date.month, one.kind, one.summary, one.document,
                one.rule, one.mirror_key, one.actor.pk if one.actor else None,
            )  # fmt: skip
            for line, entry in enumerate(one.entries, start=1):
                copy.write_row((n, line, *head, *values(entry)))
    statement = _POST_MANY.format(lines=SIDED_LINES if is_sided else PLAIN_LINES)
    posted = cursor.execute(statement, [timezone.now()]).fetchone()
    if posted and posted[0] and len(posted[0]) == len(new):
        # All are new, and were given their numbers in the order asked.
        return list(posted[0])
    other = cursor.execute(_OTHER_CONTENT).fetchone()
    if other is not None:
        raise ExternalKeyReused(
            _("“%(key)s” has already been posted with other content.") % {"key": other[0]}
        )
    ids = cursor.execute(_IDS).fetchone()
    return list(ids[0]) if ids else []
