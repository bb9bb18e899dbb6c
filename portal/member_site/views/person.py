"""The member's first page, money, card and own data."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from ledger.benefits import queries as benefits
from ledger.dues import queries as dues
from ledger.dues.errors import NoMembership
from portal.accounts.access import member_required, refusals_on
from portal.member_site import trails
from portal.member_site.access import MemberRequest
from portal.member_site.forms import CardForm
from portal.members import register
from portal.members.models import CardStatus, Member, ServiceCard


@member_required
def home(request: MemberRequest) -> HttpResponse:
    member = request.member
    today = timezone.localdate()
    latest = benefits.money_of(member).first()
    card = _card(member)
    context: dict[str, Any] = {
        "member": member,
        "membership": register.current_membership(member, today),
        "card": card,
        "entitlements": benefits.entitlements(member, today),
        "latest": latest,
        "latest_steps": trails.of(latest, has_card=_in_use(card)) if latest else [],
        "coverage": _coverage(member),
    }
    return render(request, "me/home.html", context)


@member_required
def money(request: MemberRequest) -> HttpResponse:
    member = request.member
    has_card = _in_use(_card(member))
    claims = [
        (claim, benefits.status_of_claim(claim), trails.of_claim(claim, has_card=has_card))
        for claim in benefits.undecided_claims_of(member)
    ]
    commitments = [
        (commitment, benefits.status_of(commitment), trails.of(commitment, has_card=has_card))
        for commitment in benefits.money_of(member)
    ]
    return render(
        request,
        "me/money.html",
        {"on_the_way": [*claims, *commitments], "payments": dues.history(member)},
    )


@member_required
def card(request: MemberRequest) -> HttpResponse:
    """See the card that money goes to, and register another one in one's own name."""
    member = request.member
    form = CardForm(request.POST or None, initial={"holder": member.name})
    if request.method == "POST" and form.is_valid():
        with refusals_on(form):
            register.set_card(member=member, actor=request.user, **form.cleaned_data)
        if form.is_valid():
            messages.success(request, _("Your new card is registered. The next payment goes there."))
            return redirect("me_card")
    return render(request, "me/card.html", {"card": _card(member), "form": form})


@member_required
def profile(request: MemberRequest) -> HttpResponse:
    member = request.member
    return render(
        request,
        "me/profile.html",
        {"member": member, "membership": register.current_membership(member, timezone.localdate())},
    )


def _card(member: Member) -> ServiceCard | None:
    return member.cards.exclude(status=CardStatus.REPLACED).first()


def _in_use(card: ServiceCard | None) -> bool:
    return card is not None and card.status == CardStatus.ACTIVE


def _coverage(member: Member) -> dues.Coverage | None:
    try:
        return dues.coverage(member, timezone.localdate())
    except NoMembership:
        return None
