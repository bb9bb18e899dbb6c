"""Payment lists (发放名单): prepared from the register, approved by another person, paid through a payout batch."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from djmoney.money import Money

from ledger.books.models import BankAccount
from ledger.payouts import batches
from ledger.payouts.models import Batch
from portal.accounts import audit
from portal.accounts.models import User
from portal.accounts.permissions import require, require_other_person
from portal.accounts.roles import Duty
from portal.members.models import CardStatus, Membership, ServiceCard
from portal.unions.models import Union

from . import eligibility, funding, programmes
from .errors import NobodyEligible, WrongState, benefit_refusals
from .models import Commitment, CommitmentState, Kind, ProgrammeVersion, Run, RunState, VersionState
from .sharing import split
from .years import year_key

_AT_ONCE = 2_000


@transaction.atomic
def prepare(*, version: ProgrammeVersion, union: Union, list_date: dt.date, prepared_by: User) -> Run:
    """List everybody of the union's subtree who is eligible on a day and has an own card.

    The list is fixed: who joins later comes on the next one. Raises NotAllowed, WrongState, NobodyEligible.
    """
    require(prepared_by, Duty.PREPARE_RUN, union)
    if version.state != VersionState.ACTIVE or version.programme.kind != Kind.RUN:
        raise WrongState(_("These rules are not in force for payment lists."))
    year = year_key(version, list_date)
    everybody = eligibility.eligible_members(version=version, union=union, year_key=year, on=list_date)
    eligible = eligibility.with_card(everybody)
    numbers = dict(
        Membership.objects.filter(eligibility.members_of(union, list_date), member__in=eligible)
        .order_by("started_on")
        .values_list("member_id", "number")
    )
    if not numbers:
        raise NobodyEligible(_("Nobody is eligible who has not been listed already."))
    Union.objects.select_for_update().get(pk=union.pk)
    serial = Run.objects.filter(version__programme=version.programme, union=union, year_key=year).count() + 1
    run = Run.objects.create(
        code=f"{version.programme.code.upper().replace('_', '')}-{year}-{union.code}-{serial}",
        version=version,
        union=union,
        year_key=year,
        list_date=list_date,
        count=len(numbers),
        total=version.amount * len(numbers),
        without_card=everybody.count() - len(numbers),
        prepared_by=prepared_by,
    )
    Commitment.objects.bulk_create(
        [
            Commitment(
                programme=version.programme,
                version=version,
                member_id=member_id,
                year_key=year,
                payer=union,
                party=number,
                amount=version.amount,
                run=run,
            )
            for member_id, number in sorted(numbers.items())
        ],
        batch_size=_AT_ONCE,
    )
    _record(prepared_by, "run.prepared", run)
    return run


@transaction.atomic
def approve(*, run: Run, approved_by: User) -> Run:
    """Approve a list and commit each funder's share of its budget (承诺).

    Raises NotAllowed, SamePerson, WrongState, OverBudget, BenefitError without a budget.
    """
    require(approved_by, Duty.APPROVE_RUN, run.union)
    locked = _locked(run)
    require_other_person(locked.prepared_by_id, approved_by)
    _require_state(locked, RunState.PREPARED)
    locked.state = RunState.APPROVED
    locked.approved_by = approved_by
    locked.approved_at = timezone.now()
    with benefit_refusals():
        locked.save(update_fields=["state", "approved_by", "approved_at"])
        locked.commitments.update(state=CommitmentState.APPROVED)
    programmes.commit_budget(
        locked.version, locked.year_key, [(union, part.amount) for union, part in funder_parts(locked)]
    )
    _record(approved_by, "run.approved", locked)
    return locked


@transaction.atomic
def send_back(*, run: Run, reason: str, actor: User) -> Run:
    """Send a list back before approval; its people can be listed again. Raises NotAllowed, WrongState."""
    require(actor, Duty.APPROVE_RUN, run.union)
    if not reason.strip():
        raise WrongState(_("Say why the list is sent back."))
    locked = _locked(run)
    _require_state(locked, RunState.PREPARED)
    locked.state = RunState.RETURNED
    locked.returned_reason = reason.strip()
    locked.save(update_fields=["state", "returned_reason"])
    locked.commitments.update(state=CommitmentState.CANCELLED)
    _record(actor, "run.sent_back", locked, reason=locked.returned_reason)
    return locked


@transaction.atomic
def build_payout(
    *, run: Run, bank_account: BankAccount, format_code: str, value_date: dt.date, prepared_by: User
) -> Batch:
    """A payout batch of everybody on an approved list who is not paid and not in a batch; cards as they are now.

    Raises FundsNotReceived before the funders above have sent their shares, WrongState when nothing is left to pay.
    """
    locked = _locked(run)
    _require_state(locked, RunState.APPROVED)
    funding.require_received(locked)
    waiting = locked.commitments.filter(state__in=[CommitmentState.APPROVED, CommitmentState.FAILED])
    return pay(
        list(waiting.select_for_update(of=("self",)).select_related("member").order_by("pk")),
        bank_account=bank_account,
        payer=locked.union,
        source=locked.code,
        purpose=locked.version.programme.name,
        format_code=format_code,
        value_date=value_date,
        prepared_by=prepared_by,
    )


def pay(
    commitments: list[Commitment],
    *,
    bank_account: BankAccount,
    payer: Union,
    source: str,
    purpose: str,
    format_code: str,
    value_date: dt.date,
    prepared_by: User,
) -> Batch:
    """Put locked commitments into one batch to the cards in use; who has none now waits for the next batch."""
    if bank_account.book.union_id != payer.pk:
        raise WrongState(
            _("This list is paid by %(union)s, from its own bank account.") % {"union": payer.name}
        )
    cards = {
        card.member_id: card
        for card in ServiceCard.objects.filter(
            member__in=[c.member_id for c in commitments], status=CardStatus.ACTIVE
        )
    }
    ready = [c for c in commitments if c.member_id in cards]
    if not ready:
        raise WrongState(_("There is nobody left to pay who has a card in use."))
    for commitment in ready:
        commitment.attempts += 1
        commitment.state = CommitmentState.IN_PAYOUT
    batch = batches.build(
        bank_account=bank_account,
        purpose=purpose,
        source=source,
        lines=[
            batches.Line(
                reference=c.reference,
                payee_name=cards[c.member_id].holder,
                card_number=cards[c.member_id].number,
                amount=c.amount,
                bank=cards[c.member_id].bank,
                party=c.party,
            )
            for c in ready
        ],
        format_code=format_code,
        value_date=value_date,
        prepared_by=prepared_by,
    )
    lines = dict(batch.lines.values_list("reference", "pk"))
    for commitment in ready:
        commitment.payout_line_id = lines[commitment.reference]
    Commitment.objects.bulk_update(ready, ["attempts", "state", "payout_line"], batch_size=_AT_ONCE)
    return batch


def funder_parts(run: Run) -> list[tuple[Union, Money]]:
    """What each funder bears of the list in yuan: the sum of its parts of the payments, not a part of the sum."""
    pairs = programmes.funders(run.version, run.union)
    parts = split(run.version.amount, [share for _union, share in pairs])
    return [(union, part * run.count) for (union, _share), part in zip(pairs, parts, strict=True)]


def _locked(run: Run) -> Run:
    return (
        Run.objects.select_for_update(of=("self",))
        .select_related("version__programme", "union")
        .get(pk=run.pk)
    )


def _require_state(run: Run, state: RunState) -> None:
    if run.state != state:
        raise WrongState(
            _("List %(run)s is in the state “%(state)s”.")
            % {"run": run.code, "state": run.get_state_display()}
        )


def _record(actor: User, action: str, run: Run, **details: str) -> None:
    audit.record(
        actor=actor,
        action=action,
        target=run,
        union=run.union,
        run=run.code,
        count=run.count,
        total=str(Decimal(run.total.amount)),
        **details,
    )
