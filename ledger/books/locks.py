"""Every lock of the ledger by name, in the order in which they are taken.

1. rows that say what is paid (places, commitments, batches, a member's dues), each by its own module; before the claims
   of a campaign the ``QUEUE_LOCK`` of its waiting list (joining, and in the triggers that hand a place on);
2. the book while its budget, bank accounts or opening balances are set; the voucher or hold that is ended;
3. ``PERIOD_LOCK`` of the books involved, by book id: posts share it (in a trigger), closing and new
   accounts take it alone;
4. balance rows by account id, then turnover rows by account id (in the posting trigger; holds take balances only; who
   ends a hold by posting takes the balances of both first, in ``books_lock_for_ending``);
5. the receipt series of a union;
6. ``DOCUMENT_LOCK`` of a book while a file is attached; the voucher chain of a book (in the voucher trigger); who posts
   vouchers of several books in one database transaction takes them by book id;
7. ``ANCHOR_LOCK`` (in the anchor trigger).
"""

from __future__ import annotations

from django.db import connection

PERIOD_LOCK = 7001
ANCHOR_LOCK = 7003
DOCUMENT_LOCK = 7004
QUEUE_LOCK = 7005


def lock_periods_alone(book_id: int) -> None:
    """Wait until no post to the book is in flight, and let none start before this database transaction ends."""
    _lock(PERIOD_LOCK, book_id)


def lock_documents_of(book_id: int) -> None:
    """One document after another: none proves two vouchers because two people attach it at once."""
    _lock(DOCUMENT_LOCK, book_id)


def lock_queue_of(campaign_id: int) -> None:
    """One after another: nobody joins the waiting list while a place is given up to nobody."""
    _lock(QUEUE_LOCK, campaign_id)


def _lock(space: int, of: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [space, of])
