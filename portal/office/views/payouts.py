"""Payouts: release by another person, the file out, the bank's result in."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from ledger.benefits import paying, settlement
from ledger.benefits.models import Campaign, Programme, Run
from ledger.books.holds import available
from ledger.payouts import batches, exporting, refusals, results
from ledger.payouts.models import Batch, BatchState
from ledger.payouts.reasons import REASONS
from portal.accounts.access import StaffRequest, duty_required, refusals_on
from portal.accounts.roles import Duty
from portal.design.dates import cn_datetime
from portal.office import desk
from portal.office.forms import FileForm, ReasonForm

_PER_PAGE = 25


def _batch(request: StaffRequest, code: str) -> Batch:
    return get_object_or_404(
        Batch.objects.select_related(
            "bank_account__account__book__union",
            "prepared_by",
            "released_by",
            "refusal_reported_by",
            "refused_by",
        ),
        code=code,
        bank_account__account__book__union__in=desk.reach(request.user, desk.SEES_PAYOUTS),
    )


@duty_required(*desk.SEES_PAYOUTS)
def overview(request: StaffRequest) -> HttpResponse:
    unions = desk.reach(request.user, desk.SEES_PAYOUTS)
    found = Batch.objects.filter(bank_account__account__book__union__in=unions)
    found = found.select_related("bank_account__account__book__union").order_by("-pk")
    shown = Paginator(found, _PER_PAGE).get_page(request.GET.get("page"))
    return desk.page(
        request, "payouts", "payouts", {"batches": shown, "purposes": _purposes([b.purpose for b in shown])}
    )


def _purposes(names: list[str]) -> dict[str, Programme]:
    """The programmes that stand as purpose on bank files, by their Chinese name."""
    return {programme.name: programme for programme in Programme.objects.filter(name__in=names)}


@duty_required(*desk.SEES_PAYOUTS)
def detail(request: StaffRequest, code: str) -> HttpResponse:
    return _page(request, _batch(request, code))


@duty_required(Duty.RELEASE_PAYOUT)
@require_POST
def release(request: StaffRequest, code: str) -> HttpResponse:
    batches.release(batch=_batch(request, code), released_by=request.user)
    messages.success(request, _("Released. The cashier can send the file now."))
    return redirect("office_payout", code=code)


@duty_required(Duty.RELEASE_PAYOUT, Duty.BUILD_PAYOUT)
@require_POST
def withdraw(request: StaffRequest, code: str) -> HttpResponse:
    batch = _batch(request, code)
    form = ReasonForm(request.POST)
    if form.is_valid():
        with refusals_on(form):
            paying.withdraw(batch=batch, reason=form.cleaned_data["reason"], actor=request.user)
    if form.is_valid():
        messages.success(request, _("The payout is withdrawn; its people can be paid with another one."))
        return redirect("office_payout", code=code)
    return _page(request, batch, withdraw_form=form)


@duty_required(Duty.BUILD_PAYOUT)
@require_POST
def report_refusal(request: StaffRequest, code: str) -> HttpResponse:
    """Say that the bank took nothing of the file; another person confirms it."""
    batch = _batch(request, code)
    form = ReasonForm(request.POST)
    if form.is_valid():
        with refusals_on(form):
            refusals.report(batch=batch, reason=form.cleaned_data["reason"], reported_by=request.user)
    if form.is_valid():
        messages.success(request, _("Reported. Somebody else confirms it."))
        return redirect("office_payout", code=code)
    return _page(request, batch, refusal_form=form)


@duty_required(Duty.RELEASE_PAYOUT)
@require_POST
def confirm_refusal(request: StaffRequest, code: str) -> HttpResponse:
    paying.confirm_refusal(batch=_batch(request, code), confirmed_by=request.user)
    messages.success(
        request,
        _("Refused by the bank. Nothing is held any more; its people can be paid with another payout."),
    )
    return redirect("office_payout", code=code)


@duty_required(Duty.BUILD_PAYOUT)
@require_POST
def download(request: StaffRequest, code: str) -> HttpResponse:
    """The file for the bank; taking it for the first time marks the payout as sent."""
    file = exporting.export(batch=_batch(request, code), actor=request.user)
    response = HttpResponse(file.content, content_type="application/octet-stream")
    response["Content-Disposition"] = f'attachment; filename="{file.name}"'
    response["X-Content-SHA256"] = file.sha256
    return response


@duty_required(Duty.IMPORT_BANK_RESULT)
@require_POST
def take_result(request: StaffRequest, code: str) -> HttpResponse:
    batch = _batch(request, code)
    form = FileForm(request.POST, request.FILES)
    outcome = before = None
    if form.is_valid():
        content = form.content()
        before = results.imported_before(batch, content)
        with refusals_on(form):
            outcome = settlement.import_result(batch=batch, content=content, actor=request.user)
    if outcome is not None and before and not (outcome.paid or outcome.failed or outcome.unknown):
        messages.info(
            request,
            _("This file had been imported already, on %(when)s. Nothing was added.")
            % {"when": cn_datetime(before)},
        )
        return redirect("office_payout", code=code)
    if outcome is not None:
        paid, failed = len(outcome.paid), len(outcome.failed)
        messages.success(
            request,
            ngettext(
                "%(paid)s payment posted, %(failed)s not paid.",
                "%(paid)s payments posted, %(failed)s not paid.",
                paid,
            )
            % {"paid": paid, "failed": failed},
        )
        return redirect("office_payout", code=code)
    return _page(request, batch, result_form=form)


def _page(request: StaffRequest, batch: Batch, **forms: Any) -> HttpResponse:
    lines = batch.lines.defer("card_number").order_by("seq")
    shown = Paginator(lines, _PER_PAGE).get_page(request.GET.get("page"))
    context: dict[str, Any] = {
        "batch": batch,
        "available": available(batch.bank_account.account),
        "lines": shown,
        "rows": [(line, REASONS.get(line.reason)) for line in shown],
        "is_released": batch.state in (BatchState.RELEASED, BatchState.SENT, BatchState.SETTLED),
        "purposes": _purposes([batch.purpose]),
        "source_url": _source_url(batch),
        "withdraw_form": ReasonForm(),
        "refusal_form": ReasonForm(),
        "result_form": FileForm(),
    }
    return desk.page(request, "payout", "payouts", context | forms, union=batch.bank_account.book.union)


def _source_url(batch: Batch) -> str:
    """The page of the list or campaign that the batch pays."""
    if Run.objects.filter(code=batch.source).exists():
        return reverse("office_run", args=[batch.source])
    if Campaign.objects.filter(code=batch.source).exists():
        return reverse("office_campaign", args=[batch.source])
    return ""
