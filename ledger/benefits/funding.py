"""The share of a funder above (上级专项补助): sent from its book, received in the payer's, one mirror key for both.

Mode UPSTREAM_TRANSFER (domain 2.5 P1): M Dr 50802 / Cr 102; D Dr 102 / Cr 40302, earmarked for the programme.
"""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from djmoney.money import Money

from ledger.books import rules
from ledger.books.models import BankAccount, FundSource, Transaction
from ledger.books.posting import post
from portal.accounts import audit
from portal.accounts.models import User
from portal.accounts.permissions import require
from portal.accounts.roles import Duty
from portal.unions.models import Union

from .errors import BenefitError, FundsNotReceived, WrongDay, WrongState
from .models import Run, RunState


def shares_from_above(run: Run) -> list[tuple[Union, Money]]:
    """The funders other than the payer and what each has to send, in yuan."""
    from .runs import funder_parts

    return [(union, part) for union, part in funder_parts(run) if union.pk != run.union_id and part.amount]


@transaction.atomic
def send(
    *, run: Run, bank_account: BankAccount, date: dt.date, bank_reference: str, recorded_by: User
) -> Transaction:
    """Record in the funder's book that it paid its share of an approved list, on a day that is no future one.

    Raises NotAllowed, WrongState, WrongDay.
    """
    funder = bank_account.book.union
    require(recorded_by, Duty.PREPARE_VOUCHER, funder)
    _require_past(date)
    amount = _share_of(run, funder)
    rule, programme = rules.rule("benefits.funding_sent", date), run.version.programme.name
    posted = post(
        book=bank_account.book,
        external_key=f"funding-sent:{run.code}",
        date=date,
        kind="funding.sent",
        summary=rule.words(union=run.union.name, programme=programme, year=run.year_key),
        document=bank_reference,
        mirror_key=_mirror_key(run, funder),
        entries=rule.entries(
            {"share": amount}, {"bank": bank_account.account.code}, project=programme, party=run.union.code
        ),
        rule=rule.label,
        actor=recorded_by,
    )
    audit.record(
        actor=recorded_by, action="funding.sent", target=run, union=funder, amount=str(amount.amount)
    )
    return posted


@transaction.atomic
def receive(
    *,
    run: Run,
    funder: Union,
    bank_account: BankAccount,
    date: dt.date,
    bank_reference: str,
    recorded_by: User,
) -> Transaction:
    """Record in the payer's book that a funder's share arrived, not before it was sent and on no future day.

    Raises NotAllowed, WrongState, WrongDay.
    """
    require(recorded_by, Duty.PREPARE_VOUCHER, run.union)
    _require_past(date)
    _require_not_before_sent(_mirror_key(run, funder), date)
    if bank_account.book.union_id != run.union_id:
        raise WrongState(_("The share goes to a bank account of %(union)s.") % {"union": run.union.name})
    amount = _share_of(run, funder)
    rule, programme = rules.rule("benefits.funding_received", date), run.version.programme.name
    posted = post(
        book=bank_account.book,
        external_key=f"funding-received:{run.code}:{funder.code}",
        date=date,
        kind="funding.received",
        summary=rule.words(union=funder.name, programme=programme, year=run.year_key),
        document=bank_reference,
        mirror_key=_mirror_key(run, funder),
        entries=rule.entries(
            {"share": amount},
            {"bank": bank_account.account.code},
            project=programme,
            fund_source=FundSource.EARMARKED.value,
            party=funder.code,
        ),
        rule=rule.label,
        actor=recorded_by,
    )
    audit.record(
        actor=recorded_by, action="funding.received", target=run, union=run.union, amount=str(amount.amount)
    )
    return posted


def require_received(run: Run) -> None:
    """Raise FundsNotReceived unless every share from above is in the payer's book."""
    for funder, amount in shares_from_above(run):
        if not received(run, funder):
            raise FundsNotReceived(
                _("%(funder)s has not sent its share of %(amount)s yuan yet.")
                % {"funder": funder.name, "amount": amount.amount}
            )


def received(run: Run, funder: Union) -> bool:
    return Transaction.objects.filter(
        book__union=run.union_id, external_key=f"funding-received:{run.code}:{funder.code}"
    ).exists()


def sent(run: Run, funder: Union) -> bool:
    return Transaction.objects.filter(book__union=funder, external_key=f"funding-sent:{run.code}").exists()


def _share_of(run: Run, funder: Union) -> Money:
    if Run.objects.values_list("state", flat=True).get(pk=run.pk) != RunState.APPROVED:
        raise WrongState(_("Shares are sent for approved lists only."))
    for union, amount in shares_from_above(run):
        if union.pk == funder.pk:
            return amount
    raise BenefitError(_("%(union)s bears no share of this list.") % {"union": funder.name})


def _require_past(date: dt.date) -> None:
    if date > timezone.localdate():
        raise WrongDay(_("The bank has not moved this money yet: the day lies in the future."))


def _require_not_before_sent(mirror_key: str, date: dt.date) -> None:
    sent_on = (
        Transaction.objects.filter(mirror_key=mirror_key, kind="funding.sent")
        .values_list("date", flat=True)
        .first()
    )
    if sent_on is not None and date < sent_on:
        raise WrongDay(_("The share was sent on %(day)s and cannot arrive before that.") % {"day": sent_on})


def _mirror_key(run: Run, funder: Union) -> str:
    return f"{run.code}:{funder.code}"
