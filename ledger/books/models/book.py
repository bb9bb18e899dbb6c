"""The books of one union: its accounts, its bank accounts and its months."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from portal.unions.models import Union

from .chart import AccountClass, BookKind, Chart, Side


class Book(models.Model):
    """The books (账套) of one union under one chart: one accounting entity, in CNY.

    A union has one book for each chart it has kept accounts under; the later one continues the earlier one (新旧衔接).
    """

    union = models.ForeignKey(Union, verbose_name=_("union"), on_delete=models.PROTECT, related_name="books")
    code = models.CharField(_("code"), max_length=20, unique=True)
    kind = models.CharField(_("kind"), max_length=10, choices=BookKind)
    chart = models.ForeignKey(Chart, verbose_name=_("chart"), on_delete=models.PROTECT, related_name="+")
    opened_on = models.DateField(_("opened on"))
    continues = models.OneToOneField(
        "self",
        verbose_name=_("continues"),
        null=True,
        on_delete=models.PROTECT,
        related_name="continued_by",
    )

    class Meta:
        verbose_name = _("book")
        verbose_name_plural = _("books")
        ordering = ["code"]
        constraints = [
            models.UniqueConstraint(fields=["union", "chart"], name="one_book_per_union_and_chart"),
            models.CheckConstraint(condition=~Q(continues=F("id")), name="book_continues_another"),
        ]

    def __str__(self) -> str:
        return self.code


class Account(models.Model):
    """An account in one book: official, or a detail account (明细科目) below an official one."""

    book = models.ForeignKey(
        Book, verbose_name=_("book"), on_delete=models.PROTECT, related_name="accounts", db_index=False
    )
    code = models.CharField(_("code"), max_length=20)
    name = models.CharField(_("name"), max_length=80)
    name_en = models.CharField(_("name in English"), max_length=120, blank=True)
    account_class = models.CharField(_("class"), max_length=10, choices=AccountClass)
    normal_side = models.CharField(_("normal side"), max_length=1, choices=Side)
    is_official = models.BooleanField(_("official"), default=False)
    authorised_by = models.CharField(_("authorised by"), max_length=80, blank=True)
    is_leaf = models.BooleanField(_("takes postings"), default=True)
    shards = models.PositiveSmallIntegerField(_("balance rows"), default=1)
    guard = models.SmallIntegerField(_("may not be overdrawn"), default=0)
    # What every line on this account must say (制度总说明 二, 第二十二条); checked by the posting trigger.
    needs_project = models.BooleanField(_("needs a project"), default=False)
    needs_nature = models.BooleanField(_("needs basic or project"), default=False)
    needs_economic_class = models.BooleanField(_("needs an economic class"), default=False)
    economic_class = models.CharField(_("usual economic class"), max_length=5, blank=True)
    # The part of the house whose own records this account must equal; nobody else posts here.
    kept_by = models.CharField(_("kept by"), max_length=20, blank=True)

    class Meta:
        verbose_name = _("account")
        verbose_name_plural = _("accounts")
        ordering = ["code"]
        constraints = [
            models.UniqueConstraint(fields=["book", "code"], name="one_account_per_code"),
            models.CheckConstraint(
                condition=Q(guard=0) | Q(guard__in=[-1, 1], shards=1), name="guarded_has_one_row"
            ),
            models.CheckConstraint(condition=Q(shards__gte=1), name="at_least_one_balance_row"),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"

    def local_name(self, language: str) -> str:
        """The name for readers of ``language``; detail accounts and documents may have the Chinese one only."""
        return self.name_en if language.startswith("en") and self.name_en else self.name


class BankAccount(models.Model):
    """A union's bank account and the detail account of 102 that mirrors it (银行存款日记账)."""

    code = models.CharField(_("code"), max_length=30, unique=True)
    account = models.OneToOneField(
        Account, verbose_name=_("ledger account"), on_delete=models.PROTECT, related_name="bank_account"
    )
    bank = models.CharField(_("bank"), max_length=60)
    number = models.CharField(_("account number"), max_length=40)
    holder = models.CharField(_("account name"), max_length=120)

    class Meta:
        verbose_name = _("bank account")
        verbose_name_plural = _("bank accounts")

    def __str__(self) -> str:
        return f"{self.bank} {self.number[-4:]}"

    @property
    def book(self) -> Book:
        return self.account.book


class PeriodState(models.TextChoices):
    OPEN = "open", _("Open")
    CLOSED = "closed", _("Closed")


class Period(models.Model):
    """A calendar month of a book (会计期间); ``month`` is YYYYMM."""

    book = models.ForeignKey(
        Book, verbose_name=_("book"), on_delete=models.PROTECT, related_name="periods", db_index=False
    )
    month = models.PositiveIntegerField(_("month"))
    state = models.CharField(_("state"), max_length=10, choices=PeriodState, default=PeriodState.OPEN)
    closed_at = models.DateTimeField(_("closed at"), null=True, blank=True)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("closed by"),
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
    )

    class Meta:
        verbose_name = _("period")
        verbose_name_plural = _("periods")
        ordering = ["month"]
        constraints = [models.UniqueConstraint(fields=["book", "month"], name="one_period_per_month")]

    def __str__(self) -> str:
        return f"{self.month // 100}-{self.month % 100:02d}"


class PeriodReopening(models.Model):
    """Why a closed month was opened again (反结账), asked by one person and allowed by another; kept for good."""

    period = models.ForeignKey(
        Period, verbose_name=_("period"), on_delete=models.PROTECT, related_name="reopenings"
    )
    reason = models.CharField(_("reason"), max_length=200)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("asked by"), on_delete=models.PROTECT, related_name="+"
    )
    asked_at = models.DateTimeField(_("asked at"), default=timezone.now)
    allowed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("allowed by"),
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    allowed_at = models.DateTimeField(_("allowed at"), null=True)

    class Meta:
        verbose_name = _("reopening")
        verbose_name_plural = _("reopenings")
        constraints = [
            models.CheckConstraint(condition=~Q(reason=""), name="reopening_has_a_reason"),
            models.CheckConstraint(
                condition=Q(allowed_by=None, allowed_at=None)
                | (Q(allowed_at__isnull=False) & ~Q(allowed_by=F("asked_by"))),
                name="reopening_allowed_by_another",
            ),
            models.UniqueConstraint(
                fields=["period"], condition=Q(allowed_by=None), name="one_open_request_per_period"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.period}: {self.reason}"
