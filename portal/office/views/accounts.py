"""The accounts of a book (会计科目): official ones, details that the union adds, and what it brings at the start."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from ledger.books import balances_brought, detail_accounts
from ledger.books.models import Account, BankAccount
from ledger.books.sheets import HEADINGS
from ledger.reports.spreadsheets import csv_bytes
from ledger.reports.wording import AccountNames
from portal.accounts.access import StaffRequest, duty_required, refusals_on
from portal.accounts.roles import Duty
from portal.office import desk
from portal.office.account_forms import BankAccountForm, DetailForm
from portal.office.forms import FileForm

from .books import book_of, head_context, month_of


@duty_required(Duty.VIEW_BOOKS)
def accounts(request: StaffRequest, code: str) -> HttpResponse:
    """Every account with its rules; who prepares vouchers adds details and bank accounts here."""
    is_adding = request.method == "POST"
    book = book_of(request, code, Duty.PREPARE_VOUCHER if is_adding else Duty.VIEW_BOOKS)
    is_bank = is_adding and request.POST.get("adds") == "bank"
    detail = DetailForm(request.POST if is_adding and not is_bank else None)
    bank = BankAccountForm(request.POST if is_bank else None, prefix="bank")
    form = bank if is_bank else detail
    if is_adding and form.is_valid():
        with refusals_on(form):
            added: Account | BankAccount
            if is_bank:
                added = detail_accounts.add_bank(book=book, added_by=request.user, **form.cleaned_data)
            else:
                added = detail_accounts.add_detail(book=book, added_by=request.user, **form.cleaned_data)
        if form.is_valid():
            messages.success(request, _("%(account)s is added.") % {"account": added})
            return redirect("office_accounts", code=book.code)
    context = head_context(book, month_of(request, book)) | {
        "accounts": book.accounts.order_by("code"),
        "form": detail,
        "bank_form": bank,
        "can_bring": balances_brought.why_not_brought(book) is None,
    }
    return desk.page(request, "accounts", "books", context, union=book.union)


@duty_required(Duty.PREPARE_VOUCHER)
def opening_balances(request: StaffRequest, code: str) -> HttpResponse:
    """Bring the balances of the earlier books in a file; they become a draft that another person checks (期初余额)."""
    book = book_of(request, code, Duty.PREPARE_VOUCHER)
    form = FileForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        with refusals_on(form):
            draft = balances_brought.bring_file(book=book, content=form.content(), prepared_by=request.user)
        if form.is_valid():
            messages.success(
                request, _("The opening balances are drafted. Somebody else checks and posts them.")
            )
            return redirect("office_voucher", code=book.code, pk=draft.pk)
    context = head_context(book, month_of(request, book)) | {
        "form": form,
        "columns": [HEADINGS[column] for column in balances_brought.COLUMNS],
        "refusal": balances_brought.why_not_brought(book),
    }
    return desk.page(request, "opening_balances", "books", context, union=book.union)


@duty_required(Duty.PREPARE_VOUCHER)
def opening_balances_blank(request: StaffRequest, code: str) -> HttpResponse:
    """An empty file with a row for every account that can have an opening balance."""
    book = book_of(request, code, Duty.PREPARE_VOUCHER)
    names = AccountNames(book, "zh")
    header = [HEADINGS[column] for column in balances_brought.COLUMNS]
    rows = [
        (account.code, None, None, "", "", "", names.path(account.code))
        for account in balances_brought.accounts_to_bring(book)
    ]
    content = csv_bytes([*header, "科目名称"], rows)
    response = HttpResponse(content, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{book.code}-opening-balances.csv"'
    return response
