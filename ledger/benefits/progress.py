"""How far a payment list has come, from the clause to the postings."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from django.db.models import Count, Sum
from djmoney.money import Money

from ledger.payouts.models import Batch, BatchState

from . import funding
from .models import CommitmentState, Run, RunState


class Step(IntEnum):
    """The steps of a list in their order."""

    POLICY = 0
    PREPARED = 1
    APPROVED = 2
    FUNDED = 3
    BUILT = 4
    ANSWERED = 5
    POSTED = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """``reached`` is the first step that is not done, None when all are; counts are of people, the amount in yuan."""

    reached: Step | None
    missing_share: funding.Share | None
    batches: list[Batch]
    paid: int
    paid_amount: Money
    failed: int
    left_out: int
    can_pay: bool


def of(run: Run) -> Progress:
    """Where the list stands now and what its next step needs."""
    rows = run.commitments.values_list("state").annotate(Count("pk"), Sum("amount"))
    states: dict[str, int] = {state: count for state, count, _sum in rows}
    sums = {state: amount for state, _count, amount in rows}
    batches = list(Batch.objects.filter(source=run.code).order_by("pk"))
    approved = run.state == RunState.APPROVED
    missing = funding.next_share(run) if approved else None
    paid = states.get(CommitmentState.PAID, 0)
    failed = states.get(CommitmentState.FAILED, 0) + states.get(CommitmentState.RETURNED, 0)
    funded = approved and missing is None
    done = {
        Step.POLICY: True,
        Step.PREPARED: run.state != RunState.PREPARING,
        Step.APPROVED: approved,
        Step.FUNDED: funded,
        Step.BUILT: any(b.state not in (BatchState.WITHDRAWN, BatchState.REFUSED) for b in batches),
        Step.ANSWERED: any(b.state == BatchState.SETTLED for b in batches),
        Step.POSTED: bool(paid),
    }
    return Progress(
        reached=next((step for step in Step if not done[step]), None),
        missing_share=missing,
        batches=batches,
        paid=paid,
        paid_amount=Money(sums.get(CommitmentState.PAID, 0), "CNY"),
        failed=failed,
        left_out=run.commitments.exclude(left_out="").count(),
        can_pay=funded and states.get(CommitmentState.APPROVED, 0) + failed > 0,
    )
