"""Projects and parties that a book knows: offered while one types, so that a slip makes no project of its own."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from ledger.benefits.models import Programme
from ledger.books.models import Book, Posting, VoucherLine

_MOST = 500


def projects_of(book: Book) -> list[str]:
    """Projects of this year's and last year's entries and of drafts, and the programmes."""
    posted = Posting.objects.filter(book=book, month__gte=_since()).exclude(project="")
    typed = VoucherLine.objects.filter(voucher__book=book).exclude(project="")
    return sorted(
        {*_values(posted, "project"), *_values(typed, "project"), *_values(Programme.objects.all(), "name")}
    )


def parties_of(book: Book) -> list[str]:
    """Parties of entries typed by hand in this year and last year, and of drafts; not the members one by one."""
    posted = Posting.objects.filter(
        book=book, month__gte=_since(), transaction__kind__in=("manual", "opening")
    ).exclude(party="")
    typed = VoucherLine.objects.filter(voucher__book=book).exclude(party="")
    return sorted({*_values(posted, "party"), *_values(typed, "party")})


def new_among(names: Iterable[str], known: list[str]) -> list[tuple[str, str]]:
    """The names that are not known, in order, each with the known one that looks like it, if any."""
    return [
        (name, next(iter(difflib.get_close_matches(name, known, n=1)), ""))
        for name in dict.fromkeys(names)
        if name and name not in known
    ]


def _since() -> int:
    return (timezone.localdate().year - 1) * 100 + 1


def _values(found: QuerySet[Any], name: str) -> list[str]:
    return list(found.order_by().values_list(name, flat=True).distinct()[:_MOST])
