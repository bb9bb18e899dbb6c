"""Commitments on their way to the bank: into a payout batch, and back when it is withdrawn or its file is refused."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from django.db import connection, transaction
from django.db.models import OuterRef, QuerySet, Subquery
from django.utils.translation import gettext as _

from ledger.books.models import BankAccount
from ledger.payouts import batches, formats, refusals
from ledger.payouts.errors import LinesRefused, OwnMoney
from ledger.payouts.models import Batch
from portal.accounts.models import User
from portal.members.models import CardStatus, Member, ServiceCard
from portal.unions.models import Union

from . import funding
from .errors import WrongState
from .models import Commitment, CommitmentState, Return

_AT_ONCE = 2_000
_REASON_LENGTH = 200
_NEEDED = ("attempts", "member_id", "programme_id", "party", "amount", "amount_currency")


def pay(
    waiting: QuerySet[Commitment],
    *,
    bank_account: BankAccount,
    payer: Union,
    source: str,
    purpose: str,
    format_code: str,
    value_date: dt.date,
    prepared_by: User,
) -> list[Batch]:
    """Put waiting commitments, locked in their order, into as many batches as the bank's format needs.

    Paid is to the cards in use. Who has none now, or a payment that the format cannot carry, is left out with the
    reason and waits for the next batch. Memory holds the lines of one file, however long the list is.
    Raises WrongState and LinesRefused when that leaves nobody, EarmarkOverspent.
    """
    if bank_account.book.union_id != payer.pk:
        raise WrongState(
            _("This list is paid by %(union)s, from its own bank account.") % {"union": payer.name}
        )
    known = formats.get(format_code)
    files = _Files(
        most=known.max_lines,
        build=partial(
            _build,
            bank_account=bank_account,
            purpose=purpose,
            source=source,
            format_code=format_code,
            value_date=value_date,
            prepared_by=prepared_by,
        ),
    )
    programmes: set[int] = set()
    refused: list[str] = []
    for commitments in _locked(waiting):
        lines, left_out = _lines(commitments, format_code=format_code, purpose=purpose)
        _leave_out(left_out)
        refused += [reason for reason in left_out.values() if reason != _("no card in use")]
        for commitment in commitments:
            if line := lines.get(commitment.pk):
                programmes.add(commitment.programme_id)
                files.add(line.bank if known.is_file_per_bank else "", commitment.pk, line)
    made = files.finish()
    if not made:
        raise (
            LinesRefused(list(enumerate(refused, 1)))
            if refused
            else WrongState(_("There is nobody left to pay who has a card in use."))
        )
    funding.require_earmarked(programmes, book=bank_account.book)
    return made


def _locked(waiting: QuerySet[Commitment]) -> Iterator[list[Commitment]]:
    """All of them locked at once in their order, then as they are now, some thousand at a time."""
    found = Commitment.objects.filter(pk__in=waiting.order_by().values("pk")).order_by("pk")
    keys = list(found.select_for_update().values_list("pk", flat=True))
    for first in range(0, len(keys), _AT_ONCE):
        still = waiting.filter(pk__in=keys[first : first + _AT_ONCE]).order_by().values("pk")
        yield list(Commitment.objects.filter(pk__in=still).order_by("pk").only(*_NEEDED))


def _lines(
    commitments: Sequence[Commitment], *, format_code: str, purpose: str
) -> tuple[dict[int, batches.Line], dict[int, str]]:
    """The payment of each commitment that can be paid now, and why the others cannot."""
    members = [commitment.member_id for commitment in commitments]
    found = ServiceCard.objects.filter(member__in=members, status=CardStatus.ACTIVE)
    cards = {card.member_id: card for card in found.only("member", "holder", "number", "bank")}
    lines: dict[int, batches.Line] = {}
    left_out: dict[int, str] = {}
    for commitment in commitments:
        card = cards.get(commitment.member_id)
        if card is None:
            left_out[commitment.pk] = _("no card in use")
            continue
        line = batches.Line(
            reference=commitment.next_reference,
            payee_name=card.holder,
            card_number=card.number,
            amount=commitment.amount,
            bank=card.bank,
            party=commitment.party,
        )
        problems = batches.problems_of(line, format_code=format_code, purpose=purpose)
        if problems:
            left_out[commitment.pk] = " ".join(problems)[:_REASON_LENGTH]
        else:
            lines[commitment.pk] = line
    return lines, left_out


@dataclass
class _Files:
    """Lines gathered until a file is full: one file at a time, or one for each bank of the cards."""

    most: int
    build: Callable[[list[int], list[batches.Line]], Batch]
    made: list[Batch] = field(default_factory=list)
    _open: dict[str, tuple[list[int], list[batches.Line]]] = field(default_factory=dict)

    def add(self, bank: str, commitment: int, line: batches.Line) -> None:
        keys, lines = self._open.setdefault(bank, ([], []))
        keys.append(commitment)
        lines.append(line)
        if len(lines) == self.most:
            self.made.append(self.build(*self._open.pop(bank)))

    def finish(self) -> list[Batch]:
        self.made += [self.build(*left) for _bank, left in sorted(self._open.items())]
        self._open.clear()
        return self.made


def _build(commitments: list[int], lines: list[batches.Line], **facts: Any) -> Batch:
    batch = batches.build(lines=lines, **facts)
    with connection.cursor() as cursor:
        cursor.execute(
            """UPDATE benefits_commitment c
                  SET attempts = attempts + 1, state = 'in_payout', payout_line_id = l.id, left_out = ''
                 FROM unnest(%s::bigint[]) WITH ORDINALITY AS paid (id, seq)
                 JOIN payouts_batchline l ON l.batch_id = %s AND l.seq = paid.seq
                WHERE c.id = paid.id""",
            [commitments, batch.pk],
        )
    return batch


def _leave_out(reasons: dict[int, str]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            """UPDATE benefits_commitment c SET left_out = r.reason
                 FROM unnest(%s::bigint[], %s::text[]) AS r (id, reason) WHERE c.id = r.id""",
            [list(reasons), list(reasons.values())],
        )


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
    on_the_way = Commitment.objects.filter(payout_line__batch=batch, state=CommitmentState.IN_PAYOUT)
    owed = Return.objects.filter(commitment=OuterRef("pk"), repaid_with=None)
    on_the_way.filter(transaction__isnull=False).update(
        state=CommitmentState.RETURNED, payout_line=Subquery(owed.values("line"))
    )
    on_the_way.update(state=CommitmentState.APPROVED, payout_line=None)


def require_not_paid(actor: User, members: QuerySet[Any] | Sequence[int]) -> None:
    """Raise OwnMoney when the actor is one of the members who are paid, whichever roles that person holds."""
    if Member.objects.filter(user=actor, pk__in=members).exists():
        raise OwnMoney(_("Somebody else must do this: you are one of the people who are paid."))
