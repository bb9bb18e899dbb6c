"""Commitments on their way to the bank: into a payout batch, and back when it is withdrawn or its file is refused."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from ledger.books.models import BankAccount
from ledger.payouts import batches, refusals
from ledger.payouts.errors import LinesRefused, OwnMoney
from ledger.payouts.models import Batch
from portal.accounts.models import User
from portal.members.models import CardStatus, Member, ServiceCard
from portal.unions.models import Union

from . import funding
from .errors import WrongState
from .models import Commitment, CommitmentState

_AT_ONCE = 2_000
_REASON_LENGTH = 200


def pay(
    commitments: Sequence[Commitment],
    *,
    bank_account: BankAccount,
    payer: Union,
    source: str,
    purpose: str,
    format_code: str,
    value_date: dt.date,
    prepared_by: User,
) -> Batch:
    """Put locked commitments into one batch to the cards in use.

    Who has no card in use now, or a payment that the bank's format cannot carry, is left out with the reason and waits
    for the next batch. Raises WrongState and LinesRefused when that leaves nobody, EarmarkOverspent.
    """
    if bank_account.book.union_id != payer.pk:
        raise WrongState(
            _("This list is paid by %(union)s, from its own bank account.") % {"union": payer.name}
        )
    lines = _lines(commitments, format_code=format_code, purpose=purpose)
    ready = [c for c in commitments if not c.left_out]
    if not ready:
        problems = [(n, c.left_out) for n, c in enumerate(commitments, 1) if c.pk in lines]
        raise (
            LinesRefused(problems)
            if problems
            else WrongState(_("There is nobody left to pay who has a card in use."))
        )
    funding.require_earmarked(ready, book=bank_account.book)
    batch = batches.build(
        bank_account=bank_account,
        purpose=purpose,
        source=source,
        lines=[lines[c.pk] for c in ready],
        format_code=format_code,
        value_date=value_date,
        prepared_by=prepared_by,
    )
    made = dict(batch.lines.values_list("reference", "pk"))
    for commitment in ready:
        commitment.attempts += 1
        commitment.state = CommitmentState.IN_PAYOUT
        commitment.payout_line_id = made[commitment.reference]
    Commitment.objects.bulk_update(
        commitments, ["attempts", "state", "payout_line", "left_out"], batch_size=_AT_ONCE
    )
    return batch


def _lines(commitments: Sequence[Commitment], *, format_code: str, purpose: str) -> dict[int, batches.Line]:
    """The payment of everybody with a card, and on each commitment why it is left out."""
    cards = {
        card.member_id: card
        for card in ServiceCard.objects.filter(
            member__in=[c.member_id for c in commitments], status=CardStatus.ACTIVE
        )
    }
    lines = {}
    for commitment in commitments:
        card = cards.get(commitment.member_id)
        if card is None:
            commitment.left_out = _("no card in use")
            continue
        line = lines[commitment.pk] = batches.Line(
            reference=commitment.next_reference,
            payee_name=card.holder,
            card_number=card.number,
            amount=commitment.amount,
            bank=card.bank,
            party=commitment.party,
        )
        problems = batches.problems_of(line, format_code=format_code, purpose=purpose)
        commitment.left_out = " ".join(problems)[:_REASON_LENGTH]
    return lines


@transaction.atomic
def withdraw(*, batch: Batch, reason: str, actor: User) -> Batch:
    """Take back a batch that nobody has released; its people wait for the next one. Raises NotAllowed, WrongState."""
    withdrawn = batches.withdraw(batch=batch, reason=reason, actor=actor)
    _take_back(withdrawn)
    return withdrawn


@transaction.atomic
def confirm_refusal(*, batch: Batch, confirmed_by: User) -> Batch:
    """The bank took nothing of the file, as another person reported; its people wait for the next batch.

    Raises NotAllowed, SamePerson, OwnMoney, WrongState.
    """
    refused = refusals.confirm(batch=batch, confirmed_by=confirmed_by)
    _take_back(refused)
    return refused


def _take_back(batch: Batch) -> None:
    """After the batch, in the order in which a bank's result locks them too."""
    Commitment.objects.filter(payout_line__batch=batch, state=CommitmentState.IN_PAYOUT).update(
        state=CommitmentState.APPROVED, payout_line=None
    )


def require_not_paid(actor: User, members: QuerySet[Any] | Sequence[int]) -> None:
    """Raise OwnMoney when the actor is one of the members who are paid, whichever roles that person holds."""
    if Member.objects.filter(user=actor, pk__in=members).exists():
        raise OwnMoney(_("Somebody else must do this: you are one of the people who are paid."))
