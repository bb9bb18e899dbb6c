"""Bulk payouts (代发): a batch of lines that one bank file pays, and what the bank said about each line.

Triggers in ``sql/`` keep what is money truth: totals add up at release, another person releases, released lines never
change but for the bank's answer, and a paid line stays paid.
"""

from __future__ import annotations

from decimal import Decimal

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from djmoney.models.fields import MoneyField
from encrypted_fields.fields import EncryptedCharField


class BatchState(models.TextChoices):
    PREPARED = "prepared", _("Prepared")  # 已制作
    RELEASED = "released", _("Released")  # 已放行
    SENT = "sent", _("Sent to the bank")  # 已送银行
    SETTLED = "settled", _("Settled")  # 已结清
    WITHDRAWN = "withdrawn", _("Withdrawn")  # 已撤回
    REFUSED = "refused", _("Refused by the bank")  # 整批退回


class LineState(models.TextChoices):
    WAITING = "waiting", _("Waiting to be sent")  # 待发送
    SENT = "sent", _("Sent to the bank")  # 已送银行
    PAID = "paid", _("Paid")  # 已到账
    RETURNED = "returned", _("Came back")  # 退汇
    FAILED = "failed", _("Not paid")  # 未成功
    UNKNOWN = "unknown", _("The bank has not decided")  # 结果不明
    WITHDRAWN = "withdrawn", _("Withdrawn")  # 已撤回
    REFUSED = "refused", _("Refused by the bank")  # 整批退回


class Batch(models.Model):
    """One bank file out of one bank account; its code is what the bank prints in the statement's summary."""

    code = models.CharField(_("code"), max_length=20, unique=True)
    bank_account = models.ForeignKey(
        "books.BankAccount", verbose_name=_("paid from"), on_delete=models.PROTECT, related_name="batches"
    )
    purpose = models.CharField(_("purpose"), max_length=60)  # 用途
    source = models.CharField(_("what it pays"), max_length=80, db_index=True)
    format_code = models.CharField(_("bank format"), max_length=30)
    value_date = models.DateField(_("value date"))
    state = models.CharField(_("state"), max_length=10, choices=BatchState, default=BatchState.PREPARED)
    line_count = models.PositiveIntegerField(_("lines"))
    total = MoneyField(_("total"), max_digits=18, decimal_places=2, default_currency="CNY")
    prepared_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("prepared by"), on_delete=models.PROTECT, related_name="+"
    )
    prepared_at = models.DateTimeField(_("prepared at"), default=timezone.now)
    # What the preparer saw; released only if the file still has this hash.
    file_name = models.CharField(_("file name"), max_length=80)
    file_sha256 = models.CharField(_("hash of the file"), max_length=64)
    released_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("released by"),
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    released_at = models.DateTimeField(_("released at"), null=True)
    sent_at = models.DateTimeField(_("sent at"), null=True)
    settled_at = models.DateTimeField(_("settled at"), null=True)
    withdrawn_reason = models.CharField(_("reason for withdrawing"), max_length=200, blank=True)
    # The bank took nothing of the file: one person says so and why, another confirms.
    refusal_reason = models.CharField(_("why the bank refused the file"), max_length=200, blank=True)
    refusal_reported_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("refusal reported by"),
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    refused_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("refusal confirmed by"),
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    refused_at = models.DateTimeField(_("refused at"), null=True)

    class Meta:
        verbose_name = _("payout batch")
        verbose_name_plural = _("payout batches")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(released_by=None) | ~Q(released_by=F("prepared_by")),
                name="payout_released_by_another",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["prepared", "withdrawn"], released_by=None, released_at=None)
                | Q(
                    state__in=["released", "sent", "settled", "refused"],
                    released_by__isnull=False,
                    released_at__isnull=False,
                ),
                name="payout_released_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(total__gt=Decimal(0), total_currency="CNY", line_count__gt=0),
                name="payout_of_some_yuan",
            ),
            models.CheckConstraint(
                condition=~Q(state="withdrawn") | ~Q(withdrawn_reason=""),
                name="payout_withdrawn_for_a_reason",
            ),
            models.CheckConstraint(
                condition=~Q(state="refused") & Q(refused_by=None, refused_at=None)
                | Q(state="refused", refused_by__isnull=False, refused_at__isnull=False)
                & Q(refusal_reported_by__isnull=False)
                & ~Q(refusal_reason="")
                & ~Q(refused_by=F("refusal_reported_by")),
                name="payout_refused_by_two",
            ),
        ]

    def __str__(self) -> str:
        return self.code


class BatchLine(models.Model):
    """One payment of a batch. Name and card are a snapshot: a card changed later does not change the file."""

    batch = models.ForeignKey(Batch, verbose_name=_("batch"), on_delete=models.PROTECT, related_name="lines")
    seq = models.PositiveIntegerField(_("line"))
    reference = models.CharField(_("our reference"), max_length=40)  # 对账ID
    payee_name = models.CharField(_("payee"), max_length=50)
    card_number = EncryptedCharField(_("card number"), max_length=255)
    card_last4 = models.CharField(_("last four digits"), max_length=4)
    bank = models.CharField(_("bank"), max_length=60, blank=True)
    party = models.CharField(_("party"), max_length=60, blank=True)
    amount = MoneyField(_("amount"), max_digits=18, decimal_places=2, default_currency="CNY")
    state = models.CharField(_("state"), max_length=10, choices=LineState, default=LineState.WAITING)
    reason = models.CharField(_("reason"), max_length=30, blank=True)
    bank_code = models.CharField(_("bank's code"), max_length=30, blank=True)
    bank_message = models.CharField(_("bank's message"), max_length=200, blank=True)
    bank_reference = models.CharField(_("bank's reference"), max_length=60, blank=True)
    settled_on = models.DateField(_("settled on"), null=True)
    returned_on = models.DateField(_("came back on"), null=True)

    class Meta:
        verbose_name = _("payout line")
        verbose_name_plural = _("payout lines")
        ordering = ["batch", "seq"]
        constraints = [
            models.UniqueConstraint(fields=["batch", "seq"], name="one_payout_line_per_seq"),
            models.UniqueConstraint(
                fields=["reference"], condition=~Q(state="withdrawn"), name="one_payout_per_reference"
            ),
            models.CheckConstraint(
                condition=Q(amount__gt=Decimal(0), amount_currency="CNY"), name="payout_line_of_some_yuan"
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["failed", "unknown"]) | ~Q(reason=""), name="payout_line_failed_why"
            ),
            models.CheckConstraint(
                condition=Q(state="paid", settled_on__isnull=False, returned_on=None, reason="")
                | Q(state="returned", settled_on__isnull=False, returned_on__isnull=False)
                & Q(returned_on__gte=F("settled_on"))
                & ~Q(reason="")
                | (~Q(state__in=["paid", "returned"]) & Q(settled_on=None, returned_on=None)),
                name="payout_line_paid_when",
            ),
        ]

    def __str__(self) -> str:
        return self.reference
