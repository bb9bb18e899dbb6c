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
    GRANT = "grant", _("Grant to unions")  # 工会补助


class Population(models.TextChoices):
    """Which of the three separate populations; each is a fact of the register."""

    ALL = "all", _("All members")
    MIGRANT = "migrant", _("Migrant workers")  # 农民工
    NONLOCAL = "nonlocal", _("Non-local workers")  # 外来务工
    CASUAL = "casual", _("Casual workers")  # 零散就业


class YearBasis(models.TextChoices):
    CALENDAR = "calendar", _("Calendar year")
    FESTIVAL = "festival", _("Year of the Spring Festival")  # 春节年度


class Payee(models.TextChoices):
    MEMBER_CARD = "member_card", _("The member's own card")
    RECEIVING_UNION = "receiving_union", _("The receiving union")


class AmountRule(models.TextChoices):
    """How the amount of one payment comes about; the columns that a rule needs are checked by the database."""

    FIXED = "fixed", _("Fixed amount")
    TIERS = "tiers", _("By level")
    ACTUAL_COST = "actual_cost", _("Actual cost up to a ceiling")
    PER_HEAD = "per_head", _("Per head up to a cap")
    RANGE = "range", _("Between two amounts, decided by people")
    LEVY_SHARE = "levy_share", _("A share of the levy received")
    PRIZES = "prizes", _("Prizes by rank")


class CapScope(models.TextChoices):
    UNION_YEAR = "union_year", _("Receiving union and calendar year")


class CutoffRule(models.TextChoices):
    ACTIVE_ON_LIST_DATE = "active_on_list_date", _("Member on the date of the list")
    JOINED_BY = "joined_by", _("Joined by a day of the year")


class OnceScope(models.TextChoices):
    PERSON_YEAR = "person_year", _("Once per person and year")
    OCCUPATION_LEVEL = "occupation_level", _("Once per person, occupation and level, and once a year")


class PostEventRule(models.TextChoices):
    PAY_IF_ELIGIBLE = "pay_if_eligible", _("Pay whoever was eligible on the date of the list")
    STOP = "stop", _("Do not pay after leaving or death")


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
    payee = models.CharField(_("paid to"), max_length=20, choices=Payee, default=Payee.MEMBER_CARD)
    amount_rule = models.CharField(
        _("how the amount is found"), max_length=20, choices=AmountRule, default=AmountRule.FIXED
    )
    amount_max = MoneyField(  # type: ignore[misc]
        _("highest amount"), max_digits=12, decimal_places=2, default_currency="CNY", null=True, blank=True
    )
    cap = MoneyField(_("cap"), max_digits=12, decimal_places=2, default_currency="CNY", null=True, blank=True)  # type: ignore[misc]
    cap_scope = models.CharField(_("the cap holds for"), max_length=20, choices=CapScope, blank=True)
    levy_basis_points = models.PositiveSmallIntegerField(_("basis points of the levy"), null=True, blank=True)
    population = models.CharField(_("for whom"), max_length=10, choices=Population, default=Population.ALL)
    year_basis = models.CharField(_("once a"), max_length=10, choices=YearBasis, default=YearBasis.CALENDAR)
    once_scope = models.CharField(
        _("how often"), max_length=20, choices=OnceScope, default=OnceScope.PERSON_YEAR
    )
    cutoff_rule = models.CharField(
        _("member since when"), max_length=20, choices=CutoffRule, default=CutoffRule.ACTIVE_ON_LIST_DATE
    )
    joined_by = models.DateField(_("joined by"), null=True, blank=True)
    requires_dues = models.BooleanField(_("only with dues paid"), default=False)
    # The last day to apply, in the year after the one that the benefit is for (the skill award: 31 March).
    apply_until_month = models.PositiveSmallIntegerField(_("apply until: month"), null=True, blank=True)
    apply_until_day = models.PositiveSmallIntegerField(_("apply until: day"), null=True, blank=True)
    hold_years = models.PositiveSmallIntegerField(_("held until the end of the year after, years"), default=1)
    post_event_rule = models.CharField(
        _("after leaving or death"),
        max_length=20,
        choices=PostEventRule,
        default=PostEventRule.PAY_IF_ELIGIBLE,
    )
    exclusive_with = models.ManyToManyField(
        Programme,
        verbose_name=_("not together with"),
        blank=True,
        through="ExclusiveProgramme",
        related_name="+",
    )
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
            models.CheckConstraint(
                condition=Q(amount__gt=0)
                | Q(amount__gte=0, amount_rule__in=["tiers", "levy_share", "prizes"]),
                name="benefit_above_zero",
            ),
            models.CheckConstraint(
                condition=Q(amount_rule="per_head", cap__gt=0, cap_scope__gt="")
                | ~Q(amount_rule="per_head") & Q(cap=None, cap_scope=""),
                name="cap_for_amounts_per_head",
            ),
            models.CheckConstraint(
                condition=Q(amount_rule="range", amount_max__gte=F("amount"), amount_max__isnull=False)
                | ~Q(amount_rule="range") & Q(amount_max=None),
                name="range_has_two_ends",
            ),
            models.CheckConstraint(
                condition=Q(
                    amount_rule="levy_share",
                    levy_basis_points__gte=1,
                    levy_basis_points__lte=10_000,
                    levy_basis_points__isnull=False,
                )
                | ~Q(amount_rule="levy_share") & Q(levy_basis_points=None),
                name="levy_share_within_the_whole",
            ),
            models.CheckConstraint(
                condition=Q(cutoff_rule="joined_by", joined_by__isnull=False)
                | ~Q(cutoff_rule="joined_by") & Q(joined_by=None),
                name="cutoff_has_its_day",
            ),
            models.CheckConstraint(
                condition=Q(apply_until_month=None, apply_until_day=None)
                | Q(
                    apply_until_month__isnull=False,
                    apply_until_month__range=(1, 12),
                    apply_until_day__isnull=False,
                    apply_until_day__range=(1, 31),
                ),
                name="apply_until_is_a_day",
            ),
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


class AmountTier(models.Model):
    """The amount of one level; a level that is known and pays nothing has the amount 0."""

    version = models.ForeignKey(
        ProgrammeVersion, verbose_name=_("version"), on_delete=models.PROTECT, related_name="tiers"
    )
    code = models.SlugField(_("code"), max_length=30)
    name = models.CharField(_("name"), max_length=60)
    name_en = models.CharField(_("name in English"), max_length=120)
    amount = MoneyField(_("amount"), max_digits=12, decimal_places=2, default_currency="CNY")

    class Meta:
        verbose_name = _("level")
        verbose_name_plural = _("levels")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["version", "code"], name="one_amount_per_tier"),
            models.CheckConstraint(condition=Q(amount__gte=0), name="tier_not_below_zero"),
        ]

    def __str__(self) -> str:
        return self.name


class RankPrize(models.Model):
    """The prize of a rank (鲁会〔2019〕54号); ties are decided by people."""

    version = models.ForeignKey(
        ProgrammeVersion, verbose_name=_("version"), on_delete=models.PROTECT, related_name="prizes"
    )
    rank = models.PositiveSmallIntegerField(_("rank"))
    amount = MoneyField(_("prize"), max_digits=12, decimal_places=2, default_currency="CNY")

    class Meta:
        verbose_name = _("prize")
        verbose_name_plural = _("prizes")
        ordering = ["rank"]
        constraints = [
            models.UniqueConstraint(fields=["version", "rank"], name="one_prize_per_rank"),
            models.CheckConstraint(condition=Q(rank__gte=1, amount__gt=0), name="prize_above_zero"),
        ]

    def __str__(self) -> str:
        return f"{self.rank}: {self.amount}"


class Evidence(models.TextChoices):
    TICKET = "ticket", _("Ticket in the member's own name")
    CERTIFICATE = "certificate", _("Certificate with its number and a picture")
    LEVY_RECEIPT = "levy_receipt", _("Receipt of the levy")


class EvidenceKind(models.Model):
    version = models.ForeignKey(
        ProgrammeVersion, verbose_name=_("version"), on_delete=models.PROTECT, related_name="evidence_kinds"
    )
    kind = models.CharField(_("evidence"), max_length=20, choices=Evidence)

    class Meta:
        verbose_name = _("kind of evidence")
        verbose_name_plural = _("kinds of evidence")
        ordering = ["kind"]
        constraints = [models.UniqueConstraint(fields=["version", "kind"], name="evidence_named_once")]

    def __str__(self) -> str:
        return str(self.get_kind_display())


class ExclusiveProgramme(models.Model):
    """Another programme that nobody gets in the same year as this one."""

    version = models.ForeignKey(ProgrammeVersion, verbose_name=_("version"), on_delete=models.PROTECT)
    programme = models.ForeignKey(Programme, verbose_name=_("programme"), on_delete=models.PROTECT)

    class Meta:
        verbose_name = _("exclusive programme")
        verbose_name_plural = _("exclusive programmes")
        constraints = [models.UniqueConstraint(fields=["version", "programme"], name="exclusion_named_once")]

    def __str__(self) -> str:
        return str(self.programme)
