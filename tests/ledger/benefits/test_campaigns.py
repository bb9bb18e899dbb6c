"""Campaigns: within the quota whoever opens them, checked and approved by people with no interest in them, funded."""

from __future__ import annotations

import dataclasses
import datetime as dt

import pytest
from djmoney.money import Money

from ledger.benefits import campaigns, claims, funding
from ledger.benefits.errors import BenefitError, FundsNotReceived, ListChanged, NotEligible, WrongState
from ledger.benefits.models import Campaign, Claim, ClaimState, Commitment, ProgrammeVersion
from ledger.books.integrity import verify
from ledger.books.posting import Entry, post
from ledger.books.queries import balance_of
from ledger.payouts.errors import OwnMoney
from ledger.payouts.models import Batch
from portal.accounts.models import User
from portal.accounts.permissions import SamePerson
from portal.accounts.roles import Role
from portal.members.models import Member
from tests import factories
from tests.concurrency import at_once
from tests.conftest import Federation
from tests.ledger.benefits.conftest import in_force, settle, travellers

WINDOW = {
    "opens_at": dt.datetime(2026, 1, 28, tzinfo=dt.UTC),
    "closes_at": dt.datetime(2099, 1, 1, tzinfo=dt.UTC),
}


@pytest.mark.django_db(transaction=True)
def test_two_unions_opening_at_once_share_one_quota(
    federation: Federation, travel: ProgrammeVersion, case_worker: User
) -> None:
    results = at_once(
        [
            lambda union=union: campaigns.open_campaign(
                version=ProgrammeVersion.objects.get(pk=travel.pk), union=union, year_key=2026,
                prepared_by=case_worker, places=7_000,
            )
            for union in (federation.municipal, federation.district)
        ]
    )  # fmt: skip
    assert sorted(type(result).__name__ for result in results) == ["BenefitError", "Campaign"]
    assert sum(c.places for c in Campaign.objects.all()) == 7_000


def test_a_campaign_lies_within_the_life_of_its_rules(
    federation: Federation, travel: ProgrammeVersion, case_worker: User
) -> None:
    ProgrammeVersion.objects.filter(pk=travel.pk).update(effective_to=dt.date(2026, 3, 1))
    with pytest.raises(WrongState, match="in force from 2020-01-01 to 2026-03-01"):
        campaigns.open_campaign(
            version=travel, union=federation.municipal, year_key=2026, prepared_by=case_worker, places=10
        )
    assert not Campaign.objects.exists()


def test_nobody_checks_or_approves_an_own_claim(
    federation: Federation, campaign: Campaign, trip: claims.Trip, case_worker: User
) -> None:
    member = travellers(federation, 1)[0]
    Member.objects.filter(pk=member.pk).update(user=case_worker)
    taken = claims.claim(member=member, campaign=campaign, trip=trip)
    with pytest.raises(OwnMoney):
        campaigns.verify(claims=[taken], verified_by=case_worker)
    taken.refresh_from_db()
    assert (taken.state, taken.verified_by) == (ClaimState.SUBMITTED, None)
    Member.objects.filter(pk=member.pk).update(user=federation.checker)
    campaigns.verify(claims=[taken], verified_by=case_worker)
    with pytest.raises(OwnMoney):
        campaigns.approve_claims(
            campaign=campaign, seen=campaigns.checked(campaign), approved_by=federation.checker
        )
    taken.refresh_from_db()
    assert taken.state == ClaimState.VERIFIED
    assert not Commitment.objects.exists()


def test_who_typed_a_claim_does_not_check_it(
    federation: Federation, campaign: Campaign, trip: claims.Trip, case_worker: User
) -> None:
    taken = claims.claim(
        member=travellers(federation, 1)[0], campaign=campaign, trip=trip, entered_by=case_worker
    )
    with pytest.raises(SamePerson):
        campaigns.verify(claims=[taken], verified_by=case_worker)
    taken.refresh_from_db()
    assert taken.state == ClaimState.SUBMITTED
    other = factories.user("second_worker", Role.CASE_WORKER, federation.municipal)
    assert campaigns.verify(claims=[taken], verified_by=other) == 1


def test_what_is_approved_is_what_was_shown(
    federation: Federation, campaign: Campaign, trip: claims.Trip, case_worker: User
) -> None:
    taken = [claims.claim(member=m, campaign=campaign, trip=trip) for m in travellers(federation, 3)]
    campaigns.verify(claims=taken[:2], verified_by=case_worker)
    seen = campaigns.checked(campaign)
    assert seen.total == Money("537.00", "CNY")
    campaigns.verify(claims=taken[2:], verified_by=case_worker)
    for other in (
        dataclasses.replace(seen, total=Money("1.00", "CNY")),
        campaigns.Checked((*seen.claim_ids, 0), seen.total),
    ):
        with pytest.raises(ListChanged):
            campaigns.approve_claims(campaign=campaign, seen=other, approved_by=federation.checker)
    assert not Commitment.objects.exists()
    assert campaigns.approve_claims(campaign=campaign, seen=seen, approved_by=federation.checker) == 2
    assert Claim.objects.get(pk=taken[2].pk).state == ClaimState.VERIFIED


def test_a_claim_refused_in_between_stops_the_approval(
    federation: Federation, campaign: Campaign, trip: claims.Trip, case_worker: User
) -> None:
    taken = [claims.claim(member=m, campaign=campaign, trip=trip) for m in travellers(federation, 2)]
    campaigns.verify(claims=taken, verified_by=case_worker)
    seen = campaigns.checked(campaign)
    claims.reject(claim=taken[0], reason="车票不清楚", actor=case_worker)
    with pytest.raises(ListChanged):
        campaigns.approve_claims(campaign=campaign, seen=seen, approved_by=federation.checker)
    assert not Commitment.objects.exists()


@pytest.mark.parametrize("fare", ["100.005", "0.001"])
def test_a_fare_has_whole_fen(
    federation: Federation, campaign: Campaign, trip: claims.Trip, fare: str
) -> None:
    with pytest.raises(NotEligible, match="at most two decimals"):
        claims.claim(
            member=travellers(federation, 1)[0],
            campaign=campaign,
            trip=dataclasses.replace(trip, fare=Money(fare, "CNY")),
        )
    assert not Claim.objects.exists()


def test_a_campaign_of_a_lower_union_waits_for_the_share_from_above(
    federation: Federation, travel: ProgrammeVersion, trip: claims.Trip, case_worker: User
) -> None:
    campaign = campaigns.open_campaign(
        version=travel, union=federation.district, year_key=2026, prepared_by=case_worker, places=10, **WINDOW
    )
    taken = claims.claim(member=travellers(federation, 1)[0], campaign=campaign, trip=trip)
    campaigns.verify(claims=[taken], verified_by=case_worker)
    campaigns.approve_claims(
        campaign=campaign, seen=campaigns.checked(campaign), approved_by=federation.checker
    )

    def build() -> Batch:
        (batch,) = campaigns.build_payout(
            campaign=campaign, bank_account=federation.banks["HD"], format_code="ubp1", value_date=factories.TODAY,
            prepared_by=federation.cashier,
        )  # fmt: skip
        return batch

    with pytest.raises(FundsNotReceived, match=r"3000\.00"):
        build()
    assert not Batch.objects.exists()
    bank = federation.banks["TJ"]
    post(
        book=bank.book, external_key="start", date=factories.TODAY, kind="opening", summary="期初",
        entries=[Entry(debit=bank.account.code, credit="32201", amount=Money(9_000, "CNY"))],
    )  # fmt: skip
    for account in (bank, federation.banks["HD"]):
        funding.record_next(
            funded=campaign, bank_account=account, date=factories.TODAY, bank_reference="B1",
            recorded_by=federation.maker,
        )  # fmt: skip
    assert funding.next_share(campaign) is None
    settle(federation, build())
    assert balance_of(federation.books["HD"], "403") == Money("3000.00", "CNY")
    assert [check for check in verify() if not check.ok] == []


def test_a_campaign_below_another_union_than_the_rules_owner(
    federation: Federation, case_worker: User
) -> None:
    travel = in_force("travel_back", federation, case_worker)
    travel.programme.owner = federation.district
    travel.programme.save()
    with pytest.raises(WrongState, match="is not below it"):
        campaigns.open_campaign(
            version=travel, union=federation.municipal, year_key=2026, prepared_by=case_worker, places=10
        )
    with pytest.raises(BenefitError):
        campaigns.open_campaign(
            version=travel, union=federation.district, year_key=2026, prepared_by=case_worker, places=10_001
        )
    assert not Campaign.objects.exists()
