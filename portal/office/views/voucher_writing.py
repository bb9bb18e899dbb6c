"""Vouchers typed by a person: new, from a template, as a copy, as a correction, or a draft changed."""

from __future__ import annotations

from collections.abc import Sequence

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _

from ledger.books import manual
from ledger.books.models import Book, Voucher, VoucherKind, VoucherState
from ledger.books.pairing import Line
from portal.accounts.access import StaffRequest, duty_required, refusals_on
from portal.accounts.roles import Duty
from portal.office import desk
from portal.office.chosen import number_of
from portal.office.known_names import new_among, parties_of, projects_of
from portal.office.voucher_forms import (
    MOST_LINES,
    LineFormSet,
    VoucherForm,
    WritableAccounts,
    lines_from,
    rows_of,
    sums_of,
)

from .books import book_of
from .vouchers import voucher_of

_MORE_LINES = 4


@duty_required(Duty.PREPARE_VOUCHER)
def write(request: StaffRequest, code: str) -> HttpResponse:
    """Write a new voucher: empty, from a template, as a copy, or as the blue correction of another."""
    book = book_of(request, code, Duty.PREPARE_VOUCHER)
    corrects = _asked(book, request.GET.get("corrects"))
    if corrects and request.method != "POST":
        manual.require_correctable(corrects)
    source = corrects or _asked(book, request.GET.get("copy"))
    lines: Sequence[Line] = manual.lines_of(source) if source else []
    summary = manual.correction_summary(corrects) if corrects else source.summary if source else ""
    template = number_of(request.GET.get("template"))
    if template is not None:
        chosen = get_object_or_404(book.templates, pk=template)
        lines, summary = manual.template_lines(chosen), chosen.summary
    form = VoucherForm(request.POST or None, initial={"summary": summary, "date": timezone.localdate()})
    return _write(request, book, form, lines, voucher=None, corrects=corrects)


@duty_required(Duty.PREPARE_VOUCHER)
def edit(request: StaffRequest, code: str, pk: int) -> HttpResponse:
    book = book_of(request, code, Duty.PREPARE_VOUCHER)
    voucher = get_object_or_404(book.vouchers, pk=pk, state=VoucherState.DRAFT, kind=VoucherKind.MANUAL)
    initial = {"summary": voucher.summary, "date": voucher.date, "attachments": voucher.attachments}
    form = VoucherForm(request.POST or None, initial=initial)
    lines = manual.lines_of(voucher)
    if len(lines) > MOST_LINES:
        messages.warning(
            request,
            _(
                "A file brought more lines than can be changed here. Discard the draft and bring the mended file."
            ),
        )
        return redirect("office_voucher", code=book.code, pk=voucher.pk)
    return _write(request, book, form, lines, voucher=voucher, corrects=voucher.corrects)


def _asked(book: Book, pk: str | None) -> Voucher | None:
    number = number_of(pk)
    return voucher_of(book, number) if number is not None else None


def _write(
    request: StaffRequest,
    book: Book,
    form: VoucherForm,
    lines: Sequence[Line],
    *,
    voucher: Voucher | None,
    corrects: Voucher | None,
) -> HttpResponse:
    rows = LineFormSet(
        _with_more(request),
        prefix="lines",
        initial=None if request.method == "POST" else rows_of(lines),
        form_kwargs={"accounts": WritableAccounts.of(book)},
    )
    projects = projects_of(book)
    new_projects: list[tuple[str, str]] = []
    is_sent = request.method == "POST" and "more" not in request.POST
    if is_sent and form.is_valid() and rows.is_valid():
        typed = lines_from(rows)
        # A name that the book has not seen is kept only when somebody has said that it is meant.
        new_projects = new_among(
            (line.project for line in typed), [*projects, *request.POST.getlist("new_project")]
        )
        if "check" not in request.POST and not new_projects:
            written = _keep(request, book, form, typed, voucher=voucher, corrects=corrects)
            if written:
                messages.success(request, _("The voucher is prepared. Somebody else checks it."))
                return redirect("office_voucher", code=book.code, pk=written.pk)
    context = {
        "book": book,
        "form": form,
        "rows": rows,
        "sums": sums_of(rows),
        "voucher": voucher,
        "corrects": corrects,
        "projects": projects,
        "parties": parties_of(book),
        "new_projects": new_projects,
        "meant_projects": request.POST.getlist("new_project"),
    }
    return desk.page(request, "voucher_form", "books", context)


def _keep(
    request: StaffRequest,
    book: Book,
    form: VoucherForm,
    lines: list[Line],
    *,
    voucher: Voucher | None,
    corrects: Voucher | None,
) -> Voucher | None:
    values = dict(form.cleaned_data, lines=lines, prepared_by=request.user)
    written = None
    with refusals_on(form):
        if voucher:
            written = manual.revise(voucher=voucher, **values)
        else:
            written = manual.prepare(book=book, corrects=corrects, **values)
    return written


def _with_more(request: StaffRequest) -> QueryDict | None:
    """What was typed, with a few more empty lines when they were asked for."""
    if request.method != "POST":
        return None
    data = request.POST.copy()
    if "more" in data:
        typed = number_of(data.get("lines-TOTAL_FORMS")) or 0
        data["lines-TOTAL_FORMS"] = str(typed + _MORE_LINES)
    return data
