"""Voucher templates (常用凭证): kept from a voucher, listed, renamed, deleted."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from ledger.books import voucher_templates
from ledger.books.errors import TemplateNameTaken
from portal.accounts.access import StaffRequest, duty_required
from portal.accounts.roles import Duty
from portal.office import desk
from portal.office.voucher_forms import TemplateNameForm

from .books import book_of
from .vouchers import show, voucher_of


@duty_required(Duty.PREPARE_VOUCHER)
def overview(request: StaffRequest, code: str) -> HttpResponse:
    book = book_of(request, code, Duty.PREPARE_VOUCHER)
    found = book.templates.select_related("saved_by")
    return desk.page(request, "voucher_templates", "books", {"book": book, "templates": found})


@duty_required(Duty.PREPARE_VOUCHER)
@require_POST
def save(request: StaffRequest, code: str, pk: int) -> HttpResponse:
    """Keep a voucher as a template; a name that is taken is replaced only when that was asked and answered."""
    book = book_of(request, code, Duty.PREPARE_VOUCHER)
    voucher = voucher_of(book, pk)
    form = TemplateNameForm(request.POST)
    if form.is_valid():
        name = form.cleaned_data["name"]
        try:
            voucher_templates.save(
                voucher=voucher,
                name=name,
                saved_by=request.user,
                replaces=request.POST.get("replaces") == name,
            )
        except TemplateNameTaken as taken:
            form.taken = name
            form.add_error("name", str(taken))
    if not form.is_valid():
        return show(request, book, voucher, template_form=form)
    messages.success(request, _("Kept as a template."))
    return redirect("office_voucher", code=book.code, pk=pk)


@duty_required(Duty.PREPARE_VOUCHER)
@require_POST
def rename(request: StaffRequest, code: str, pk: int) -> HttpResponse:
    book = book_of(request, code, Duty.PREPARE_VOUCHER)
    template = get_object_or_404(book.templates, pk=pk)
    form = TemplateNameForm(request.POST)
    try:
        if form.is_valid():
            voucher_templates.rename(
                template=template, name=form.cleaned_data["name"], renamed_by=request.user
            )
            messages.success(request, _("The template is renamed."))
    except TemplateNameTaken as taken:
        form.add_error("name", str(taken))
    for error in form.errors.get("name", ()):
        messages.error(request, str(error))
    return redirect("office_templates", code=book.code)


@duty_required(Duty.PREPARE_VOUCHER)
@require_POST
def delete(request: StaffRequest, code: str, pk: int) -> HttpResponse:
    book = book_of(request, code, Duty.PREPARE_VOUCHER)
    template = get_object_or_404(book.templates, pk=pk)
    voucher_templates.delete(template=template, deleted_by=request.user)
    messages.success(request, _("The template is deleted."))
    return redirect("office_templates", code=book.code)
