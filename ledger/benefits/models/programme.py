"""Programmes as data: what a policy clause promises, to whom, how much, and who pays which share."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from djmoney.models.fields import MoneyField

from portal.unions.models import UnionKind


class Kind(models.TextChoices):
    RUN = "run", _("Paid by list")  # 批量发放
    CLAIM = "claim", _("First come until full")  # 先到先得
    AWARD = "award", _("Award on application")  # 申请奖励


class Population(models.TextChoices):
    """Which of the three separate populations; each is a fact of the register."""

    ALL = "all", _("All members")
    MIGRANT = "migrant", _("Migrant workers")  # 农民工
    NONLOCAL = "nonlocal", _("Non-local workers")  # 外来务工
    CASUAL = "casual", _("Casual workers")  # 零散就业


class YearBasis(models.TextChoices):
    CALENDAR = "calendar", _("Calendar year")
    FESTIVAL = "festival", _("Year of the Spring Festival")  # 春节年度


class VersionState(models.TextChoices):
    DRAFT = "draft", _("Draft")
    ACTIVE = "active", _("In force")
    REPLACED = "replaced", _("Replaced")


class Programme(models.Model):
    code = models.SlugField(_("code"), max_length=30, unique=True)
    name = models.CharField(_("name"), max_length=60)
    name_en = models.CharField(_("name in English"), max_length=120)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    owner = models.ForeignKey(
        "unions.Union",
        verbose_name=_("union that runs it"),
        on_delete=models.PROTECT,
        related_name="programmes",
    )

    class Meta:
        verbose_name = _("programme")
        verbose_name_plural = _("programmes")
        ordering = ["code"]

    def __str__(self) -> str:
        return self.name

    def local_name(self, language: str) -> str:
        return self.name_en if language.startswith("en") else self.name


class ProgrammeVersion(models.Model):
    """The rules from a day on, resting on one clause of one policy; never changed once in force (trigger)."""

    programme = models.ForeignKey(
        Programme, verbose_name=_("programme"), on_delete=models.PROTECT, related_name="versions"
    )
    number = models.PositiveSmallIntegerField(_("version"))
    state = models.CharField(_("state"), max_length=10, choices=VersionState, default=VersionState.DRAFT)
    policy_page = models.ForeignKey(
        "content.PolicyPage",
        verbose_name=_("policy"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="programme_versions",
    )
    policy_number = models.CharField(_("document number"), max_length=60)  # 文号
    clause = models.CharField(_("clause"), max_length=40)
    effective_from = models.DateField(_("in force from"))
    effective_to = models.DateField(_("in force until"), null=True, blank=True)
    amount = MoneyField(_("amount"), max_digits=12, decimal_places=2, default_currency="CNY")
    is_ceiling = models.BooleanField(_("the amount is the most that is paid"), default=False)
    population = models.CharField(_("for whom"), max_length=10, choices=Population, default=Population.ALL)
    year_basis = models.CharField(_("once a"), max_length=10, choices=YearBasis, default=YearBasis.CALENDAR)
    quota = models.PositiveIntegerField(_("places a year"), null=True, blank=True)
    # Days before and after the festival on which one can apply, and on which the trip may lie.
    opens_days_before = models.PositiveSmallIntegerField(default=0)
    closes_days_after = models.PositiveSmallIntegerField(default=0)
    travel_days_before = models.PositiveSmallIntegerField(default=0)
    travel_days_after = models.PositiveSmallIntegerField(default=0)
    expense_account = models.CharField(_("expenditure account"), max_length=20)
    prepared_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("prepared by"),
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("approved by"),
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    approved_at = models.DateTimeField(_("approved at"), null=True)

    class Meta:
        verbose_name = _("programme version")
        verbose_name_plural = _("programme versions")
        ordering = ["programme", "number"]
        constraints = [
            models.UniqueConstraint(fields=["programme", "number"], name="one_version_per_number"),
            models.UniqueConstraint(
                fields=["programme"], condition=Q(state="active"), name="one_version_in_force"
            ),
            models.CheckConstraint(condition=Q(amount__gt=0), name="benefit_above_zero"),
            models.CheckConstraint(
                condition=Q(state="draft") | Q(approved_by__isnull=False, approved_at__isnull=False),
                name="version_approved_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(approved_by=None)
                | Q(prepared_by__isnull=False) & ~Q(approved_by=F("prepared_by")),
                name="version_approved_by_another",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.programme} v{self.number}"


class FundingShare(models.Model):
    """What part of each payment a level of the federation bears, in basis points (万分之)."""

    version = models.ForeignKey(
        ProgrammeVersion, verbose_name=_("version"), on_delete=models.PROTECT, related_name="shares"
    )
    level = models.CharField(_("level"), max_length=20, choices=UnionKind)
    basis_points = models.PositiveSmallIntegerField(_("basis points"))
    takes_remainder = models.BooleanField(_("bears the odd fen"), default=False)

    class Meta:
        verbose_name = _("funding share")
        verbose_name_plural = _("funding shares")
        ordering = ["-basis_points", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["version", "level"], name="one_share_per_level"),
            models.UniqueConstraint(
                fields=["version"], condition=Q(takes_remainder=True), name="one_bearer_of_the_remainder"
            ),
            models.CheckConstraint(
                condition=Q(basis_points__gte=1, basis_points__lte=10_000), name="share_within_the_whole"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_level_display()} {self.basis_points / 100:g}%"
