"""Claims of a campaign: check the tickets, approve, pay."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST
from djmoney.money import Money

from ledger.benefits import campaigns, funding, queries
from ledger.benefits import claims as taking
from ledger.benefits.models import Campaign, Claim, ClaimState, Commitment
from ledger.books.models import BankAccount
from ledger.payouts.models import Batch
from portal.accounts.access import StaffRequest, duty_required, refusals_on
from portal.accounts.permissions import has_duty
from portal.accounts.roles import Duty
from portal.office import desk
from portal.office.chosen import chosen_ids
from portal.office.forms import BankForm, PayoutForm, ReasonForm
from portal.unions.models import Union

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
    chosen = chosen_ids(request.POST.getlist("claim"))
    done = campaigns.verify(
        claims=list(campaign.claims.filter(pk__in=chosen)),
        verified_by=request.user,
    )
    messages.success(request, ngettext("%(n)s claim checked.", "%(n)s claims checked.", done) % {"n": done})
    return redirect("office_campaign", code=code)


@duty_required(Duty.APPROVE_RUN)
@require_POST
def approve(request: StaffRequest, code: str) -> HttpResponse:
    """Approve the checked claims that the page showed."""
    done = campaigns.approve_claims(
        campaign=_campaign(request, code), seen=_seen(request), approved_by=request.user
    )
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
            messages.success(request, _after_refusal(claim))
            return redirect("office_campaign", code=code)
    return desk.page(request, "claim_reject", "claims", {"claim": claim, "form": form})


def _after_refusal(claim: Claim) -> str:
    if claim.place_number is None:
        return _("Refused; the claim has left the waiting list.")
    promoted = taking.promoted_after(claim)
    if promoted is None:
        return _("Refused; the place is free again.")
    number = {"number": promoted.waiting_number}
    return _("Refused; the place went to number %(number)s on the waiting list.") % number


@duty_required(Duty.PREPARE_VOUCHER)
@require_POST
def record_funds(request: StaffRequest, code: str) -> HttpResponse:
    """Record that a funder's share of the campaign was sent, or that it arrived."""
    campaign = _campaign(request, code)
    share = funding.next_share(campaign)
    if share is None:
        return redirect("office_campaign", code=code)
    form = BankForm(request.POST, accounts=_accounts(share.whose_books))
    if form.is_valid():
        with refusals_on(form):
            funding.record_next(funded=campaign, recorded_by=request.user, **form.cleaned_data)
    if form.is_valid():
        messages.success(request, _("Recorded in the books."))
        return redirect("office_campaign", code=code)
    return _page(request, campaign, funds_form=form)


@duty_required(Duty.BUILD_PAYOUT)
@require_POST
def build_payout(request: StaffRequest, code: str) -> HttpResponse:
    campaign = _campaign(request, code)
    form = PayoutForm(request.POST, accounts=_accounts(campaign.union))
    built: list[Batch] = []
    if form.is_valid():
        with refusals_on(form):
            built = campaigns.build_payout(campaign=campaign, prepared_by=request.user, **form.cleaned_data)
    if built:
        desk.tell_left_out(request, Commitment.objects.filter(claim__campaign=campaign))
        return desk.to_built(request, built)
    return _page(request, campaign, payout_form=form)


def _accounts(union: Union) -> Any:
    return BankAccount.objects.filter(account__book__union=union)


def _seen(request: StaffRequest) -> campaigns.Checked:
    """What the page had in its form; anything else was not shown by us."""
    try:
        ids = tuple(int(pk) for pk in request.POST.get("seen", "").split(",") if pk)
        total = Decimal(request.POST.get("total") or "0")
    except (ValueError, InvalidOperation):
        return campaigns.Checked((0,), Money(0, "CNY"))
    return campaigns.Checked(ids, Money(total, "CNY"))


def _page(request: StaffRequest, campaign: Campaign, **forms: Any) -> HttpResponse:
    chosen = request.GET.get("state", "")
    claims = campaign.claims.select_related("member", "commitment").order_by(
        "place_number", "waiting_number", "pk"
    )
    if chosen in ClaimState.values:
        claims = claims.filter(state=chosen)
    left = queries.places_left(campaign)
    checked = campaigns.checked(campaign)
    share = funding.next_share(campaign)
    context: dict[str, Any] = {
        "campaign": campaign,
        "left": left,
        "taken": campaign.places - left,
        "in_line": campaign.claims.filter(state=ClaimState.WAITING).count(),
        "submitted": campaign.claims.filter(state=ClaimState.SUBMITTED).count(),
        "verified": len(checked.claim_ids),
        "checked": checked,
        "checked_ids": ",".join(map(str, checked.claim_ids)),
        "share": share,
        "records_share": share and has_duty(request.user, Duty.PREPARE_VOUCHER, share.whose_books),
        "funds_form": BankForm(accounts=_accounts(share.whose_books)) if share else None,
        "claims": Paginator(claims, _PER_PAGE).get_page(request.GET.get("page")),
        "tabs": [
            (label, f"?state={value}", chosen == value, campaign.claims.filter(state=value).count())
            for value, label in ClaimState.choices
        ],
        "payout_form": PayoutForm(accounts=_accounts(campaign.union)),
    }
    refused = Commitment.objects.filter(claim__campaign=campaign)
    context["same_card"] = set(queries.to_the_refused_card(refused).values_list("claim", flat=True))
    return desk.page(request, "campaign", "claims", context | forms, union=campaign.union)
