"""The JSON API: contract, own data only, problem+json."""

from __future__ import annotations

import datetime as dt
import json
import time
from typing import Any

import pytest
from django.test import Client

from ledger.benefits import campaigns
from ledger.benefits.models import Campaign, Claim
from ledger.dues import collecting
from ledger.dues.models import StripeEvent
from ledger.dues.sandbox.messages import signature
from portal.accounts.roles import Role
from portal.members.models import Member
from tests import factories
from tests.conftest import Federation
from tests.ledger.benefits.conftest import in_force


@pytest.fixture
def campaign(federation: Federation) -> Campaign:
    worker = factories.user("worker", Role.CASE_WORKER, federation.municipal)
    version = in_force("travel_back", federation, worker)
    return campaigns.open_campaign(
        version=version, union=federation.municipal, year_key=2026, prepared_by=worker, places=1,
        opens_at=dt.datetime(2026, 1, 28, tzinfo=dt.UTC), closes_at=dt.datetime(2099, 1, 1, tzinfo=dt.UTC),
    )  # fmt: skip


def _member(federation: Federation) -> Member:
    return factories.membership_in(
        federation.community, with_user=True, is_nonlocal_worker=True, is_casual_worker=True
    ).member


def _browser(member: Member) -> Client:
    client = Client()
    assert member.user is not None
    client.force_login(member.user)
    return client


def _claim(client: Client, at: Campaign, **changes: Any) -> Any:
    wanted = {
        "campaign": at.code, "travelled_on": "2026-02-20", "transport": "rail", "ticket_number": "E1",
        "fare": "268.50",
    }  # fmt: skip
    return client.post("/api/v1/me/claims", wanted | changes, content_type="application/json")


def test_programmes_are_public_and_live(client: Client, campaign: Campaign) -> None:
    (programme,) = client.get("/api/v1/programmes").json()
    assert programme["amount"] == "300.00"
    assert (programme["places"], programme["places_left"], programme["is_open"]) == (1, 1, True)


def test_claim_once_and_full_for_the_next(federation: Federation, campaign: Campaign) -> None:
    first, second = _browser(_member(federation)), _browser(_member(federation))
    taken = _claim(first, campaign).json()
    assert (taken["place_number"], taken["amount"]) == (1, "268.50")
    assert _claim(first, campaign).json()["id"] == taken["id"]
    full = _claim(second, campaign)
    assert full.status_code == 409
    assert full.headers["Content-Type"] == "application/problem+json"
    assert full.json()["code"] == "quota_full"
    assert second.delete(f"/api/v1/me/claims/{taken['id']}").status_code == 404
    assert first.delete(f"/api/v1/me/claims/{taken['id']}").json()["state"] == "withdrawn"
    assert _claim(second, campaign).json()["place_number"] == 1


def test_who_asks_to_wait_stands_in_line_and_moves_up(federation: Federation, campaign: Campaign) -> None:
    first, second = _browser(_member(federation)), _browser(_member(federation))
    taken = _claim(first, campaign, or_wait=True).json()
    waiting = _claim(second, campaign, or_wait=True).json()
    assert (taken["place_number"], taken["waiting_number"], taken["ahead_in_line"]) == (1, None, None)
    assert (waiting["state"], waiting["place_number"]) == ("waiting", None)
    assert (waiting["waiting_number"], waiting["ahead_in_line"]) == (1, 0)
    assert _claim(second, campaign, or_wait=True).json() == waiting
    first.delete(f"/api/v1/me/claims/{taken['id']}")
    (moved,) = second.get("/api/v1/me/claims").json()
    assert (moved["state"], moved["place_number"], moved["ahead_in_line"]) == ("submitted", 1, None)


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"fare": "x"}, 422, "invalid"),
        ({"fare": "100.005"}, 422, "invalid"),
        ({"fare": "0.001"}, 422, "invalid"),
        ({"fare": "0"}, 422, "invalid"),
        ({"fare": "1000000"}, 422, "invalid"),
        ({"ticket_number": "E1\0"}, 400, "unreadable"),
        ({"campaign": "\0"}, 400, "unreadable"),
        ({"ticket_number": "\ud800"}, 400, "unreadable"),
        ({"\0": "x"}, 400, "unreadable"),
        ({"transport": "car"}, 422, "invalid"),
        ({"travelled_on": "2025-01-01"}, 422, "not_eligible"),
        ({"campaign": "NONE"}, 404, "not_found"),
    ],
)
def test_errors_are_problems(
    federation: Federation, campaign: Campaign, changes: dict[str, str], status: int, code: str
) -> None:
    response = _claim(_browser(_member(federation)), campaign, **changes)
    assert (response.status_code, response.json()["code"]) == (status, code)
    assert response.headers["Content-Type"] == "application/problem+json"
    assert not Claim.objects.exists()


def test_strangers_and_staff_have_no_own_pages(client: Client, federation: Federation) -> None:
    for browser in (client, _browser_of_staff(federation)):
        response = browser.get("/api/v1/me/dues")
        assert (response.status_code, response.json()["code"]) == (401, "not_signed_in")


def _browser_of_staff(federation: Federation) -> Client:
    from tests.signing_in import browser_of

    return browser_of(federation.maker)


def test_writing_needs_the_token_of_a_page(federation: Federation, campaign: Campaign) -> None:
    member = _member(federation)
    assert member.user is not None
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(member.user)
    refused = _claim(strict, campaign)
    assert (refused.status_code, refused.json()["code"]) == (403, "foreign_request")
    assert not Claim.objects.exists()


def test_own_dues_and_receipts(federation: Federation) -> None:
    member = _member(federation)
    collecting.collect_cash(
        member=member, months=12, paid_on=factories.TODAY, collected_by=federation.cashier
    )
    browser = _browser(member)
    assert browser.get("/api/v1/me/dues").json()["paid_until"] == 202701
    (receipt,) = browser.get("/api/v1/me/receipts").json()
    assert receipt["amount"] == "24.00"
    assert browser.get(receipt["pdf"]).content.startswith(b"%PDF-")


def test_entitlements_say_why_not(federation: Federation, campaign: Campaign) -> None:
    local = factories.membership_in(federation.community, with_user=True).member
    (entitlement,) = _browser(local).get("/api/v1/me/entitlements").json()
    assert entitlement["status"] == "not_eligible"
    assert entitlement["reasons"]


def test_the_description_of_the_api(client: Client) -> None:
    paths = client.get("/api/v1/openapi.json").json()["paths"]
    assert {"/api/v1/programmes", "/api/v1/me/claims", "/api/v1/me/dues"} <= set(paths)


def test_health(client: Client, db: None) -> None:
    assert client.get("/healthz").json() == {"status": "ok"}
    assert client.get("/readyz").json() == {"status": "ok"}


def test_the_webhook_takes_signed_messages_only(client: Client, db: None) -> None:
    payload = json.dumps(
        {"id": "evt_1", "object": "event", "type": "charge.updated", "data": {"object": {"id": "ch"}}}
    )
    signed = signature(payload.encode(), "whsec_test_local", int(time.time()))

    def send(header: str) -> int:
        return client.post(
            "/webhooks/stripe/",
            payload,
            content_type="application/json",
            headers={"Stripe-Signature": header},
        ).status_code

    assert send("t=1,v1=00") == 400
    assert not StripeEvent.objects.exists()
    assert [send(signed), send(signed)] == [200, 200]
    assert StripeEvent.objects.count() == 1
    assert client.get("/webhooks/stripe/").status_code == 405
