"""Finding vouchers of a book by what a person remembers: number, words, an amount, an account, somebody's name."""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal

from django.db.models import Exists, OuterRef, Q, QuerySet

from .models import Book, Posting, Voucher, VoucherLine
from .queries import with_totals

_MOST_WORDS = 6
_NUMBER = re.compile(r"((?P<word>[^\W\d_]{1,2})-?)?(?P<number>[0-9]{1,6})号?")
_AMOUNT = re.compile(r"-?([0-9]{1,3}(,[0-9]{3})+|[0-9]{1,14})(\.[0-9]{1,2})?")
_CODE = re.compile(r"[0-9]{3,20}")


def search(book: Book, text: str) -> QuerySet[Voucher]:
    """Vouchers of all months with their totals, latest first, in which every word of ``text`` stands somewhere.

    A word is part of a summary, a party, a project or the name of who prepared or checked; a voucher's number such as
    12 or 记-12; an amount in yuan, of a line or of the whole; or the beginning of an account's code.
    """
    found = with_totals(book.vouchers.all())
    for word in unicodedata.normalize("NFKC", text).split()[:_MOST_WORDS]:
        found = found.filter(_in_words(book, word) | _in_figures(book, word))
    return found.order_by("-date", "-number", "-pk")


def _in_words(book: Book, word: str) -> Q:
    named = Q(party__icontains=word) | Q(project__icontains=word)
    return (
        Q(summary__icontains=word)
        | Q(prepared_by__name__icontains=word)
        | Q(checked_by__name__icontains=word)
        | _typed(named | Q(summary__icontains=word))
        | _posted(book, named | Q(line_summary__icontains=word))
    )


def _in_figures(book: Book, word: str) -> Q:
    figures = Q()
    if number := _NUMBER.fullmatch(word):
        figures |= Q(number=int(number["number"])) & (Q(word=number["word"]) if number["word"] else Q())
    if _AMOUNT.fullmatch(word):
        amount = abs(Decimal(word.replace(",", "")))
        either = Q(amount__in=(amount, -amount))
        figures |= Q(total__in=(amount, -amount)) | _typed(either) | _posted(book, either)
    if _CODE.fullmatch(word):
        account = Q(account__code__startswith=word)
        figures |= _typed(account) | _posted(book, account)
    return figures


def _typed(condition: Q) -> Q:
    return Q(Exists(VoucherLine.objects.filter(condition, voucher=OuterRef("pk"))))


def _posted(book: Book, condition: Q) -> Q:
    """Postings behind the voucher; a subquery that does not follow it, so that the database reads the book once."""
    behind = Posting.objects.filter(condition, book=book).values("transaction__voucher_entry__voucher")
    return Q(pk__in=behind)
