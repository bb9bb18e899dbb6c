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

from .errors import ExternalKeyReused, NothingToPost, UnknownAccount, ledger_refusals
from .models import Book, Transaction
from .posting import LINES, Entry


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
_INCOMING = """
DROP TABLE IF EXISTS pg_temp.incoming;
CREATE TEMPORARY TABLE incoming (
    n int, line int, book_id bigint, external_key text, date date, month int, kind text, summary text, document text,
    rule text, mirror_key text, created_by_id bigint, debit text, credit text, amount numeric(18, 2), red boolean,
    project text, fund text, party text, nature text, economic text) ON COMMIT DROP
"""
_POST_MANY = f"""
WITH head AS (
    INSERT INTO books_transaction (book_id, external_key, date, month, kind, summary, document, rule, mirror_key,
                                   created_at, created_by_id)
    SELECT book_id, external_key, date, month, kind, summary, document, rule, mirror_key, %s, created_by_id
      FROM pg_temp.incoming WHERE line = 1 ORDER BY n
    ON CONFLICT (book_id, external_key) DO NOTHING RETURNING id, book_id, month, external_key
), body AS (
    INSERT INTO books_transfer {LINES}
      FROM head JOIN pg_temp.incoming row USING (book_id, external_key)
      LEFT JOIN books_account debit ON debit.book_id = head.book_id AND debit.code = row.debit
      LEFT JOIN books_account credit ON credit.book_id = head.book_id AND credit.code = row.credit
)
SELECT array_agg(id ORDER BY id) FROM head
"""
_OTHER_CONTENT = """
SELECT h.external_key
  FROM (SELECT n, book_id, external_key, date, kind, document, mirror_key,
               array_agg((line, debit, credit, amount, red, project, fund, party)::text ORDER BY line) AS lines
          FROM pg_temp.incoming GROUP BY 1, 2, 3, 4, 5, 6, 7) h
  JOIN books_transaction t USING (book_id, external_key)
  LEFT JOIN LATERAL (
       SELECT array_agg((f.line, d.code::text, c.code::text, f.amount, f.is_red, f.project::text, f.fund_source::text,
                         f.party::text)::text ORDER BY f.line) AS lines
         FROM books_transfer f JOIN books_account d ON d.id = f.debit_id JOIN books_account c ON c.id = f.credit_id
        WHERE f.transaction_id = t.id) posted ON true
 WHERE (t.date, t.kind, t.document, t.mirror_key) IS DISTINCT FROM (h.date, h.kind, h.document, h.mirror_key)
    OR h.lines IS DISTINCT FROM posted.lines
 ORDER BY h.n LIMIT 1
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
    cursor.execute(_INCOMING)
    with cursor.copy("COPY pg_temp.incoming FROM STDIN") as copy:
        for n, one in enumerate(new):
            date = one.date
            head = (
                one.book.pk, one.external_key, date, date.year * 100 + date.month, one.kind, one.summary, one.document,
                one.rule, one.mirror_key, one.actor.pk if one.actor else None,
            )  # fmt: skip
            for line, e in enumerate(one.entries, start=1):
                copy.write_row(
                    (n, line, *head, e.debit, e.credit, e.amount.amount, e.red, e.project, e.fund_source, e.party,
                     e.nature, e.economic_class)
                )  # fmt: skip
    posted = cursor.execute(_POST_MANY, [timezone.now()]).fetchone()
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
