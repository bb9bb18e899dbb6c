"""What the bank answered becomes postings: Dr expenditure / Cr 102 for each paid line, split by funder (60/40).

What came back after it had arrived, and its payment again, are booked by ``returns``.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction
from django.utils.translation import gettext as _

from ledger.books import rules
from ledger.books.models import FundSource
from ledger.books.posting import Entry, post
from ledger.books.rules import Rule
from ledger.payouts import results
from ledger.payouts.models import Batch, BatchLine
from ledger.payouts.results import Outcome
from portal.accounts.models import User

from . import programmes, returns
from .errors import WrongState
from .models import Commitment, CommitmentState
from .sharing import split

_AT_ONCE = 2_000


@transaction.atomic
def import_result(*, batch: Batch, content: bytes, actor: User | None) -> Outcome:
    """Take in the bank's result file and post every payment that it newly confirms or that came back, all or nothing.

    The same file again adds nothing.

    Raises FileRefused, NotAllowed, WrongState, PeriodClosed (the day of payment lies in a closed month).
    """
    outcome = results.import_result(batch=batch, content=content, actor=actor, takes_returns=True)
    lines = [*outcome.paid, *outcome.failed]
    commitments = {
        c.payout_line_id: c
        for c in Commitment.objects.select_for_update(of=("self",))
        .filter(payout_line__in=[line.pk for line in lines])
        .select_related("version__programme", "payer", "run")
    }
    if len(commitments) != len(lines):
        raise WrongState(_("Payout %(batch)s pays something that is not on a list.") % {"batch": batch.code})
    again = {commitments[line.pk].pk: line for line in outcome.paid if commitments[line.pk].transaction_id}
    returns.repay(batch, again, actor)
    _post_paid(
        batch, [line for line in outcome.paid if not commitments[line.pk].transaction_id], commitments, actor
    )
    for line in outcome.paid:
        commitments[line.pk].state = CommitmentState.PAID
    for line in outcome.failed:
        commitments[line.pk].state = CommitmentState.FAILED
    Commitment.objects.bulk_update(
        commitments.values(), ["state", "paid_on", "transaction"], batch_size=_AT_ONCE
    )
    returns.book_sent_back(batch, outcome.returned, actor)
    return outcome


def _post_paid(
    batch: Batch, lines: Sequence[BatchLine], commitments: dict[int | None, Commitment], actor: User | None
) -> None:
    account = batch.bank_account.account.code
    for line in lines:
        commitment = commitments[line.pk]
        assert line.settled_on is not None  # noqa: S101 — a paid line has its day (constraint)
        rule = rules.rule("benefits.paid", line.settled_on)
        commitment.transaction = post(
            book=batch.bank_account.book,
            external_key=f"benefit:{commitment.pk}",
            date=line.settled_on,
            kind=f"benefit.{commitment.programme.code}",
            summary=rule.words(programme=commitment.version.programme.name, year=commitment.year_key),
            document=batch.code,
            entries=_entries(rule, commitment, account),
            rule=rule.label,
            actor=actor,
        )
        commitment.paid_on = line.settled_on


def _entries(rule: Rule, commitment: Commitment, bank: str) -> list[Entry]:
    """One entry for each funder: the payer's own money and earmarked money from above (原始凭证分割单)."""
    pairs = programmes.funders(commitment.version, commitment.payer)
    parts = split(commitment.amount, [share for _union, share in pairs])
    accounts = {"expense": commitment.version.expense_account, "bank": bank}
    return [
        entry
        for (union, _share), part in zip(pairs, parts, strict=True)
        for entry in rule.entries(
            {"share": part},
            accounts,
            project=commitment.version.programme.name,
            fund_source=(FundSource.OWN if union.pk == commitment.payer_id else FundSource.EARMARKED).value,
            party=commitment.party,
        )
    ]
