"""Dues: where the member stands, paying online, coming back from the payment page, receipts."""

from __future__ import annotations

from urllib.parse import quote

from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone

from ledger.dues import online, queries
from ledger.dues.errors import NoMembership, PlatformUnavailable
from ledger.dues.models import DuesPayment, PaymentState
from ledger.receipts import pdf
from ledger.receipts.models import Receipt
from portal.accounts.access import member_required, refusals_on
from portal.member_site.access import MemberRequest
from portal.member_site.forms import MonthsForm

_LONGEST_NUMBER = 19  # digits; a bigint has no more


@member_required
def overview(request: MemberRequest) -> HttpResponse:
    """How long dues are paid for, and the way to the payment page."""
    member = request.member
    try:
        coverage = queries.coverage(member, timezone.localdate())
    except NoMembership as refusal:
        return render(request, "me/dues.html", {"refusal": refusal, "payments": queries.history(member)})
    form = MonthsForm(request.POST or None, coverage=coverage)
    if request.method == "POST" and form.is_valid():
        payment = None
        with refusals_on(form):
            payment = online.start_checkout(
                member=member,
                months=form.cleaned_data["months"],
                return_url=request.build_absolute_uri(reverse("me_dues_return")),
            )
        if payment is not None:
            return HttpResponseRedirect(payment.checkout_url)
    context = {"coverage": coverage, "form": form, "payments": queries.history(member)}
    return render(request, "me/dues.html", context)


@member_required
def came_back(request: MemberRequest) -> HttpResponse:
    """The payer is back: what really happened is asked of the platform, not of the address."""
    number = request.GET.get("payment", "")
    if not (number.isascii() and number.isdecimal()) or len(number) >= _LONGEST_NUMBER:
        raise Http404
    payment = get_object_or_404(DuesPayment, pk=number, member=request.member)
    unavailable = False
    try:
        payment = online.look_again(payment=payment)
    except PlatformUnavailable:
        unavailable = True
    context = {
        "payment": payment,
        "is_paid": payment.state == PaymentState.PAID,
        "is_cancelled": payment.state == PaymentState.CANCELLED or "cancelled" in request.GET,
        "unavailable": unavailable,
    }
    return render(request, "me/dues_return.html", context)


@member_required
def receipts(request: MemberRequest) -> HttpResponse:
    return render(request, "me/receipts.html", {"payments": queries.history(request.member)})


@member_required
def receipt_pdf(request: MemberRequest, code: str, number: str) -> HttpResponse:
    """The member's own receipt as PDF; anybody else's does not exist here."""
    receipt: Receipt = get_object_or_404(
        Receipt.objects.select_related("series", "union"),
        series__code=code,
        number=number,
        member=request.member,
    )
    response = HttpResponse(pdf.render(receipt), content_type="application/pdf")
    response["Content-Disposition"] = f"inline; filename*=UTF-8''{quote(pdf.file_name(receipt))}"
    return response
