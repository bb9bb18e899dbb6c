"""Every act on the books is on the audit trail, in the database transaction that does it."""

from __future__ import annotations

import pytest

from ledger.books import attachments, closing, manual, vouchers
from ledger.books.errors import ChangedSinceRead
from ledger.books.models import Voucher
from portal.accounts.models import AuditEvent
from tests.conftest import Federation

from .test_manual_vouchers import levy, line
from .test_posting import DAY


def acts() -> list[tuple[str, str]]:
    found = AuditEvent.objects.filter(object_type__startswith="books.").order_by("pk")
    return [(event.action, str(event.actor and event.actor.username)) for event in found]


def test_what_happens_to_a_voucher_is_told(federation: Federation, bank: str) -> None:
    draft = levy(federation, bank)
    file = attachments.attach(voucher=draft, name="a.pdf", content=b"%PDF-1.7", added_by=federation.maker)
    attachments.remove(file=file, removed_by=federation.maker)
    vouchers.check_and_post(voucher=draft, checked_by=federation.checker)
    other = levy(federation, bank)
    vouchers.discard(voucher=other, discarded_by=federation.maker)
    assert acts() == [
        ("voucher.prepared", "maker"),
        ("voucher.file_attached", "maker"),
        ("voucher.file_removed", "maker"),
        ("voucher.posted", "checker"),
        ("voucher.prepared", "maker"),
        ("voucher.discarded", "maker"),
    ]


def test_closing_and_opening_again_are_told(federation: Federation) -> None:
    book = federation.books["HD"]
    closing.close_period(book=book, month=202601, actor=federation.maker)
    asked = closing.ask_to_reopen(book=book, month=202601, reason="漏记", asked_by=federation.maker)
    closing.allow_reopening(reopening=asked, allowed_by=federation.checker)
    assert acts() == [
        ("period.closed", "maker"),
        ("period.reopening_asked", "maker"),
        ("period.reopened", "checker"),
    ]


def test_nobody_posts_another_text_than_the_one_they_read(federation: Federation, bank: str) -> None:
    draft = levy(federation, bank)
    read = draft.revision
    changed = manual.revise(
        voucher=draft,
        date=DAY,
        summary="收到经费",
        lines=[line(bank, "D", "900000.00"), line("402", "C", "900000.00")],
        prepared_by=federation.maker,
    )
    with pytest.raises(ChangedSinceRead):
        vouchers.check_and_post(voucher=draft, checked_by=federation.checker, read_revision=read)
    assert not Voucher.objects.exclude(number=None).exists()
    vouchers.check_and_post(voucher=draft, checked_by=federation.checker, read_revision=changed.revision)
    attached = levy(federation, bank)
    attachments.attach(voucher=attached, name="a.pdf", content=b"%PDF-1.7", added_by=federation.maker)
    with pytest.raises(ChangedSinceRead):
        vouchers.check_and_post(
            voucher=attached, checked_by=federation.checker, read_revision=attached.revision
        )


def test_the_preparer_stands_on_the_event_that_a_check_posts(federation: Federation, bank: str) -> None:
    posted = vouchers.check_and_post(voucher=levy(federation, bank), checked_by=federation.checker)
    assert posted.transactions.get().created_by == federation.maker
