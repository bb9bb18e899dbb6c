"""What a list pays, counted by the database while people are put on it."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from djmoney.models.fields import MoneyField


class RunAmount(models.Model):
    """So many people of a list get so much, in yuan; a trigger counts them and refuses every other hand."""

    run = models.ForeignKey(
        "benefits.Run", verbose_name=_("list"), on_delete=models.PROTECT, related_name="amounts"
    )
    amount = MoneyField(_("amount"), max_digits=12, decimal_places=2, default_currency="CNY")
    people = models.PositiveIntegerField(_("members"))

    class Meta:
        verbose_name = _("amount on a list")
        verbose_name_plural = _("amounts on a list")
        ordering = ["amount"]
        constraints = [
            models.UniqueConstraint(fields=["run", "amount"], name="amount_once_per_list"),
            models.CheckConstraint(condition=Q(people__gte=1), name="amount_for_somebody"),
        ]

    def __str__(self) -> str:
        return f"{self.run}: {self.people} × {self.amount}"
