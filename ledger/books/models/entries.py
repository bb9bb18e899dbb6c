"""What is posted, and the totals kept of it: transaction, transfer, posting, balance, turnover."""

from __future__ import annotations

from decimal import Decimal

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from djmoney.models.fields import MoneyField

from .book import Account, Book
from .chart import FundSource, Nature, Side


class Transaction(models.Model):
    """One business event (业务), immutable; ``external_key`` makes posting it twice the same as once."""

    book = models.ForeignKey(
        Book,
        verbose_name=_("book"),
        on_delete=models.PROTECT,
        related_name="transactions",
        db_constraint=False,
        db_index=False,
    )
    external_key = models.CharField(_("external key"), max_length=120)
    date = models.DateField(_("date"))
    month = models.PositiveIntegerField(_("month"))
    kind = models.CharField(_("kind"), max_length=40)
    summary = models.CharField(_("summary"), max_length=200)  # 摘要
    document = models.CharField(_("source document"), max_length=80, blank=True)  # 原始凭证
    # The posting rule and its version that made the lines, such as "dues.cash/1"; empty for lines typed by a person.
    rule = models.CharField(_("posting rule"), max_length=60, blank=True, db_default="")
    reverses = models.OneToOneField(
        "self", verbose_name=_("reverses"), null=True, on_delete=models.PROTECT, related_name="reversed_by"
    )
    # The same value in the books of payer and payee: the two halves of one payment between unions.
    mirror_key = models.CharField(_("mirror key"), max_length=80, blank=True)
    created_at = models.DateTimeField(_("created"), default=timezone.now)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("by"),
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
    )

    class Meta:
        verbose_name = _("transaction")
        verbose_name_plural = _("transactions")
        constraints = [
            models.UniqueConstraint(fields=["book", "external_key"], name="one_transaction_per_key"),
        ]
        indexes = [
            models.Index(fields=["book", "date"], name="transaction_by_day"),
            models.Index(fields=["mirror_key"], name="transaction_by_mirror", condition=~Q(mirror_key="")),
            models.Index(fields=["book", "month"], name="closing_by_month", condition=Q(kind="closing")),
        ]

    def __str__(self) -> str:
        return f"{self.date} {self.summary}"


class Transfer(models.Model):
    """The atom: ``amount`` goes from the credit to the debit account; ``is_red`` takes it off again (红字)."""

    # The trigger of sql/posting.sql says more than foreign keys would, which are therefore left out.
    transaction = models.ForeignKey(
        Transaction,
        verbose_name=_("transaction"),
        on_delete=models.PROTECT,
        related_name="transfers",
        db_constraint=False,
        db_index=False,
    )
    book = models.ForeignKey(
        Book,
        verbose_name=_("book"),
        on_delete=models.PROTECT,
        related_name="+",
        db_constraint=False,
        db_index=False,
    )
    month = models.PositiveIntegerField(_("month"))
    line = models.PositiveSmallIntegerField(_("line"))
    debit = models.ForeignKey(
        Account,
        verbose_name=_("debit"),
        on_delete=models.PROTECT,
        related_name="debits",
        db_constraint=False,
        db_index=False,
    )
    credit = models.ForeignKey(
        Account,
        verbose_name=_("credit"),
        on_delete=models.PROTECT,
        related_name="credits",
        db_constraint=False,
        db_index=False,
    )
    amount = MoneyField(_("amount"), max_digits=18, decimal_places=2, default_currency="CNY")
    is_red = models.BooleanField(_("red"), default=False)
    project = models.CharField(_("project"), max_length=60, blank=True)
    fund_source = models.CharField(
        _("fund source"), max_length=20, choices=FundSource, default=FundSource.OWN
    )
    party = models.CharField(_("party"), max_length=60, blank=True)
    nature = models.CharField(_("basic or project"), max_length=10, choices=Nature, blank=True, db_default="")
    # 部门预算支出经济分类, the five digits of its 款级.
    economic_class = models.CharField(_("economic class"), max_length=5, blank=True, db_default="")
    line_summary = models.CharField(
        _("summary"), max_length=200, blank=True, db_default=""
    )  # empty: the event's
    # The credit side's own details where it says other things than the debit side: all of them, or none.
    credit_project = models.CharField(max_length=60, null=True)
    credit_fund_source = models.CharField(max_length=20, null=True, choices=FundSource)
    credit_party = models.CharField(max_length=60, null=True)
    credit_nature = models.CharField(max_length=10, null=True, choices=Nature)
    credit_economic_class = models.CharField(max_length=5, null=True)
    credit_line_summary = models.CharField(max_length=200, null=True)

    class Meta:
        verbose_name = _("transfer")
        verbose_name_plural = _("transfers")
        indexes = [
            models.Index(fields=["debit", "month"], name="transfer_by_debit"),
            models.Index(fields=["credit", "month"], name="transfer_by_credit"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["transaction", "line"], name="one_transfer_per_line"),
            models.CheckConstraint(condition=Q(amount__gt=Decimal(0)), name="transfer_amount_positive"),
            models.CheckConstraint(condition=Q(amount_currency="CNY"), name="transfer_in_book_currency"),
            # Within one account from one project, party or class to another; in red also to take the other side off.
            models.CheckConstraint(
                condition=~Q(debit=F("credit")) | Q(credit_fund_source__isnull=False),
                name="transfer_between_two_accounts",
            ),
            models.CheckConstraint(
                condition=(~Q(fund_source=FundSource.EARMARKED) | ~Q(project=""))
                & (~Q(credit_fund_source=FundSource.EARMARKED) | ~Q(credit_project="")),
                name="earmarked_money_has_its_project",
            ),
            models.CheckConstraint(
                condition=Q(fund_source__in=FundSource.values, nature__in=["", *Nature.values])
                & (Q(credit_fund_source=None) | Q(credit_fund_source__in=FundSource.values))
                & (Q(credit_nature=None) | Q(credit_nature__in=["", *Nature.values])),
                name="details_are_known",
            ),
            models.CheckConstraint(
                condition=Q(economic_class__regex=r"^(|[0-9]{5})$")
                & (Q(credit_economic_class=None) | Q(credit_economic_class__regex=r"^(|[0-9]{5})$")),
                name="economic_class_is_five_digits",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.debit} ← {self.credit} {self.amount}"


class Posting(models.Model):
    """One line of an entry (分录行), read-only: a side of a transfer with its own details; red amounts are negative."""

    id = models.CharField(primary_key=True, max_length=40)
    transfer = models.ForeignKey(Transfer, on_delete=models.DO_NOTHING, related_name="postings")
    transaction = models.ForeignKey(Transaction, on_delete=models.DO_NOTHING, related_name="postings")
    book = models.ForeignKey(Book, on_delete=models.DO_NOTHING, related_name="+")
    account = models.ForeignKey(Account, on_delete=models.DO_NOTHING, related_name="postings")
    month = models.PositiveIntegerField()
    line = models.PositiveSmallIntegerField()
    side = models.CharField(max_length=1, choices=Side)
    amount = MoneyField(max_digits=18, decimal_places=2, default_currency="CNY")
    project = models.CharField(max_length=60)
    fund_source = models.CharField(max_length=20, choices=FundSource)
    party = models.CharField(max_length=60)
    nature = models.CharField(max_length=10, choices=Nature)
    economic_class = models.CharField(max_length=5)
    line_summary = models.CharField(max_length=200)

    class Meta:
        managed = False
        db_table = "books_posting"
        verbose_name = _("posting")
        verbose_name_plural = _("postings")

    def __str__(self) -> str:
        return f"{self.get_side_display()} {self.amount}"


class Balance(models.Model):
    """Running totals of one account since the book opened; kept by trigger only. Busy accounts have several rows."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="balances", db_index=False)
    shard = models.PositiveSmallIntegerField()
    debit = models.DecimalField(max_digits=20, decimal_places=2, default=Decimal(0))
    credit = models.DecimalField(max_digits=20, decimal_places=2, default=Decimal(0))
    held_debit = models.DecimalField(max_digits=20, decimal_places=2, db_default=Decimal(0))
    held_credit = models.DecimalField(max_digits=20, decimal_places=2, db_default=Decimal(0))
    guard = models.SmallIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "shard"], name="one_balance_per_shard"),
            models.CheckConstraint(
                condition=Q(guard=0)
                | Q(guard=1, debit__gte=F("credit") + F("held_credit"))
                | Q(guard=-1, credit__gte=F("debit") + F("held_debit")),
                name="not_overdrawn",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.account_id}/{self.shard}"


class Turnover(models.Model):
    """Totals of one account in one month (发生额); kept by trigger only."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="turnovers", db_index=False)
    month = models.PositiveIntegerField()
    shard = models.PositiveSmallIntegerField()
    debit = models.DecimalField(max_digits=20, decimal_places=2, default=Decimal(0))
    credit = models.DecimalField(max_digits=20, decimal_places=2, default=Decimal(0))

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "month", "shard"], name="one_turnover_per_shard")
        ]

    def __str__(self) -> str:
        return f"{self.account_id}/{self.month}/{self.shard}"
