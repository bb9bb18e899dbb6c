"""Claims per second beside the textbook way, a counter row taken with SELECT … FOR UPDATE, with the same checks."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.db import connection, transaction
from djmoney.money import Money

_WORKERS = 16
_COUNTER = """
DROP TABLE IF EXISTS bench_counter;
CREATE TABLE bench_counter (campaign_id bigint PRIMARY KEY, taken int NOT NULL);
"""
_INSERT = """
INSERT INTO benefits_claim (campaign_id, programme_id, year_key, member_id, place_id, place_number, state, claimed_at,
                            travelled_on, transport, ticket_number, fare, fare_currency, amount, amount_currency,
                            reason)
SELECT %(campaign)s, %(programme)s, %(year)s, %(member)s, id, number, 'submitted', now(), %(day)s, 'rail', 'BENCH',
       268.50, 'CNY', 268.50, 'CNY', ''
  FROM benefits_place WHERE campaign_id = %(campaign)s AND number = %(number)s
"""


def _ours(campaign: Any, members: list[Any], worker: int) -> int:
    from ledger.benefits import claims
    from ledger.benefits.errors import QuotaFull
    from ledger.benefits.models import Transport

    trip = claims.Trip(
        travelled_on=campaign.travel_to,
        transport=Transport.RAIL,
        ticket_number="BENCH",
        fare=Money("268.50", "CNY"),
    )
    won = 0
    for member in members[worker::_WORKERS]:
        try:
            claims.claim(member=member, campaign=campaign, trip=trip)
            won += 1
        except QuotaFull:
            continue
    return won


def _locked_counter(campaign: Any, members: list[Any], worker: int) -> int:
    """The same checks as ours, then one locked counter row that every contender waits for."""
    from ledger.benefits import claims, eligibility

    won = 0
    for member in members[worker::_WORKERS]:
        if claims.claim_of(member, campaign) or eligibility.reasons_against(
            member=member,
            version=campaign.version,
            union=campaign.union,
            year_key=campaign.year_key,
            on=campaign.travel_to,
        ):
            continue
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT taken FROM bench_counter WHERE campaign_id = %s FOR UPDATE", [campaign.pk])
            taken = cursor.fetchone()[0]
            if taken >= campaign.places:
                continue
            cursor.execute(
                _INSERT,
                {
                    "campaign": campaign.pk,
                    "programme": campaign.version.programme_id,
                    "year": campaign.year_key,
                    "member": member.pk,
                    "number": taken + 1,
                    "day": campaign.travel_to,
                },
            )
            cursor.execute("UPDATE bench_counter SET taken = taken + 1 WHERE campaign_id = %s", [campaign.pk])
            won += 1
    return won


def measure(places: int) -> dict[str, Any]:
    """Twice as many contenders as places from 16 connections; every place must be sold exactly once, both ways."""
    from ledger.benefits.models import Claim
    from ledger.benefits.race import temporary_campaign
    from portal.members.models import Member
    from tests.bench.workers import per_second

    rates = {}
    for name, work in (("locked_counter", _locked_counter), ("numbered_places", _ours)):
        with temporary_campaign(places=places, contenders=2 * places) as (campaign, member_ids):
            with connection.cursor() as cursor:
                cursor.execute(_COUNTER)
                cursor.execute("INSERT INTO bench_counter VALUES (%s, 0)", [campaign.pk])
            members = list(Member.objects.filter(pk__in=member_ids).order_by("pk"))
            rates[name] = per_second(partial(work, campaign, members), workers=_WORKERS)
            sold = Claim.objects.filter(campaign=campaign).values("place").distinct().count()
            if sold != places:
                raise AssertionError(f"{name}: {sold} of {places} places sold")
    return {
        "places": places,
        "contenders": 2 * places,
        "connections": _WORKERS,
        "locked_counter_per_s": round(rates["locked_counter"]),
        "claims_per_s": round(rates["numbered_places"]),
        "claims_to_locked_counter": round(rates["numbered_places"] / rates["locked_counter"], 2),
    }
