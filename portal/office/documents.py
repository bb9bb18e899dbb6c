"""The document behind an entry of the books: a payout, a receipt, a line of the bank; each with the way to it."""

from __future__ import annotations

from typing import NamedTuple

from django.urls import reverse
from django.utils.translation import gettext as _

from ledger.books.models import Transaction
from ledger.payouts.models import Batch
from ledger.receipts.models import Receipt
from ledger.reconciliation.models import StatementLine
from portal.accounts.models import User
from portal.accounts.roles import Duty
from portal.office import desk

_SEES_RECEIPTS = (Duty.COLLECT_DUES, Duty.ISSUE_RECEIPT, Duty.VIEW_BOOKS)
_MOST_LINES = 10


class Document(NamedTuple):
    """What proves an entry; ``kind`` in words, ``url`` of its page or file."""

    kind: str
    number: str
    url: str


def documents_of(transaction: Transaction, user: User) -> list[Document]:
    """Every document of the entry that the person may see: what was paid or receipted, and the bank's own lines."""
    return [
        *_payouts(transaction, user),
        *_receipts(transaction, user),
        *_bank_lines(transaction, user),
    ]


def _payouts(transaction: Transaction, user: User) -> list[Document]:
    if not transaction.document:
        return []
    found = Batch.objects.filter(
        code=transaction.document,
        bank_account__account__book=transaction.book_id,
        bank_account__account__book__union__in=desk.reach(user, desk.SEES_PAYOUTS),
    )
    return [Document(_("Payout"), b.code, reverse("office_payout", args=[b.code])) for b in found]


def _receipts(transaction: Transaction, user: User) -> list[Document]:
    found = Receipt.objects.filter(
        transaction=transaction, union__in=desk.reach(user, _SEES_RECEIPTS)
    ).select_related("series")
    return [
        Document(
            _("Receipt"), f"{r.number} (PDF)", reverse("office_receipt_pdf", args=[r.series.code, r.number])
        )
        for r in found.order_by("pk")
    ]


def _bank_lines(transaction: Transaction, user: User) -> list[Document]:
    found = StatementLine.objects.filter(
        matchings__live=True,
        matchings__match__postings__live=True,
        matchings__match__postings__transfer__transaction=transaction,
        bank_account__account__book__union__in=desk.reach(user, desk.SEES_BANK),
    ).select_related("bank_account")
    return [
        Document(
            _("Bank line"),
            line.bank_reference or str(line.sequence),
            reverse("office_bank_line", args=[line.bank_account.code, line.pk]),
        )
        for line in found.order_by("pk").distinct()[:_MOST_LINES]
    ]
