"""Files that prove a voucher (原始凭证附件): attached to a draft, read by whoever may see the books."""

from __future__ import annotations

from django.contrib import messages
from django.http import FileResponse, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from ledger.books import attachments
from ledger.books.models import Book, VoucherFile
from portal.accounts.access import StaffRequest, duty_required, refusals_on
from portal.accounts.roles import Duty
from portal.office.forms import FileForm

from .books import book_of
from .vouchers import voucher_of

# What a browser may show by itself; XML and OFD are handed out as files.
_SHOWN = frozenset({"application/pdf", "image/png", "image/jpeg"})


@duty_required(Duty.PREPARE_VOUCHER)
@require_POST
def attach(request: StaffRequest, code: str, pk: int) -> HttpResponse:
    book = book_of(request, code, Duty.PREPARE_VOUCHER)
    voucher = voucher_of(book, pk)
    form = FileForm(request.POST, request.FILES, largest=attachments.LARGEST)
    if form.is_valid():
        with refusals_on(form):
            attachments.attach(
                voucher=voucher, name=form.name(), content=form.content(), added_by=request.user
            )
    if form.is_valid():
        messages.success(request, _("The file is attached."))
    # A file cannot be kept in a form that comes back: what was wrong is said on the page of the voucher.
    for errors in form.errors.values():
        messages.error(request, _("Not attached: %(reason)s") % {"reason": " ".join(map(str, errors))})
    return redirect("office_voucher", code=book.code, pk=pk)


@duty_required(Duty.VIEW_BOOKS)
def download(request: StaffRequest, code: str, pk: int, file: int) -> FileResponse:
    kept = _file(book_of(request, code), pk, file)
    return FileResponse(
        kept.file.open("rb"),
        as_attachment=kept.content_type not in _SHOWN,
        filename=kept.name,
        content_type=kept.content_type,
    )


@duty_required(Duty.PREPARE_VOUCHER)
@require_POST
def remove(request: StaffRequest, code: str, pk: int, file: int) -> HttpResponse:
    book = book_of(request, code, Duty.PREPARE_VOUCHER)
    attachments.remove(file=_file(book, pk, file), removed_by=request.user)
    messages.success(request, _("The file is taken off."))
    return redirect("office_voucher", code=book.code, pk=pk)


def _file(book: Book, voucher: int, pk: int) -> VoucherFile:
    return get_object_or_404(
        VoucherFile.objects.select_related("voucher"), pk=pk, voucher=voucher, voucher__book=book
    )
