"""What a union plans to take and to spend in a year (收支预算)."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from djmoney.models.fields import MoneyField

from .book import Account, Book


class Budget(models.Model):
    """The budget of a book and year as one document approved it: proposed by one person, confirmed by another.

    The one confirmed last is in force. The database refuses changes of a confirmed one.
    """

    book = models.ForeignKey(Book, verbose_name=_("book"), on_delete=models.PROTECT, related_name="budgets")
    year = models.PositiveSmallIntegerField(_("year"))
    approval = models.CharField(_("approved by document"), max_length=120)  # 批准文号或会议
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("proposed by"), on_delete=models.PROTECT, related_name="+"
    )
    proposed_at = models.DateTimeField(_("proposed at"), default=timezone.now)
    confirmed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("confirmed by"),
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    confirmed_at = models.DateTimeField(_("confirmed at"), null=True, editable=False)

    class Meta:
        verbose_name = _("budget of a year")
        verbose_name_plural = _("budgets of years")
        ordering = ["year", "pk"]
        constraints = [
            models.CheckConstraint(condition=~Q(approval=""), name="budget_names_its_approval"),
            models.CheckConstraint(
                condition=Q(confirmed_by=None) | ~Q(confirmed_by=F("proposed_by")),
                name="budget_confirmed_by_another",
            ),
            models.UniqueConstraint(
                fields=["book", "year"], condition=Q(confirmed_by=None), name="one_proposed_budget_per_year"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.book} {self.year}: {self.approval}"


class AccountBudget(models.Model):
    """The budget of one level-1 account of income or expenditure in one year; the database refuses other accounts."""

    budget = models.ForeignKey(
        Budget, verbose_name=_("budget"), on_delete=models.CASCADE, related_name="lines", db_index=False
    )
    account = models.ForeignKey(
        Account, verbose_name=_("account"), on_delete=models.PROTECT, related_name="+"
    )
    amount = MoneyField(_("budget"), max_digits=18, decimal_places=2, default_currency="CNY")

    class Meta:
        verbose_name = _("budget of an account")
        verbose_name_plural = _("budgets of accounts")
        ordering = ["account__code"]
        constraints = [
            models.UniqueConstraint(fields=["budget", "account"], name="one_budget_per_account"),
            models.CheckConstraint(
                condition=Q(amount__gte=0, amount_currency="CNY"), name="budget_in_book_currency"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.account} {self.amount}"
