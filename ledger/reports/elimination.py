"""上下级往来: what one union gives or owes stands against what the other receives or has to get."""

from __future__ import annotations

from decimal import Decimal

from django.db import connection

from ledger.books.models import Book

from .periods import month_in_words
from .spreadsheets import Cell
from .tables import Column, Lead, Report, Row
from .wording import said

_ZERO = Decimal("0.00")
_ELIMINATION = """
WITH pair (giving, giving_side, getting, getting_side) AS (
    VALUES ('50801', 'D', '40301', 'C'), ('50802', 'D', '40302', 'C'), ('21201', 'C', '13101', 'D'),
           ('21202', 'C', '13102', 'D'), ('211', 'C', '132', 'D')
), linked AS (
    SELECT t.mirror_key, b.code AS book, a.code AS account, p.side, p.amount
      FROM books_transaction t
      JOIN books_posting p ON p.transaction_id = t.id
      JOIN books_account a ON a.id = p.account_id
      JOIN books_book b ON b.id = t.book_id
     WHERE t.month <= %(month)s AND t.kind NOT IN ('closing', 'year_end') AND t.mirror_key IN (
           SELECT mirror_key FROM books_transaction
            WHERE book_id = %(book)s AND mirror_key <> '' AND month <= %(month)s)
), sides AS (
    SELECT linked.*, pair.*, true AS gives, CASE side WHEN giving_side THEN amount ELSE -amount END AS moved
      FROM linked JOIN pair ON account LIKE giving || '%%'
    UNION ALL
    SELECT linked.*, pair.*, false, CASE side WHEN getting_side THEN amount ELSE -amount END
      FROM linked JOIN pair ON account LIKE getting || '%%'
)
SELECT mirror_key, giving || ' / ' || getting, max(book) FILTER (WHERE gives), max(book) FILTER (WHERE NOT gives),
       coalesce(sum(moved) FILTER (WHERE gives), 0), coalesce(sum(moved) FILTER (WHERE NOT gives), 0),
       (SELECT min(id) FROM books_transaction o WHERE o.book_id = %(book)s AND o.mirror_key = sides.mirror_key)
  FROM sides GROUP BY mirror_key, giving, getting ORDER BY mirror_key, giving
"""


def elimination(book: Book, month: int, language: str = "zh") -> Report:
    """上下级往来抵销: what this book gave, owed, received or had to get, against the other union's, until YYYYMM.

    Each line leads to the event in this book, which leads to the other half.
    """
    with connection.cursor() as cursor:
        cursor.execute(_ELIMINATION, {"book": book.pk, "month": month})
        found = cursor.fetchall()
    codes = {code for row in found for code in row[2:4] if code}
    unions = {
        other.code: f"{other.code} {other.union.local_name(language)}"
        for other in Book.objects.filter(code__in=codes).select_related("union")
    }
    rows = [
        Row(
            (key, pair, unions.get(giver, ""), unions.get(getter, ""), given, got, given - got),
            transaction=own,
            leads=(Lead(transaction=own), None, None, None, *(Lead(transaction=own),) * 3),
        )
        for key, pair, giver, getter, given, got, own in found
    ]
    sums = [sum((Decimal(row[n]) for row in found), _ZERO) for n in (4, 5)]
    total: tuple[Cell, ...] = (said("合计", language), "", "", "", *sums, sums[0] - sums[1])
    rows.append(Row(total, is_total=True, level=0))
    return Report(
        name="上下级往来抵销表",
        name_en="Inter-union elimination",
        number="",
        book=book,
        period=month_in_words(month, language),
        columns=(
            Column("业务", "Payment"),
            Column("对应科目", "Accounts"),
            Column("拨付方", "Gives", is_text=True),
            Column("收款方", "Receives", is_text=True),
            Column("拨付方金额", "Given", is_figure=True),
            Column("收款方金额", "Received", is_figure=True),
            Column("在途", "In transit", is_figure=True),
        ),
        rows=rows,
        is_wide=True,
    )
