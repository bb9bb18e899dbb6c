"""What was to be paid, what the bank's result says it paid, and what its statement shows: the three must agree."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Count, Sum
from djmoney.money import Money

from ledger.payouts.models import Batch, BatchState, LineState
from ledger.payouts.queries import NOTHING, Part, by_state, first_possible_day
from ledger.reconciliation.models import StatementLine


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreeWay:
    """``listed`` is the request; ``statement`` what left the bank account under the batch's code, less what came back.

    ``open`` is what the bank has not decided; ``off`` is how much more the statement shows than the result says.
    """

    listed: Part
    paid: Part
    failed: Part
    returned: Part
    open: Part
    statement: Part
    off: Money

    @property
    def agrees(self) -> bool:
        return not self.open.count and not self.off.amount


def totals(batch: Batch) -> ThreeWay:
    """The three totals of a batch in yuan, as they are now."""
    parts = by_state(batch)
    paid, failed = parts.pop(LineState.PAID, NOTHING), parts.pop(LineState.FAILED, NOTHING)
    returned = parts.pop("returned", NOTHING)
    over = (BatchState.WITHDRAWN, BatchState.REFUSED)
    left = [] if batch.state in over else list(parts.values())
    statement = _on_the_statement(batch)
    return ThreeWay(
        listed=Part(batch.line_count, batch.total),
        paid=paid,
        failed=failed,
        returned=returned,
        open=Part(sum(p.count for p in left), Money(sum((p.total.amount for p in left), Decimal(0)), "CNY")),
        statement=statement,
        off=statement.total - paid.total,
    )


def _on_the_statement(batch: Batch) -> Part:
    """The bank prints the batch's code in the summary of its lines; codes are never part of one another."""
    lines = StatementLine.objects.filter(
        bank_account=batch.bank_account,
        booked_on__gte=first_possible_day(batch),
        summary__contains=batch.code,
    ).exclude(sequence=0)
    found = lines.aggregate(count=Count("pk"), total=Sum("amount"))
    return Part(found["count"], Money(-(found["total"] or Decimal(0)), "CNY"))
