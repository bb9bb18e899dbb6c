"""Payment lists: prepare, approve, fund, pay; every step by the person whose duty it is."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from ledger.benefits import funding, list_approval, making, progress, queries, runs
from ledger.benefits.models import Run, RunState
from ledger.benefits.progress import Step
from ledger.books.models import BankAccount
from ledger.payouts.models import Batch
from portal.accounts.access import StaffRequest, duty_required, refusals_on
from portal.accounts.permissions import has_duty
from portal.accounts.roles import Duty
from portal.office import desk
from portal.office.forms import BankForm, PayoutForm, ReasonForm, RunForm

_PER_PAGE = 25


def _run(request: StaffRequest, code: str) -> Run:
    """A list within reach; another union's list does not exist for this person."""
    return get_object_or_404(
        queries.with_paid(
            Run.objects.select_related("version__programme", "union", "prepared_by", "approved_by")
        ),
        code=code,
        union__in=desk.reach(request.user, desk.SEES_RUNS),
    )


@duty_required(*desk.SEES_RUNS)
def overview(request: StaffRequest) -> HttpResponse:
    lists = Run.objects.filter(union__in=desk.reach(request.user, desk.SEES_RUNS))
    shown = queries.with_paid(lists.select_related("version__programme", "union").order_by("-pk"))
    found = Paginator(shown, _PER_PAGE).get_page(request.GET.get("page"))
    return desk.page(request, "runs", "runs", {"runs": found})


@duty_required(Duty.PREPARE_RUN)
def new(request: StaffRequest) -> HttpResponse:
    unions = desk.reach(request.user, [Duty.PREPARE_RUN]).filter(keeps_accounts=True)
    form = RunForm(request.POST or None, unions=unions)
    if request.method == "POST" and form.is_valid():
        run = None
        with refusals_on(form):
            run = runs.prepare(prepared_by=request.user, **form.cleaned_data)
        if run is not None:
            messages.success(request, _("The list is put together; then somebody else approves it."))
            return redirect("office_run", code=run.code)
    return desk.page(request, "run_new", "runs", {"form": form})


@duty_required(*desk.SEES_RUNS)
def detail(request: StaffRequest, code: str) -> HttpResponse:
    return _page(request, _run(request, code))


@duty_required(Duty.PREPARE_RUN)
@require_POST
def start_again(request: StaffRequest, code: str) -> HttpResponse:
    """Give a list whose worker has died to the workers again."""
    making.start_again(run=_run(request, code), actor=request.user)
    messages.success(request, _("The workers go on with the list where it stood."))
    return redirect("office_run", code=code)


@duty_required(Duty.APPROVE_RUN)
@require_POST
def approve(request: StaffRequest, code: str) -> HttpResponse:
    seen = request.POST.get("seen", "")
    run = list_approval.approve(run=_run(request, code), seen=seen, approved_by=request.user)
    messages.success(request, _("Approved. The shares of the funders are committed."))
    return redirect("office_run", code=run.code)


@duty_required(Duty.APPROVE_RUN)
@require_POST
def send_back(request: StaffRequest, code: str) -> HttpResponse:
    run = _run(request, code)
    form = ReasonForm(request.POST)
    if form.is_valid():
        with refusals_on(form):
            list_approval.send_back(run=run, reason=form.cleaned_data["reason"], actor=request.user)
    if form.is_valid():
        messages.success(request, _("The list is sent back; its people can be listed again."))
        return redirect("office_run", code=code)
    return _page(request, run, send_back_form=form)


@duty_required(Duty.PREPARE_VOUCHER)
@require_POST
def record_funds(request: StaffRequest, code: str) -> HttpResponse:
    """Record that a funder's share was sent, or that it arrived."""
    run = _run(request, code)
    share = funding.next_share(run)
    if share is None:
        return redirect("office_run", code=code)
    form = BankForm(request.POST, accounts=_accounts(share.whose_books))
    if form.is_valid():
        with refusals_on(form):
            funding.record_next(funded=run, recorded_by=request.user, **form.cleaned_data)
    if form.is_valid():
        messages.success(request, _("Recorded in the books."))
        return redirect("office_run", code=code)
    return _page(request, run, funds_form=form)


@duty_required(Duty.BUILD_PAYOUT)
@require_POST
def build_payout(request: StaffRequest, code: str) -> HttpResponse:
    run = _run(request, code)
    form = PayoutForm(request.POST, accounts=_accounts(run.union))
    built: list[Batch] = []
    if form.is_valid():
        with refusals_on(form):
            built = runs.build_payout(run=run, prepared_by=request.user, **form.cleaned_data)
    if built:
        desk.tell_left_out(request, run.commitments.all())
        return desk.to_built(request, built)
    return _page(request, run, payout_form=form)


def _accounts(union: Any) -> Any:
    return BankAccount.objects.filter(account__book__union=union)


def _page(request: StaffRequest, run: Run, **forms: Any) -> HttpResponse:
    people = run.commitments.select_related("member", "payout_line").order_by("pk")
    come = progress.of(run)
    share = come.missing_share
    context: dict[str, Any] = {
        "run": run,
        "seen": list_approval.fingerprint(run) if run.state == RunState.PREPARED else "",
        "is_stalled": making.is_stalled(run),
        "looked_at": run.count + run.without_card,
        "parts": funding.funder_parts(run),
        "people": Paginator(people, _PER_PAGE).get_page(request.GET.get("page")),
        "progress": come,
        "share": share,
        "records_share": share and has_duty(request.user, Duty.PREPARE_VOUCHER, share.whose_books),
        "steps": _steps(run, come),
        "send_back_form": ReasonForm(),
        "funds_form": BankForm(accounts=_accounts(share.whose_books)) if share else None,
        "payout_form": PayoutForm(accounts=_accounts(run.union)),
    }
    refused = queries.to_the_refused_card(run.commitments.all())
    context["same_card"] = set(refused.values_list("pk", flat=True))
    return desk.page(request, "run", "runs", context | forms, union=run.union)


def _steps(run: Run, come: progress.Progress) -> list[dict[str, Any]]:
    """From the clause to the bank line, as far as this list has come."""
    paid = come.paid_amount if come.paid else None
    texts: dict[progress.Step, dict[str, Any]] = {
        Step.POLICY: {"title": _("Policy"), "note": f"{run.version.policy_number} {run.version.clause}"},
        Step.PREPARED: {"title": _("List prepared"), "note": str(run.prepared_by), "time": run.prepared_at},
        Step.APPROVED: {
            "title": _("Approved by another person"),
            "note": str(run.approved_by) if run.approved_by else "",
            "time": run.approved_at,
        },
        Step.FUNDED: {"title": _("Shares from above received")},
        Step.BUILT: {"title": _("Payout built"), "note": ", ".join(batch.code for batch in come.batches)},
        Step.ANSWERED: {"title": _("Bank's result imported")},
        Step.POSTED: {"title": _("Posted in the books"), "amount": paid},
    }
    for step, text in texts.items():
        is_done = come.reached is None or step < come.reached
        text["state"] = "done" if is_done else "current" if step == come.reached else "waiting"
    if run.state == RunState.RETURNED:
        texts[Step.APPROVED] |= {"state": "failed", "note": run.returned_reason}
    return list(texts.values())
