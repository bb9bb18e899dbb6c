"""Opening balances (期初余额): what a union brings from its earlier books, as one voucher before the first day."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from . import manual
from .errors import BalancesRefused
from .first_day import day_of_balances, require_balances_only
from .models import Account, AccountClass, Book, Period, PeriodState, Side, Voucher
from .pairing import Line
from .sheets import amount_in, dimensions_in, rows_of

COLUMNS = ("account", "debit", "credit", "project", "fund_source", "party")


@transaction.atomic
def bring(*, book: Book, lines: Iterable[Line], prepared_by: AbstractBaseUser) -> Voucher:
    """Draft the voucher of the opening balances; another person checks it.

    They stand in a month of their own before the first one, so that every trial balance shows them as opening figures.
    Raises BalancesRefused for income or expenditure and for a second voucher, and what ``manual.prepare`` raises.
    """
    brought = list(lines)
    Book.objects.select_for_update(no_key=True).get(pk=book.pk)
    day = day_of_balances(book)
    month = day.year * 100 + day.month
    refusal = why_not_brought(book)
    if refusal is not None:
        raise refusal
    require_balances_only(book=book, date=day, accounts=[line.account for line in brought])
    Period.objects.get_or_create(book=book, month=month)
    return manual.prepare(book=book, date=day, summary="期初余额", lines=brought, prepared_by=prepared_by)


def bring_file(*, book: Book, content: bytes, prepared_by: AbstractBaseUser) -> Voucher:
    """Draft the opening balances that a file says. Raises what ``bring`` and ``read`` raise, with the row."""
    rows = list(_read(content))
    accounts = {
        account.code: account
        for account in book.accounts.filter(code__in={line.account for _number, line in rows})
    }
    for number, line in rows:
        account = accounts.get(line.account)
        if account is None:
            raise BalancesRefused(
                _("Row %(row)s: book %(book)s has no account “%(code)s”.")
                % {"row": number, "book": book.code, "code": line.account[:20]}
            )
        if not account.is_leaf:
            raise BalancesRefused(
                _("Row %(row)s: %(account)s has detail accounts. Choose one of them.")
                % {"row": number, "account": account}
            )
    return bring(book=book, lines=[line for _number, line in rows], prepared_by=prepared_by)


def why_not_brought(book: Book) -> BalancesRefused | None:
    """Why the book takes no opening balances: they are there or drafted, or a month is closed over them."""
    day = day_of_balances(book)
    if book.vouchers.filter(month=day.year * 100 + day.month).exists():
        return BalancesRefused(_("The opening balances of this book have been written already."))
    if book.periods.filter(state=PeriodState.CLOSED).exists():
        return BalancesRefused(_("A month of this book is closed: its opening balances stay as they are."))
    return None


def accounts_to_bring(book: Book) -> QuerySet[Account]:
    """The accounts that can have an opening balance: the lowest ones, but no income and expenditure."""
    results = [AccountClass.INCOME, AccountClass.EXPENSE]
    found = book.accounts.filter(is_leaf=True, kept_by="").exclude(account_class__in=results)
    return found.order_by("code")


def read(content: bytes) -> list[Line]:
    """Lines from a CSV file with the columns of COLUMNS, UTF-8 or GB18030. Raises BalancesRefused with the row."""
    return [line for _number, line in _read(content)]


def _read(content: bytes) -> Iterator[tuple[int, Line]]:
    for number, cells in rows_of(content, columns=COLUMNS, needed=COLUMNS[:3]):
        dimensions = dimensions_in(cells, number)
        for side in Side:
            amount = amount_in(cells["debit" if side == Side.DEBIT else "credit"], number)
            if amount:
                yield number, Line(account=cells["account"], side=side.value, amount=amount, **dimensions)
