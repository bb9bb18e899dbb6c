"""The waiting list: joined in order, served in order, and never a place that is free while somebody waits for it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from functools import partial

import pytest
from django.db import connection, transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger.benefits import campaigns, claims, queries, waiting_list
from ledger.benefits.errors import BenefitError, QuotaFull
from ledger.benefits.models import Campaign, Claim, ClaimState, Place
from ledger.books.integrity import verify
from portal.accounts.models import User
from portal.members.models import Member
from tests.concurrency import at_once
from tests.conftest import Federation
from tests.ledger.benefits.conftest import travellers
from tests.ledger.benefits.test_guards import refusal

Ask = Callable[[Member], Claim]


@pytest.fixture
def ask(campaign: Campaign, trip: claims.Trip) -> Ask:
    return lambda member: claims.claim(member=member, campaign=campaign, trip=trip, or_wait=True)


@pytest.fixture
def people(federation: Federation) -> list[Member]:
    return travellers(federation, 13)


@pytest.fixture
def full(people: list[Member], ask: Ask) -> list[Claim]:
    """Ten claims with a place, then three in line."""
    return [ask(member) for member in people]


def _stands(claim: Claim) -> tuple[str, int | None, int | None]:
    claim.refresh_from_db()
    return claim.state, claim.place_number, claim.waiting_number


def test_whoever_comes_too_late_stands_in_line_in_order(
    full: list[Claim], people: list[Member], ask: Ask
) -> None:
    assert [_stands(c) for c in full[9:]] == [
        ("submitted", 10, None), ("waiting", None, 1), ("waiting", None, 2), ("waiting", None, 3),
    ]  # fmt: skip
    assert [waiting_list.ahead_of(c) for c in full[9:]] == [None, 0, 1, 2]
    assert ask(people[11]).pk == full[11].pk
    assert Claim.objects.count() == 13


def test_nobody_joins_the_line_without_asking_for_it(
    full: list[Claim], federation: Federation, campaign: Campaign, trip: claims.Trip
) -> None:
    with pytest.raises(QuotaFull):
        claims.claim(member=travellers(federation, 1)[0], campaign=campaign, trip=trip)


def test_a_campaign_without_a_waiting_list_is_full(
    people: list[Member], campaign: Campaign, trip: claims.Trip, ask: Ask
) -> None:
    Campaign.objects.update(waitlist=False)
    for member in people[:10]:
        ask(member)
    with pytest.raises(QuotaFull):  # the campaign in hand still says that there is one: the database refuses
        ask(people[10])
    campaign.refresh_from_db()
    with pytest.raises(QuotaFull):
        ask(people[10])


@pytest.mark.parametrize("way", ["give_back", "reject", "delete"])
def test_a_place_that_is_given_up_goes_to_the_first_in_line(
    full: list[Claim], case_worker: User, way: str
) -> None:
    match way:
        case "give_back":
            claims.give_back(claim=full[4], actor=case_worker)
        case "reject":
            claims.reject(claim=full[4], reason="车票不清楚", actor=case_worker)
        case _:
            full[4].delete()
    assert [_stands(c) for c in full[10:]] == [
        ("submitted", 5, 1),
        ("waiting", None, 2),
        ("waiting", None, 3),
    ]
    assert full[10].promoted_at is not None
    assert [waiting_list.ahead_of(c) for c in full[10:]] == [None, 0, 1]
    assert not Place.objects.filter(is_free=True).exists()
    assert [check for check in verify() if not check.ok] == []


def test_whoever_leaves_the_line_frees_no_place_and_is_passed(full: list[Claim], case_worker: User) -> None:
    claims.give_back(claim=full[10], actor=case_worker)
    assert _stands(full[10]) == ("withdrawn", None, 1)
    claims.give_back(claim=full[0], actor=case_worker)
    assert _stands(full[11]) == ("submitted", 1, 2)
    assert queries.live_quota("travel_back") == queries.Quota(places=10, taken=10)


def test_who_comes_back_stands_at_the_end(
    full: list[Claim], people: list[Member], ask: Ask, case_worker: User
) -> None:
    claims.give_back(claim=full[10], actor=case_worker)
    assert _stands(ask(people[10])) == ("waiting", None, 4)


def test_after_the_close_nobody_moves_up(full: list[Claim], case_worker: User) -> None:
    Campaign.objects.update(closes_at=timezone.now() - dt.timedelta(minutes=1))
    claims.reject(claim=full[4], reason="车票不清楚", actor=case_worker)
    assert _stands(full[10]) == ("waiting", None, 1)
    assert Place.objects.get(is_free=True).number == 5
    full[10].campaign.refresh_from_db()
    assert waiting_list.ahead_of(full[10]) is None
    assert [check for check in verify() if not check.ok] == []


def test_evidence_of_a_claim_in_line_is_not_checked_yet(full: list[Claim], case_worker: User) -> None:
    assert campaigns.verify(claims=full[9:], verified_by=case_worker) == 1
    assert _stands(full[10]) == ("waiting", None, 1)


@pytest.mark.parametrize(
    ("sql", "state"),
    [
        ("UPDATE benefits_claim SET waiting_number = 9 WHERE waiting_number = 3", "PH053"),
        ("UPDATE benefits_claim SET state = 'submitted', place_id = 1, place_number = 1 WHERE waiting_number = 3",
         "PH053"),
        ("UPDATE benefits_claim SET state = 'submitted' WHERE waiting_number = 3", "23514"),
        ("UPDATE benefits_claim SET state = 'verified' WHERE waiting_number = 1", "PH053"),
        ("UPDATE benefits_claim SET state = 'waiting', place_id = NULL, place_number = NULL WHERE place_number = 1",
         "PH053"),
        ("UPDATE benefits_claim SET promoted_at = now() WHERE place_number = 1", "PH053"),
        ("UPDATE benefits_place SET is_free = true WHERE number = 1", "PH054"),
    ],
)  # fmt: skip
def test_the_line_cannot_be_jumped_by_sql(full: list[Claim], sql: str, state: str) -> None:
    before = list(Claim.objects.order_by("pk").values())
    assert refusal(sql) == state
    assert list(Claim.objects.order_by("pk").values()) == before


def test_ledger_verify_finds_a_free_place_beside_a_line(full: list[Claim]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute("UPDATE benefits_claim SET state = 'withdrawn' WHERE place_number = 4")
        cursor.execute("UPDATE benefits_place SET is_free = true WHERE number = 4")
        cursor.execute("SET session_replication_role = origin")
    (failed,) = [check for check in verify() if not check.ok]
    assert "1 places are free, 3 people wait" in failed.detail


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(moves=st.lists(st.tuples(st.booleans(), st.integers(0, 12)), max_size=40))
def test_any_coming_and_going_keeps_places_full_and_the_line_in_order(
    people: list[Member], campaign: Campaign, ask: Ask, case_worker: User, moves: list[tuple[bool, int]]
) -> None:
    """Against a model of three lines: who holds a place, who waits, in the order of joining."""
    with transaction.atomic():
        holds: list[int] = []
        waits: list[int] = []
        for comes, who in [*((True, n) for n in range(9)), *moves]:
            mine = claims.claim_of(people[who], campaign)
            if comes:
                ask(people[who])
                if mine is None:
                    (holds if len(holds) < campaign.places else waits).append(who)
            elif mine is not None:
                claims.give_back(claim=mine, actor=case_worker)
                if who in waits:
                    waits.remove(who)
                else:
                    holds.remove(who)
                    holds += [waits.pop(0)] if waits else []
        live = {c.member_id: c for c in queries.live_claims(campaign)}
        numbered = {n: live[people[n].pk] for n in holds + waits}
        assert len(live) == len(holds) + len(waits)
        assert all(numbered[n].place_number is not None for n in holds)
        assert [c.member_id for c in waiting_list.line(campaign)] == [people[n].pk for n in waits]
        assert Place.objects.filter(campaign=campaign, is_free=False).count() == min(
            campaign.places, len(live)
        )
        transaction.set_rollback(True)


def _late_joiner_and_releaser(full: list[Claim], newcomer: Member, ask: Ask, actor: User) -> None:
    """Both at the same moment, a pause inside the decision of each; whatever comes first, the place is not lost."""
    results = at_once([partial(ask, newcomer), partial(claims.give_back, claim=full[0], actor=actor)])
    assert not [r for r in results if isinstance(r, Exception)]


_PAUSES = """
CREATE FUNCTION test_pause() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.3); RETURN NEW; END $$;
CREATE TRIGGER test_pauses BEFORE UPDATE ON benefits_place FOR EACH ROW EXECUTE FUNCTION test_pause();
CREATE TRIGGER zz_test_pauses BEFORE INSERT ON benefits_claim
    FOR EACH ROW WHEN (NEW.state = 'waiting') EXECUTE FUNCTION test_pause();
"""
_NO_PAUSES = """
DROP TRIGGER test_pauses ON benefits_place; DROP TRIGGER zz_test_pauses ON benefits_claim; DROP FUNCTION test_pause;
"""
_LOCK = (
    "CREATE OR REPLACE FUNCTION benefits_lock_queue(of_campaign bigint) RETURNS void LANGUAGE sql AS $$ {} $$"
)
_LOCKED = "SELECT pg_advisory_xact_lock(7005, of_campaign::integer)"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("with_lock", [True, False])
def test_a_joiner_and_a_releaser_at_once_leave_no_place_unsold(
    people: list[Member], ask: Ask, case_worker: User, with_lock: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The twin without the queue lock shows the race: somebody waits for ever beside a free place."""
    taken = [ask(member) for member in people[:10]]
    with connection.cursor() as cursor:
        cursor.execute(_PAUSES)
        if not with_lock:
            monkeypatch.setattr(claims, "lock_queue_of", lambda campaign_id: None)
            cursor.execute(_LOCK.format("SELECT"))
    try:
        _late_joiner_and_releaser(taken, people[10], ask, case_worker)
    finally:
        with connection.cursor() as cursor:
            cursor.execute(_NO_PAUSES)
            cursor.execute(_LOCK.format(_LOCKED))
    free = Place.objects.filter(is_free=True).count()
    waiting = Claim.objects.filter(state=ClaimState.WAITING).count()
    assert (free, waiting) == ((0, 0) if with_lock else (1, 1))


@pytest.mark.django_db(transaction=True)
def test_many_come_and_go_at_once(
    full: list[Claim], federation: Federation, ask: Ask, case_worker: User
) -> None:
    """Holders and people in line give up while others join: every place is held, and the line moved up in order."""
    newcomers = travellers(federation, 6)
    going = [*full[:5], *full[10:12]]
    results = at_once(
        [partial(claims.give_back, claim=c, actor=case_worker) for c in going]
        + [partial(ask, m) for m in newcomers]
    )
    assert not [r for r in results if isinstance(r, Exception) and not isinstance(r, BenefitError)]
    campaign = full[0].campaign
    live = queries.live_claims(campaign)
    assert live.count() == 13 + len(newcomers) - len(
        [r for r in results[: len(going)] if isinstance(r, Claim)]
    )
    assert live.filter(place__isnull=False).values("place").distinct().count() == min(10, live.count())
    assert not Place.objects.filter(is_free=True).exists()
    assert [check for check in verify() if not check.ok] == []
