"""Money in transit (在途): amounts held on accounts until they are posted or released."""

from __future__ import annotations

from decimal import Decimal

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from djmoney.models.fields import MoneyField

from .book import Account, Book
from .entries import Transaction


class HoldState(models.TextChoices):
    PENDING = "pending", _("Held")
    POSTED = "posted", _("Posted")
    VOIDED = "voided", _("Released")


class Hold(models.Model):
    """An amount promised by one account to another, such as a payout that the bank has and has not yet answered.

    A hold is no posting: balances, statements and vouchers do not know it. It lowers what is available, and on guarded
    accounts nobody can spend it. It ends once, as POSTED or VOIDED; the database refuses any other change.
    """

    book = models.ForeignKey(Book, verbose_name=_("book"), on_delete=models.PROTECT, related_name="holds")
    external_key = models.CharField(_("external key"), max_length=120)
    date = models.DateField(_("date"))
    kind = models.CharField(_("kind"), max_length=40)
    summary = models.CharField(_("summary"), max_length=200)
    debit = models.ForeignKey(Account, verbose_name=_("debit"), on_delete=models.PROTECT, related_name="+")
    credit = models.ForeignKey(Account, verbose_name=_("credit"), on_delete=models.PROTECT, related_name="+")
    amount = MoneyField(_("amount"), max_digits=18, decimal_places=2, default_currency="CNY")
    state = models.CharField(_("state"), max_length=10, choices=HoldState, default=HoldState.PENDING)
    posted_as = models.OneToOneField(
        Transaction, verbose_name=_("posted as"), null=True, on_delete=models.PROTECT, related_name="held_by"
    )
    created_at = models.DateTimeField(_("created"), default=timezone.now)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("by"), null=True, on_delete=models.PROTECT, related_name="+"
    )
    ended_at = models.DateTimeField(_("ended"), null=True, editable=False)

    class Meta:
        verbose_name = _("hold")
        verbose_name_plural = _("holds")
        constraints = [
            models.UniqueConstraint(fields=["book", "external_key"], name="one_hold_per_key"),
            models.CheckConstraint(
                condition=Q(amount__gt=Decimal(0), amount_currency="CNY"), name="hold_amount_positive"
            ),
            models.CheckConstraint(condition=~Q(debit=F("credit")), name="hold_between_two_accounts"),
            models.CheckConstraint(
                condition=Q(state="posted", posted_as__isnull=False)
                | (~Q(state="posted") & Q(posted_as__isnull=True)),
                name="posted_hold_has_its_transaction",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.external_key} {self.amount}"
