"""The numbered statutory documents over transactions (记账凭证)."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from .book import Book
from .entries import Transaction


class VoucherState(models.TextChoices):
    DRAFT = "draft", _("Prepared")  # 已制单
    POSTED = "posted", _("Posted")  # 已记账


class Voucher(models.Model):
    """The numbered statutory document (记账凭证) over transactions of one book and day.

    Posting it (by another person than its preparer) gives it the next number of its book, word and month and a link in
    the book's hash chain; from then on the database refuses every change (财会〔2024〕12号 第二十一条第三项).
    """

    book = models.ForeignKey(Book, verbose_name=_("book"), on_delete=models.PROTECT, related_name="vouchers")
    word = models.CharField(_("voucher word"), max_length=2, default="记")  # 凭证字
    month = models.PositiveIntegerField(_("month"))
    number = models.PositiveIntegerField(_("number"), null=True, editable=False)
    date = models.DateField(_("date"))
    summary = models.CharField(_("summary"), max_length=200)
    attachments = models.PositiveIntegerField(_("attachments"), default=0)  # 附件张数
    state = models.CharField(_("state"), max_length=10, choices=VoucherState, default=VoucherState.DRAFT)
    prepared_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("prepared by"), on_delete=models.PROTECT, related_name="+"
    )
    checked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("checked by"),
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    prepared_at = models.DateTimeField(_("prepared at"), default=timezone.now)
    posted_at = models.DateTimeField(_("posted at"), null=True, editable=False)
    sequence = models.PositiveIntegerField(_("place in the chain"), null=True, editable=False)
    previous_hash = models.BinaryField(max_length=32, null=True, editable=False)
    hash = models.BinaryField(max_length=32, null=True, editable=False)
    transactions = models.ManyToManyField(
        Transaction, verbose_name=_("transactions"), through="VoucherEntry", related_name="vouchers"
    )

    class Meta:
        verbose_name = _("voucher")
        verbose_name_plural = _("vouchers")
        ordering = ["month", "word", "number"]
        constraints = [
            models.UniqueConstraint(
                fields=["book", "word", "month", "number"], name="one_voucher_per_number"
            ),
            models.UniqueConstraint(fields=["book", "sequence"], name="one_voucher_per_place"),
            models.CheckConstraint(
                condition=Q(checked_by=None) | ~Q(checked_by=F("prepared_by")),
                name="voucher_checked_by_another",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.word}-{self.number}" if self.number else self.word


class VoucherEntry(models.Model):
    """A transaction's place in its one voucher."""

    voucher = models.ForeignKey(Voucher, on_delete=models.CASCADE, related_name="entries")
    transaction = models.OneToOneField(Transaction, on_delete=models.PROTECT, related_name="voucher_entry")

    class Meta:
        verbose_name = _("voucher entry")
        verbose_name_plural = _("voucher entries")

    def __str__(self) -> str:
        return f"{self.voucher_id}: {self.transaction_id}"
