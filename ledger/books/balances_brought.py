"""Opening balances (期初余额): what a union brings from its earlier books, as one voucher before the first day."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Iterable
from decimal import Decimal, InvalidOperation

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction
from django.utils.translation import gettext as _

from . import manual
from .errors import BalancesRefused
from .models import Book, FundSource, Period, PeriodState, Side, Voucher
from .pairing import Line

COLUMNS = ("account", "debit", "credit", "project", "fund_source", "party")


@transaction.atomic
def bring(*, book: Book, lines: Iterable[Line], prepared_by: AbstractBaseUser) -> Voucher:
    """Draft the voucher of the opening balances, dated the day before the book opens; another person checks it.

    They stand in a month of their own before the first one, so that every trial balance shows them as opening figures.
    Raises BalancesRefused for income or expenditure and for a second voucher, and what ``manual.prepare`` raises.
    """
    brought = list(lines)
    Book.objects.select_for_update(no_key=True).get(pk=book.pk)
    day = book.opened_on - dt.timedelta(days=1)
    month = day.year * 100 + day.month
    if book.vouchers.filter(month=month).exists():
        raise BalancesRefused(_("The opening balances of this book have been written already."))
    if book.periods.filter(state=PeriodState.CLOSED).exists():
        raise BalancesRefused(_("A month of this book is closed: its opening balances stay as they are."))
    results = sorted({line.account for line in brought if line.account[:1] in ("4", "5")})
    if results:
        raise BalancesRefused(
            _("%(accounts)s: income and expenditure have no opening balance.")
            % {"accounts": ", ".join(results)}
        )
    Period.objects.get_or_create(book=book, month=month)
    return manual.prepare(book=book, date=day, summary="期初余额", lines=brought, prepared_by=prepared_by)


def read(content: bytes) -> list[Line]:
    """Lines from a CSV file with the columns of COLUMNS, UTF-8 or GB18030. Raises BalancesRefused with the row."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("gb18030", errors="replace")
    rows = csv.DictReader(io.StringIO(text, newline=""))
    try:
        if not {"account", "debit", "credit"} <= set(rows.fieldnames or ()):
            raise BalancesRefused(
                _("The file needs the columns %(columns)s.") % {"columns": ", ".join(COLUMNS)}
            )
        return [line for number, row in enumerate(rows, start=2) for line in _lines(number, row)]
    except csv.Error as error:
        raise BalancesRefused(_("This is no CSV file: %(why)s") % {"why": error}) from error


def amount_in(text: str, row: int) -> Decimal:
    """The amount in yuan written in a cell, zero when it is empty. Raises BalancesRefused."""
    written = text.replace(",", "").strip()
    try:
        amount = Decimal(written or 0)
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite() or amount != round(amount, 2):
        raise BalancesRefused(_("Row %(row)s: “%(text)s” is not an amount.") % {"row": row, "text": written})
    return amount


def _lines(number: int, row: dict[str, str | None]) -> Iterable[Line]:
    fund_source = (row.get("fund_source") or "").strip() or FundSource.OWN.value
    if fund_source not in FundSource.values:
        raise BalancesRefused(
            _("Row %(row)s: the money is from one of %(sources)s.")
            % {"row": number, "sources": ", ".join(FundSource.values)}
        )
    for side, name in ((Side.DEBIT, "debit"), (Side.CREDIT, "credit")):
        amount = amount_in(row.get(name) or "", number)
        if amount:
            yield Line(
                account=(row["account"] or "").strip(),
                side=side.value,
                amount=amount,
                project=(row.get("project") or "").strip(),
                fund_source=fund_source,
                party=(row.get("party") or "").strip(),
            )
