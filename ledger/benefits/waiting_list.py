"""The waiting list of a campaign: joined in order when all places are taken, served in order as places are given up.

The database hands a place on in the statement that gives it up (sql/waiting_list.sql), so that no way of giving one up
passes the line. It promises nothing: when the campaign closes nobody moves up any more (domain 1.5 D ``waitlist``).
"""

from __future__ import annotations

import psycopg
from django.db import connection
from django.db.models import QuerySet

from .models import Campaign, CampaignState, Claim, ClaimState

# Writes nothing while a place is free, or if the member has a claim; the trigger numbers the line.
_JOIN = """
INSERT INTO benefits_claim (campaign_id, programme_id, year_key, member_id, state, claimed_at, travelled_on, transport,
                            ticket_number, fare, fare_currency, amount, amount_currency, entered_by_id, reason)
VALUES (%(campaign)s, %(programme)s, %(year)s, %(member)s, 'waiting', now(), %(day)s, %(transport)s, %(ticket)s,
        %(fare)s, 'CNY', %(amount)s, 'CNY', %(by)s, '')
ON CONFLICT (member_id, programme_id, year_key) WHERE NOT (state IN ('rejected', 'withdrawn')) DO NOTHING
RETURNING id
"""


def join(values: dict[str, object]) -> Claim | None:
    """The claim with the next number in line; None when a place is free after all or the member has a claim already.

    ``values`` are those of the statement that takes a place. Raises QuotaFull when the campaign has no waiting list.
    """
    with connection.wrap_database_errors, psycopg.Cursor(connection.connection) as cursor:
        row = cursor.execute(_JOIN, values, prepare=True).fetchone()
    return None if row is None else Claim.objects.select_related("campaign").get(pk=row[0])


def ahead_of(claim: Claim) -> int | None:
    """How many people stand before a waiting claim; None when it does not wait or the campaign has closed."""
    if claim.state != ClaimState.WAITING or claim.campaign.state == CampaignState.CLOSED:
        return None
    return line(claim.campaign).filter(waiting_number__lt=claim.waiting_number).count()


def line(campaign: Campaign) -> QuerySet[Claim]:
    """The claims that wait, first in line first."""
    return campaign.claims.filter(state=ClaimState.WAITING).order_by("waiting_number")
