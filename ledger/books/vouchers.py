"""Vouchers (记账凭证): drawn up over transactions, checked and posted by somebody else, numbered without gaps."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction
from django.utils.translation import gettext as _

from . import acts, attachments, funds, manual
from .errors import ChangedSinceRead, CheckedBySamePerson, PostedIsFinal, VoucherIncomplete, ledger_refusals
from .models import Book, Transaction, Voucher, VoucherEntry, VoucherState


@transaction.atomic
def draw_up(
    *,
    book: Book,
    transactions: Sequence[Transaction],
    prepared_by: AbstractBaseUser,
    summary: str = "",
    word: str = "记",
    papers: int = 0,
) -> Voucher:
    """Prepare one voucher (制单) over transactions of one book and day; it has no number until posted."""
    if not transactions:
        raise VoucherIncomplete(_("A voucher needs at least one transaction."))
    first = transactions[0]
    with ledger_refusals():
        voucher = Voucher.objects.create(
            book=book,
            word=word,
            month=first.month,
            date=first.date,
            summary=summary or first.summary,
            attachments=papers,
            prepared_by_id=prepared_by.pk,
        )
        VoucherEntry.objects.bulk_create([VoucherEntry(voucher=voucher, transaction=t) for t in transactions])
    acts.record(
        actor=prepared_by,
        action="voucher.prepared",
        target=voucher,
        union=book.union,
        summary=voucher.summary,
        events=len(transactions),
    )
    return voucher


@transaction.atomic
def draw_up_day(*, book: Book, date: dt.date, prepared_by: AbstractBaseUser) -> list[Voucher]:
    """Day close: one summary voucher for each kind of transaction of the day that has none yet."""
    waiting: dict[str, list[Transaction]] = {}
    for posted in book.transactions.filter(date=date, voucher_entry=None).order_by("kind", "id"):
        waiting.setdefault(posted.kind, []).append(posted)
    return [
        draw_up(
            book=book,
            transactions=same_kind,
            prepared_by=prepared_by,
            summary=same_kind[0].summary
            if len(same_kind) == 1
            else f"{same_kind[0].summary}等{len(same_kind)}笔",
            papers=sum(1 for t in same_kind if t.document),
        )
        for same_kind in waiting.values()
    ]


def draw_up_month(*, book: Book, month: int, prepared_by: AbstractBaseUser) -> list[Voucher]:
    """Day close for every day of the month that still has transactions without a voucher."""
    days = (
        book.transactions.filter(month=month, voucher_entry=None)
        .order_by("date")
        .values_list("date", flat=True)
        .distinct()
    )
    return [v for day in list(days) for v in draw_up_day(book=book, date=day, prepared_by=prepared_by)]


@transaction.atomic
def check_and_post(
    *, voucher: Voucher, checked_by: AbstractBaseUser, read_revision: int | None = None
) -> Voucher:
    """Check and post (复核记账): typed lines are posted now, the database gives number and hash.

    ``read_revision`` is the revision of the draft that the checker has read. Raises ChangedSinceRead when there is a
    later one, CheckedBySamePerson, PeriodClosed, PostedIsFinal, and for typed lines what ``posting.post`` and
    ``funds.require_covered`` raise.
    """
    if voucher.prepared_by_id == checked_by.pk:
        raise CheckedBySamePerson(_("Somebody else must check this: you prepared it yourself."))
    locked = (
        Voucher.objects.select_for_update(of=["self"]).select_related("book", "cancels").get(pk=voucher.pk)
    )
    if locked.state == VoucherState.POSTED:
        raise PostedIsFinal(_("This voucher has been posted already."))
    if read_revision is not None and locked.revision != read_revision:
        raise ChangedSinceRead(
            _("“%(summary)s” was changed after you had opened it. Read it again.")
            % {"summary": locked.summary}
        )
    manual.materialise(locked)
    locked.checked_by_id = checked_by.pk
    locked.state = VoucherState.POSTED
    with ledger_refusals():
        locked.save(update_fields=["checked_by", "state"])
    # After the chain of the book is locked: of two vouchers at once each sees what the other took.
    funds.require_covered(locked)
    voucher.refresh_from_db()
    acts.record(
        actor=checked_by,
        action="voucher.posted",
        target=voucher,
        union=locked.book.union,
        number=str(voucher),
        month=voucher.month,
    )
    return voucher


@transaction.atomic
def discard(*, voucher: Voucher, discarded_by: AbstractBaseUser | None = None) -> None:
    """Take back a draft with its files; its transactions wait for another voucher. Raises PostedIsFinal."""
    acts.record(
        actor=discarded_by,
        action="voucher.discarded",
        target=voucher,
        union=voucher.book.union,
        summary=voucher.summary,
        date=voucher.date.isoformat(),
        prepared_by=str(voucher.prepared_by),
    )
    attachments.forget(voucher.files.all())
    with ledger_refusals():
        voucher.delete()
