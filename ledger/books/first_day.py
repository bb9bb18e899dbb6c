"""Before a book's first day there is nothing but its opening balances (期初余额).

They stand on the last day of the month before the first one, also when the book opens in the middle of a month: the
first trial balance shows them as opening figures and never as movements (制度第六条: periods are calendar months).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from django.utils.translation import gettext as _

from .errors import BalancesRefused, PeriodClosed
from .models import Book, Voucher

# Typed vouchers and what takes them back; every event of dues, benefits or the bank has a later day.
_TYPED = frozenset({"manual", "opening"})


def day_of_balances(book: Book) -> dt.date:
    """The day on which opening balances stand."""
    return book.opened_on.replace(day=1) - dt.timedelta(days=1)


def first_month(book: Book, year: int) -> int:
    """YYYYMM of the first month of a year in which the book has movements; what stands before it was brought in."""
    return max(year * 100 + 1, book.opened_on.year * 100 + book.opened_on.month)


def require_begun(*, book: Book, date: dt.date, kind: str = "manual") -> None:
    """Raise PeriodClosed for a day before the first one, unless it is that of typed opening balances."""
    if date < book.opened_on and not (kind in _TYPED and date == day_of_balances(book)):
        raise PeriodClosed(
            _("Book %(book)s begins on %(day)s. Choose that day or a later one.")
            % {"book": book.code, "day": book.opened_on}
        )


def require_balances_only(*, book: Book, date: dt.date, accounts: Iterable[str]) -> None:
    """Raise BalancesRefused for income or expenditure among lines that stand before the first day."""
    results = sorted({code for code in accounts if code[:1] in ("4", "5")}) if date < book.opened_on else []
    if results:
        raise BalancesRefused(
            _("%(accounts)s: income and expenditure have no opening balance.")
            % {"accounts": ", ".join(results)}
        )


def require_only_balances(*, book: Book, date: dt.date, besides: Voucher | None = None) -> None:
    """Raise BalancesRefused when a second voucher would stand before the first day, beside this one."""
    if date >= book.opened_on:
        return
    others = book.vouchers.filter(date__lt=book.opened_on, cancels=None)
    if besides is not None:
        others = others.exclude(pk=besides.pk)
    if others.exists():
        raise BalancesRefused(_("The opening balances of this book have been written already."))
