"""What the member can get, and taking or giving back a place."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from ledger.benefits import claims, queries, waiting_list
from ledger.benefits.models import Claim
from ledger.benefits.queries import Entitlement
from portal.accounts.access import member_required, refusals_on
from portal.member_site import trails
from portal.member_site.access import MemberRequest
from portal.member_site.forms import TripForm
from portal.members.models import CardStatus


@member_required
def overview(request: MemberRequest) -> HttpResponse:
    member = request.member
    found = queries.entitlements(member, timezone.localdate())
    return render(request, "me/benefits.html", {"entitlements": found})


@member_required
def detail(request: MemberRequest, code: str) -> HttpResponse:
    entitlement = _entitlement(request, code)
    has_card = request.member.cards.filter(status=CardStatus.ACTIVE).exists()
    steps = []
    if entitlement.commitment:
        steps = trails.of(entitlement.commitment, has_card=has_card)
    elif entitlement.claim:
        steps = trails.of_claim(entitlement.claim, has_card=has_card)
    return render(request, "me/benefit.html", {"entitlement": entitlement, "steps": steps})


@member_required
def apply(request: MemberRequest, code: str) -> HttpResponse:
    """The form for the trip; sending it twice gives the same place, or the same number in line."""
    entitlement = _entitlement(request, code)
    campaign = entitlement.campaign
    if campaign is None:
        raise Http404
    if entitlement.claim is not None:
        return redirect("me_benefit", code=code)
    form = TripForm(request.POST or None, campaign=campaign)
    if request.method == "POST" and form.is_valid():
        claim = None
        with refusals_on(form):
            claim = claims.claim(
                member=request.member,
                campaign=campaign,
                trip=form.trip(),
                or_wait=form.cleaned_data.get("or_wait", False),
            )
        if claim is not None:
            messages.success(request, _taken(claim))
            return redirect("me_benefit", code=code)
    context = {"entitlement": entitlement, "campaign": campaign, "form": form}
    context["in_line"] = waiting_list.line(campaign).count() if entitlement.can_wait else 0
    return render(request, "me/apply.html", context)


@member_required
@require_http_methods(["POST"])
def give_back(request: MemberRequest, pk: int) -> HttpResponse:
    claim = get_object_or_404(Claim, pk=pk, member=request.member)
    given_up = claims.give_back(claim=claim, actor=request.user)
    if given_up.place_number is None:
        messages.success(request, _("You have left the waiting list."))
    else:
        messages.success(request, _("You have given back your place. Somebody else can take it now."))
    return redirect("me_benefit", code=claim.programme.code)


def _taken(claim: Claim) -> str:
    if claim.place_number is None:
        number = {"number": claim.waiting_number}
        return _("All places are taken. You have number %(number)s on the waiting list.") % number
    return _("You have place number %(number)s. Nobody can take it from you.") % {
        "number": claim.place_number
    }


def _entitlement(request: MemberRequest, code: str) -> Entitlement:
    member = request.member
    for entitlement in queries.entitlements(member, timezone.localdate()):
        if entitlement.version.programme.code == code:
            return entitlement
    raise Http404
