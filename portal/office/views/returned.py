"""Payments that came back after they had arrived: one person reports it from the statement, another confirms."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from ledger.benefits import returns
from ledger.benefits.models import Return
from ledger.payouts.models import LineState
from portal.accounts.access import StaffRequest, duty_required, refusals_on
from portal.accounts.roles import Duty
from portal.office import desk
from portal.office.forms import ReturnForm

from .payouts import batch_of


@duty_required(Duty.IMPORT_BANK_RESULT)
def report(request: StaffRequest, code: str, line: int) -> HttpResponse:
    """Say that a payment came back, as the statement shows; nothing is booked until somebody else confirms."""
    batch = batch_of(request, code)
    paid = get_object_or_404(batch.lines.filter(state=LineState.PAID), seq=line)
    form = ReturnForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        with refusals_on(form):
            returns.report(line=paid, reported_by=request.user, **form.cleaned_data)
        if form.is_valid():
            messages.success(request, _("Reported. Somebody else confirms it."))
            return redirect("office_payout", code=code)
    return desk.page(request, "payout_returned", "payouts", {"batch": batch, "line": paid, "form": form})


@duty_required(Duty.RELEASE_PAYOUT)
@require_POST
def confirm(request: StaffRequest, code: str, pk: int) -> HttpResponse:
    returned = get_object_or_404(Return, pk=pk, line__batch=batch_of(request, code))
    returns.confirm(returned=returned, confirmed_by=request.user)
    messages.success(request, _("Booked. The money is owed to its person; the next payout includes it."))
    return redirect("office_payout", code=code)


@duty_required(Duty.IMPORT_BANK_RESULT, Duty.RELEASE_PAYOUT)
@require_POST
def drop(request: StaffRequest, code: str, pk: int) -> HttpResponse:
    returned = get_object_or_404(Return, pk=pk, line__batch=batch_of(request, code))
    returns.drop(returned=returned, actor=request.user)
    messages.success(request, _("The report is taken back. Nothing was booked."))
    return redirect("office_payout", code=code)
