"""One line of a bank statement: what the bank wrote, the file it came in, and the entries that explain it."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404

from ledger.books.models import Transaction
from ledger.reconciliation.models import Match, StatementLine
from portal.accounts.access import StaffRequest, duty_required
from portal.accounts.permissions import duties_of
from portal.accounts.roles import Duty
from portal.office import desk

_PER_PAGE = 25


@duty_required(*desk.SEES_BANK)
def detail(request: StaffRequest, code: str, line: int) -> HttpResponse:
    found: StatementLine = get_object_or_404(
        StatementLine.objects.select_related("statement__imported_by", "bank_account__account__book__union"),
        pk=line,
        bank_account__code=code,
        bank_account__account__book__union__in=desk.reach(request.user, desk.SEES_BANK),
    )
    union = found.bank_account.book.union
    match = Match.objects.filter(lines__line=found, lines__live=True).select_related("created_by").first()
    entries = _entries(match)
    context = {
        "line": found,
        "match": match,
        "entries": Paginator(entries, _PER_PAGE).get_page(request.GET.get("page")),
        "sees_books": Duty.VIEW_BOOKS in duties_of(request.user, union),
    }
    return desk.page(request, "bank_line", "bank", context, union=union)


def _entries(match: Match | None) -> QuerySet[Transaction]:
    if match is None:
        return Transaction.objects.none()
    return (
        Transaction.objects.filter(transfers__in=match.postings.values("transfer")).distinct().order_by("pk")
    )
