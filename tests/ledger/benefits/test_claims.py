"""First come until full: never one place too many, never one unsold, one person one place."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction
from django.utils import timezone
from djmoney.money import Money

from ledger.benefits import campaigns, claims, queries
from ledger.benefits.errors import BenefitError, CampaignClosed, NotEligible, QuotaFull, WrongState
from ledger.benefits.models import Campaign, Claim, ClaimState, Commitment, ProgrammeVersion
from ledger.books.integrity import verify
from portal.accounts.models import User
from portal.accounts.permissions import NotAllowed
from portal.members.models import Member
from tests import factories
from tests.concurrency import at_once
from tests.conftest import Federation
from tests.ledger.benefits.conftest import travellers


def test_places_are_given_in_order(federation: Federation, campaign: Campaign, trip: claims.Trip) -> None:
    people = travellers(federation, 3)
    taken = [claims.claim(member=m, campaign=campaign, trip=trip) for m in people]
    assert [c.place_number for c in taken] == [1, 2, 3]
    assert taken[0].amount == Money("268.50", "CNY")
    assert queries.live_quota("travel_back") == queries.Quota(places=10, taken=3)


def test_the_grant_is_capped(federation: Federation, campaign: Campaign, trip: claims.Trip) -> None:
    dear = dataclasses.replace(trip, fare=Money("812.00", "CNY"))
    claim = claims.claim(member=travellers(federation, 1)[0], campaign=campaign, trip=dear)
    assert claim.amount == Money("300.00", "CNY")


def test_asking_twice_gives_the_same_place(
    federation: Federation, campaign: Campaign, trip: claims.Trip
) -> None:
    member = travellers(federation, 1)[0]
    assert (
        claims.claim(member=member, campaign=campaign, trip=trip).pk
        == claims.claim(member=member, campaign=campaign, trip=trip).pk
    )
    assert queries.places_left(campaign) == 9


def test_full_is_full_until_somebody_gives_back(
    federation: Federation, campaign: Campaign, trip: claims.Trip
) -> None:
    people = travellers(federation, 11)
    first = [claims.claim(member=m, campaign=campaign, trip=trip) for m in people[:10]]
    with pytest.raises(QuotaFull):
        claims.claim(member=people[10], campaign=campaign, trip=trip)
    owner = factories.user("owner")
    Member.objects.filter(pk=people[4].pk).update(user=owner)
    claims.give_back(claim=first[4], actor=owner)
    assert claims.claim(member=people[10], campaign=campaign, trip=trip).place_number == 5
    assert [check for check in verify() if not check.ok] == []


def test_a_refused_claim_frees_its_place(
    federation: Federation, campaign: Campaign, trip: claims.Trip, case_worker: User
) -> None:
    member = travellers(federation, 1)[0]
    claim = claims.claim(member=member, campaign=campaign, trip=trip)
    with pytest.raises(BenefitError):
        claims.reject(claim=claim, reason=" ", actor=case_worker)
    claims.reject(claim=claim, reason="车票不清楚", actor=case_worker)
    assert queries.places_left(campaign) == 10
    with pytest.raises(WrongState):
        claims.reject(claim=claim, reason="again", actor=case_worker)
    assert claims.claim(member=member, campaign=campaign, trip=trip).place_number == 1


def test_every_reason_is_said_at_once(federation: Federation, campaign: Campaign, trip: claims.Trip) -> None:
    local = factories.member_with_card(federation.community)
    with pytest.raises(NotEligible) as refused:
        claims.claim(member=local, campaign=campaign, trip=trip)
    assert len(refused.value.reasons) == 1
    senseless = claims.Trip(
        travelled_on=dt.date(2025, 2, 20), transport=trip.transport, ticket_number=" ", fare=Money(0, "CNY")
    )
    with pytest.raises(NotEligible) as refused:
        claims.claim(member=local, campaign=campaign, trip=senseless)
    assert len(refused.value.reasons) == 3
    assert queries.places_left(campaign) == 10


@pytest.mark.parametrize(("opens", "closes"), [(1, 2), (-2, -1)])
def test_only_while_it_is_open(
    federation: Federation, campaign: Campaign, trip: claims.Trip, opens: int, closes: int
) -> None:
    campaign.opens_at = timezone.now() + dt.timedelta(days=opens)
    campaign.closes_at = timezone.now() + dt.timedelta(days=closes)
    with pytest.raises(CampaignClosed):
        claims.claim(member=travellers(federation, 1)[0], campaign=campaign, trip=trip)


def test_staff_enter_for_people_without_a_phone(
    federation: Federation, campaign: Campaign, trip: claims.Trip, case_worker: User
) -> None:
    member = travellers(federation, 1)[0]
    with pytest.raises(NotAllowed):
        claims.claim(member=member, campaign=campaign, trip=trip, entered_by=federation.cashier)
    claim = claims.claim(member=member, campaign=campaign, trip=trip, entered_by=case_worker)
    assert claim.entered_by == case_worker


def test_the_rules_quota_is_the_limit_of_all_campaigns(
    federation: Federation, travel: ProgrammeVersion, case_worker: User
) -> None:
    with pytest.raises(BenefitError):
        campaigns.open_campaign(
            version=travel, union=federation.municipal, year_key=2026, prepared_by=case_worker, places=10_001
        )


def test_checked_approved_and_paid_by_different_people(
    federation: Federation, campaign: Campaign, trip: claims.Trip, case_worker: User
) -> None:
    taken = [claims.claim(member=m, campaign=campaign, trip=trip) for m in travellers(federation, 3)]
    assert campaigns.verify(claims=taken[:2], verified_by=case_worker) == 2
    assert (
        campaigns.approve_claims(
            campaign=campaign, seen=campaigns.checked(campaign), approved_by=federation.checker
        )
        == 2
    )
    assert Commitment.objects.filter(state="approved").count() == 2
    (batch,) = campaigns.build_payout(
        campaign=campaign, bank_account=federation.banks["TJ"], format_code="pipe_gbk", value_date=factories.TODAY,
        prepared_by=federation.cashier,
    )  # fmt: skip
    assert batch.total == Money("537.00", "CNY")
    with pytest.raises(WrongState):
        claims.give_back(claim=taken[0], actor=case_worker)


@pytest.mark.django_db(transaction=True)
def test_a_rush_of_threads(federation: Federation, campaign: Campaign, trip: claims.Trip) -> None:
    """Thirteen people for ten places, each from two browsers at the same moment."""
    people = travellers(federation, 13)

    def try_it(member: Member) -> Claim | None:
        try:
            return claims.claim(member=member, campaign=campaign, trip=trip)
        except QuotaFull:
            return None

    results = at_once([lambda m=member: try_it(m) for member in people * 2])
    assert not [r for r in results if isinstance(r, Exception)]
    live = Claim.objects.filter(campaign=campaign, state=ClaimState.SUBMITTED)
    assert live.count() == live.values("member").distinct().count() == 10
    assert list(live.order_by("place_number").values_list("place_number", flat=True)) == list(range(1, 11))


@pytest.mark.django_db(transaction=True)
def test_a_contender_who_is_held_up_loses_no_place(
    federation: Federation, campaign: Campaign, trip: claims.Trip
) -> None:
    """Somebody takes the last free place and rolls back: the one who waited gets it, it is not left unsold."""
    people = travellers(federation, 11)
    for member in people[:9]:
        claims.claim(member=member, campaign=campaign, trip=trip)

    class GivesUp(Exception):
        pass

    def takes_and_fails() -> None:
        with transaction.atomic():
            claims.claim(member=people[9], campaign=campaign, trip=trip)
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_sleep(0.3)")
            raise GivesUp

    def waits() -> Claim:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(0.1)")
        return claims.claim(member=people[10], campaign=campaign, trip=trip)

    failed, won = at_once([takes_and_fails, waits])
    assert isinstance(failed, GivesUp)
    assert isinstance(won, Claim)
    assert won.place_number == 10


_SECOND_CLAIM = """
INSERT INTO benefits_claim (campaign_id, programme_id, year_key, member_id, place_id, place_number, state, claimed_at,
                            travelled_on, transport, ticket_number, fare, fare_currency, amount, amount_currency,
                            reason)
SELECT campaign_id, programme_id, year_key, member_id, place_id + 1, 2, 'submitted', now(), travelled_on, transport,
       ticket_number, fare, 'CNY', amount, 'CNY', '' FROM benefits_claim"""


@pytest.mark.parametrize("statement", [_SECOND_CLAIM, "UPDATE benefits_claim SET amount = fare + 1"])
def test_the_database_itself_refuses(
    federation: Federation, campaign: Campaign, trip: claims.Trip, statement: str
) -> None:
    claims.claim(member=travellers(federation, 1)[0], campaign=campaign, trip=trip)
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


@pytest.mark.django_db(transaction=True)
def test_the_race_command() -> None:
    """The real command with its own processes, small; the full one is in the benchmarks."""
    out = StringIO()
    call_command("claims_race", places=40, contenders=100, workers=4, json=True, stdout=out)
    result = json.loads(out.getvalue())
    rate = result.pop("claims_per_s")
    assert rate > 0
    assert result == {"places": 40, "claims": 40, "duplicates": 0, "oversold": 0, "unsold": 0}
    assert not Claim.objects.exists()
    assert not Member.objects.exists()
