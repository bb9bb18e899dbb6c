"""The books: trial balance down to the posting, statements, vouchers, closing a month."""

from __future__ import annotations

from collections.abc import Callable
from tempfile import TemporaryFile

from django.contrib import messages
from django.core.paginator import Page, Paginator
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from ledger.books import closing
from ledger.books.models import Account, Book, Nature, Period, PeriodReopening, PeriodState, Transaction
from ledger.books.queries import lines_of_transaction
from ledger.books.rules import Rule, all_rules
from ledger.reports import exports, ledgers, periods, tables
from ledger.reports.journals import FILTERS
from ledger.reports.ledgers import Part
from ledger.reports.tables import Report
from ledger.reports.wording import (
    FUND_SOURCES,
    AccountNames,
    class_in_words,
    kind_of_spending,
    nature_in_words,
    said,
)
from portal.accounts.access import StaffRequest, duty_required
from portal.accounts.roles import Duty
from portal.office import desk
from portal.office.balances import balances_of
from portal.office.chosen import number_of
from portal.office.documents import documents_of
from portal.office.forms import ReopenForm
from portal.office.report_screens import tables_of
from portal.office.rule_words import rules_in_words

_PER_PAGE = 50
_DECEMBER = 12
_LAST_PAGE = 10_000_000
_FILES = {"csv": "text/csv", "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
          "hledger": "text/plain", "beancount": "text/plain"}  # fmt: skip


def book_of(request: StaffRequest, code: str, *duties: Duty) -> Book:
    unions = desk.reach(request.user, duties or [Duty.VIEW_BOOKS])
    return get_object_or_404(Book.objects.select_related("union"), code=code, union__in=unions)


def month_of(request: StaffRequest, book: Book) -> int:
    """The month asked for, else the last one until today in which something was posted."""
    asked = request.GET.get("period") or request.POST.get("period")
    if asked:
        return desk.asked_month(asked)
    today = timezone.localdate()
    until_today = book.transactions.filter(month__lte=today.year * 100 + today.month)
    last = until_today.order_by("-month").values_list("month", flat=True).first()
    return last or book.opened_on.year * 100 + book.opened_on.month


def head_context(book: Book, month: int) -> dict[str, object]:
    return {
        "book": book,
        "month": month,
        "period": periods.written(month),
        "periods": [(periods.written(p.month), p) for p in book.periods.order_by("month")],
        "is_closed": Period.objects.filter(book=book, month=month, state="closed").exists(),
    }


@duty_required(Duty.VIEW_BOOKS)
def overview(request: StaffRequest) -> HttpResponse:
    books = Book.objects.filter(union__in=desk.reach(request.user, [Duty.VIEW_BOOKS]))
    found = Paginator(books.select_related("union").order_by("union__path"), _PER_PAGE)
    shown = found.get_page(request.GET.get("page"))
    cash, bank = balances_of(shown, "101"), balances_of(shown, "102")
    rows = [(book, cash[book.pk], bank[book.pk]) for book in shown]
    return desk.page(request, "books", "books", {"rows": rows, "shown": shown})


@duty_required(Duty.VIEW_BOOKS)
def posting_rules(request: StaffRequest) -> HttpResponse:
    """Every posting rule with its versions, lines and source (财会〔2024〕12号 第二十一条第一项)."""
    books = Book.objects.filter(union__in=desk.reach(request.user, [Duty.VIEW_BOOKS]))
    return desk.page(request, "rules", "books", {"rules": rules_in_words(books, get_language() or "")})


@duty_required(Duty.VIEW_BOOKS)
def trial_balance(request: StaffRequest, code: str) -> HttpResponse:
    """科目余额表 of a month; every figure leads to its postings."""
    book = book_of(request, code)
    month = month_of(request, book)
    report = ledgers.trial_balance(book, month, get_language() or "")
    return desk.page(request, "trial_balance", "books", head_context(book, month) | _shown(report, month))


def _shown(report: Report, month: int) -> dict[str, object]:
    return {"report": report, "tables": tables_of(report, periods.written(month))}


@duty_required(Duty.VIEW_BOOKS)
def account(request: StaffRequest, code: str, account: str) -> HttpResponse:
    """明细账: postings of an account and its details over months, if asked only what ``FILTERS`` name."""
    book = book_of(request, code)
    month = month_of(request, book)
    found = get_object_or_404(Account, book=book, code=account)
    first = min(desk.asked_month(request.GET["from"]), month) if request.GET.get("from") else month
    only = {name: value for name in FILTERS if (value := request.GET.get(name))}
    if only.get("nature", "basic") not in Nature.values:
        raise Http404

    def make(language: str, part: Part | None = None) -> Report:
        return ledgers.subsidiary_ledger(book, month, found, language, first=first, part=part, **only)

    if form := request.GET.get("form"):
        return _report_file(make("zh"), f"{book.code}-{month}-{account}", form)
    language = get_language() or ""
    report, shown = _page_of(request, lambda part: make(language, part))
    context = head_context(book, month) | {
        "account": found,
        "account_name": AccountNames(book, language).full(found.code),
        "shown": shown,
        "first_period": periods.written(first),
        "project": only.get("project", ""),
        "party": only.get("party", ""),
        "economic_class": class_in_words(only.get("economic_class", ""), language),
        "nature": nature_in_words(only.get("nature", ""), language),
        "files_query": _files_query(request, month),
    }
    return desk.page(request, "account", "books", context | _shown(report, month))


def _page_of(request: StaffRequest, make: Callable[[Part], Report]) -> tuple[Report, Page[int]]:
    """The part of a long report that the address asks for; beyond the end it is the last one."""
    number = min(number_of(request.GET.get("page")) or 1, _LAST_PAGE)
    report = make(Part((number - 1) * _PER_PAGE, _PER_PAGE))
    shown = Paginator(range(report.count), _PER_PAGE).get_page(number)
    if report.count and shown.number != number:
        report = make(Part((shown.number - 1) * _PER_PAGE, _PER_PAGE))
    return report, shown


def _files_query(request: StaffRequest, month: int) -> str:
    """The filters of a page, for the files of the whole report."""
    query = request.GET.copy()
    for name in ("page", "form"):
        query.pop(name, None)
    query["period"] = periods.written(month)
    return query.urlencode()


@duty_required(Duty.VIEW_BOOKS)
def transaction(request: StaffRequest, code: str, pk: int) -> HttpResponse:
    book = book_of(request, code)
    found = get_object_or_404(Transaction.objects.select_related("created_by"), book=book, pk=pk)
    language = get_language() or ""
    names = AccountNames(book, language)
    lines = [
        (line, names.full(line.account), said(FUND_SOURCES[line.fund_source], language),
         kind_of_spending(line, language))
        for line in lines_of_transaction(found)
    ]  # fmt: skip
    mirror = Transaction.objects.none()
    if found.mirror_key:
        mirror = Transaction.objects.filter(mirror_key=found.mirror_key).exclude(pk=pk).select_related("book")
    context = {
        "book": book,
        "transaction": found,
        "lines": lines,
        "voucher": found.vouchers.first(),
        "mirrors": mirror,
        "period": periods.written(found.month),
        "documents": documents_of(found, request.user),
        "rule": _rule_of(found),
    }
    return desk.page(request, "transaction", "books", context)


def _rule_of(transaction: Transaction) -> Rule | None:
    """The posting rule and version that made the entry; None for an entry typed by a person."""
    return next((rule for rule in all_rules() if rule.label == transaction.rule), None)


@duty_required(Duty.VIEW_BOOKS)
def reports(request: StaffRequest, code: str, name: str) -> HttpResponse:
    """One of the reports that every book has, on screen or as a file (``form``: csv, xlsx, pdf)."""
    if name not in ledgers.CATALOGUE:
        raise Http404
    entry = ledgers.CATALOGUE[name]
    book = book_of(request, code)
    month = month_of(request, book)
    if form := request.GET.get("form"):
        return _report_file(entry.make(book, month, "zh"), f"{book.code}-{month}-{name}", form)
    tabs = [
        (other.title, f"{reverse('office_report', args=[code, other.code])}?period={periods.written(month)}",
         other.code == name)
        for other in ledgers.CATALOGUE.values()
    ]  # fmt: skip
    language, shown = get_language() or "", None
    if make_part := entry.make_part:
        report, shown = _page_of(request, lambda part: make_part(book, month, language, part))
    else:
        report = entry.make(book, month, language)
    context = head_context(book, month) | {
        "report_code": name,
        "tabs": tabs,
        "shown": shown,
        "files_query": _files_query(request, month),
    }
    return desk.page(request, "report", "books", context | _shown(report, month))


def _report_file(report: Report, name: str, form: str) -> HttpResponse:
    make = {"csv": tables.as_csv, "xlsx": tables.as_xlsx, "pdf": tables.as_pdf}.get(form)
    if make is None:
        raise Http404
    response = HttpResponse(make(report), content_type=_FILES.get(form, "application/pdf"))
    way = "inline" if form == "pdf" else "attachment"
    response["Content-Disposition"] = f'{way}; filename="{name}.{form}"'
    return response


@duty_required(Duty.VIEW_BOOKS)
def export(request: StaffRequest, code: str, form: str) -> FileResponse:
    """The complete book as a file."""
    if form not in _FILES:
        raise Http404
    book = book_of(request, code)
    ending = {"hledger": "journal"}.get(form, form)
    file = TemporaryFile()  # noqa: SIM115 - the response closes it
    exports.write([book], form, file)
    file.seek(0)
    return FileResponse(file, as_attachment=True, filename=f"{book.code}.{ending}", content_type=_FILES[form])


@duty_required(Duty.VIEW_BOOKS)
def close(request: StaffRequest, code: str) -> HttpResponse:
    """What the month still needs before it can be closed, and the steps to close it or to open it again."""
    if request.method == "POST":
        return _close_step(request, book_of(request, code, Duty.CLOSE_PERIOD))
    book = book_of(request, code)
    month = month_of(request, book)
    period = get_object_or_404(Period, book=book, month=month)
    is_open = period.state == PeriodState.OPEN
    items = closing.checklist(book, month) if is_open else []
    context = head_context(book, month) | {
        "checklist": items,
        "is_ready": all(item.done for item in items),
        "is_december": month % 100 == _DECEMBER,
        "is_running": closing.month_end(month) >= timezone.localdate(),
        "is_last_closed": not is_open and not book.periods.filter(month__gt=month, state="closed").exists(),
        "asked": period.reopenings.filter(allowed_by=None).first(),
        "reopenings": period.reopenings.exclude(allowed_by=None).order_by("allowed_at"),
        "reopen_form": ReopenForm(),
    }
    return desk.page(request, "close", "books", context)


def _close_step(request: StaffRequest, book: Book) -> HttpResponse:
    month = month_of(request, book)
    get_object_or_404(Period, book=book, month=month)
    step = request.POST.get("step")
    if step == "carry_forward":
        closing.carry_forward(book=book, month=month, actor=request.user)
        messages.success(
            request, _("Income and expenditure are carried forward. Draw up their voucher next.")
        )
    elif step == "close_year":
        closing.close_year(book=book, year=month // 100, actor=request.user)
        messages.success(request, _("The results of the year are carried over. Draw up their voucher next."))
    elif step == "ask":
        closing.ask_to_reopen(
            book=book, month=month, reason=request.POST.get("reason", "")[:200], asked_by=request.user
        )
        messages.success(request, _("Somebody who checks vouchers can now allow it."))
    elif step == "close":
        closing.close_period(book=book, month=month, actor=request.user)
        messages.success(request, _("The month is closed."))
    else:
        raise Http404
    return _back(book, month)


@duty_required(Duty.CHECK_VOUCHER)
@require_POST
def reopen(request: StaffRequest, code: str) -> HttpResponse:
    """Allow what somebody else has asked: the last closed month opens again."""
    book = book_of(request, code, Duty.CHECK_VOUCHER)
    month = month_of(request, book)
    asked = get_object_or_404(PeriodReopening, period__book=book, period__month=month, allowed_by=None)
    closing.allow_reopening(reopening=asked, allowed_by=request.user)
    messages.success(request, _("The month is open again."))
    return _back(book, month)


def _back(book: Book, month: int) -> HttpResponse:
    response = redirect("office_close", code=book.code)
    response["Location"] += f"?period={periods.written(month)}"
    return response


def back_to_vouchers(book: Book, month: int) -> HttpResponse:
    response = redirect("office_vouchers", code=book.code)
    response["Location"] += f"?period={periods.written(month)}"
    return response
