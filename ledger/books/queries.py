"""Reading the books: balances in constant time, trial balances from monthly totals, never from all history."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from decimal import Decimal

from django.db import connection
from django.db.models import Case, DecimalField, F, Min, OuterRef, Q, QuerySet, Subquery, Sum, Value, When
from django.db.models.functions import Coalesce
from djmoney.money import Money

from portal.unions.models import Union

from .models import (
    Account,
    AccountClass,
    Balance,
    Book,
    Posting,
    Side,
    Transaction,
    Transfer,
    Voucher,
    VoucherLine,
)

# Nature and class of postings: a line of expenditure and the money it takes say the same, and who reads wants it once,
# where it belongs.
_expense = Q(account__account_class=AccountClass.EXPENSE)
OWN_NATURE = Case(When(_expense, then="nature"), default=Value(""))
OWN_CLASS = Case(When(_expense, then="economic_class"), default=Value(""))


def current_book(union: Union) -> Book | None:
    """The book a union keeps today; books under replaced charts hold its history."""
    return Book.objects.filter(union=union, continued_by=None).first()


def balance(account: Account) -> Money:
    """The account's balance on its normal side, in yuan; negative when it stands on the other side."""
    totals = Balance.objects.filter(account=account).aggregate(net=Sum(F("debit") - F("credit")))
    net = totals["net"] or Decimal(0)
    return Money(net if account.normal_side == Side.DEBIT else -net, "CNY")


def balance_of(book: Book, code: str) -> Money:
    """The balance of an account with all accounts below it, by code, on its normal side."""
    account = book.accounts.get(code=code)
    net = Balance.objects.filter(account__book=book, account__code__startswith=code).aggregate(
        net=Sum(F("debit") - F("credit"))
    )["net"] or Decimal(0)
    return Money(net if account.normal_side == Side.DEBIT else -net, "CNY")


def with_totals(found: QuerySet[Voucher]) -> QuerySet[Voucher]:
    """Vouchers with their ``total`` in yuan: what a draft has typed, or the events behind it; None without either."""
    yuan = DecimalField(max_digits=20, decimal_places=2)
    signed = Case(When(is_red=True, then=-F("amount")), default=F("amount"), output_field=yuan)
    typed = VoucherLine.objects.filter(voucher=OuterRef("pk"), side=Side.DEBIT).values("voucher")
    behind = Transfer.objects.filter(transaction__voucher_entry__voucher=OuterRef("pk"))
    events = behind.values("transaction__voucher_entry__voucher")
    return found.annotate(
        total=Coalesce(
            Subquery(typed.annotate(sum=Sum(F("amount"), output_field=yuan)).values("sum")),
            Subquery(events.annotate(sum=Sum(signed)).values("sum")),
        )
    )


@dataclass(frozen=True, slots=True)
class EntryLine:
    """One line of an entry as it is read: what a transaction says alike of one account and side; red is negative."""

    account: str
    side: str
    amount: Decimal
    summary: str
    project: str
    fund_source: str
    party: str
    nature: str
    economic_class: str

    @property
    def is_debit(self) -> bool:
        return self.side == Side.DEBIT


def lines_of_transaction(transaction: Transaction) -> list[EntryLine]:
    """The lines of an entry as they were typed: transfers pair them, and one line may have met several others."""
    yuan = DecimalField(max_digits=20, decimal_places=2)
    found = (
        Posting.objects.filter(transaction=transaction)
        .annotate(is_red=Case(When(amount__lt=0, then=True), default=False), own_nature=OWN_NATURE, own_class=OWN_CLASS)
        .values_list(
            "account__code", "side", "line_summary", "project", "fund_source", "party", "own_nature", "own_class",
            "is_red",
        )
        .annotate(sum=Sum("amount", output_field=yuan), first=Min("line"))
        .order_by("first", "-side", "account__code")
    )  # fmt: skip
    # Nothing in all where black and red only took each other off (``pairing``).
    in_all: Counter[tuple[str, ...]] = Counter()
    for *said, _is_red, amount, _first in found:
        in_all[tuple(said)] += amount
    return [
        EntryLine(code, side, amount, summary or transaction.summary, *dimensions)
        for code, side, summary, *dimensions, _is_red, amount, _first in found
        if in_all[code, side, summary, *dimensions]
    ]


@dataclass(frozen=True, slots=True)
class TrialBalanceRow:
    """One account in a trial balance (科目余额表); amounts in yuan, level-1 rows include their details."""

    code: str
    name: str
    name_en: str
    opening_debit: Decimal
    opening_credit: Decimal
    debit: Decimal
    credit: Decimal
    closing_debit: Decimal
    closing_credit: Decimal

    def local_name(self, language: str) -> str:
        return self.name_en if language.startswith("en") and self.name_en else self.name


_TRIAL_BALANCE = """
WITH sums AS (
    SELECT a.code,
           coalesce(sum(t.debit - t.credit) FILTER (WHERE t.month < %(month)s), 0) AS opening,
           coalesce(sum(t.debit) FILTER (WHERE t.month = %(month)s), 0) AS debit,
           coalesce(sum(t.credit) FILTER (WHERE t.month = %(month)s), 0) AS credit,
           bool_or(t.month = %(month)s) AS moved
      FROM books_account a JOIN books_turnover t ON t.account_id = a.id
     WHERE a.book_id = %(book)s AND t.month <= %(month)s
     GROUP BY a.code
)
SELECT a.code, a.name, a.name_en, sum(s.opening), sum(s.debit), sum(s.credit)
  FROM books_account a JOIN sums s ON s.code LIKE a.code || '%%'
 WHERE a.book_id = %(book)s
 GROUP BY a.code, a.name, a.name_en
HAVING bool_or(s.opening <> 0 OR s.moved)
 ORDER BY a.code
"""


def trial_balance(book: Book, month: int) -> list[TrialBalanceRow]:
    """Opening, movement and closing of each account of YYYYMM that moved or has a balance, ordered by code."""
    with connection.cursor() as cursor:
        cursor.execute(_TRIAL_BALANCE, {"book": book.pk, "month": month})
        rows = cursor.fetchall()
    zero = Decimal("0.00")
    result = []
    for code, name, name_en, opening, debit, credit in rows:
        closing = opening + debit - credit
        result.append(
            TrialBalanceRow(
                code=code,
                name=name,
                name_en=name_en,
                opening_debit=max(opening, zero),
                opening_credit=max(-opening, zero),
                debit=debit,
                credit=credit,
                closing_debit=max(closing, zero),
                closing_credit=max(-closing, zero),
            )
        )
    return result
