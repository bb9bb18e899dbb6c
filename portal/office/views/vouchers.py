"""Vouchers of a book: drawn up over events, written by hand, checked, cancelled, printed."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any
from urllib.parse import quote

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from ledger.books import attachments, manual
from ledger.books import vouchers as voucher_desk
from ledger.books.models import Book, Side, Voucher, VoucherKind, VoucherState
from ledger.books.pairing import Line
from ledger.books.queries import with_totals
from ledger.reports import papers
from portal.accounts.access import StaffRequest, duty_required, refusals_on
from portal.accounts.roles import Duty
from portal.office import desk
from portal.office.chosen import chosen_revisions, number_of
from portal.office.forms import FileForm
from portal.office.voucher_forms import LineFormSet, TemplateNameForm, VoucherForm, lines_from, rows_of

from .books import back_to_vouchers, book_of, head_context, month_of

_PER_PAGE = 50
_MORE_LINES = 4


@duty_required(Duty.VIEW_BOOKS)
def overview(request: StaffRequest, code: str) -> HttpResponse:
    book = book_of(request, code)
    month = month_of(request, book)
    found = book.vouchers.filter(month=month).select_related("prepared_by", "checked_by")
    context = head_context(book, month) | {
        "drafts": with_totals(found.filter(state=VoucherState.DRAFT)).order_by("date", "pk"),
        "posted": Paginator(with_totals(found.filter(state=VoucherState.POSTED)), _PER_PAGE).get_page(
            request.GET.get("page")
        ),
        "without": book.transactions.filter(month=month, voucher_entry=None).count(),
        "templates": book.templates.all(),
    }
    return desk.page(request, "vouchers", "books", context)


@duty_required(Duty.PREPARE_VOUCHER)
@require_POST
def draw_up(request: StaffRequest, code: str) -> HttpResponse:
    book = book_of(request, code, Duty.PREPARE_VOUCHER)
    month = month_of(request, book)
    made = voucher_desk.draw_up_month(book=book, month=month, prepared_by=request.user)
    messages.success(
        request,
        ngettext("%(n)s voucher drawn up.", "%(n)s vouchers drawn up.", len(made)) % {"n": len(made)},
    )
    return back_to_vouchers(book, month)


@duty_required(Duty.CHECK_VOUCHER)
@require_POST
def check(request: StaffRequest, code: str) -> HttpResponse:
    """Check and post the chosen vouchers; whoever prepared one cannot check it."""
    book = book_of(request, code, Duty.CHECK_VOUCHER)
    month = month_of(request, book)
    chosen = chosen_revisions(request.POST.getlist("voucher"))
    drafts = Voucher.objects.filter(book=book, pk__in=chosen, state=VoucherState.DRAFT).order_by("date", "pk")
    posted = 0
    for voucher in drafts:
        voucher_desk.check_and_post(
            voucher=voucher, checked_by=request.user, read_revision=chosen[voucher.pk]
        )
        posted += 1
    messages.success(
        request, ngettext("%(n)s voucher posted.", "%(n)s vouchers posted.", posted) % {"n": posted}
    )
    return back_to_vouchers(book, month)


@duty_required(Duty.VIEW_BOOKS)
def detail(request: StaffRequest, code: str, pk: int) -> HttpResponse:
    """One voucher: its lines, who made and checked it, the events and documents behind it."""
    book = book_of(request, code)
    return show(request, book, voucher_of(book, pk))


@duty_required(Duty.PREPARE_VOUCHER)
def write(request: StaffRequest, code: str) -> HttpResponse:
    """Write a new voucher: empty, from a template, as a copy, or as the blue correction of another."""
    book = book_of(request, code, Duty.PREPARE_VOUCHER)
    corrects = _asked(book, request.GET.get("corrects"))
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
    return _write(request, book, form, manual.lines_of(voucher), voucher=voucher, corrects=voucher.corrects)


@duty_required(Duty.PREPARE_VOUCHER)
@require_POST
def discard(request: StaffRequest, code: str, pk: int) -> HttpResponse:
    book = book_of(request, code, Duty.PREPARE_VOUCHER)
    voucher = voucher_of(book, pk)
    voucher_desk.discard(voucher=voucher, discarded_by=request.user)
    messages.success(request, _("The draft is gone. Events that it covered wait for another voucher."))
    return back_to_vouchers(book, voucher.month)


@duty_required(Duty.PREPARE_VOUCHER)
@require_POST
def cancel(request: StaffRequest, code: str, pk: int) -> HttpResponse:
    """Draft the red-letter voucher that cancels this one, dated today if its month is open."""
    book = book_of(request, code, Duty.PREPARE_VOUCHER)
    red = manual.cancel(voucher=voucher_of(book, pk), date=timezone.localdate(), prepared_by=request.user)
    messages.success(request, _("The red-letter voucher is prepared. Somebody else checks it."))
    return redirect("office_voucher", code=book.code, pk=red.pk)


@duty_required(Duty.PREPARE_VOUCHER)
@require_POST
def save_template(request: StaffRequest, code: str, pk: int) -> HttpResponse:
    book = book_of(request, code, Duty.PREPARE_VOUCHER)
    voucher = voucher_of(book, pk)
    form = TemplateNameForm(request.POST)
    if not form.is_valid():
        return show(request, book, voucher, template_form=form)
    manual.save_template(
        book=book,
        name=form.cleaned_data["name"],
        summary=voucher.summary,
        lines=manual.lines_of(voucher),
        saved_by=request.user,
    )
    messages.success(request, _("Kept as a template."))
    return redirect("office_voucher", code=book.code, pk=pk)


@duty_required(Duty.VIEW_BOOKS)
def as_pdf(request: StaffRequest, code: str, pk: int) -> HttpResponse:
    book = book_of(request, code)
    voucher = voucher_of(book, pk)
    response = HttpResponse(papers.voucher_paper(voucher), content_type="application/pdf")
    name = quote(f"{book.code}-{voucher.month}-{voucher}.pdf")
    response["Content-Disposition"] = f"inline; filename*=UTF-8''{name}"
    return response


def voucher_of(book: Book, pk: int) -> Voucher:
    return get_object_or_404(
        book.vouchers.select_related("book__union", "prepared_by", "checked_by", "cancels", "corrects"), pk=pk
    )


def show(
    request: StaffRequest,
    book: Book,
    voucher: Voucher,
    *,
    template_form: TemplateNameForm | None = None,
    file_form: FileForm | None = None,
) -> HttpResponse:
    """The page of one voucher, with a form that was refused or with empty ones."""
    lines = manual.lines_of(voucher)
    names = {a.code: a for a in book.accounts.filter(code__in={line.account for line in lines})}
    context: dict[str, Any] = {
        "book": book,
        "voucher": voucher,
        "lines": [(names[line.account], line, line.side == Side.DEBIT) for line in lines],
        "total": sum((line.amount for line in lines if line.side == Side.DEBIT), Decimal(0)),
        "transactions": Paginator(voucher.transactions.order_by("pk"), _PER_PAGE).get_page(
            request.GET.get("page")
        ),
        "files": voucher.files.select_related("added_by"),
        "cancelled_by": Voucher.objects.filter(cancels=voucher).first(),
        "corrections": voucher.corrected_by.order_by("pk"),
        "is_own": voucher.prepared_by_id == request.user.pk,
        "template_form": template_form or TemplateNameForm(),
        "file_form": file_form or FileForm(largest=attachments.LARGEST),
    }
    return desk.page(request, "voucher", "books", context)


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
        _with_more(request), prefix="lines", initial=rows_of(lines), form_kwargs={"book": book}
    )
    is_sent = request.method == "POST" and "more" not in request.POST
    if is_sent and form.is_valid() and rows.is_valid():
        written = None
        values = dict(form.cleaned_data, lines=lines_from(rows), prepared_by=request.user)
        with refusals_on(form):
            if voucher:
                written = manual.revise(voucher=voucher, **values)
            else:
                written = manual.prepare(book=book, corrects=corrects, **values)
        if written:
            messages.success(request, _("The voucher is prepared. Somebody else checks it."))
            return redirect("office_voucher", code=book.code, pk=written.pk)
    context = {"book": book, "form": form, "rows": rows, "voucher": voucher, "corrects": corrects}
    return desk.page(request, "voucher_form", "books", context)


def _with_more(request: StaffRequest) -> QueryDict | None:
    """What was typed, with a few more empty lines when they were asked for."""
    if request.method != "POST":
        return None
    data = request.POST.copy()
    if "more" in data:
        typed = number_of(data.get("lines-TOTAL_FORMS")) or 0
        data["lines-TOTAL_FORMS"] = str(typed + _MORE_LINES)
    return data
