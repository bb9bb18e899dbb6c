"""Vouchers (记账凭证): drawn up over transactions, checked and posted by somebody else, numbered without gaps."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction
from django.utils.translation import gettext as _

from . import acts, attachments, funds, manual
from .errors import (
    ChangedSinceRead,
    CheckedBySamePerson,
    LedgerError,
    PostedIsFinal,
    SentBack,
    VoucherIncomplete,
    ledger_refusals,
)
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
    later one, SentBack, CheckedBySamePerson, PeriodClosed, PostedIsFinal, and for typed lines what ``posting.post`` and
    ``funds.require_covered`` raise.
    """
    if voucher.prepared_by_id == checked_by.pk:
        raise CheckedBySamePerson(_("Somebody else must check this: you prepared it yourself."))
    locked = _locked_draft(voucher, read_revision)
    if locked.returned_by_id is not None:
        raise SentBack(_("This draft was sent back and waits for its preparer."))
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
def send_back(
    *, voucher: Voucher, reason: str, sent_back_by: AbstractBaseUser, read_revision: int | None = None
) -> Voucher:
    """Send a draft back to its preparer with a reason; until it is handed in again nobody posts it.

    Raises CheckedBySamePerson, ChangedSinceRead, PostedIsFinal, SentBack when it was sent back already.
    """
    if voucher.prepared_by_id == sent_back_by.pk:
        raise CheckedBySamePerson(_("You prepared this yourself: change it, or discard it."))
    locked = _locked_draft(voucher, read_revision)
    if locked.returned_by_id is not None:
        raise SentBack(_("This draft was sent back and waits for its preparer."))
    if not reason.strip():
        raise LedgerError(_("Say what has to be put right."))
    locked.returned_by_id, locked.returned_reason = sent_back_by.pk, reason.strip()
    locked.save(update_fields=["returned_by", "returned_reason"])
    _record("voucher.sent_back", locked, sent_back_by, reason=locked.returned_reason)
    return locked


@transaction.atomic
def hand_in_again(*, voucher: Voucher, handed_in_by: AbstractBaseUser) -> Voucher:
    """Hand in a draft that was sent back, after files were added or the question was answered.

    Its preparer from now on is who hands it in. Raises PostedIsFinal.
    """
    locked = _locked_draft(voucher, None)
    locked.returned_by_id, locked.returned_reason = None, ""
    locked.prepared_by_id = handed_in_by.pk
    locked.revision += 1
    locked.save(update_fields=["returned_by", "returned_reason", "prepared_by", "revision"])
    _record("voucher.handed_in_again", locked, handed_in_by)
    return locked


def _locked_draft(voucher: Voucher, read_revision: int | None) -> Voucher:
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
    return locked


def _record(action: str, voucher: Voucher, actor: AbstractBaseUser, **details: str) -> None:
    acts.record(
        actor=actor,
        action=action,
        target=voucher,
        union=voucher.book.union,
        summary=voucher.summary,
        **details,
    )


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
