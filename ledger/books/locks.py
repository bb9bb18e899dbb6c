"""Every lock of the ledger by name, in the order in which they are taken.

1. rows that say what is paid (places, commitments, batches, a member's dues), each by its own module;
2. ``PERIOD_LOCK`` of the books involved, by book id: posts share it (in a trigger), closing takes it alone;
3. turnover and balance rows, by account id (in the posting trigger);
4. the receipt series of a union;
5. the voucher chain of a book (in the voucher trigger).
"""

from __future__ import annotations

from django.db import connection

PERIOD_LOCK = 7001


def lock_periods_alone(book_id: int) -> None:
    """Wait until no post to the book is in flight, and let none start before this database transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [PERIOD_LOCK, book_id])
