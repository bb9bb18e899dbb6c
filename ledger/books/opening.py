"""Opening books (建账): a union's accounts from the official chart, local details, periods, bank accounts."""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import pairwise
from typing import NamedTuple

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.unions.models import Union

from .dimensions import DATA, requirement
from .errors import BookRefused, UnknownAccount, ledger_refusals
from .models import Account, BankAccount, Book, BookKind, Chart, ChartAccount, Period

LOCAL_AUTHORITY = "普惠账套模板"
_MOST_BANK_ACCOUNTS = 99  # their codes have two digits below 102
# A cash box is never overdrawn: one guarded row. Banks say themselves what they allow.
_GUARDS = {"101": 1}
# Accounts that many payments move at once keep their totals in several rows.
_SHARDS = {"401": 32}
_AT_ONCE = 5_000
_CODE_LENGTH = 20


class _Detail(NamedTuple):
    code: str
    name: str
    name_en: str
    account_class: str
    normal_side: str
    kinds: frozenset[str]
    shards: int
    guard: int


@cache
def _local_details() -> tuple[_Detail, ...]:
    with (DATA / "local_details.csv").open(encoding="utf-8", newline="") as file:
        return tuple(
            _Detail(
                row["code"],
                row["name"],
                row["name_en"],
                row["account_class"],
                row["normal_side"],
                frozenset(kind for kind in BookKind.values if row[kind] == "1"),
                int(row["shards"]),
                int(row["guard"]),
            )
            for row in csv.DictReader(file)
        )


def open_book(*, union: Union, opened_on: dt.date) -> Book:
    """Open the one book of a union with every account of its table and the months of its first two years."""
    return open_books(unions=[union], opened_on=opened_on)[0]


@transaction.atomic
def open_books(*, unions: Sequence[Union], opened_on: dt.date) -> list[Book]:
    """Open the books of many unions at once; all or none. Raises BookRefused, and UnknownAccount from ``chart_on``.

    Books under a chart that has been replaced hold history: their code ends in the chart's, and today's book of the
    union continues them.
    """
    chart = chart_on(opened_on)
    _require_openable(unions, chart, opened_on)
    books = Book.objects.bulk_create(
        [
            Book(
                union=union,
                code=f"{union.code}-{chart.code}" if chart.effective_to else union.code,
                kind=BookKind.COUNTY if union.is_county_and_above else BookKind.GRASSROOTS,
                chart=chart,
                opened_on=opened_on,
            )
            for union in unions
        ]
    )
    official = list(chart.accounts.all())
    Account.objects.bulk_create(
        (account for book in books for account in _first_accounts(book, official)), batch_size=_AT_ONCE
    )
    first_year = [opened_on.year * 100 + m for m in range(opened_on.month, 13)]
    months = [m for m in first_year + _months(opened_on.year + 1) if _is_in_force(chart, m)]
    Period.objects.bulk_create(
        [Period(book=book, month=month) for book in books for month in months], batch_size=_AT_ONCE
    )
    _link(books)
    return books


def chart_on(day: dt.date) -> Chart:
    """The official chart in force on a day. Raises UnknownAccount when there is none."""
    chart = Chart.objects.filter(effective_from__lte=day).order_by("-effective_from").first()
    if chart is None:
        raise UnknownAccount(_("No chart of accounts is in force on this day."))
    return chart


def without_book(day: dt.date) -> QuerySet[Union]:
    """Unions that keep accounts and have no book under the chart of a day yet, by code. Raises UnknownAccount."""
    has_one = Book.objects.filter(chart=chart_on(day)).values("union")
    return Union.objects.filter(keeps_accounts=True).exclude(pk__in=has_one).order_by("code")


def _require_openable(unions: Sequence[Union], chart: Chart, opened_on: dt.date) -> None:
    if opened_on.year > timezone.localdate().year + 1:
        raise BookRefused(_("%(day)s is too far ahead for the first day of a book.") % {"day": opened_on})
    for problem, codes in (
        (_("%(codes)s: no accounts are kept there."), [u.code for u in unions if not u.keeps_accounts]),
        (
            _("%(codes)s: there is a book under this chart already."),
            list(Book.objects.filter(union__in=unions, chart=chart).values_list("union__code", flat=True)),
        ),
        (
            _("%(codes)s: the code is too long for a book under an earlier chart."),
            [u.code for u in unions if chart.effective_to and len(f"{u.code}-{chart.code}") > _CODE_LENGTH],
        ),
    ):
        if codes:
            raise BookRefused(problem % {"codes": ", ".join(sorted(codes))})


def _months(year: int) -> list[int]:
    return [year * 100 + month for month in range(1, 13)]


def _is_in_force(chart: Chart, month: int) -> bool:
    return chart.effective_to is None or month <= chart.effective_to.year * 100 + chart.effective_to.month


def _link(books: Sequence[Book]) -> None:
    """The book of a later chart continues that of the earlier one, whichever was opened first."""
    opened = {book.pk for book in books}
    by_union: dict[int, list[Book]] = {}
    unions = [book.union_id for book in books]
    for book in Book.objects.filter(union__in=unions).order_by("chart__effective_from"):
        by_union.setdefault(book.union_id, []).append(book)
    pairs = [pair for same in by_union.values() for pair in pairwise(same) if opened & {b.pk for b in pair}]
    # A book between two others takes the place of the earlier one before that is given to it.
    for earlier, later in reversed(pairs):
        if later.continues_id != earlier.pk:
            Book.objects.filter(pk=later.pk).update(continues=earlier)
    for book in books:
        if len(by_union[book.union_id]) > 1:
            book.refresh_from_db(fields=["continues"])


def _first_accounts(book: Book, official: Sequence[ChartAccount]) -> Iterator[Account]:
    for row in official:
        if row.in_county or book.kind == BookKind.GRASSROOTS:
            yield Account(
                book=book,
                code=row.code,
                name=row.name,
                name_en=row.name_en,
                account_class=row.account_class,
                normal_side=row.normal_side,
                is_official=True,
                shards=_SHARDS.get(row.code, 1),
                guard=_GUARDS.get(row.code, 0),
                **({} if book.chart.effective_to else requirement(book.kind, row.code)._asdict()),
            )
    for detail in () if book.chart.effective_to else _local_details():
        if book.kind in detail.kinds:
            yield Account(
                book=book,
                code=detail.code,
                name=detail.name,
                name_en=detail.name_en,
                account_class=detail.account_class,
                normal_side=detail.normal_side,
                authorised_by=LOCAL_AUTHORITY,
                shards=detail.shards,
                guard=detail.guard,
                **requirement(book.kind, detail.code)._asdict(),
            )


def open_year(*, book: Book, year: int) -> None:
    """Create the periods of a year that do not exist yet; closing a month does it for the year after."""
    first = book.opened_on.year * 100 + book.opened_on.month
    months = [month for month in _months(year) if month >= first and _is_in_force(book.chart, month)]
    Period.objects.bulk_create([Period(book=book, month=month) for month in months], ignore_conflicts=True)


@transaction.atomic
def add_account(
    *,
    book: Book,
    code: str,
    name: str,
    authorised_by: str,
    name_en: str = "",
    shards: int = 1,
    guard: int = 0,
) -> Account:
    """Add a detail account (明细科目) below an account of the book. Raises AccountNotInChart, UnknownAccount."""
    parent = book.accounts.filter(code__in=[code[:n] for n in range(3, len(code))]).order_by("-code").first()
    if parent is None:
        raise UnknownAccount(_("There is no account above %(code)s in this book.") % {"code": code})
    with ledger_refusals():
        return Account.objects.create(
            book=book,
            code=code,
            name=name,
            name_en=name_en,
            account_class=parent.account_class,
            normal_side=parent.normal_side,
            authorised_by=authorised_by,
            shards=shards,
            guard=guard or parent.guard,
            **requirement(book.kind, code)._asdict(),
        )


@transaction.atomic
def add_bank_account(
    *, book: Book, code: str, bank: str, number: str, holder: str, authorised_by: str, shards: int = 1
) -> BankAccount:
    """Add a bank account with the next detail account below 102 银行存款. Raises UnknownAccount after the 99th."""
    Book.objects.select_for_update(no_key=True).get(pk=book.pk)
    codes = book.accounts.filter(code__regex=r"^102\d\d$").values_list("code", flat=True)
    used = max((int(found[3:]) for found in codes), default=0)
    if used == _MOST_BANK_ACCOUNTS:
        raise UnknownAccount(_("A book has at most 99 bank accounts."))
    account = add_account(
        book=book,
        code=f"102{used + 1:02d}",
        name=f"{bank}{number[-4:]}",
        name_en=f"Bank account {number[-4:]}",
        authorised_by=authorised_by,
        shards=shards,
    )
    return BankAccount.objects.create(code=code, account=account, bank=bank, number=number, holder=holder)
