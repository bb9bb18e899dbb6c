"""Payments that had arrived and came back (退汇): the money stands on 21501 for its person until it is paid again."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ledger.payouts.reasons import REASONS

from .commitment import Commitment


class Return(models.Model):
    """One payment that came back: said by the bank's file, or by one person and confirmed by another.

    Without ``transaction`` it waits for the other person; without ``repaid_with`` the money is still owed.
    """

    commitment = models.ForeignKey(
        Commitment, verbose_name=_("commitment"), on_delete=models.PROTECT, related_name="returns"
    )
    line = models.OneToOneField(
        "payouts.BatchLine", verbose_name=_("payout line"), on_delete=models.PROTECT, related_name="+"
    )
    came_back_on = models.DateField(_("came back on"))
    reason = models.CharField(_("reason"), max_length=30)
    bank_code = models.CharField(_("bank's code"), max_length=30, blank=True)
    bank_message = models.CharField(_("bank's message"), max_length=200, blank=True)
    bank_reference = models.CharField(_("bank's reference"), max_length=60, blank=True)
    is_from_file = models.BooleanField(_("said by the bank's file"), default=False)
    reported_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("reported by"),
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    reported_at = models.DateTimeField(_("reported at"), default=timezone.now)
    confirmed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("confirmed by"),
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
    repaid_on = models.DateField(_("paid again on"), null=True)
    repaid_with = models.OneToOneField(
        "books.Transaction",
        verbose_name=_("paid again with"),
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
    )

    class Meta:
        verbose_name = _("returned payment")
        verbose_name_plural = _("returned payments")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["commitment"], condition=Q(repaid_with=None), name="one_return_at_a_time"
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="returned_for_a_reason"),
            models.CheckConstraint(
                condition=Q(transaction=None, confirmed_by=None)
                | Q(transaction__isnull=False)
                & (
                    Q(is_from_file=True)
                    | Q(reported_by__isnull=False, confirmed_by__isnull=False)
                    & ~Q(confirmed_by=F("reported_by"))
                ),
                name="return_said_by_bank_or_two",
            ),
            models.CheckConstraint(
                condition=Q(repaid_on=None, repaid_with=None)
                | Q(transaction__isnull=False, repaid_with__isnull=False, repaid_on__isnull=False)
                & Q(repaid_on__gte=F("came_back_on")),
                name="return_repaid_after_it_came",
            ),
        ]

    @property
    def reason_name(self) -> str:
        return str(REASONS[self.reason].name)

    def __str__(self) -> str:
        return f"{self.commitment} {self.came_back_on}"
