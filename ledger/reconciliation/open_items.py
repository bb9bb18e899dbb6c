"""What is open on a bank account: lines of its statements and postings of its ledger account without a live match."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db import connection
from django.db.models import Count

from ledger.books.models import BankAccount

from .models import LineState, StatementLine


@dataclass(frozen=True, slots=True)
class OpenPosting:
    """A posting on the bank's ledger account, as the bank should see it: positive in, negative out, in yuan."""

    transfer_id: int
    side: str
    amount: Decimal
    transaction_id: int
    date: dt.date
    kind: str
    summary: str
    document: str
    external_key: str
    party: str
    reverses_id: int | None

    @property
    def posting_id(self) -> str:
        return f"{self.transfer_id}{self.side}"


# The party of the bank's line, or of the line that it meets.
_OPEN = """
SELECT f.transfer_id, f.side, f.amount, t.id, t.date, t.kind, t.summary, t.document, t.external_key, f.party,
       t.reverses_id
  FROM (SELECT id AS transfer_id, transaction_id, 'D' AS side,
               coalesce(nullif(party, ''), credit_party, '') AS party,
               CASE WHEN is_red THEN -amount ELSE amount END AS amount
          FROM books_transfer WHERE debit_id = %(account)s
        UNION ALL
        SELECT id, transaction_id, 'C', coalesce(nullif(credit_party, ''), party),
               CASE WHEN is_red THEN amount ELSE -amount END
          FROM books_transfer WHERE credit_id = %(account)s) f
  JOIN books_transaction t ON t.id = f.transaction_id
 WHERE (%(up_to)s::date IS NULL OR t.date <= %(up_to)s)
   AND (%(transfers)s::bigint[] IS NULL OR f.transfer_id = ANY(%(transfers)s))
   AND (%(transactions)s::bigint[] IS NULL OR f.transaction_id = ANY(%(transactions)s))
   AND NOT EXISTS (SELECT FROM reconciliation_matchposting m
                    WHERE m.transfer_id = f.transfer_id AND m.side = f.side AND m.live)
 ORDER BY t.date, f.transfer_id
"""


def open_postings(
    bank_account: BankAccount,
    *,
    up_to: dt.date | None = None,
    transfers: Sequence[int] | None = None,
    transactions: Sequence[int] | None = None,
) -> list[OpenPosting]:
    """Unmatched postings, oldest first; of these transfers or transactions only, if given."""
    with connection.cursor() as cursor:
        cursor.execute(
            _OPEN,
            {
                "account": bank_account.account_id,
                "up_to": up_to,
                "transfers": None if transfers is None else list(transfers),
                "transactions": None if transactions is None else list(transactions),
            },
        )
        return [OpenPosting(*row) for row in cursor.fetchall()]


def open_lines(bank_account: BankAccount, *, up_to: dt.date | None = None) -> list[StatementLine]:
    """Unmatched statement lines, oldest first."""
    lines = StatementLine.objects.filter(bank_account=bank_account, state=LineState.OPEN)
    if up_to is not None:
        lines = lines.filter(booked_on__lte=up_to)
    return list(lines.order_by("sequence"))


def open_line_counts(bank_accounts: Iterable[BankAccount]) -> dict[int, int]:
    """How many statement lines of each bank account are open, by its id; accounts without any are left out."""
    lines = StatementLine.objects.filter(bank_account__in=bank_accounts, state=LineState.OPEN)
    return dict(lines.order_by().values_list("bank_account").annotate(open=Count("pk")))
