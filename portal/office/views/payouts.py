"""Payouts: release by another person, the file out, the bank's result in."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST

from ledger.benefits import paying, settlement, three_way
from ledger.benefits.models import Campaign, Programme, Return, Run
from ledger.books.holds import available
from ledger.payouts import asking, batches, exporting, formats, queries, refusals, results
from ledger.payouts.models import Batch, BatchLine, BatchState, LineState
from ledger.payouts.reasons import REASONS
from ledger.reports.spreadsheets import Cell, xlsx_bytes
from portal.accounts.access import StaffRequest, duty_required, refusals_on
from portal.accounts.roles import Duty
from portal.design.dates import cn_datetime
from portal.members.identity import mask_name
from portal.office import desk
from portal.office.forms import FileForm, ReasonForm

_PER_PAGE = 25
_BATCH_COLUMNS = (
    gettext_lazy("Payout"),
    gettext_lazy("Purpose"),
    gettext_lazy("What it pays"),
    gettext_lazy("Paid from"),
    gettext_lazy("Value date"),
    gettext_lazy("Lines"),
    gettext_lazy("Total"),
    gettext_lazy("State"),
    gettext_lazy("Prepared by"),
    gettext_lazy("Released by"),
    gettext_lazy("Hash of the file (SHA-256)"),
)
_LINE_COLUMNS = (
    gettext_lazy("Line"),
    gettext_lazy("Our reference"),
    gettext_lazy("Payee"),
    gettext_lazy("Member number"),
    gettext_lazy("Card"),
    gettext_lazy("Bank"),
    gettext_lazy("Amount"),
    gettext_lazy("State"),
    gettext_lazy("Reason"),
    gettext_lazy("Bank's code"),
    gettext_lazy("Bank's message"),
    gettext_lazy("Bank's reference"),
    gettext_lazy("Paid on"),
)


def batch_of(request: StaffRequest, code: str) -> Batch:
    """The payout of a code, where this person sees payouts. Raises Http404."""
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
    asked = {name: request.GET.get(name, "").strip()[:80] for name in ("state", "q", "source")}
    found = queries.found(
        Batch.objects.filter(bank_account__account__book__union__in=unions),
        state=asked["state"],
        words=asked["q"],
        source=asked["source"],
    )
    found = found.select_related("bank_account__account__book__union", "prepared_by", "released_by").order_by(
        "-pk"
    )
    if "xlsx" in request.GET:
        return _sheet("payouts", _BATCH_COLUMNS, (_batch_cells(batch) for batch in found.iterator(2_000)))
    shown = Paginator(found, _PER_PAGE).get_page(request.GET.get("page"))
    return desk.page(
        request,
        "payouts",
        "payouts",
        {
            "batches": shown,
            "purposes": _purposes([b.purpose for b in shown]),
            "asked": asked,
            "states": [*BatchState.choices, (LineState.UNKNOWN.value, LineState.UNKNOWN.label)],
        },
    )


def _batch_cells(batch: Batch) -> list[Cell]:
    return [
        batch.code,
        batch.purpose,
        batch.source,
        batch.bank_account.book.union.name,
        batch.value_date.isoformat(),
        batch.line_count,
        batch.total.amount,
        batch.get_state_display(),
        str(batch.prepared_by),
        str(batch.released_by or ""),
        batch.file_sha256,
    ]


def _sheet(name: str, titles: Sequence[Any], rows: Iterable[Sequence[Cell]]) -> HttpResponse:
    content = xlsx_bytes([(name, [str(title) for title in titles], rows)])
    return _attached(f"{name}.xlsx", content)


def _attached(name: str, content: bytes) -> HttpResponse:
    response = HttpResponse(content, content_type="application/octet-stream")
    response["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=name) or ""
    return response


def _purposes(names: list[str]) -> dict[str, Programme]:
    """The programmes that stand as purpose on bank files, by their Chinese name."""
    return {programme.name: programme for programme in Programme.objects.filter(name__in=names)}


@duty_required(*desk.SEES_PAYOUTS)
def detail(request: StaffRequest, code: str) -> HttpResponse:
    batch = batch_of(request, code)
    if "xlsx" in request.GET:
        lines = _lines(request, batch).iterator(2_000)
        return _sheet(batch.code, _LINE_COLUMNS, (_line_cells(line) for line in lines))
    return _page(request, batch)


def _lines(request: StaffRequest, batch: Batch) -> QuerySet[BatchLine]:
    """The lines of a batch, or those in the state that the reader asks for."""
    lines = batch.lines.defer("card_number").order_by("seq")
    state = request.GET.get("state", "")
    return lines.filter(state=state) if state in LineState.values else lines


def _line_cells(line: BatchLine) -> list[Cell]:
    reason = REASONS.get(line.reason)
    return [
        line.seq,
        line.reference,
        mask_name(line.payee_name),
        line.party,
        f"**** {line.card_last4}",
        line.bank,
        line.amount.amount,
        line.get_state_display(),
        str(reason.name) if reason else "",
        line.bank_code,
        line.bank_message,
        line.bank_reference,
        line.settled_on.isoformat() if line.settled_on else "",
    ]


@duty_required(Duty.RELEASE_PAYOUT)
@require_POST
def release(request: StaffRequest, code: str) -> HttpResponse:
    batch = batch_of(request, code)
    batches.require_seen(batch, request.POST.get("seen", ""))
    batches.release(batch=batch, released_by=request.user)
    messages.success(request, _("Released. The cashier can send the file now."))
    return redirect("office_payout", code=code)


@duty_required(Duty.RELEASE_PAYOUT, Duty.BUILD_PAYOUT)
@require_POST
def withdraw(request: StaffRequest, code: str) -> HttpResponse:
    batch = batch_of(request, code)
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
    batch = batch_of(request, code)
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
    paying.confirm_refusal(batch=batch_of(request, code), confirmed_by=request.user)
    messages.success(
        request,
        _("Refused by the bank. Nothing is held any more; its people can be paid with another payout."),
    )
    return redirect("office_payout", code=code)


@duty_required(Duty.BUILD_PAYOUT)
@require_POST
def download(request: StaffRequest, code: str) -> HttpResponse:
    """A file for the bank; taking one for the first time marks the payout as sent."""
    file = exporting.export(batch=batch_of(request, code), actor=request.user)
    name = request.POST.get("name") or file.name
    if name not in file.files:
        raise Http404
    response = _attached(name, file.files[name])
    response["X-Content-SHA256"] = file.sha256
    return response


@duty_required(Duty.BUILD_PAYOUT)
@require_POST
def ask_bank(request: StaffRequest, code: str) -> HttpResponse:
    """The lines that the bank has not decided, as a list to ask it about."""
    file = asking.query_list(batch=batch_of(request, code), actor=request.user)
    return _attached(file.name, file.content)


@duty_required(Duty.IMPORT_BANK_RESULT)
@require_POST
def take_result(request: StaffRequest, code: str) -> HttpResponse:
    batch = batch_of(request, code)
    form = FileForm(request.POST, request.FILES)
    outcome = before = None
    if form.is_valid():
        content = form.content()
        before = results.imported_before(batch, content)
        with refusals_on(form):
            outcome = settlement.import_result(batch=batch, content=content, actor=request.user)
    if outcome is not None and before and not outcome.is_news:
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
        if outcome.returned:
            messages.warning(
                request,
                ngettext(
                    "%(count)s payment came back; the next payout includes it.",
                    "%(count)s payments came back; the next payout includes them.",
                    len(outcome.returned),
                )
                % {"count": len(outcome.returned)},
            )
        return redirect("office_payout", code=code)
    return _page(request, batch, result_form=form)


def _page(request: StaffRequest, batch: Batch, **forms: Any) -> HttpResponse:
    shown = Paginator(_lines(request, batch), _PER_PAGE).get_page(request.GET.get("page"))
    context: dict[str, Any] = {
        "batch": batch,
        "available": available(batch.bank_account.account),
        "format": formats.get(batch.format_code),
        "files": queries.file_names(batch),
        "banks": queries.by_bank(batch),
        "three": three_way.totals(batch),
        "undecided": queries.undecided(batch).count(),
        "days_open": queries.days_open(batch),
        "states": LineState.choices,
        "asked": request.GET.get("state", ""),
        "lines": shown,
        "rows": [(line, REASONS.get(line.reason)) for line in shown],
        "is_released": batch.state in (BatchState.RELEASED, BatchState.SENT, BatchState.SETTLED),
        "purposes": _purposes([batch.purpose]),
        "source_url": _source_url(batch),
        "withdraw_form": ReasonForm(),
        "refusal_form": ReasonForm(),
        "result_form": FileForm(),
        "returns": Return.objects.filter(line__batch=batch, transaction=None).select_related(
            "line", "reported_by"
        ),
    }
    return desk.page(request, "payout", "payouts", context | forms, union=batch.bank_account.book.union)


def _source_url(batch: Batch) -> str:
    """The page of the list or campaign that the batch pays."""
    if Run.objects.filter(code=batch.source).exists():
        return reverse("office_run", args=[batch.source])
    if Campaign.objects.filter(code=batch.source).exists():
        return reverse("office_campaign", args=[batch.source])
    return ""
