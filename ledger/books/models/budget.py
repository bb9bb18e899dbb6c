"""What a union plans to take and to spend in a year (收支预算)."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from djmoney.models.fields import MoneyField

from .book import Account, Book


class AccountBudget(models.Model):
    """The budget of one level-1 account of income or expenditure in one year; the database refuses other accounts."""

    book = models.ForeignKey(
        Book, verbose_name=_("book"), on_delete=models.PROTECT, related_name="budgets", db_index=False
    )
    year = models.PositiveSmallIntegerField(_("year"))
    account = models.ForeignKey(
        Account, verbose_name=_("account"), on_delete=models.PROTECT, related_name="+"
    )
    amount = MoneyField(_("budget"), max_digits=18, decimal_places=2, default_currency="CNY")
    set_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("set by"), on_delete=models.PROTECT, related_name="+"
    )
    set_at = models.DateTimeField(_("set at"), default=timezone.now)

    class Meta:
        verbose_name = _("budget of an account")
        verbose_name_plural = _("budgets of accounts")
        ordering = ["year", "account__code"]
        constraints = [
            models.UniqueConstraint(
                fields=["book", "year", "account"], name="one_budget_per_account_and_year"
            ),
            models.CheckConstraint(
                condition=Q(amount__gte=0, amount_currency="CNY"), name="budget_in_book_currency"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.account} {self.year}"
