"""Vouchers of a book: drawn up over events, checked, read, cancelled, printed."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from urllib.parse import quote

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from ledger.books import attachments, manual
from ledger.books import vouchers as voucher_desk
from ledger.books.errors import LedgerError
from ledger.books.models import Book, Side, Voucher, VoucherState
from ledger.books.queries import with_totals
from ledger.books.voucher_search import search
from ledger.reports import papers
from ledger.reports.wording import AccountNames, details_of
from portal.accounts.access import StaffRequest, duty_required, refusals_on
from portal.accounts.roles import Duty
from portal.design.dates import cn_date
from portal.office import desk
from portal.office.chosen import chosen_revisions
from portal.office.forms import FileForm
from portal.office.voucher_forms import SendBackForm, TemplateNameForm

from .books import back_to_vouchers, book_of, head_context, month_of

_PER_PAGE = 50
_LONGEST_SEARCH = 60


@duty_required(Duty.VIEW_BOOKS)
def overview(request: StaffRequest, code: str) -> HttpResponse:
    book = book_of(request, code)
    month = month_of(request, book)
    words = request.GET.get("q", "").strip()[:_LONGEST_SEARCH]
    if words:
        return _found(request, book, month, words)
    found = book.vouchers.filter(month=month).select_related("prepared_by", "checked_by", "returned_by")
    context = head_context(book, month) | {
        "drafts": with_totals(found.filter(state=VoucherState.DRAFT))
        .prefetch_related("lines")
        .order_by("date", "pk"),
        "posted": Paginator(with_totals(found.filter(state=VoucherState.POSTED)), _PER_PAGE).get_page(
            request.GET.get("page")
        ),
        "without": book.transactions.filter(month=month, voucher_entry=None).count(),
        "templates": book.templates.all(),
    }
    return desk.page(request, "vouchers", "books", context)


def _found(request: StaffRequest, book: Book, month: int, words: str) -> HttpResponse:
    """What the search finds in all months of the book."""
    found = search(book, words).select_related("prepared_by", "checked_by")
    shown = Paginator(found, _PER_PAGE).get_page(request.GET.get("page"))
    context = head_context(book, month) | {"words": words, "posted": shown}
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
    """Check and post the chosen vouchers, each by itself; one that is refused holds up none of the others."""
    book = book_of(request, code, Duty.CHECK_VOUCHER)
    month = month_of(request, book)
    chosen = chosen_revisions(request.POST.getlist("voucher"))
    found = Voucher.objects.filter(book=book, pk__in=chosen).order_by("date", "pk")
    refused = [
        refusal
        for voucher in found
        if (refusal := _refusal(request, voucher, chosen[voucher.pk])) is not None
    ]
    posted = len(found) - len(refused)
    if posted or not refused:
        text = ngettext("%(n)s voucher posted.", "%(n)s vouchers posted.", posted)
        messages.success(request, text % {"n": posted})
    for refusal in refused:
        messages.error(request, refusal)
    if gone := len(chosen) - len(found):
        text = ngettext("%(n)s chosen draft is gone.", "%(n)s chosen drafts are gone.", gone)
        messages.warning(request, text % {"n": gone})
    return back_to_vouchers(book, month)


def _refusal(request: StaffRequest, voucher: Voucher, read_revision: int) -> str | None:
    """Check and post one voucher; what it is refused for, with its name."""
    try:
        voucher_desk.check_and_post(voucher=voucher, checked_by=request.user, read_revision=read_revision)
    except LedgerError as error:
        return _("Not posted: “%(summary)s” of %(day)s. %(reason)s") % {
            "summary": voucher.summary,
            "day": cn_date(voucher.date),
            "reason": error,
        }
    return None


@duty_required(Duty.VIEW_BOOKS)
def detail(request: StaffRequest, code: str, pk: int) -> HttpResponse:
    """One voucher: its lines, who made and checked it, the events and documents behind it."""
    book = book_of(request, code)
    return show(request, book, voucher_of(book, pk))


@duty_required(Duty.CHECK_VOUCHER)
@require_POST
def send_back(request: StaffRequest, code: str, pk: int) -> HttpResponse:
    book = book_of(request, code, Duty.CHECK_VOUCHER)
    voucher = voucher_of(book, pk)
    form = SendBackForm(request.POST)
    if form.is_valid():
        with refusals_on(form):
            voucher_desk.send_back(voucher=voucher, sent_back_by=request.user, **form.cleaned_data)
    if form.is_valid():
        messages.success(
            request, _("The draft is sent back to %(person)s.") % {"person": voucher.prepared_by}
        )
        return back_to_vouchers(book, voucher.month)
    return show(request, book, voucher, send_back_form=form)


@duty_required(Duty.PREPARE_VOUCHER)
@require_POST
def hand_in(request: StaffRequest, code: str, pk: int) -> HttpResponse:
    book = book_of(request, code, Duty.PREPARE_VOUCHER)
    voucher_desk.hand_in_again(voucher=voucher_of(book, pk), handed_in_by=request.user)
    messages.success(request, _("The draft is handed in. Somebody else checks it."))
    return redirect("office_voucher", code=book.code, pk=pk)


@duty_required(Duty.PREPARE_VOUCHER)
@require_POST
def discard(request: StaffRequest, code: str, pk: int) -> HttpResponse:
    book = book_of(request, code, Duty.PREPARE_VOUCHER)
    voucher = voucher_of(book, pk)
    covered_events = voucher.entries.exists()
    voucher_desk.discard(voucher=voucher, discarded_by=request.user)
    if covered_events:
        gone = _("The draft is gone. Events that it covered wait for another voucher.")
    else:
        gone = _("The draft is gone.")
    messages.success(request, gone)
    return back_to_vouchers(book, voucher.month)


@duty_required(Duty.PREPARE_VOUCHER)
@require_POST
def cancel(request: StaffRequest, code: str, pk: int) -> HttpResponse:
    """Draft the red-letter voucher that cancels this one, dated today if its month is open."""
    book = book_of(request, code, Duty.PREPARE_VOUCHER)
    red = manual.cancel(voucher=voucher_of(book, pk), date=timezone.localdate(), prepared_by=request.user)
    messages.success(request, _("The red-letter voucher is prepared. Somebody else checks it."))
    return redirect("office_voucher", code=book.code, pk=red.pk)


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
        book.vouchers.select_related(
            "book__union", "prepared_by", "checked_by", "returned_by", "cancels", "corrects"
        ),
        pk=pk,
    )


def show(
    request: StaffRequest,
    book: Book,
    voucher: Voucher,
    *,
    template_form: TemplateNameForm | None = None,
    send_back_form: SendBackForm | None = None,
) -> HttpResponse:
    """The page of one voucher, with a form that was refused or with an empty one."""
    lines = manual.lines_of(voucher)
    language = get_language() or ""
    names = AccountNames(book, language)
    context: dict[str, Any] = {
        "book": book,
        "voucher": voucher,
        "lines": [
            (names.path(line.account), line, line.side == Side.DEBIT, " · ".join(details_of(line, language)))
            for line in lines
        ],
        "total": sum((line.amount for line in lines if line.side == Side.DEBIT), Decimal(0)),
        "transactions": Paginator(voucher.transactions.order_by("pk"), _PER_PAGE).get_page(
            request.GET.get("page")
        ),
        "files": voucher.files.select_related("added_by"),
        "cancelled_by": Voucher.objects.filter(cancels=voucher).first(),
        "cancel_refusal": manual.why_not_cancellable(voucher, timezone.localdate()),
        "can_correct": manual.can_correct(voucher),
        "corrections": voucher.corrected_by.order_by("pk"),
        "is_own": voucher.prepared_by_id == request.user.pk,
        "send_back_form": send_back_form or SendBackForm(initial={"read_revision": voucher.revision}),
        "template_form": template_form or TemplateNameForm(),
        "file_form": FileForm(largest=attachments.LARGEST),
    }
    return desk.page(request, "voucher", "books", context)
