"""The yearly budget of a book: typed by account, with the document that approved it."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from ledger.books import budgets
from portal.accounts.access import StaffRequest, duty_required, refusals_on
from portal.accounts.roles import Duty
from portal.office import desk
from portal.office.forms import BudgetForm

from .books import book_of, head_context, month_of


@duty_required(Duty.PREPARE_VOUCHER)
def budget(request: StaffRequest, code: str) -> HttpResponse:
    """Set the budget of the year that the month belongs to."""
    book = book_of(request, code, Duty.PREPARE_VOUCHER)
    month = month_of(request, book)
    year = month // 100
    known = {line.account.code: line.amount.amount for line in budgets.budget_of(book, year)}
    form = BudgetForm(request.POST or None, accounts=list(budgets.accounts_with_budget(book)), known=known)
    if request.method == "POST" and form.is_valid():
        with refusals_on(form):
            budgets.set_budget(
                book=book,
                year=year,
                amounts=form.amounts(),
                approval=form.cleaned_data["approval"],
                set_by=request.user,
            )
        if form.is_valid():
            messages.success(request, _("The budget of %(year)s is set.") % {"year": year})
            response = redirect("office_report", code=book.code, name="budget-execution")
            response["Location"] += f"?period={request.POST.get('period', '')}"
            return response
    return desk.page(request, "budget", "books", head_context(book, month) | {"form": form, "year": year})
