"""Reading benefits: what a policy paid, what is left, what a member can get and where each payment stands."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce, ExtractMonth, ExtractYear
from django.utils import timezone
from djmoney.money import Money

from portal.members.models import CardStatus, Member
from portal.unions.models import Union

from . import claims as taking
from . import eligibility, programmes
from .models import (
    Campaign,
    CampaignState,
    Claim,
    ClaimState,
    Commitment,
    CommitmentState,
    Kind,
    Place,
    ProgrammeVersion,
    Run,
    VersionState,
)
from .sharing import split
from .years import year_key

_GIVEN_UP = [ClaimState.REJECTED, ClaimState.WITHDRAWN]


@dataclass(frozen=True, slots=True)
class Quota:
    """Places of a programme in its newest campaigns; what a page shows may lag, a claim never does."""

    places: int
    taken: int

    @property
    def left(self) -> int:
        return self.places - self.taken


@dataclass(frozen=True, slots=True)
class FunderShare:
    level: str
    basis_points: int

    @property
    def percent(self) -> Decimal:
        return Decimal(self.basis_points) / 100


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgrammeSummary:
    """A programme in force as pages show it; amounts in yuan."""

    code: str
    name: str
    name_en: str
    kind: str
    amount: Money
    is_ceiling: bool
    funders: list[FunderShare]
    quota: int | None
    places: int | None
    places_left: int | None
    opens_at: dt.datetime | None
    closes_at: dt.datetime | None
    is_open: bool
    policy_number: str
    clause: str
    budget: Money
    committed: Money

    def local_name(self, language: str) -> str:
        return self.name_en if language.startswith("en") else self.name

    @property
    def places_taken(self) -> int:
        return (self.places or 0) - (self.places_left or 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class PaidUnderPolicy:
    """What was paid under a policy, in yuan; months are YYYYMM."""

    total: Money
    people: int
    by_month: list[tuple[int, Money, int]]
    by_funder: list[tuple[str, Money]]
    by_programme: list[tuple[str, Money, int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """The figures of the home page."""

    paid_total: Money
    paid_count: int
    people: int
    open_places: int | None
    as_of: dt.datetime


def active_versions() -> QuerySet[ProgrammeVersion]:
    """Rules in force of what people get; grants to unions are nothing for members."""
    return (
        ProgrammeVersion.objects.filter(state=VersionState.ACTIVE)
        .exclude(programme__kind=Kind.GRANT)
        .select_related("programme__owner")
        .prefetch_related("shares")
        .order_by("programme__code")
    )


def live_quota(programme_code: str) -> Quota | None:
    """Places of the programme's present year, all campaigns together; None for a programme without places."""
    present = _present_campaign(Campaign.objects.filter(version__programme__code=programme_code))
    if present is None:
        return None
    campaigns = Campaign.objects.filter(version__programme__code=programme_code, year_key=present.year_key)
    places = sum(c.places for c in campaigns)
    free = Place.objects.filter(campaign__in=campaigns, is_free=True).count()
    return Quota(places=places, taken=places - free)


def _present_campaign(campaigns: QuerySet[Campaign]) -> Campaign | None:
    """The open campaign, else the next one to open, else the last one."""
    now = timezone.now()
    return (
        campaigns.filter(opens_at__lte=now, closes_at__gt=now).order_by("-year_key").first()
        or campaigns.filter(opens_at__gt=now).order_by("opens_at").first()
        or campaigns.order_by("-closes_at").first()
    )


def with_paid(runs: QuerySet[Run]) -> QuerySet[Run]:
    """Payment lists with ``paid``, how many of their people have their money."""
    paid = Commitment.objects.filter(run=OuterRef("pk"), state=CommitmentState.PAID)
    count = paid.order_by().values("run").annotate(n=Count("pk")).values("n")
    return runs.annotate(paid=Coalesce(Subquery(count), 0))


def to_the_refused_card(commitments: QuerySet[Commitment]) -> QuerySet[Commitment]:
    """Failed and returned payments that would go to the same card again: it was in use before that payout was built."""
    return commitments.filter(
        state__in=[CommitmentState.FAILED, CommitmentState.RETURNED],
        member__cards__status=CardStatus.ACTIVE,
        member__cards__since__lte=F("payout_line__batch__prepared_at"),
    )


def places_left(campaign: Campaign) -> int:
    return Place.objects.filter(campaign=campaign, is_free=True).count()


def programmes_of_policy(policy_ids: Collection[int]) -> list[ProgrammeSummary]:
    """The programmes in force that rest on a policy; ``policy_ids`` are the page and its translations."""
    return [summary(version) for version in active_versions().filter(policy_page__in=policy_ids)]


def summary(version: ProgrammeVersion) -> ProgrammeSummary:
    campaign = _present_campaign(Campaign.objects.filter(version__programme=version.programme))
    quota = live_quota(version.programme.code) if campaign else None
    budget = version.programme.budgets.aggregate(amount=Sum("amount"), committed=Sum("committed"))
    return ProgrammeSummary(
        code=version.programme.code,
        name=version.programme.name,
        name_en=version.programme.name_en,
        kind=version.programme.kind,
        amount=version.amount,
        is_ceiling=version.is_ceiling,
        funders=[FunderShare(str(s.get_level_display()), s.basis_points) for s in version.shares.all()],
        quota=version.quota,
        places=quota.places if quota else None,
        places_left=quota.left if quota else None,
        opens_at=campaign.opens_at if campaign else None,
        closes_at=campaign.closes_at if campaign else None,
        is_open=campaign is not None and campaign.state == CampaignState.OPEN,
        policy_number=version.policy_number,
        clause=version.clause,
        budget=_yuan(budget["amount"]),
        committed=_yuan(budget["committed"]),
    )


def paid_under_policy(policy_ids: Collection[int]) -> PaidUnderPolicy:
    """Everything paid by programmes that rest on the policy, by month, funder and programme."""
    paid = Commitment.objects.filter(state=CommitmentState.PAID, version__policy_page__in=policy_ids)
    totals = paid.aggregate(total=Sum("amount"), people=Count("member", distinct=True))
    months = (
        paid.annotate(year=ExtractYear("paid_on"), month=ExtractMonth("paid_on"))
        .values_list("year", "month")
        .annotate(total=Sum("amount"), count=Count("pk"))
        .order_by("year", "month")
    )
    by_programme = (
        paid.values_list("programme__code")
        .annotate(total=Sum("amount"), count=Count("pk"))
        .order_by("-total")
    )
    return PaidUnderPolicy(
        total=_yuan(totals["total"]),
        people=totals["people"],
        by_month=[(year * 100 + month, _yuan(total), count) for year, month, total, count in months],
        by_funder=_by_funder(paid),
        by_programme=[(code, _yuan(total), count) for code, total, count in by_programme],
    )


def _by_funder(paid: QuerySet[Commitment]) -> list[tuple[str, Money]]:
    """The parts that each union bore: payments of one amount split alike, so one split per group is enough."""
    groups = paid.values_list("version_id", "payer_id", "amount").annotate(count=Count("pk"))
    versions = {v.pk: v for v in ProgrammeVersion.objects.prefetch_related("shares")}
    payers = {u.pk: u for u in Union.objects.filter(pk__in={payer for _v, payer, _a, _c in groups})}
    borne: dict[str, Decimal] = {}
    for version_id, payer_id, amount, count in groups:
        pairs = programmes.funders(versions[version_id], payers[payer_id])
        parts = split(Money(amount, "CNY"), [share for _union, share in pairs])
        for (union, _share), part in zip(pairs, parts, strict=True):
            borne[union.name] = borne.get(union.name, Decimal(0)) + part.amount * count
    return sorted(((name, _yuan(total)) for name, total in borne.items()), key=lambda pair: -pair[1].amount)


def overview() -> Overview:
    paid = Commitment.objects.filter(state=CommitmentState.PAID).aggregate(
        total=Sum("amount"), count=Count("pk"), people=Count("member", distinct=True)
    )
    now = timezone.now()
    open_ones = Campaign.objects.filter(opens_at__lte=now, closes_at__gt=now)
    return Overview(
        paid_total=_yuan(paid["total"]),
        paid_count=paid["count"],
        people=paid["people"],
        open_places=Place.objects.filter(campaign__in=open_ones, is_free=True).count() if open_ones else None,
        as_of=now,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Entitlement:
    """One programme as it looks to one member. ``status`` is a word of portal.design.status."""

    version: ProgrammeVersion
    year: int
    status: str
    reasons: list[str] = field(default_factory=list)
    reading: list[eligibility.Reason] = field(default_factory=list)
    campaign: Campaign | None = None
    claim: Claim | None = None
    commitment: Commitment | None = None
    places_left: int | None = None

    @property
    def can_wait(self) -> bool:
        """Whether the member could join the waiting list now."""
        return self.status == "full" and self.campaign is not None and self.campaign.waitlist


def entitlements(member: Member, on: dt.date) -> list[Entitlement]:
    """Every programme in force with what the member has or can do: eligible now, later, or why not."""
    return [_entitlement(member, version, on) for version in active_versions()]


def _entitlement(member: Member, version: ProgrammeVersion, on: dt.date) -> Entitlement:
    year = year_key(version, on)
    campaign = _campaign_for(version)
    if campaign is not None:
        year = campaign.year_key
    commitment = (
        Commitment.objects.filter(member=member, programme=version.programme_id, year_key=year)
        .exclude(state=CommitmentState.CANCELLED)
        .select_related("payout_line")
        .first()
    )
    claim = taking.claim_of(member, campaign) if campaign else None
    left = places_left(campaign) if campaign else None
    found: dict[str, Any] = {
        "version": version,
        "year": year,
        "campaign": campaign,
        "claim": claim,
        "commitment": commitment,
        "places_left": left,
    }
    if commitment is not None:
        return Entitlement(**found, status=status_of(commitment))
    if claim is not None:
        return Entitlement(**found, status=status_of_claim(claim))
    union = campaign.union if campaign else version.programme.owner
    asked = eligibility.Asked(version=version, union=union, year_key=year, on=on)
    found["reading"] = eligibility.reading(member=member, asked=asked)
    reasons = [reason.text for reason in found["reading"] if reason.refuses]
    if reasons:
        return Entitlement(**found, status="not_eligible", reasons=reasons)
    return Entitlement(**found, status=_open_status(version, campaign, left))


def _campaign_for(version: ProgrammeVersion) -> Campaign | None:
    if version.programme.kind != Kind.CLAIM:
        return None
    campaigns = Campaign.objects.filter(version__programme=version.programme)
    return _present_campaign(campaigns.select_related("version", "union"))


def _open_status(version: ProgrammeVersion, campaign: Campaign | None, left: int | None) -> str:
    if version.programme.kind != Kind.CLAIM:
        return "eligible"
    if campaign is None or campaign.state == CampaignState.CLOSED:
        return "closed"
    if campaign.state == CampaignState.SCHEDULED:
        return "upcoming"
    return "open" if left else "full"


_STATUSES = {
    CommitmentState.LISTED: "checking",
    CommitmentState.APPROVED: "approved",
    CommitmentState.IN_PAYOUT: "exported",
    CommitmentState.PAID: "paid",
    CommitmentState.FAILED: "returned",
    CommitmentState.RETURNED: "returned",
    CommitmentState.CANCELLED: "cancelled",
}


def status_of(commitment: Commitment) -> str:
    """The word of portal.design.status for where the money is."""
    return _STATUSES[CommitmentState(commitment.state)]


def status_of_claim(claim: Claim) -> str:
    """The word of portal.design.status for a claim that is no commitment yet."""
    match claim.state:
        case ClaimState.VERIFIED:
            return "checked"
        case ClaimState.WAITING:
            return "closed" if claim.campaign.state == CampaignState.CLOSED else "in_line"
    return str(claim.state)


def money_of(member: Member) -> QuerySet[Commitment]:
    """Everything that was approved for the member, newest first, with what proves each step."""
    return (
        Commitment.objects.filter(member=member)
        .exclude(state=CommitmentState.CANCELLED)
        .select_related(
            "programme",
            "version",
            "run",
            "claim__campaign__version",
            "payer",
            "payout_line__batch",
            "transaction",
        )
        .prefetch_related("returns__line__batch")
        .order_by("-created_at")
    )


def claims_of(member: Member) -> QuerySet[Claim]:
    """The member's claims, given-up ones included, newest first."""
    return Claim.objects.filter(member=member).select_related("campaign__version__programme").order_by("-pk")


def undecided_claims_of(member: Member) -> QuerySet[Claim]:
    """Claims on their way to approval, and those that were refused; what was approved is in ``money_of``."""
    states = [ClaimState.WAITING, ClaimState.SUBMITTED, ClaimState.VERIFIED, ClaimState.REJECTED]
    return claims_of(member).filter(state__in=states).select_related("programme", "campaign__version")


def live_claims(campaign: Campaign) -> QuerySet[Claim]:
    return campaign.claims.exclude(Q(state__in=_GIVEN_UP))


def _yuan(amount: Decimal | None) -> Money:
    return Money(amount or Decimal(0), "CNY")
