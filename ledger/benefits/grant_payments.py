"""The money of grants to unions: paid from the payer's book, received in the receiving union's, one mirror key.

D Dr 50802 or 50801 / Cr 102; the receiving union, if it keeps a book, Dr 102 / Cr 40302 or 40301 (domain 2.5 P7–P9).
Amounts in yuan, days in Asia/Shanghai, none of them in the future.
"""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from ledger.books import rules
from ledger.books.models import BankAccount, Book, FundSource, Transaction
from ledger.books.posting import post
from portal.accounts.models import User
from portal.accounts.permissions import require, require_other_person
from portal.accounts.roles import Duty

from . import union_grants
from .errors import WrongDay, WrongState, benefit_refusals
from .models import GrantState, UnionGrant

_RULES = {union_grants.SPECIAL: "benefits.special_grant", union_grants.GENERAL: "benefits.general_grant"}


@transaction.atomic
def record_paid(
    *, grant: UnionGrant, bank_account: BankAccount, date: dt.date, bank_reference: str, recorded_by: User
) -> UnionGrant:
    """Record in the payer's book that the bank paid an approved grant; whoever approved it does not keep the book.

    Raises NotAllowed, SamePerson, WrongState, WrongDay.
    """
    require(recorded_by, Duty.PREPARE_VOUCHER, grant.payer)
    locked = union_grants.locked_grant(grant)
    require_other_person(locked.approved_by_id, recorded_by)
    union_grants.require_state(locked, GrantState.APPROVED)
    locked.paid = _post(
        locked,
        "paid",
        bank_account=bank_account,
        date=date,
        bank_reference=bank_reference,
        actor=recorded_by,
    )
    locked.state = GrantState.PAID
    with benefit_refusals():
        locked.save(update_fields=["state", "paid"])
    union_grants.record(recorded_by, "grant.paid", locked)
    return locked


@transaction.atomic
def record_received(
    *, grant: UnionGrant, bank_account: BankAccount, date: dt.date, bank_reference: str, recorded_by: User
) -> UnionGrant:
    """Record in the receiving union's book that a grant arrived, not before it was paid.

    Raises NotAllowed, WrongState, WrongDay.
    """
    require(recorded_by, Duty.PREPARE_VOUCHER, grant.receiver)
    locked = union_grants.locked_grant(grant)
    union_grants.require_state(locked, GrantState.PAID)
    if locked.received is not None:
        raise WrongState(_("The arrival of this grant is in the book already."))
    if locked.paid is not None and date < locked.paid.date:
        raise WrongDay(
            _("The grant was paid on %(day)s and cannot arrive before that.") % {"day": locked.paid.date}
        )
    locked.received = _post(
        locked,
        "received",
        bank_account=bank_account,
        date=date,
        bank_reference=bank_reference,
        actor=recorded_by,
    )
    with benefit_refusals():
        locked.save(update_fields=["received"])
    union_grants.record(recorded_by, "grant.received", locked)
    return locked


def in_transit() -> Q:
    """Grants paid that have not arrived in the book of a receiving union that keeps one (在途)."""
    return Q(state=GrantState.PAID, received=None) & Q(receiver__in=Book.objects.values("union"))


def _post(
    grant: UnionGrant,
    step: str,
    *,
    bank_account: BankAccount,
    date: dt.date,
    bank_reference: str,
    actor: User,
) -> Transaction:
    own, other = (grant.payer, grant.receiver) if step == "paid" else (grant.receiver, grant.payer)
    if date > timezone.localdate():
        raise WrongDay(_("The bank has not moved this money yet: the day lies in the future."))
    if bank_account.book.union_id != own.pk:
        raise WrongState(_("This is no bank account of %(union)s.") % {"union": own.name})
    account, programme = grant.version.expense_account, grant.programme.name
    rule = rules.rule(f"{_RULES[account]}_{step}", date)
    earmarked = step == "received" and account == union_grants.SPECIAL
    return post(
        book=bank_account.book,
        external_key=f"grant-{step}:{grant.code}",
        date=date,
        kind=f"grant.{step}",
        summary=rule.words(union=other.name, programme=programme, year=grant.year_key),
        document=bank_reference,
        mirror_key=f"grant:{grant.code}",
        entries=rule.entries(
            {"grant": grant.amount},
            {"bank": bank_account.account.code},
            project=programme,
            party=other.code,
            **({"fund_source": FundSource.EARMARKED.value} if earmarked else {}),
        ),
        rule=rule.label,
        actor=actor,
    )
