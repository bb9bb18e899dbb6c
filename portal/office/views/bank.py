"""Reconciliation: the bank's statement in, matched line by line, nothing unexplained."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.db.models import Max
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from ledger.books.holds import available
from ledger.books.models import BankAccount
from ledger.reconciliation import matching, queries, statements
from ledger.reconciliation.models import StatementLine
from ledger.reports import periods
from portal.accounts.access import StaffRequest, duty_required, refusals_on
from portal.accounts.roles import Duty
from portal.office import desk
from portal.office.chosen import chosen_ids
from portal.office.forms import FileForm

_SHOWN = 100
_POSTS: dict[str, Callable[..., object]] = {
    "fee": matching.post_fee,
    "interest": matching.post_interest,
    "unknown": matching.post_unknown_credit,
}


def _account(request: StaffRequest, code: str) -> BankAccount:
    return get_object_or_404(
        BankAccount.objects.select_related("account__book__union"),
        code=code,
        account__book__union__in=desk.reach(request.user, desk.SEES_BANK),
    )


def _this_month() -> int:
    today = timezone.localdate()
    return today.year * 100 + today.month


@duty_required(*desk.SEES_BANK)
def overview(request: StaffRequest) -> HttpResponse:
    unions = desk.reach(request.user, desk.SEES_BANK)
    accounts = BankAccount.objects.filter(account__book__union__in=unions)
    counts = queries.open_line_counts(accounts)
    until = dict(accounts.annotate(until=Max("statements__to_day")).values_list("pk", "until"))
    rows = [
        (account, counts.get(account.pk, 0), until[account.pk])
        for account in accounts.select_related("account__book__union").order_by("account__book__union__path")
    ]
    return desk.page(request, "banks", "bank", {"rows": rows} | desk.dues_to_look_at(request.user))


@duty_required(*desk.SEES_BANK)
def detail(request: StaffRequest, code: str) -> HttpResponse:
    return _page(request, _account(request, code))


@duty_required(Duty.IMPORT_STATEMENT)
@require_POST
def take_statement(request: StaffRequest, code: str) -> HttpResponse:
    account = _account(request, code)
    form = FileForm(request.POST, request.FILES)
    imported = None
    if form.is_valid():
        with refusals_on(form):
            imported = statements.import_statement(
                bank_account=account,
                content=form.content(),
                file_name=form.cleaned_data["file"].name,
                actor=request.user,
            )
    if imported is not None:
        messages.success(
            request,
            _("%(new)s new lines, %(known)s known already.")
            % {"new": imported.new, "known": imported.duplicate},
        )
        return redirect("office_bank_account", code=code)
    return _page(request, account, file_form=form)


@duty_required(Duty.RECONCILE)
@require_POST
def match(request: StaffRequest, code: str) -> HttpResponse:
    """Let the rules match what leaves no doubt."""
    done = matching.match(bank_account=_account(request, code), up_to=None, actor=request.user)
    messages.success(
        request,
        _("%(matched)s lines matched, %(open)s still open.")
        % {"matched": done.matched, "open": done.unexplained},
    )
    return redirect("office_bank_account", code=code)


@duty_required(Duty.RECONCILE)
@require_POST
def match_by_hand(request: StaffRequest, code: str) -> HttpResponse:
    account = _account(request, code)
    own = {line.pk for line in queries.open_lines(account)}
    lines = chosen_ids(request.POST.getlist("line"))
    if not own.issuperset(lines):
        raise Http404
    matching.match_by_hand(
        line_ids=lines,
        posting_ids=request.POST.getlist("posting"),
        actor=request.user,
        reason=request.POST.get("reason", ""),
    )
    messages.success(request, _("Matched."))
    return redirect("office_bank_account", code=code)


@duty_required(Duty.RECONCILE)
@require_POST
def post_line(request: StaffRequest, code: str, line: int) -> HttpResponse:
    """Post what only the bank knows: a fee, interest, or money that nobody can explain yet."""
    found = get_object_or_404(StatementLine, pk=line, bank_account=_account(request, code))
    write = _POSTS.get(request.POST.get("as", ""))
    if write is None:
        raise Http404
    write(line=found, actor=request.user)
    messages.success(request, _("Posted and matched."))
    return redirect("office_bank_account", code=code)


def _page(request: StaffRequest, account: BankAccount, **forms: Any) -> HttpResponse:
    month = desk.asked_month(request.GET["period"]) if request.GET.get("period") else _last_month(account)
    context: dict[str, Any] = {
        "account": account,
        "period": periods.written(month),
        "available": available(account.account),
        "adjustment": queries.adjustment(bank_account=account, month=month),
        "lines": queries.open_lines(account)[:_SHOWN],
        "postings": queries.open_postings(account)[:_SHOWN],
        "file_form": FileForm(),
    }
    return desk.page(request, "bank", "bank", context | forms, union=account.book.union)


def _last_month(account: BankAccount) -> int:
    """The month of the last statement, else the present one."""
    last = account.statements.order_by("-to_day").first()
    return last.to_day.year * 100 + last.to_day.month if last else _this_month()
