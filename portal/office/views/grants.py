"""Grants to unions: propose, check, approve, record that they were paid and arrived; one page to read and decide."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from ledger.benefits import grant_payments, union_grants
from ledger.benefits.models import (
    AmountRule,
    GrantState,
    Kind,
    ProgrammeVersion,
    UnionGrant,
    VersionState,
)
from ledger.books.models import BankAccount, Book
from ledger.reports.spreadsheets import csv_bytes
from portal.accounts.access import StaffRequest, duty_required, refusals_on
from portal.accounts.permissions import has_duty
from portal.accounts.roles import Duty
from portal.office import desk
from portal.office.forms import BankForm, ReasonForm
from portal.office.grant_forms import IN_TRANSIT, GrantFilterForm, form_for
from portal.unions.models import Union

_PER_PAGE = 25
_HEADER = ("编号", "项目", "版本", "文号", "条款", "年度", "拨付工会", "受补助工会", "金额（元）", "人数", "依据",
           "状态", "拨付日期", "收到日期")  # fmt: skip


def _grants(request: StaffRequest) -> QuerySet[UnionGrant]:
    """Grants within reach, of the union that pays or of the one that receives; others do not exist for this person."""
    unions = desk.reach(request.user, desk.SEES_GRANTS)
    return UnionGrant.objects.filter(Q(payer__in=unions) | Q(receiver__in=unions)).select_related(
        "version", "programme", "payer", "receiver", "proposed_by", "checked_by", "approved_by", "paid__book",
        "received__book",
    )  # fmt: skip


def _grant(request: StaffRequest, code: str) -> UnionGrant:
    return get_object_or_404(_grants(request), code=code)


@duty_required(*desk.SEES_GRANTS)
def overview(request: StaffRequest) -> HttpResponse:
    """The grants that the filter lets through, on screen or as a file."""
    form = GrantFilterForm(request.GET)
    found = _filtered(_grants(request), form)
    if request.GET.get("form") == "csv":
        return _as_csv(found)
    transit = set(_grants(request).filter(grant_payments.in_transit()).values_list("pk", flat=True))
    query = request.GET.copy()
    query.pop("page", None)
    query["form"] = "csv"
    context = {
        "form": form,
        "grants": Paginator(found, _PER_PAGE).get_page(request.GET.get("page")),
        "in_transit": transit,
        "file_query": query.urlencode(),
    }
    return desk.page(request, "grants", "grants", context)


def _filtered(grants: QuerySet[UnionGrant], form: GrantFilterForm) -> QuerySet[UnionGrant]:
    form.is_valid()
    asked = form.cleaned_data
    if asked.get("programme"):
        grants = grants.filter(programme=asked["programme"])
    if asked.get("year"):
        grants = grants.filter(year_key=asked["year"])
    if asked.get("state") == IN_TRANSIT:
        grants = grants.filter(grant_payments.in_transit())
    elif asked.get("state"):
        grants = grants.filter(state=asked["state"])
    if words := asked.get("q"):
        grants = grants.filter(
            Q(code__icontains=words)
            | Q(receiver__name__icontains=words)
            | Q(receiver__name_en__icontains=words)
            | Q(receiver__code__iexact=words)
        )
    return grants.order_by("-pk")


def _as_csv(grants: QuerySet[UnionGrant]) -> HttpResponse:
    rows = [
        (
            grant.code,
            grant.programme.name,
            grant.version.number,
            grant.version.policy_number,
            grant.version.clause,
            grant.year_key,
            grant.payer.name,
            grant.receiver.name,
            grant.amount.amount,
            grant.people,
            grant.basis,
            grant.get_state_display(),
            f"{grant.paid.date:%Y-%m-%d}" if grant.paid else "",
            f"{grant.received.date:%Y-%m-%d}" if grant.received else "",
        )
        for grant in grants
    ]
    response = HttpResponse(csv_bytes(_HEADER, rows), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="union-grants.csv"'
    return response


def _rules() -> QuerySet[ProgrammeVersion]:
    in_force = ProgrammeVersion.objects.filter(programme__kind=Kind.GRANT, state=VersionState.ACTIVE)
    return in_force.select_related("programme__owner").prefetch_related("shares", "receiver_kinds")


@duty_required(Duty.PREPARE_RUN)
def choose(request: StaffRequest) -> HttpResponse:
    """By which rules a grant is to be proposed."""
    return desk.page(request, "grant_choose", "grants", {"versions": _rules().order_by("programme__code")})


@duty_required(Duty.PREPARE_RUN)
def new(request: StaffRequest, pk: int) -> HttpResponse:
    version = get_object_or_404(_rules(), pk=pk)
    form = form_for(version)(request.POST or None, receivers=_receivers(request, version))
    if request.method == "POST" and form.is_valid():
        counts = version.amount_rule == AmountRule.PER_HEAD
        grant = None
        with refusals_on(form):
            if counts:
                grant = union_grants.propose_for_new_members(
                    version=version, proposed_by=request.user, **form.cleaned_data
                )
            else:
                grant = union_grants.propose(
                    version=version, proposed_by=request.user, **{"amount": None, **form.cleaned_data}
                )
        if grant is not None:
            messages.success(request, _("The grant is proposed. Somebody else checks it."))
            return redirect("office_grant", code=grant.code)
    return desk.page(request, "grant_new", "grants", {"version": version, "form": form})


def _receivers(request: StaffRequest, version: ProgrammeVersion) -> QuerySet[Union]:
    """Unions of the kinds that the rules name, below a payer where this person proposes."""
    levels = [share.level for share in version.shares.all()]
    below = Q(pk__in=[])
    for payer in desk.reach(request.user, [Duty.PREPARE_RUN]).filter(kind__in=levels):
        below |= Q(path__startswith=payer.path)
    kinds = [kind.kind for kind in version.receiver_kinds.all()]
    return Union.objects.filter(below, kind__in=kinds, dissolved_on=None).order_by("code")


@duty_required(*desk.SEES_GRANTS)
def detail(request: StaffRequest, code: str) -> HttpResponse:
    return _page(request, _grant(request, code))


@duty_required(Duty.VERIFY_EVIDENCE)
@require_POST
def check(request: StaffRequest, code: str) -> HttpResponse:
    seen = request.POST.get("seen", "")
    union_grants.check(grant=_grant(request, code), seen=seen, checked_by=request.user)
    messages.success(request, _("Checked. A third person approves it."))
    return redirect("office_grant", code=code)


@duty_required(Duty.APPROVE_RUN)
@require_POST
def approve(request: StaffRequest, code: str) -> HttpResponse:
    seen = request.POST.get("seen", "")
    union_grants.approve(grant=_grant(request, code), seen=seen, approved_by=request.user)
    messages.success(request, _("Approved. The amount is committed against the budget."))
    return redirect("office_grant", code=code)


@duty_required(Duty.VERIFY_EVIDENCE, Duty.APPROVE_RUN)
@require_POST
def send_back(request: StaffRequest, code: str) -> HttpResponse:
    grant = _grant(request, code)
    form = ReasonForm(request.POST)
    if form.is_valid():
        with refusals_on(form):
            union_grants.send_back(grant=grant, reason=form.cleaned_data["reason"], actor=request.user)
    if form.is_valid():
        messages.success(request, _("The grant is sent back; it can be proposed anew."))
        return redirect("office_grant", code=code)
    return _page(request, grant, send_back_form=form)


@duty_required(Duty.PREPARE_VOUCHER)
@require_POST
def record_paid(request: StaffRequest, code: str) -> HttpResponse:
    grant = _grant(request, code)
    form = BankForm(request.POST, accounts=_accounts(grant.payer))
    if form.is_valid():
        with refusals_on(form):
            grant_payments.record_paid(grant=grant, recorded_by=request.user, **form.cleaned_data)
    if form.is_valid():
        messages.success(request, _("Recorded in the books."))
        return redirect("office_grant", code=code)
    return _page(request, grant, paid_form=form)


@duty_required(Duty.PREPARE_VOUCHER)
@require_POST
def record_received(request: StaffRequest, code: str) -> HttpResponse:
    grant = _grant(request, code)
    form = BankForm(request.POST, accounts=_accounts(grant.receiver))
    if form.is_valid():
        with refusals_on(form):
            grant_payments.record_received(grant=grant, recorded_by=request.user, **form.cleaned_data)
    if form.is_valid():
        messages.success(request, _("Recorded in the books."))
        return redirect("office_grant", code=code)
    return _page(request, grant, received_form=form)


def _accounts(union: Union) -> QuerySet[BankAccount]:
    return BankAccount.objects.filter(account__book__union=union)


def _page(request: StaffRequest, grant: UnionGrant, **forms: Any) -> HttpResponse:
    people = grant.granted_members.select_related("membership__member", "membership__union").order_by("pk")
    keeps_book = Book.objects.filter(union=grant.receiver).exists()
    is_in_transit = grant.state == GrantState.PAID and grant.received is None and keeps_book
    context: dict[str, Any] = {
        "grant": grant,
        "seen": union_grants.fingerprint(grant),
        "earlier": union_grants.granted(
            version=grant.version, receiver=grant.receiver, year_key=grant.year_key, before=grant
        ),
        "people": Paginator(people, _PER_PAGE).get_page(request.GET.get("page")),
        "keeps_book": keeps_book,
        "is_in_transit": is_in_transit,
        "steps": _steps(grant, keeps_book=keeps_book),
        "checks": grant.state == GrantState.PROPOSED
        and _may(request, Duty.VERIFY_EVIDENCE, grant.payer, grant.proposed_by_id),
        "approves": grant.state == GrantState.CHECKED
        and _may(request, Duty.APPROVE_RUN, grant.payer, grant.proposed_by_id, grant.checked_by_id),
        "takes_back": grant.state == GrantState.APPROVED and _may(request, Duty.APPROVE_RUN, grant.payer),
        "records_paid": grant.state == GrantState.APPROVED
        and _may(request, Duty.PREPARE_VOUCHER, grant.payer, grant.approved_by_id),
        "records_received": is_in_transit and _may(request, Duty.PREPARE_VOUCHER, grant.receiver),
        "send_back_form": ReasonForm(),
        "paid_form": BankForm(accounts=_accounts(grant.payer)),
        "received_form": BankForm(accounts=_accounts(grant.receiver)),
    }
    return desk.page(request, "grant", "grants", context | forms, union=grant.payer)


def _may(request: StaffRequest, duty: Duty, union: Union, *others: int | None) -> bool:
    return request.user.pk not in others and has_duty(request.user, duty, union)


def _steps(grant: UnionGrant, *, keeps_book: bool) -> list[dict[str, Any]]:
    """From the clause to the receiving union's book, as far as this grant has come."""
    rules = grant.version
    steps: list[dict[str, Any]] = [
        {"title": _("Policy"), "note": f"{rules.policy_number} {rules.clause}", "state": "done"},
        _decision(_("Proposed"), grant.proposed_by, grant.proposed_at),
        _decision(_("Checked by another person"), grant.checked_by, grant.checked_at),
        _decision(_("Approved by a third person"), grant.approved_by, grant.approved_at),
        _posting(_("Paid in the book of the payer"), grant.paid),
    ]
    if keeps_book:
        steps.append(_posting(_("Received in the book of the receiving union"), grant.received))
    following = next((step for step in steps if step["state"] == "waiting"), None)
    if following is not None:
        following["state"] = "failed" if grant.state == GrantState.RETURNED else "current"
        if grant.state == GrantState.RETURNED:
            following["note"] = grant.returned_reason
    return steps


def _decision(title: str, person: Any, at: Any) -> dict[str, Any]:
    if person is None:
        return {"title": title, "note": "", "state": "waiting"}
    return {"title": title, "note": str(person), "time": timezone.localtime(at), "state": "done"}


def _posting(title: str, posted: Any) -> dict[str, Any]:
    if posted is None:
        return {"title": title, "note": "", "state": "waiting"}
    return {
        "title": title,
        "note": f"{posted.book.code} {posted.date:%Y-%m-%d} {posted.document}",
        "state": "done",
    }
