"""/api/v1/: programmes with their live quota for everybody; the rest for the member who is signed in."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from djmoney.money import Money
from ninja import NinjaAPI
from ninja.security import SessionAuth

from ledger.benefits import claims, queries, waiting_list
from ledger.benefits.models import Campaign, Claim
from ledger.dues import queries as dues
from portal.members.models import Member

from . import payouts, problems
from .reading import StorableText
from .schemas import ClaimIn, ClaimOut, DuesOut, EntitlementOut, ProgrammeOut, ReceiptOut


class MemberAuth(SessionAuth):
    """The session of a person in the register."""

    def authenticate(self, request: HttpRequest, key: str | None) -> Member | None:
        found = getattr(request.user, "member", None)
        return found if isinstance(found, Member) else None


_MEMBER = MemberAuth()
api = NinjaAPI(title="Puhui", version="1", urls_namespace="api", docs_url=None, parser=StorableText())
problems.register(api)
api.add_router("/payouts", payouts.router)


@api.get("/programmes", response=list[ProgrammeOut], auth=None)
def programmes(request: HttpRequest) -> list[dict[str, Any]]:
    """Every programme in force; ``places_left`` may lag, a claim never does."""
    found = []
    for version in queries.active_versions():
        summary = queries.summary(version)
        facts = {name: getattr(summary, name) for name in ProgrammeOut.model_fields if name != "funders"}
        facts["amount"] = summary.amount.amount
        facts["funders"] = [{"level": f.level, "basis_points": f.basis_points} for f in summary.funders]
        found.append(facts)
    return found


@api.get("/me/entitlements", response=list[EntitlementOut], auth=_MEMBER)
def entitlements(request: HttpRequest) -> list[dict[str, Any]]:
    """What the member can get now, has, or why not."""
    return [
        {
            "programme": e.version.programme.code,
            "name": e.version.programme.name,
            "year": e.year,
            "status": e.status,
            "reasons": e.reasons,
            "amount": e.version.amount.amount,
            "campaign": e.campaign.code if e.campaign else None,
            "places_left": e.places_left,
        }
        for e in queries.entitlements(_member(request), timezone.localdate())
    ]


@api.get("/me/claims", response=list[ClaimOut], auth=_MEMBER)
def own_claims(request: HttpRequest) -> list[dict[str, Any]]:
    return [_claim(claim) for claim in queries.claims_of(_member(request))]


@api.post("/me/claims", response=ClaimOut, auth=_MEMBER)
def claim(request: HttpRequest, wanted: ClaimIn) -> dict[str, Any]:
    """Take the lowest free place; asking again gives the same claim. 409 when full or closed.

    With ``or_wait`` the claim joins the waiting list when all places are taken, which promises no place.
    """
    campaign = Campaign.objects.filter(code=wanted.campaign).select_related("version", "union").first()
    if campaign is None:
        raise Http404
    trip = claims.Trip(
        travelled_on=wanted.travelled_on,
        transport=wanted.transport,
        ticket_number=wanted.ticket_number,
        fare=Money(wanted.fare, "CNY"),
    )
    return _claim(claims.claim(member=_member(request), campaign=campaign, trip=trip, or_wait=wanted.or_wait))


@api.delete("/me/claims/{int:pk}", response=ClaimOut, auth=_MEMBER)
def give_back(request: HttpRequest, pk: int) -> dict[str, Any]:
    found = get_object_or_404(Claim, pk=pk, member=_member(request))
    return _claim(claims.give_back(claim=found, actor=request.user))  # type: ignore[arg-type]


@api.get("/me/dues", response=DuesOut, auth=_MEMBER)
def own_dues(request: HttpRequest) -> dict[str, Any]:
    coverage = dues.coverage(_member(request), timezone.localdate())
    return {
        "monthly": coverage.monthly.amount,
        "paid_until": coverage.paid_until,
        "next_month": coverage.next_month,
        "months_owed": coverage.months_owed,
        "owed": coverage.owed.amount,
    }


@api.get("/me/receipts", response=list[ReceiptOut], auth=_MEMBER)
def own_receipts(request: HttpRequest) -> list[dict[str, Any]]:
    return [
        {
            "code": payment.receipt.series.code,
            "number": payment.receipt.number,
            "check_code": payment.receipt.check_code,
            "issued_on": payment.receipt.issued_on,
            "amount": payment.receipt.amount.amount,
            "first_month": payment.first_month,
            "last_month": payment.last_month,
            "channel": payment.channel,
            "pdf": reverse("me_receipt_pdf", args=[payment.receipt.series.code, payment.receipt.number]),
        }
        for payment in dues.history(_member(request))
        if payment.receipt is not None
    ]


def _member(request: HttpRequest) -> Member:
    member: Member = request.auth  # type: ignore[attr-defined]
    return member


def _claim(found: Claim) -> dict[str, Any]:
    return {
        "id": found.pk,
        "campaign": found.campaign.code,
        "place_number": found.place_number,
        "waiting_number": found.waiting_number,
        "ahead_in_line": waiting_list.ahead_of(found),
        "state": found.state,
        "travelled_on": found.travelled_on,
        "fare": found.fare.amount,
        "amount": found.amount.amount,
        "claimed_at": found.claimed_at,
    }
