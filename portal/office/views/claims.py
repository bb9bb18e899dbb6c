"""Claims of a campaign: check the tickets, approve, pay."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from ledger.benefits import campaigns, queries
from ledger.benefits import claims as taking
from ledger.benefits.models import Campaign, Claim, ClaimState, Commitment
from ledger.books.models import BankAccount
from portal.accounts.access import StaffRequest, duty_required, refusals_on
from portal.accounts.roles import Duty
from portal.office import desk
from portal.office.forms import PayoutForm, ReasonForm

_PER_PAGE = 25


def _campaign(request: StaffRequest, code: str) -> Campaign:
    return get_object_or_404(
        Campaign.objects.select_related("version__programme", "union"),
        code=code,
        union__in=desk.reach(request.user, desk.SEES_CLAIMS),
    )


@duty_required(*desk.SEES_CLAIMS)
def overview(request: StaffRequest) -> HttpResponse:
    unions = desk.reach(request.user, desk.SEES_CLAIMS)
    found = Campaign.objects.filter(union__in=unions).select_related("version__programme", "union")
    rows = [(campaign, queries.places_left(campaign)) for campaign in found.order_by("-opens_at")]
    return desk.page(request, "campaigns", "claims", {"rows": rows})


@duty_required(*desk.SEES_CLAIMS)
def detail(request: StaffRequest, code: str) -> HttpResponse:
    return _page(request, _campaign(request, code))


@duty_required(Duty.VERIFY_EVIDENCE)
@require_POST
def verify(request: StaffRequest, code: str) -> HttpResponse:
    """Record that the tickets of the chosen claims are in order."""
    campaign = _campaign(request, code)
    chosen = [int(pk) for pk in request.POST.getlist("claim") if pk.isdecimal()]
    done = campaigns.verify(
        claims=list(campaign.claims.filter(pk__in=chosen)),
        verified_by=request.user,
    )
    messages.success(request, ngettext("%(n)s claim checked.", "%(n)s claims checked.", done) % {"n": done})
    return redirect("office_campaign", code=code)


@duty_required(Duty.APPROVE_RUN)
@require_POST
def approve(request: StaffRequest, code: str) -> HttpResponse:
    done = campaigns.approve_claims(campaign=_campaign(request, code), approved_by=request.user)
    messages.success(request, ngettext("%(n)s claim approved.", "%(n)s claims approved.", done) % {"n": done})
    return redirect("office_campaign", code=code)


@duty_required(Duty.VERIFY_EVIDENCE)
def reject(request: StaffRequest, code: str, pk: int) -> HttpResponse:
    """Refuse one claim with the reason that the member reads."""
    claim = get_object_or_404(Claim, pk=pk, campaign=_campaign(request, code))
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        with refusals_on(form):
            taking.reject(claim=claim, reason=form.cleaned_data["reason"], actor=request.user)
        if form.is_valid():
            messages.success(request, _("Refused; the place is free again."))
            return redirect("office_campaign", code=code)
    return desk.page(request, "claim_reject", "claims", {"claim": claim, "form": form})


@duty_required(Duty.BUILD_PAYOUT)
@require_POST
def build_payout(request: StaffRequest, code: str) -> HttpResponse:
    campaign = _campaign(request, code)
    form = PayoutForm(request.POST, accounts=_accounts(campaign))
    batch = None
    if form.is_valid():
        with refusals_on(form):
            batch = campaigns.build_payout(campaign=campaign, prepared_by=request.user, **form.cleaned_data)
    if batch is not None:
        messages.success(request, _("The payout is built. Somebody else releases it."))
        return redirect("office_payout", code=batch.code)
    return _page(request, campaign, payout_form=form)


def _accounts(campaign: Campaign) -> Any:
    return BankAccount.objects.filter(account__book__union=campaign.union)


def _page(request: StaffRequest, campaign: Campaign, **forms: Any) -> HttpResponse:
    chosen = request.GET.get("state", "")
    claims = campaign.claims.select_related("member", "commitment").order_by("place_number", "pk")
    if chosen in ClaimState.values:
        claims = claims.filter(state=chosen)
    left = queries.places_left(campaign)
    context: dict[str, Any] = {
        "campaign": campaign,
        "left": left,
        "taken": campaign.places - left,
        "submitted": campaign.claims.filter(state=ClaimState.SUBMITTED).count(),
        "verified": campaign.claims.filter(state=ClaimState.VERIFIED).count(),
        "claims": Paginator(claims, _PER_PAGE).get_page(request.GET.get("page")),
        "tabs": [
            (label, f"?state={value}", chosen == value, campaign.claims.filter(state=value).count())
            for value, label in ClaimState.choices
        ],
        "payout_form": PayoutForm(accounts=_accounts(campaign)),
    }
    refused = Commitment.objects.filter(claim__campaign=campaign)
    context["same_card"] = set(queries.to_the_refused_card(refused).values_list("claim", flat=True))
    return desk.page(request, "campaign", "claims", context | forms, union=campaign.union)
