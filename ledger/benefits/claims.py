"""Taking a place and giving it back: claims alone move places, by triggers of the database.

A claim takes the lowest free place with FOR UPDATE SKIP LOCKED and is written in the same statement, so that the number
tells the order and no load gives out one too many (津东总工发[2019]22号 三(一)3: 申请满额为止).
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

import psycopg
from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from djmoney.money import Money

from ledger.books.locks import lock_queue_of
from portal.accounts import audit
from portal.accounts.models import User
from portal.accounts.permissions import require
from portal.accounts.roles import Duty
from portal.design.dates import cn_date, cn_datetime
from portal.members.models import Member

from . import eligibility, waiting_list
from .errors import (
    BenefitError,
    CampaignClosed,
    NotEligible,
    QuotaFull,
    TripRefused,
    WrongState,
    benefit_refusals,
)
from .models import Campaign, CampaignState, Claim, ClaimState, Place, Transport

# One statement, prepared: find a place and write the claim, whose trigger takes the place. Somebody who claims twice at
# the same moment collides on the unique index, gets nothing here, and the second place stays free.
_TAKE = """
WITH place AS (
    SELECT id, number FROM benefits_place WHERE campaign_id = %(campaign)s AND is_free
     ORDER BY number LIMIT 1 FOR UPDATE SKIP LOCKED
), made AS (
    INSERT INTO benefits_claim (campaign_id, programme_id, year_key, member_id, place_id, place_number, state,
                                claimed_at, travelled_on, transport, ticket_number, fare, fare_currency, amount,
                                amount_currency, entered_by_id, reason)
    SELECT %(campaign)s, %(programme)s, %(year)s, %(member)s, place.id, place.number, 'submitted', now(), %(day)s,
           %(transport)s, %(ticket)s, %(fare)s, 'CNY', %(amount)s, 'CNY', %(by)s, ''
      FROM place
    ON CONFLICT (member_id, programme_id, year_key) WHERE NOT (state IN ('rejected', 'withdrawn')) DO NOTHING
    RETURNING id, place_id, place_number, claimed_at
)
SELECT * FROM made
"""
_ANY_FREE = "SELECT EXISTS (SELECT FROM benefits_place WHERE campaign_id = %(campaign)s AND is_free)"
_GIVEN_UP = [ClaimState.REJECTED, ClaimState.WITHDRAWN]
_CAN_BE_GIVEN_UP = [ClaimState.WAITING, ClaimState.SUBMITTED, ClaimState.VERIFIED]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trip:
    """The trip back that the grant is for; fare in yuan."""

    travelled_on: dt.date
    transport: Transport
    ticket_number: str
    fare: Money


def claim(
    *, member: Member, campaign: Campaign, trip: Trip, entered_by: User | None = None, or_wait: bool = False
) -> Claim:
    """Take the lowest free place for the member; asking again gives the claim that the member has.

    With ``or_wait`` the claim joins the waiting list when all places are taken. ``entered_by`` is the staff member who
    types for a person without a phone. The grant is the fare, at most the rules' amount. Raises CampaignClosed (by the
    server's clock), NotEligible with every reason, QuotaFull, NotAllowed.
    """
    if entered_by is not None:
        require(entered_by, Duty.ACCEPT_APPLICATION, campaign.union)
    _require_open(campaign)
    _require_trip(campaign, trip)
    waits = or_wait and campaign.waitlist
    if not waits and not _is_any_free(campaign):
        return _existing_or_full(member, campaign)
    reasons = eligibility.reasons_against(
        member=member,
        version=campaign.version,
        union=campaign.union,
        year_key=campaign.year_key,
        on=timezone.localdate(),
        asks_again=True,
    )
    if reasons:
        raise NotEligible(reasons)
    wanted = _wanted(member, campaign, trip, entered_by)
    return _take_place_or_wait(wanted) if waits else _take_place(wanted)


def _wanted(member: Member, campaign: Campaign, trip: Trip, entered_by: User | None) -> Claim:
    return Claim(
        campaign=campaign,
        programme_id=campaign.version.programme_id,
        year_key=campaign.year_key,
        member=member,
        travelled_on=trip.travelled_on,
        transport=trip.transport,
        ticket_number=trip.ticket_number.strip(),
        fare=trip.fare,
        amount=min(trip.fare, campaign.version.amount),
        entered_by=entered_by,
    )


def _take_place(wanted: Claim) -> Claim:
    values = _values(wanted)
    while not _took(wanted, values):
        if claim_of(wanted.member, wanted.campaign) is not None or not _wait_for_place(wanted.campaign):
            return _existing_or_full(wanted.member, wanted.campaign)
    return wanted


def _take_place_or_wait(wanted: Claim) -> Claim:
    """A place while there is one, else the next number in line; a place given up in between is tried for again."""
    values = _values(wanted)
    while not _took(wanted, values):
        existing = claim_of(wanted.member, wanted.campaign)
        if existing is not None:
            return existing
        if not _wait_for_place(wanted.campaign):
            with benefit_refusals(), transaction.atomic():
                joined = waiting_list.join(values)
            if joined is not None:
                return joined
    return wanted


def _took(wanted: Claim, values: dict[str, object]) -> bool:
    row = _fetch(_TAKE, values)
    if row is None:
        return False
    wanted.pk, wanted.place_id, wanted.place_number, wanted.claimed_at = row
    wanted._state.adding = False
    return True


def _values(wanted: Claim) -> dict[str, object]:
    return {
        "campaign": wanted.campaign_id,
        "programme": wanted.programme_id,
        "year": wanted.year_key,
        "member": wanted.member_id,
        "day": wanted.travelled_on,
        "transport": wanted.transport,
        "ticket": wanted.ticket_number,
        "fare": wanted.fare.amount,
        "amount": wanted.amount.amount,
        "by": wanted.entered_by_id,
    }


def _fetch(statement: str, parameters: dict[str, object]) -> tuple[Any, ...] | None:
    """One row of a prepared statement on Django's connection; Django's own cursor never prepares."""
    connection.ensure_connection()
    with connection.wrap_database_errors, psycopg.Cursor(connection.connection) as cursor:
        return cursor.execute(statement, parameters, prepare=True).fetchone()


def _is_any_free(campaign: Campaign) -> bool:
    """A cheap look before anything else, so that the many who come too late cost little."""
    row = _fetch(_ANY_FREE, {"campaign": campaign.pk})
    return row is not None and bool(row[0])


def _existing_or_full(member: Member, campaign: Campaign) -> Claim:
    existing = claim_of(member, campaign)
    if existing is None:
        raise QuotaFull(_("All %(places)s places are taken.") % {"places": campaign.places})
    return existing


def _wait_for_place(campaign: Campaign) -> bool:
    """Wait until whoever holds a place that is still free has taken or left it. False when all places are taken."""
    with transaction.atomic():
        held = (
            Place.objects.select_for_update()
            .filter(campaign=campaign, is_free=True)
            .order_by("number")
            .first()
        )
    return held is not None


def claim_of(member: Member, campaign: Campaign) -> Claim | None:
    """The member's live claim of this programme and year, whatever campaign it was made in."""
    return (
        Claim.objects.filter(
            member=member, programme=campaign.version.programme_id, year_key=campaign.year_key
        )
        .exclude(state__in=_GIVEN_UP)
        .first()
    )


@transaction.atomic
def give_back(*, claim: Claim, actor: User) -> Claim:
    """The member withdraws a claim that nobody has approved, or leaves the line; a place goes to the first in line.

    Raises WrongState.
    """
    locked = _lock(claim)
    if actor.pk != locked.member.user_id:
        require(actor, Duty.ACCEPT_APPLICATION, locked.campaign.union)
    return _free(locked, ClaimState.WITHDRAWN, "", actor, "claim.withdrawn")


@transaction.atomic
def reject(*, claim: Claim, reason: str, actor: User) -> Claim:
    """Refuse a claim whose evidence does not hold, with the reason that the member reads; its place goes down the line.

    Raises WrongState.
    """
    locked = _lock(claim)
    require(actor, Duty.VERIFY_EVIDENCE, locked.campaign.union)
    if not reason.strip():
        raise BenefitError(_("Say why the claim is refused."))
    return _free(locked, ClaimState.REJECTED, reason.strip(), actor, "claim.rejected")


def _free(claim: Claim, state: ClaimState, reason: str, actor: User, action: str) -> Claim:
    if claim.state not in _CAN_BE_GIVEN_UP:
        raise WrongState(_("This claim is in the state “%(state)s”.") % {"state": claim.get_state_display()})
    claim.state, claim.reason = state, reason
    claim.save(update_fields=["state", "reason"])
    audit.record(actor=actor, action=action, target=claim, union=claim.campaign.union, reason=reason)
    promoted = promoted_after(claim)
    if promoted is not None:
        audit.record(actor=actor, action="claim.promoted", target=promoted, union=claim.campaign.union)
    return claim


def promoted_after(given_up: Claim) -> Claim | None:
    """Whoever holds the place that a claim gave up, if it went down the waiting list."""
    if given_up.place_id is None:
        return None
    holders = Claim.objects.filter(place=given_up.place_id).exclude(state__in=_GIVEN_UP)
    return holders.filter(promoted_at__isnull=False).select_related("campaign").first()


def _lock(claim: Claim) -> Claim:
    """The queue before the claim: whoever hands a place on locks the first in line, who may be giving up too."""
    lock_queue_of(claim.campaign_id)
    return (
        Claim.objects.select_for_update(of=("self",))
        .select_related("campaign__union", "member")
        .get(pk=claim.pk)
    )


def _require_open(campaign: Campaign) -> None:
    match campaign.state:
        case CampaignState.SCHEDULED:
            raise CampaignClosed(
                _("Applications open on %(when)s.") % {"when": cn_datetime(campaign.opens_at)}
            )
        case CampaignState.CLOSED:
            raise CampaignClosed(_("Applications for this year are closed."))


def _require_trip(campaign: Campaign, trip: Trip) -> None:
    problems: dict[str, str] = {}
    if trip.travelled_on > timezone.localdate():
        problems["travelled_on"] = _("Apply after the trip: the day lies in the future.")
    if not campaign.travel_from <= trip.travelled_on <= campaign.travel_to:
        problems["travelled_on"] = _("The trip must lie between %(first)s and %(last)s.") % {
            "first": cn_date(campaign.travel_from),
            "last": cn_date(campaign.travel_to),
        }
    if trip.fare.amount <= 0 or trip.fare.amount >= 100_000:
        problems["fare"] = _("Enter the fare that you paid, in yuan.")
    elif trip.fare.amount != round(trip.fare.amount, 2):
        problems["fare"] = _("Enter the fare in yuan with at most two decimals.")
    if not trip.ticket_number.strip() or len(trip.ticket_number) > 40:
        problems["ticket_number"] = _("Enter the number of the ticket.")
    if problems:
        raise TripRefused(problems)
