"""First come until full: a campaign with numbered places, and claims that hold one each."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from djmoney.models.fields import MoneyField

from .programme import Programme, ProgrammeVersion


class CampaignState(models.TextChoices):
    SCHEDULED = "scheduled", _("Scheduled")
    OPEN = "open", _("Open")
    CLOSED = "closed", _("Closed")


class Campaign(models.Model):
    """One year of a quota programme; its whole budget is reserved when its places are made."""

    code = models.CharField(_("code"), max_length=40, unique=True)
    version = models.ForeignKey(
        ProgrammeVersion, verbose_name=_("rules"), on_delete=models.PROTECT, related_name="campaigns"
    )
    union = models.ForeignKey(
        "unions.Union", verbose_name=_("union"), on_delete=models.PROTECT, related_name="campaigns"
    )
    year_key = models.PositiveSmallIntegerField(_("year"))
    places = models.PositiveIntegerField(_("places"))
    opens_at = models.DateTimeField(_("opens"))
    closes_at = models.DateTimeField(_("closes"))
    travel_from = models.DateField(_("trips from"))
    travel_to = models.DateField(_("trips until"))
    waitlist = models.BooleanField(
        _("waiting list"),
        default=True,
        help_text=_("When all places are taken, whoever applies can wait in line until the campaign closes."),
    )
    prepared_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("prepared by"),
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
    )

    class Meta:
        verbose_name = _("campaign")
        verbose_name_plural = _("campaigns")
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(fields=["version", "union", "year_key"], name="one_campaign_per_year"),
            models.CheckConstraint(
                condition=Q(opens_at__lt=F("closes_at")), name="campaign_opens_before_closing"
            ),
        ]

    def __str__(self) -> str:
        return self.code

    @property
    def state(self) -> CampaignState:
        now = timezone.now()
        if now < self.opens_at:
            return CampaignState.SCHEDULED
        return CampaignState.OPEN if now < self.closes_at else CampaignState.CLOSED


class Place(models.Model):
    """A numbered place (名额); ledger.benefits.claims alone takes and returns places."""

    campaign = models.ForeignKey(
        Campaign, verbose_name=_("campaign"), on_delete=models.CASCADE, related_name="numbered_places"
    )
    number = models.PositiveIntegerField(_("number"))
    is_free = models.BooleanField(_("free"), default=True)

    class Meta:
        verbose_name = _("place")
        verbose_name_plural = _("places")
        constraints = [models.UniqueConstraint(fields=["campaign", "number"], name="one_place_per_number")]
        indexes = [
            models.Index(fields=["campaign", "number"], name="free_places", condition=Q(is_free=True)),
        ]

    def __str__(self) -> str:
        return str(self.number)


class Transport(models.TextChoices):
    RAIL = "rail", _("Train")
    AIR = "air", _("Plane")
    COACH = "coach", _("Coach")
    SHIP = "ship", _("Ship")


class ClaimState(models.TextChoices):
    WAITING = "waiting", _("On the waiting list")
    SUBMITTED = "submitted", _("Submitted")
    VERIFIED = "verified", _("Evidence checked")
    APPROVED = "approved", _("Approved")
    REJECTED = "rejected", _("Refused")
    WITHDRAWN = "withdrawn", _("Withdrawn")


_GIVEN_UP = ["rejected", "withdrawn"]


class Claim(models.Model):
    """A member's claim: one person, one place, one year (津东总工发[2019]22号 三(一)3).

    It holds a place from the start, or waits in line with a number of its own until somebody gives a place up.
    """

    campaign = models.ForeignKey(
        Campaign, verbose_name=_("campaign"), on_delete=models.PROTECT, related_name="claims"
    )
    programme = models.ForeignKey(
        Programme, verbose_name=_("programme"), on_delete=models.PROTECT, related_name="claims"
    )
    year_key = models.PositiveSmallIntegerField(_("year"))
    member = models.ForeignKey(
        "members.Member", verbose_name=_("member"), on_delete=models.PROTECT, related_name="claims"
    )
    place = models.ForeignKey(
        Place, verbose_name=_("place"), null=True, on_delete=models.PROTECT, related_name="claims"
    )
    place_number = models.PositiveIntegerField(_("place number"), null=True)
    waiting_number = models.PositiveIntegerField(_("waiting number"), null=True)
    promoted_at = models.DateTimeField(_("given a place from the waiting list"), null=True)
    state = models.CharField(_("state"), max_length=10, choices=ClaimState, default=ClaimState.SUBMITTED)
    claimed_at = models.DateTimeField(_("claimed"), default=timezone.now)
    travelled_on = models.DateField(_("day of the trip"))
    transport = models.CharField(_("means of transport"), max_length=10, choices=Transport)
    ticket_number = models.CharField(_("ticket number"), max_length=40)
    fare = MoneyField(_("fare"), max_digits=10, decimal_places=2, default_currency="CNY")
    amount = MoneyField(_("grant"), max_digits=10, decimal_places=2, default_currency="CNY")
    entered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("entered by"),
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    verified_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("checked by"),
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
    reason = models.CharField(_("reason"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("claim")
        verbose_name_plural = _("claims")
        ordering = ["place_number", "waiting_number"]
        indexes = [
            models.Index(
                fields=["campaign", "waiting_number"], name="line_of_campaign", condition=Q(state="waiting")
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["member", "programme", "year_key"],
                condition=~Q(state__in=_GIVEN_UP),
                name="one_claim_per_person_and_year",
            ),
            models.UniqueConstraint(
                fields=["place"], condition=~Q(state__in=_GIVEN_UP), name="one_claim_per_place"
            ),
            models.UniqueConstraint(
                fields=["campaign", "waiting_number"],
                condition=Q(waiting_number__isnull=False),
                name="one_claim_per_waiting_number",
            ),
            models.CheckConstraint(
                condition=Q(place=None, place_number=None, waiting_number__isnull=False, promoted_at=None)
                & Q(state__in=["waiting", *_GIVEN_UP])
                | Q(place__isnull=False, place_number__isnull=False) & ~Q(state="waiting"),
                name="claim_waits_or_has_a_place",
            ),
            models.CheckConstraint(
                condition=Q(amount__gt=0, amount__lte=F("fare")), name="grant_within_fare"
            ),
            models.CheckConstraint(
                condition=Q(approved_by=None) | ~Q(approved_by=F("verified_by")),
                name="claim_approved_by_another",
            ),
            models.CheckConstraint(
                condition=Q(verified_by=None) | Q(entered_by=None) | ~Q(verified_by=F("entered_by")),
                name="claim_verified_by_another",
            ),
        ]

    def __str__(self) -> str:
        if self.place_number is None:
            return f"{self.campaign} W{self.waiting_number}"
        return f"{self.campaign} #{self.place_number}"
