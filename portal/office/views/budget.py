"""The yearly budget of a book: typed by account with the document that approved it, confirmed by another person."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from ledger.books import budgets
from ledger.books.models import Book, Budget
from ledger.reports import periods
from portal.accounts.access import StaffRequest, duty_required, refusals_on
from portal.accounts.roles import Duty
from portal.office import desk
from portal.office.chosen import number_of
from portal.office.forms import BudgetForm

from .books import book_of, head_context, month_of


@duty_required(Duty.VIEW_BOOKS)
def budget(request: StaffRequest, code: str) -> HttpResponse:
    """The budget of the year that the month belongs to: the one in force, the one proposed, and a new proposal."""
    if request.method == "POST":
        return _propose(request, book_of(request, code, Duty.PREPARE_VOUCHER))
    book = book_of(request, code)
    return _page(request, book, month_of(request, book))


@duty_required(Duty.CHECK_VOUCHER)
@require_POST
def confirm(request: StaffRequest, code: str) -> HttpResponse:
    """Put the proposal that was read into force."""
    book = book_of(request, code, Duty.CHECK_VOUCHER)
    month = month_of(request, book)
    # A proposal that is gone was replaced: the domain says so.
    read = Budget(pk=number_of(request.POST.get("budget")), book=book, year=month // 100)
    confirmed = budgets.confirm(budget=read, confirmed_by=request.user)
    messages.success(request, _("The budget of %(year)s is in force.") % {"year": confirmed.year})
    return _back(book, month)


def _propose(request: StaffRequest, book: Book) -> HttpResponse:
    month = month_of(request, book)
    form = _form(request, book, month // 100)
    if form.is_valid():
        with refusals_on(form):
            budgets.propose(
                book=book,
                year=month // 100,
                amounts=form.amounts(),
                approval=form.cleaned_data["approval"],
                proposed_by=request.user,
            )
        if form.is_valid():
            messages.success(request, _("The budget is proposed. Somebody else confirms it."))
            return _back(book, month)
    return _page(request, book, month, form)


def _form(request: StaffRequest, book: Book, year: int) -> BudgetForm:
    known = budgets.proposal_of(book, year) or budgets.budget_of(book, year)
    return BudgetForm(
        request.POST or None,
        accounts=list(budgets.accounts_with_budget(book)),
        known=budgets.amounts_of(known),
        initial={"approval": known.approval if known and not known.confirmed_by_id else ""},
    )


def _page(request: StaffRequest, book: Book, month: int, form: BudgetForm | None = None) -> HttpResponse:
    year = month // 100
    in_force, proposal = budgets.budget_of(book, year), budgets.proposal_of(book, year)
    now, then = budgets.amounts_of(in_force), budgets.amounts_of(proposal)
    context = head_context(book, month) | {
        "form": form or _form(request, book, year),
        "year": year,
        "in_force": in_force,
        "proposal": proposal,
        "is_own": proposal is not None and proposal.proposed_by_id == request.user.pk,
        "lines": [
            (account, now.get(account.code), then.get(account.code))
            for account in budgets.accounts_with_budget(book)
            if account.code in now or account.code in then
        ],
    }
    return desk.page(request, "budget", "books", context)


def _back(book: Book, month: int) -> HttpResponse:
    response = redirect("office_budget", code=book.code)
    response["Location"] += f"?period={periods.written(month)}"
    return response
