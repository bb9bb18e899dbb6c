"""Every lock of the ledger by name, in the order in which they are taken.

1. rows that say what is paid (places, commitments, batches, a member's dues), each by its own module;
2. ``PERIOD_LOCK`` of the books involved, by book id: posts share it (in a trigger), closing takes it alone;
3. turnover and balance rows, by account id (in the posting trigger);
4. the receipt series of a union;
5. the voucher, then ``DOCUMENT_LOCK`` of its book while a file is attached, or its voucher chain while it is posted (in
   the voucher trigger);
6. ``ANCHOR_LOCK`` (in the anchor trigger).
"""

from __future__ import annotations

from django.db import connection

PERIOD_LOCK = 7001
ANCHOR_LOCK = 7003
DOCUMENT_LOCK = 7004


def lock_periods_alone(book_id: int) -> None:
    """Wait until no post to the book is in flight, and let none start before this database transaction ends."""
    _lock(PERIOD_LOCK, book_id)


def lock_documents_of(book_id: int) -> None:
    """One document after another: none proves two vouchers because two people attach it at once."""
    _lock(DOCUMENT_LOCK, book_id)


def _lock(space: int, book_id: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [space, book_id])
