"""Campaigns: numbered places made in one step with their budget, evidence checked, claims approved, paid in a batch."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from djmoney.money import Money

from ledger.books.models import BankAccount
from ledger.payouts.models import Batch
from portal.accounts import audit
from portal.accounts.models import User
from portal.accounts.permissions import require, require_other_person
from portal.accounts.roles import Duty
from portal.unions.models import Union

from . import funding, programmes
from .errors import BenefitError, ListChanged, WrongState, benefit_refusals
from .models import (
    PAYABLE,
    Campaign,
    Claim,
    ClaimState,
    Commitment,
    CommitmentState,
    Kind,
    ProgrammeVersion,
    VersionState,
)
from .paying import pay, require_not_paid
from .sharing import split
from .years import spring_festival


@transaction.atomic
def open_campaign(
    *,
    version: ProgrammeVersion,
    union: Union,
    year_key: int,
    prepared_by: User,
    places: int | None = None,
    opens_at: dt.datetime | None = None,
    closes_at: dt.datetime | None = None,
    waitlist: bool = True,
) -> Campaign:
    """Make a campaign with all its places and reserve their whole budget; it opens at a server instant.

    Without other orders it has the rules' quota and opens and closes the rules' days before and after the festival;
    with a ``waitlist`` people can wait in line when all places are taken.
    Raises NotAllowed, WrongState when the rules are not in force for all of it, OverBudget, BenefitError for more
    places than the rules have.
    """
    require(prepared_by, Duty.MANAGE_PROGRAMMES, union)
    programmes.lock(version)
    if version.state != VersionState.ACTIVE or version.programme.kind != Kind.CLAIM or version.quota is None:
        raise WrongState(_("These rules are not in force for a campaign."))
    count = version.quota if places is None else places
    others = sum(
        c.places for c in Campaign.objects.filter(version__programme=version.programme, year_key=year_key)
    )
    if not 1 <= count <= version.quota - others:
        raise BenefitError(
            _("The rules leave %(left)s places for %(year)s.")
            % {"left": version.quota - others, "year": year_key}
        )
    festival = spring_festival(year_key)
    opens_at = opens_at or _midnight(festival - dt.timedelta(days=version.opens_days_before))
    closes_at = closes_at or _midnight(festival + dt.timedelta(days=version.closes_days_after + 1))
    last_day = timezone.localdate(closes_at - dt.timedelta(seconds=1))
    programmes.require_in_force(version, union, timezone.localdate(opens_at), last_day)
    campaign = Campaign.objects.create(
        code=f"{version.programme.code.upper().replace('_', '')}-{year_key}-{union.code}",
        version=version,
        union=union,
        year_key=year_key,
        places=count,
        opens_at=opens_at,
        closes_at=closes_at,
        travel_from=festival - dt.timedelta(days=version.travel_days_before),
        travel_to=festival + dt.timedelta(days=version.travel_days_after),
        waitlist=waitlist,
        prepared_by=prepared_by,
    )
    pairs = programmes.funders(version, union)
    parts = split(version.amount, [share for _union, share in pairs])
    programmes.commit_budget(
        version, year_key, [(u, part.amount * count) for (u, _share), part in zip(pairs, parts, strict=True)]
    )
    make_places(campaign)
    audit.record(
        actor=prepared_by,
        action="campaign.opened",
        target=campaign,
        union=union,
        campaign=campaign.code,
        places=count,
    )
    return campaign


def make_places(campaign: Campaign) -> None:
    """Places 1 to n, all free."""
    with connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO benefits_place (campaign_id, number, is_free)
               SELECT %s, number, true FROM generate_series(1, %s) AS number""",
            [campaign.pk, campaign.places],
        )


@transaction.atomic
def verify(*, claims: Sequence[Claim], verified_by: User) -> int:
    """Record that the tickets of these claims were checked and are in order; returns how many changed.

    Nobody checks an own claim or one that the same person typed. Raises NotAllowed, SamePerson, OwnMoney.
    """
    changed = 0
    locked = _locked(claims)
    require_not_paid(verified_by, [claim.member_id for claim in locked])
    for claim in locked:
        require(verified_by, Duty.VERIFY_EVIDENCE, claim.campaign.union)
        require_other_person(claim.entered_by_id, verified_by)
        if claim.state == ClaimState.SUBMITTED:
            claim.state, claim.verified_by = ClaimState.VERIFIED, verified_by
            claim.save(update_fields=["state", "verified_by"])
            changed += 1
    if changed:
        audit.record(
            actor=verified_by,
            action="claims.verified",
            target=claims[0].campaign,
            union=claims[0].campaign.union,
            count=changed,
        )
    return changed


@dataclass(frozen=True, slots=True)
class Checked:
    """The checked claims that somebody was shown, with their total in yuan: what is approved is what was read."""

    claim_ids: tuple[int, ...]
    total: Money


def checked(campaign: Campaign) -> Checked:
    """The claims whose evidence is checked and that nobody has approved yet."""
    waiting = list(campaign.claims.filter(state=ClaimState.VERIFIED).order_by("place_number", "pk"))
    return Checked(tuple(claim.pk for claim in waiting), _total(waiting))


@transaction.atomic
def approve_claims(*, campaign: Campaign, seen: Checked, approved_by: User) -> int:
    """Approve the checked claims that were ``seen``, by another person than the one who checked them; returns how many.

    Raises NotAllowed, SamePerson, OwnMoney, ListChanged when one is no longer checked or the total is another.
    """
    require(approved_by, Duty.APPROVE_RUN, campaign.union)
    claims = list(
        campaign.claims.select_for_update(of=("self",))
        .filter(pk__in=seen.claim_ids, state=ClaimState.VERIFIED)
        .select_related("member")
        .order_by("pk")
    )
    if {c.pk for c in claims} != set(seen.claim_ids) or _total(claims) != seen.total:
        raise ListChanged(
            _("The claims are not the ones that you were shown. Read them again, then approve them.")
        )
    require_not_paid(approved_by, [claim.member_id for claim in claims])
    for claim in claims:
        require_other_person(claim.verified_by_id, approved_by)
    _commit(campaign, claims)
    campaign.claims.filter(pk__in=[c.pk for c in claims]).update(
        state=ClaimState.APPROVED, approved_by=approved_by
    )
    if claims:
        audit.record(
            actor=approved_by,
            action="claims.approved",
            target=campaign,
            union=campaign.union,
            count=len(claims),
            total=str(seen.total.amount),
        )
    return len(claims)


def _commit(campaign: Campaign, claims: Sequence[Claim]) -> None:
    numbers = _membership_numbers(claims)
    with benefit_refusals():
        Commitment.objects.bulk_create(
            [
                Commitment(
                    programme_id=claim.programme_id,
                    version=campaign.version,
                    member=claim.member,
                    year_key=campaign.year_key,
                    payer=campaign.union,
                    party=numbers[claim.member_id],
                    amount=claim.amount,
                    state=CommitmentState.APPROVED,
                    claim=claim,
                )
                for claim in claims
            ],
            batch_size=2_000,
        )


def _total(claims: Sequence[Claim]) -> Money:
    return Money(sum((claim.amount.amount for claim in claims), Decimal(0)), "CNY")


@transaction.atomic
def build_payout(
    *, campaign: Campaign, bank_account: BankAccount, format_code: str, value_date: dt.date, prepared_by: User
) -> list[Batch]:
    """Payout batches of all approved claims that are not paid or in a batch.

    Raises FundsNotReceived before the funders above have sent their shares, WrongState if there are none.
    """
    funding.require_received(campaign)
    waiting = Commitment.objects.filter(claim__campaign=campaign, state__in=PAYABLE)
    return pay(
        waiting,
        bank_account=bank_account,
        payer=campaign.union,
        source=campaign.code,
        purpose=campaign.version.programme.name,
        format_code=format_code,
        value_date=value_date,
        prepared_by=prepared_by,
    )


def _locked(claims: Sequence[Claim]) -> list[Claim]:
    return list(
        Claim.objects.select_for_update(of=("self",))
        .filter(pk__in=[c.pk for c in claims])
        .select_related("campaign__union")
        .order_by("pk")
    )


def _membership_numbers(claims: Sequence[Claim]) -> dict[int, str]:
    from portal.members.models import Membership

    return dict(
        Membership.objects.filter(member__in=[c.member_id for c in claims])
        .order_by("started_on")
        .values_list("member_id", "number")
    )


def _midnight(day: dt.date) -> dt.datetime:
    return timezone.make_aware(dt.datetime.combine(day, dt.time()))
