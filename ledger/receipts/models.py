"""Receipts (收据): numbered series, issued receipts and their lines (会计基础工作规范 第四十八条).

A receipt is the union's own original voucher (自制原始凭证), never a fiscal bill (财政票据). Triggers in ``sql/`` keep
numbers free of gaps and refuse every change of an issued receipt but its status.
"""

from __future__ import annotations

from decimal import Decimal

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from djmoney.models.fields import MoneyField

from portal.design.dates import cn_months


class SeriesKind(models.TextChoices):
    DUES = "dues", _("Membership dues")  # 会费

    @property
    def printed_title(self) -> str:
        """The name printed on the receipt: an official Chinese name, the same in every language."""
        return {SeriesKind.DUES: "工会会费收据"}[self]

    @property
    def printed_title_en(self) -> str:
        return {SeriesKind.DUES: "Union Membership Dues Receipt"}[self]


class ReceiptStatus(models.TextChoices):
    VALID = "valid", _("Valid")  # 有效
    VOID = "void", _("Void")  # 作废
    REVERSED = "reversed", _("Reversed in red")  # 已冲红


class Channel(models.TextChoices):
    """How the money came (收款方式)."""

    CASH = "cash", _("Cash")  # 现金
    BANK_TRANSFER = "bank_transfer", _("Bank transfer")  # 银行转账
    STRIPE = "stripe", _("Online payment")  # 网上支付


class Series(models.Model):
    """One run of receipt numbers: a union, a kind and a year, known by its code (票据代码).

    The code is the year's two digits and the issuer's six-digit place in the register of issuers, which it keeps in
    every year. ``last_number`` moves only by issuing (trigger), so a rolled-back receipt leaves no gap.
    """

    union = models.ForeignKey(
        "unions.Union", verbose_name=_("union"), on_delete=models.PROTECT, related_name="receipt_series"
    )
    kind = models.CharField(_("kind"), max_length=20, choices=SeriesKind, default=SeriesKind.DUES)
    year = models.PositiveSmallIntegerField(_("year"))
    code = models.CharField(_("code"), max_length=8, unique=True)
    last_number = models.PositiveBigIntegerField(_("last number"), default=0, editable=False)

    class Meta:
        verbose_name = _("receipt series")
        verbose_name_plural = _("receipt series")
        ordering = ["code"]
        constraints = [
            models.UniqueConstraint(fields=["union", "kind", "year"], name="one_series_per_union_kind_year"),
            models.CheckConstraint(condition=Q(code__regex=r"^[0-9]{8}$"), name="series_code_has_8_digits"),
        ]

    def __str__(self) -> str:
        return self.code


class Receipt(models.Model):
    """One issued receipt. Names are kept as printed, so that it reads the same after a union or a person is renamed."""

    series = models.ForeignKey(
        Series, verbose_name=_("series"), on_delete=models.PROTECT, related_name="receipts"
    )
    number = models.CharField(_("number"), max_length=10)
    check_code = models.CharField(_("check code"), max_length=6)
    issued_on = models.DateField(_("date of issue"))
    union = models.ForeignKey(
        "unions.Union", verbose_name=_("union"), on_delete=models.PROTECT, related_name="receipts"
    )
    union_name = models.CharField(_("name of the union"), max_length=120)
    union_uscc = models.CharField(_("unified social credit code"), max_length=18, blank=True)
    is_demo = models.BooleanField(_("demonstration data"), default=False)
    member = models.ForeignKey(
        "members.Member",
        verbose_name=_("member"),
        null=True,
        on_delete=models.PROTECT,
        related_name="receipts",
    )
    payer_name = models.CharField(_("payer"), max_length=120)
    payer_reference = models.CharField(_("payer's number"), max_length=40, blank=True)
    channel = models.CharField(_("paid by"), max_length=20, choices=Channel)
    payment_reference = models.CharField(_("payment reference"), max_length=80, blank=True)
    amount = MoneyField(_("total"), max_digits=18, decimal_places=2, default_currency="CNY")
    status = models.CharField(_("status"), max_length=10, choices=ReceiptStatus, default=ReceiptStatus.VALID)
    status_reason = models.CharField(_("reason"), max_length=200, blank=True)
    status_changed_at = models.DateTimeField(_("status changed at"), null=True)
    status_changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("changed by"),
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    # A red receipt (红字收据) has a negative amount and names the receipt that it corrects.
    corrects = models.ForeignKey(
        "self", verbose_name=_("corrects"), null=True, on_delete=models.PROTECT, related_name="red_receipts"
    )
    collected_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("collected by"),
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    collected_by_name = models.CharField(_("name of the collector"), max_length=60, blank=True)
    # Nobody: issued by rule (系统自动开具), as for online payments.
    drawn_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("drawn up by"),
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    drawn_by_name = models.CharField(_("name of the drawer"), max_length=60, blank=True)
    checked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("checked by"),
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    checked_by_name = models.CharField(_("name of the checker"), max_length=60, blank=True)
    transaction = models.ForeignKey(
        "books.Transaction",
        verbose_name=_("transaction"),
        null=True,
        on_delete=models.PROTECT,
        related_name="receipts",
    )
    issued_at = models.DateTimeField(_("issued at"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("receipt")
        verbose_name_plural = _("receipts")
        ordering = ["-issued_on", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["series", "number"], name="one_receipt_per_number"),
            models.UniqueConstraint(
                fields=["transaction"], condition=Q(status="valid"), name="one_valid_receipt_per_transaction"
            ),
            models.CheckConstraint(
                condition=Q(number__regex=r"^[0-9]{10}$"), name="receipt_number_has_10_digits"
            ),
            models.CheckConstraint(condition=Q(amount_currency="CNY"), name="receipt_in_yuan"),
            models.CheckConstraint(
                condition=Q(corrects=None, amount__gt=Decimal(0))
                | Q(corrects__isnull=False, amount__lt=Decimal(0)),
                name="only_red_receipts_are_negative",
            ),
            models.CheckConstraint(
                condition=Q(status="valid", status_changed_at=None)
                | (
                    Q(status__in=["void", "reversed"], status_changed_at__isnull=False) & ~Q(status_reason="")
                ),
                name="receipt_status_has_a_reason",
            ),
            models.CheckConstraint(
                condition=Q(checked_by=None) | Q(drawn_by=None) | ~Q(checked_by=F("drawn_by")),
                name="receipt_checked_by_another",
            ),
            models.CheckConstraint(
                condition=Q(collected_by=None)
                | Q(drawn_by=None)
                | ~Q(collected_by=F("drawn_by"))
                | Q(checked_by__isnull=False),
                name="receipt_drawn_by_another",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.series.code} {self.number}"

    def get_absolute_url(self) -> str:
        return f"/me/receipts/{self.pk}/"

    def get_verify_url(self) -> str:
        """The address in the QR code: whoever holds the paper can ask whether it is real."""
        return f"{reverse('verify')}?code={self.series.code}&number={self.number}&check={self.check_code}"


class ReceiptLine(models.Model):
    """One item of a receipt; ``period_from`` and ``period_to`` are months (YYYYMM), both included."""

    receipt = models.ForeignKey(
        Receipt, verbose_name=_("receipt"), on_delete=models.PROTECT, related_name="lines"
    )
    position = models.PositiveSmallIntegerField(_("line"))
    item = models.CharField(_("item"), max_length=60)
    period_from = models.PositiveIntegerField(_("first month"))
    period_to = models.PositiveIntegerField(_("last month"))
    quantity = models.IntegerField(_("quantity"))
    unit_price = MoneyField(_("unit price"), max_digits=18, decimal_places=2, default_currency="CNY")
    amount = MoneyField(_("amount"), max_digits=18, decimal_places=2, default_currency="CNY")

    class Meta:
        verbose_name = _("receipt line")
        verbose_name_plural = _("receipt lines")
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["receipt", "position"], name="one_receipt_line_per_position"),
            models.CheckConstraint(
                condition=Q(amount=F("unit_price") * F("quantity")),
                name="line_amount_is_quantity_times_price",
            ),
            models.CheckConstraint(condition=Q(period_to__gte=F("period_from")), name="line_period_in_order"),
        ]

    def __str__(self) -> str:
        return f"{self.item} {self.amount}"

    @property
    def months_text(self) -> str:
        """2026年3月 – 2027年2月, in the reader's language."""
        return cn_months(self.period_from, self.period_to)


class LookUpCount(models.Model):
    """How often a receipt was found on the public page; apart from the receipt, which never changes."""

    receipt = models.OneToOneField(Receipt, on_delete=models.PROTECT, related_name="look_ups")
    times = models.PositiveBigIntegerField(default=0)

    class Meta:
        verbose_name = _("look-up count")
        verbose_name_plural = _("look-up counts")

    def __str__(self) -> str:
        return f"{self.receipt_id}: {self.times}"


class LookUpWindow(models.Model):
    """Wrong guesses from one network address in ten minutes; the address is kept only as a keyed hash."""

    address_hash = models.CharField(max_length=64)
    window_start = models.DateTimeField(db_index=True)
    misses = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = _("look-up window")
        verbose_name_plural = _("look-up windows")
        constraints = [
            models.UniqueConstraint(fields=["address_hash", "window_start"], name="one_row_per_window")
        ]

    def __str__(self) -> str:
        return f"{self.window_start}: {self.misses}"
