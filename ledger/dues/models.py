"""Dues (会费): the rule, payments with the months they cover, and what the payment platform told us."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from djmoney.models.fields import MoneyField

from ledger.receipts.models import Channel


class DuesRule(models.Model):
    """The amount a month from a day on; source is the document that set it."""

    effective_from = models.DateField(_("in force from"), unique=True)
    monthly = MoneyField(_("dues a month"), max_digits=8, decimal_places=2, default_currency="CNY")
    source = models.CharField(_("source"), max_length=80)

    class Meta:
        verbose_name = _("dues rule")
        verbose_name_plural = _("dues rules")
        ordering = ["effective_from"]
        constraints = [models.CheckConstraint(condition=Q(monthly__gt=0), name="dues_above_zero")]

    def __str__(self) -> str:
        return f"{self.effective_from}: {self.monthly}"


class StripeAccount(models.Model):
    """A union's own account at the payment platform and the bank account it is paid out to."""

    union = models.OneToOneField(
        "unions.Union", verbose_name=_("union"), on_delete=models.PROTECT, related_name="stripe_account"
    )
    account_id = models.CharField(_("account at the platform"), max_length=60, unique=True)
    bank_account = models.ForeignKey(
        "books.BankAccount", verbose_name=_("bank account"), on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        verbose_name = _("payment platform account")
        verbose_name_plural = _("payment platform accounts")

    def __str__(self) -> str:
        return self.account_id


class PaymentState(models.TextChoices):
    PENDING = "pending", _("Waiting for payment")
    PAID = "paid", _("Paid")
    CANCELLED = "cancelled", _("Cancelled")
    UNIDENTIFIED = "unidentified", _("Received, to be identified")  # 待查
    REVERSED = "reversed", _("Taken back")  # 已冲销


class DuesPayment(models.Model):
    """One payment of a member for a run of months (YYYYMM, both included)."""

    member = models.ForeignKey(
        "members.Member", verbose_name=_("member"), on_delete=models.PROTECT, related_name="dues_payments"
    )
    union = models.ForeignKey(
        "unions.Union", verbose_name=_("union"), on_delete=models.PROTECT, related_name="dues_payments"
    )
    first_month = models.PositiveIntegerField(_("first month"))
    last_month = models.PositiveIntegerField(_("last month"))
    months = models.PositiveSmallIntegerField(_("number of months"))
    amount = MoneyField(_("amount"), max_digits=12, decimal_places=2, default_currency="CNY")
    channel = models.CharField(_("way of payment"), max_length=20, choices=Channel)
    state = models.CharField(_("state"), max_length=12, choices=PaymentState, default=PaymentState.PENDING)
    started_at = models.DateTimeField(_("started"), default=timezone.now)
    paid_on = models.DateField(_("paid on"), null=True)
    reference = models.CharField(_("reference"), max_length=80, blank=True)
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("recorded by"),
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    transaction = models.OneToOneField(
        "books.Transaction",
        verbose_name=_("transaction"),
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    receipt = models.OneToOneField(
        "receipts.Receipt",
        verbose_name=_("receipt"),
        null=True,
        on_delete=models.PROTECT,
        related_name="dues_payment",
    )
    # Made by the form that asks for the money, so that sending it twice takes the money once.
    request_key = models.UUIDField(null=True, unique=True, editable=False)
    # The platform's own names for this payment.
    checkout_session_id = models.CharField(max_length=120, blank=True)
    checkout_url = models.URLField(max_length=500, blank=True)
    charge_id = models.CharField(max_length=120, blank=True)
    payout_id = models.CharField(max_length=120, blank=True)

    class Meta:
        verbose_name = _("dues payment")
        verbose_name_plural = _("dues payments")
        constraints = [
            models.CheckConstraint(
                condition=~Q(state=PaymentState.PAID)
                | Q(paid_on__isnull=False, transaction__isnull=False, receipt__isnull=False),
                name="paid_dues_are_posted_and_receipted",
            ),
            models.CheckConstraint(
                condition=~Q(state=PaymentState.UNIDENTIFIED)
                | Q(paid_on__isnull=False, transaction__isnull=False, receipt__isnull=True),
                name="unidentified_dues_are_posted",
            ),
            models.CheckConstraint(
                condition=Q(first_month__lte=F("last_month")), name="dues_months_in_order"
            ),
            models.CheckConstraint(condition=Q(months__gte=1, amount__gt=0), name="dues_payment_above_zero"),
            models.UniqueConstraint(
                fields=["checkout_session_id"],
                condition=~Q(checkout_session_id=""),
                name="one_payment_per_checkout",
            ),
            models.UniqueConstraint(
                fields=["charge_id"], condition=~Q(charge_id=""), name="one_payment_per_charge"
            ),
            models.UniqueConstraint(
                fields=["union", "channel", "reference"],
                condition=Q(channel=Channel.BANK_TRANSFER, state=PaymentState.PAID),
                name="one_payment_per_bank_reference",
            ),
        ]
        indexes = [models.Index(fields=["payout_id"], name="payment_by_payout", condition=~Q(payout_id=""))]

    def __str__(self) -> str:
        return f"{self.member_id}: {self.first_month}–{self.last_month}"


class DuesMonth(models.Model):
    """A month that a member has paid; nobody pays a month twice."""

    member = models.ForeignKey(
        "members.Member", verbose_name=_("member"), on_delete=models.PROTECT, related_name="dues_months"
    )
    month = models.PositiveIntegerField(_("month"))
    payment = models.ForeignKey(
        DuesPayment, verbose_name=_("payment"), on_delete=models.PROTECT, related_name="covered"
    )

    class Meta:
        verbose_name = _("paid month")
        verbose_name_plural = _("paid months")
        constraints = [models.UniqueConstraint(fields=["member", "month"], name="no_month_paid_twice")]
        ordering = ["month"]

    def __str__(self) -> str:
        return str(self.month)


class DuesReversal(models.Model):
    """Cash dues taken back: asked for by one person, approved by another, who posts it in red letters."""

    payment = models.OneToOneField(
        DuesPayment, verbose_name=_("dues payment"), on_delete=models.PROTECT, related_name="reversal"
    )
    reason = models.CharField(_("reason"), max_length=200)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("asked by"), on_delete=models.PROTECT, related_name="+"
    )
    asked_at = models.DateTimeField(_("asked at"), default=timezone.now)
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("approved by"),
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    approved_at = models.DateTimeField(_("approved at"), null=True)
    transaction = models.OneToOneField(
        "books.Transaction",
        verbose_name=_("transaction"),
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    receipt = models.OneToOneField(
        "receipts.Receipt",
        verbose_name=_("red receipt"),
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
    )

    class Meta:
        verbose_name = _("dues taken back")
        verbose_name_plural = _("dues taken back")
        constraints = [
            models.CheckConstraint(condition=~Q(reason=""), name="dues_reversal_has_a_reason"),
            models.CheckConstraint(
                condition=Q(approved_by=None, approved_at=None, transaction=None, receipt=None)
                | Q(
                    approved_by__isnull=False,
                    approved_at__isnull=False,
                    transaction__isnull=False,
                    receipt__isnull=False,
                ),
                name="approved_dues_reversal_is_posted",
            ),
            models.CheckConstraint(
                condition=Q(approved_by=None) | ~Q(approved_by=F("asked_by")),
                name="dues_reversal_approved_by_another",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.payment_id}: {self.reason}"


class StripeEvent(models.Model):
    """A message of the payment platform, kept before it is acted on; acted on once."""

    event_id = models.CharField(max_length=120, unique=True)
    type = models.CharField(_("type"), max_length=80)
    account_id = models.CharField(max_length=60, blank=True)
    payload = models.JSONField()
    received_at = models.DateTimeField(_("received"), default=timezone.now)
    handled_at = models.DateTimeField(_("handled"), null=True)
    problem = models.CharField(_("problem"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("platform message")
        verbose_name_plural = _("platform messages")

    def __str__(self) -> str:
        return f"{self.type} {self.event_id}"
