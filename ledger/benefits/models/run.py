"""Payment lists (发放名单): who prepared one, what it says and what was decided about it."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from djmoney.models.fields import MoneyField

from .programme import ProgrammeVersion


class RunState(models.TextChoices):
    PREPARING = "preparing", _("Being put together")
    PREPARED = "prepared", _("Waiting for approval")
    APPROVED = "approved", _("Approved")
    RETURNED = "returned", _("Sent back")


class Run(models.Model):
    """A payment list (发放名单) of one programme for one union and its subtree; another person approves it."""

    code = models.CharField(_("code"), max_length=40, unique=True)
    version = models.ForeignKey(
        ProgrammeVersion, verbose_name=_("rules"), on_delete=models.PROTECT, related_name="runs"
    )
    union = models.ForeignKey(
        "unions.Union", verbose_name=_("union"), on_delete=models.PROTECT, related_name="benefit_runs"
    )
    year_key = models.PositiveSmallIntegerField(_("year"))
    list_date = models.DateField(_("date of the list"))
    state = models.CharField(_("state"), max_length=10, choices=RunState, default=RunState.PREPARING)
    count = models.PositiveIntegerField(_("members"), default=0)
    total = MoneyField(_("total"), max_digits=16, decimal_places=2, default_currency="CNY", default=0)
    without_card = models.PositiveIntegerField(_("left out: no card"), default=0)
    # While the list is put together: how many are looked at, the member up to whom that is done, and the last one.
    expected = models.PositiveIntegerField(_("to be looked at"), default=0)
    reached = models.BigIntegerField(_("done up to member"), default=0)
    last_member = models.BigIntegerField(_("last member"), default=0)
    moved_at = models.DateTimeField(_("moved at"), default=timezone.now)
    prepared_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("prepared by"), on_delete=models.PROTECT, related_name="+"
    )
    prepared_at = models.DateTimeField(_("prepared at"), default=timezone.now)
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("approved by"),
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    approved_at = models.DateTimeField(_("approved at"), null=True)
    returned_reason = models.CharField(_("reason"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("payment list")
        verbose_name_plural = _("payment lists")
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(approved_by=None) | ~Q(approved_by=F("prepared_by")),
                name="run_approved_by_another",
            ),
            models.CheckConstraint(
                condition=~Q(state="approved") | Q(approved_by__isnull=False), name="run_approved_by_somebody"
            ),
        ]

    def __str__(self) -> str:
        return self.code
