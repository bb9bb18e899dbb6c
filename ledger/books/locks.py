"""Every lock of the ledger by name, in the order in which they are taken.

1. ``PERIOD_LOCK`` of the books involved, by book id: posts share it (in a trigger), closing takes it alone.
2. rows of other apps (places, batches, receipt series), each by its own module;
3. balance rows, by account id (in the posting trigger);
4. the voucher chain of a book (in the voucher trigger).
"""

from __future__ import annotations

from django.db import connection

PERIOD_LOCK = 7001


def lock_periods_alone(book_id: int) -> None:
    """Wait until no post to the book is in flight, and let none start before this database transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [PERIOD_LOCK, book_id])
