"""Budgets and commitments: approved and unpaid is no posting but a promise against a budget line (cash basis)."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from djmoney.models.fields import MoneyField

from .programme import Programme, ProgrammeVersion
from .run import Run


class BudgetLine(models.Model):
    """What a union set aside for a programme in a year; commitments never exceed it (constraint)."""

    union = models.ForeignKey(
        "unions.Union", verbose_name=_("union"), on_delete=models.PROTECT, related_name="benefit_budgets"
    )
    programme = models.ForeignKey(
        Programme, verbose_name=_("programme"), on_delete=models.PROTECT, related_name="budgets"
    )
    year_key = models.PositiveSmallIntegerField(_("year"))
    amount = MoneyField(_("budget"), max_digits=16, decimal_places=2, default_currency="CNY")
    committed = models.DecimalField(_("committed"), max_digits=16, decimal_places=2, default=0)

    class Meta:
        verbose_name = _("budget line")
        verbose_name_plural = _("budget lines")
        constraints = [
            models.UniqueConstraint(fields=["union", "programme", "year_key"], name="one_budget_per_year"),
            models.CheckConstraint(
                condition=Q(committed__gte=0, committed__lte=F("amount")), name="committed_within_budget"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.union} {self.programme} {self.year_key}"


class CommitmentState(models.TextChoices):
    LISTED = "listed", _("On the list")
    APPROVED = "approved", _("Approved")
    IN_PAYOUT = "in_payout", _("On its way to the bank")
    PAID = "paid", _("Paid")
    FAILED = "failed", _("Not paid yet")
    RETURNED = "returned", _("Came back from the bank")  # 退汇
    CANCELLED = "cancelled", _("Cancelled")


# What the next payout includes.
PAYABLE = (CommitmentState.APPROVED, CommitmentState.FAILED, CommitmentState.RETURNED)


class Commitment(models.Model):
    """One benefit of one person for one year: the chain from clause to bank line hangs on it.

    ``transaction`` books the expenditure once, on ``paid_on``; both stay when the money comes back and is paid again.
    """

    programme = models.ForeignKey(
        Programme, verbose_name=_("programme"), on_delete=models.PROTECT, related_name="commitments"
    )
    version = models.ForeignKey(
        ProgrammeVersion, verbose_name=_("rules"), on_delete=models.PROTECT, related_name="commitments"
    )
    member = models.ForeignKey(
        "members.Member", verbose_name=_("member"), on_delete=models.PROTECT, related_name="commitments"
    )
    year_key = models.PositiveSmallIntegerField(_("year"))
    payer = models.ForeignKey(
        "unions.Union", verbose_name=_("paid by"), on_delete=models.PROTECT, related_name="+"
    )
    party = models.CharField(_("member number"), max_length=30)
    amount = MoneyField(_("amount"), max_digits=12, decimal_places=2, default_currency="CNY")
    state = models.CharField(
        _("state"), max_length=10, choices=CommitmentState, default=CommitmentState.LISTED
    )
    run = models.ForeignKey(
        Run, verbose_name=_("list"), null=True, on_delete=models.PROTECT, related_name="commitments"
    )
    claim = models.OneToOneField(
        "benefits.Claim",
        verbose_name=_("claim"),
        null=True,
        on_delete=models.PROTECT,
        related_name="commitment",
    )
    created_at = models.DateTimeField(_("created"), default=timezone.now)
    attempts = models.PositiveSmallIntegerField(_("times sent"), default=0)
    payout_line = models.ForeignKey(
        "payouts.BatchLine",
        verbose_name=_("payout line"),
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    left_out = models.CharField(_("left out of the last payout because"), max_length=200, blank=True)
    paid_on = models.DateField(_("paid on"), null=True)
    transaction = models.OneToOneField(
        "books.Transaction",
        verbose_name=_("transaction"),
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
    )

    class Meta:
        verbose_name = _("commitment")
        verbose_name_plural = _("commitments")
        constraints = [
            models.UniqueConstraint(
                fields=["member", "programme", "year_key"],
                condition=~Q(state="cancelled"),
                name="one_benefit_per_person_and_year",
            ),
            models.CheckConstraint(
                condition=Q(run__isnull=False) ^ Q(claim__isnull=False), name="commitment_from_list_or_claim"
            ),
            models.CheckConstraint(
                condition=Q(paid_on__isnull=False, transaction__isnull=False)
                & Q(state__in=["paid", "returned", "in_payout", "failed"])
                | ~Q(state__in=["paid", "returned"]) & Q(paid_on=None, transaction=None),
                name="paid_commitment_is_posted",
            ),
        ]
        indexes = [models.Index(fields=["version", "state"], name="commitment_by_version")]

    def __str__(self) -> str:
        return f"{self.programme} {self.year_key}: {self.member_id}"

    @property
    def reference(self) -> str:
        """Our reference in the bank file (对账ID); a payment sent again has the next one."""
        return self._reference(self.attempts)

    @property
    def next_reference(self) -> str:
        return self._reference(self.attempts + 1)

    def _reference(self, attempt: int) -> str:
        return f"B{self.pk:010d}-{attempt}"
