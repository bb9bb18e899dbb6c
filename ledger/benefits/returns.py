"""Payments that come back after they had arrived (退汇) and are paid again: domain 2.6, steps 6 and 7.

Coming back: Dr 102 / Cr 21501 for the person, on the day of the bank. Paid again: Dr 21501 / Cr 102. The expenditure
was booked when it was paid first and stays as it is.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping

from django.db import transaction
from django.utils.translation import gettext as _

from ledger.books import rules
from ledger.books.models import Transaction
from ledger.books.posting import post
from ledger.books.rules import Rule
from ledger.payouts import batches
from ledger.payouts import returns as lines
from ledger.payouts.errors import FileRefused, PayoutError
from ledger.payouts.models import Batch, BatchLine
from ledger.payouts.reasons import REASONS
from ledger.payouts.results import SentBack
from portal.accounts import audit
from portal.accounts.models import User
from portal.accounts.permissions import require, require_other_person
from portal.accounts.roles import Duty
from portal.members.models import Member

from .errors import BenefitError, WrongState, benefit_refusals
from .models import Commitment, CommitmentState, Return
from .paying import require_not_paid


@transaction.atomic
def report(
    *, line: BatchLine, came_back_on: dt.date, reason: str, bank_reference: str, reported_by: User
) -> Return:
    """Say from the bank's statement that a payment came back; nothing is booked until another person confirms.

    Raises NotAllowed, OwnMoney, PayoutError (line not paid, impossible day), WrongState when it is reported.
    """
    batch = batches.lock(line.batch)
    require(reported_by, Duty.IMPORT_BANK_RESULT, batch.bank_account.book.union)
    if reason not in REASONS or not REASONS[reason].is_confirmed_failure:
        raise BenefitError(_("Choose the reason that the bank gives."))
    if not bank_reference.strip():
        raise BenefitError(_("Give the bank's reference of the credit, as on the statement."))
    found = batch.lines.get(pk=line.pk)
    lines.require_returnable(found, came_back_on)
    commitment = _paid_by(found)
    require_not_paid(reported_by, [commitment.member_id])
    if Return.objects.filter(line=found).exists():
        raise WrongState(_("That this payment came back is reported already; another person confirms it."))
    with benefit_refusals():
        returned = Return.objects.create(
            commitment=commitment,
            line=found,
            came_back_on=came_back_on,
            reason=reason,
            bank_reference=bank_reference.strip(),
            reported_by=reported_by,
        )
    _record(reported_by, "return.reported", returned, batch)
    return returned


@transaction.atomic
def confirm(*, returned: Return, confirmed_by: User) -> Return:
    """Book what another person reported: the money stands on 21501 and the next payout includes it.

    Raises NotAllowed, SamePerson, OwnMoney, WrongState when it is booked already or gone, PeriodClosed.
    """
    batch = batches.lock(returned.line.batch)
    require(confirmed_by, Duty.RELEASE_PAYOUT, batch.bank_account.book.union)
    found = _waiting(returned)
    require_other_person(found.reported_by_id, confirmed_by)
    require_not_paid(confirmed_by, Member.objects.filter(pk=found.commitment.member_id))
    found.confirmed_by = confirmed_by
    _book(found, batch, _paid_by(found.line), confirmed_by)
    _record(confirmed_by, "return.confirmed", found, batch)
    return found


@transaction.atomic
def drop(*, returned: Return, actor: User) -> None:
    """Take back a wrong report; only the audit log keeps it. Raises NotAllowed, WrongState once it is booked."""
    batch = batches.lock(returned.line.batch)
    union = batch.bank_account.book.union
    found = _waiting(returned)
    require(
        actor, Duty.IMPORT_BANK_RESULT if found.reported_by_id == actor.pk else Duty.RELEASE_PAYOUT, union
    )
    _record(actor, "return.dropped", found, batch)
    found.delete()


def book_sent_back(batch: Batch, sent_back: Iterable[SentBack], actor: User | None) -> None:
    """Book what the bank's file says came back; the caller holds the batch. A report that waits is thereby confirmed.

    Raises FileRefused for a line that is on no list or a day that cannot be.
    """
    for said in sent_back:
        try:
            lines.require_returnable(said.line, said.date)
            commitment = _paid_by(said.line)
        except (PayoutError, WrongState) as error:
            raise FileRefused(said.file_line, str(error)) from error
        returned = Return.objects.filter(line=said.line).first() or Return(
            commitment=commitment, line=said.line, reported_by=actor
        )
        returned.is_from_file = True
        returned.came_back_on = said.date
        returned.reason = lines.reason_for(batch, said.bank_code, said.bank_message)
        returned.bank_code, returned.bank_message = said.bank_code, said.bank_message
        returned.bank_reference = said.bank_reference or returned.bank_reference
        _book(returned, batch, commitment, actor)
        _record(actor, "return.from_file", returned, batch)


def repay(batch: Batch, paid: Mapping[int, BatchLine], actor: User | None) -> None:
    """Book that returned payments reached the card: lines by commitment, which the caller has locked.

    Raises WrongState for a commitment of which nothing stands on 21501.
    """
    owed = Return.objects.filter(
        commitment__in=paid.keys(), repaid_with=None, transaction__isnull=False
    ).select_related("commitment__version__programme")
    found = {returned.commitment_id: returned for returned in owed}
    for commitment, line in paid.items():
        returned = found.get(commitment)
        if returned is None or line.settled_on is None:
            raise WrongState(_("Payout line %(line)s was paid before.") % {"line": line.reference})
        rule = rules.rule("benefits.repaid", line.settled_on)
        key = f"repaid:{line.reference}"
        returned.repaid_with = _post(rule, key, batch, returned.commitment, date=line.settled_on, actor=actor)
        returned.repaid_on = line.settled_on
        with benefit_refusals():
            returned.save(update_fields=["repaid_on", "repaid_with"])


def _paid_by(line: BatchLine) -> Commitment:
    """The commitment that the line pays, locked."""
    found = (
        Commitment.objects.select_for_update(of=("self",))
        .select_related("version__programme", "programme")
        .filter(payout_line=line, state=CommitmentState.PAID)
        .first()
    )
    if found is None:
        raise WrongState(_("Payment %(line)s is on no list.") % {"line": line.reference})
    return found


def _waiting(returned: Return) -> Return:
    """The report as it is now; whoever changes it holds its batch."""
    found = (
        Return.objects.select_related("commitment", "line").filter(pk=returned.pk, transaction=None).first()
    )
    if found is None:
        raise WrongState(_("This report has been booked or taken back meanwhile."))
    return found


def _book(returned: Return, batch: Batch, commitment: Commitment, actor: User | None) -> None:
    date = returned.came_back_on
    rule, key = rules.rule("benefits.returned", date), f"returned:{returned.line.reference}"
    returned.transaction = _post(rule, key, batch, commitment, date=date, actor=actor)
    with benefit_refusals():
        returned.save()
        lines.mark(returned.line, came_back_on=returned.came_back_on, reason=returned.reason)
        commitment.state = CommitmentState.RETURNED
        commitment.save(update_fields=["state"])


def _post(
    rule: Rule, key: str, batch: Batch, commitment: Commitment, *, date: dt.date, actor: User | None
) -> Transaction:
    programme = commitment.version.programme
    return post(
        book=batch.bank_account.book,
        external_key=key,
        date=date,
        kind=f"{rule.code.removeprefix('benefits.')}.{programme.code}",
        summary=rule.words(programme=programme.name, year=commitment.year_key),
        document=batch.code,
        entries=rule.entries(
            {"amount": commitment.amount},
            {"bank": batch.bank_account.account.code},
            project=programme.name,
            party=commitment.party,
        ),
        rule=rule.label,
        actor=actor,
    )


def _record(actor: User | None, action: str, returned: Return, batch: Batch) -> None:
    audit.record(
        actor=actor,
        action=action,
        target=returned.commitment,
        union=batch.bank_account.book.union,
        batch=batch.code,
        reference=returned.line.reference,
        amount=str(returned.commitment.amount.amount),
        reason=returned.reason,
        date=returned.came_back_on.isoformat(),
    )
