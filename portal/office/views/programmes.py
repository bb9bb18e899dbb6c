"""Programmes: versions with clause, amount and shares; a draft is put into force by another person."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from ledger.benefits import programmes
from ledger.benefits.models import BudgetLine, ProgrammeVersion
from portal.accounts.access import StaffRequest, duty_required
from portal.accounts.roles import Duty
from portal.office import desk


@duty_required(*desk.SEES_PROGRAMMES)
def overview(request: StaffRequest) -> HttpResponse:
    unions = desk.reach(request.user, desk.SEES_PROGRAMMES)
    versions = (
        ProgrammeVersion.objects.filter(programme__owner__in=unions)
        .select_related("programme", "prepared_by", "approved_by")
        .prefetch_related("shares")
        .order_by("programme__code", "-number")
    )
    budgets = BudgetLine.objects.filter(union__in=unions).select_related("union", "programme")
    return desk.page(
        request,
        "programmes",
        "programmes",
        {"versions": versions, "budgets": budgets.order_by("programme__code", "year_key", "union__path")},
    )


@duty_required(Duty.APPROVE_PROGRAMMES)
@require_POST
def activate(request: StaffRequest, pk: int) -> HttpResponse:
    unions = desk.reach(request.user, [Duty.APPROVE_PROGRAMMES])
    version = get_object_or_404(ProgrammeVersion, pk=pk, programme__owner__in=unions)
    programmes.activate(version=version, approved_by=request.user)
    messages.success(request, _("The rules are in force."))
    return redirect("office_programmes")
