"""Grants to unions (对下补助): proposed, checked and approved by three people.

津东总工发[2019]22号 三（二）2–4: the member-development subsidy, the grant to industry unions, the demonstration award.
Amounts in yuan, days in Asia/Shanghai; ``grant_payments`` moves the money.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet, Sum
from django.utils import timezone
from django.utils.translation import gettext as _
from djmoney.money import Money

from portal.accounts import audit
from portal.accounts.models import User
from portal.accounts.permissions import require, require_other_person
from portal.accounts.roles import Duty
from portal.members.models import Membership
from portal.unions.models import Union

from . import development, programmes
from .errors import ListChanged, NobodyEligible, OverYearlyLimit, WrongDay, WrongState, benefit_refusals
from .models import AmountRule, GrantedMember, GrantState, Kind, ProgrammeVersion, UnionGrant, VersionState

# 508 补助下级支出: without a fixed use, for a purpose.
GENERAL, SPECIAL = "50801", "50802"
_UNDECIDED = (GrantState.PROPOSED, GrantState.CHECKED, GrantState.APPROVED)


def payer_of(version: ProgrammeVersion, receiver: Union) -> Union:
    """The union above the receiving one that bears the grant. Raises BenefitError where there is none, or several."""
    bearers = programmes.funders(version, receiver)
    if len(bearers) != 1:
        raise WrongState(_("A grant is paid by one union, but these rules name several."))
    return bearers[0][0]


def granted(
    *, version: ProgrammeVersion, receiver: Union, year_key: int, before: UnionGrant | None = None
) -> Money:
    """What the union was granted of the programme in the year, or is proposed to have, in yuan; ``before`` a grant."""
    live = UnionGrant.objects.filter(programme=version.programme_id, receiver=receiver, year_key=year_key)
    if before is not None:
        live = live.filter(pk__lt=before.pk)
    total = live.exclude(state=GrantState.RETURNED).aggregate(Sum("amount"))["amount__sum"]
    return Money(total or 0, "CNY")


def uncounted(*, receiver: Union, first: dt.date, last: dt.date) -> QuerySet[Membership]:
    """The union's new members of these days whom no grant counts yet."""
    counted = GrantedMember.objects.filter(membership=OuterRef("pk"), is_counted=True)
    found = development.newly_admitted(union=receiver, first=first, last=last)
    return found.filter(~Exists(counted))


@transaction.atomic
def propose(
    *,
    version: ProgrammeVersion,
    receiver: Union,
    year_key: int,
    amount: Money | None,
    basis: str,
    proposed_by: User,
) -> UnionGrant:
    """Propose a grant of a fixed amount (``amount`` is left out), or one that people decide within the bounds.

    Raises NotAllowed, WrongState for rules or a union that this is not for, OverYearlyLimit for what the rules do not
    give or the year has had.
    """
    today = timezone.localdate()
    if year_key > today.year:
        raise WrongState(_("The year has not begun yet."))
    payer = _begin(version, receiver, min(today, dt.date(year_key, 12, 31)), basis, proposed_by)
    if version.amount_rule not in (AmountRule.FIXED, AmountRule.RANGE):
        raise WrongState(_("These rules count people: propose the grant from the register."))
    asked = version.amount if amount is None else amount
    most = version.amount_max or version.amount
    if not version.amount <= asked <= most:
        raise OverYearlyLimit(
            _("The rules give %(least)s to %(most)s yuan.")
            % {"least": f"{version.amount.amount:,.2f}", "most": f"{most.amount:,.2f}"}
        )
    return _create(
        version=version,
        payer=payer,
        receiver=receiver,
        year_key=year_key,
        amount=asked,
        basis=basis,
        proposed_by=proposed_by,
    )


@transaction.atomic
def propose_for_new_members(
    *,
    version: ProgrammeVersion,
    receiver: Union,
    first: dt.date,
    last: dt.date,
    basis: str,
    proposed_by: User,
) -> UnionGrant:
    """Propose so much for each new member from ``first`` to ``last``, both included, up to the cap of the year.

    The people are taken from the register and kept as proof. Raises NotAllowed, WrongState, WrongDay for days that are
    not past days of one year, NobodyEligible, OverYearlyLimit when the cap is reached.
    """
    if not first <= last <= timezone.localdate() or first.year != last.year:
        raise WrongDay(_("Choose past days of one calendar year, the first one first."))
    payer = _begin(version, receiver, first, basis, proposed_by)
    programmes.require_in_force(version, receiver, first, last)
    if version.amount_rule != AmountRule.PER_HEAD or version.cap is None:
        raise WrongState(_("These rules do not count people."))
    new = list(uncounted(receiver=receiver, first=first, last=last))
    if not new:
        raise NobodyEligible(_("Nobody new was admitted on these days who is not counted already."))
    amount = development.amount_for(
        people=len(new),
        per_head=version.amount,
        cap=version.cap,
        granted=granted(version=version, receiver=receiver, year_key=last.year),
    )
    if not amount:
        raise OverYearlyLimit(
            _("%(union)s has reached the cap of %(cap)s yuan for %(year)s.")
            % {"union": receiver.name, "cap": f"{version.cap.amount:,.2f}", "year": last.year}
        )
    grant = _create(
        version=version,
        payer=payer,
        receiver=receiver,
        year_key=last.year,
        amount=amount,
        basis=basis,
        proposed_by=proposed_by,
        people=len(new),
        admitted_from=first,
        admitted_to=last,
    )
    GrantedMember.objects.bulk_create([GrantedMember(grant=grant, membership=one) for one in new])
    return grant


def fingerprint(grant: UnionGrant) -> str:
    """A digest of everything that the review page shows for decision: with it people say what they read."""
    facts = [
        grant.code,
        grant.version_id,
        grant.payer_id,
        grant.receiver_id,
        grant.year_key,
        f"{grant.amount.amount:.2f}",
        grant.basis,
        grant.people,
        grant.admitted_from,
        grant.admitted_to,
        *grant.granted_members.order_by("pk").values_list("membership", flat=True),
    ]
    return hashlib.sha256("\n".join(str(fact) for fact in facts).encode()).hexdigest()


@transaction.atomic
def check(*, grant: UnionGrant, seen: str, checked_by: User) -> UnionGrant:
    """Record that basis and figures are in order, as ``seen``, by another person than proposed them.

    Raises NotAllowed, SamePerson, WrongState, ListChanged.
    """
    require(checked_by, Duty.VERIFY_EVIDENCE, grant.payer)
    locked = locked_grant(grant)
    require_other_person(locked.proposed_by_id, checked_by)
    require_state(locked, GrantState.PROPOSED)
    _require_seen(locked, seen)
    locked.state = GrantState.CHECKED
    locked.checked_by, locked.checked_at, locked.checked_digest = checked_by, timezone.now(), seen
    with benefit_refusals():
        locked.save(update_fields=["state", "checked_by", "checked_at", "checked_digest"])
    record(checked_by, "grant.checked", locked, digest=seen)
    return locked


@transaction.atomic
def approve(*, grant: UnionGrant, seen: str, approved_by: User) -> UnionGrant:
    """Approve a checked grant as ``seen`` and commit it to the payer's budget (承诺), by a third person.

    Raises NotAllowed, SamePerson, WrongState, ListChanged, OverBudget, BenefitError without a budget.
    """
    require(approved_by, Duty.APPROVE_RUN, grant.payer)
    locked = locked_grant(grant)
    require_other_person(locked.proposed_by_id, approved_by)
    require_other_person(locked.checked_by_id, approved_by)
    require_state(locked, GrantState.CHECKED)
    _require_seen(locked, seen)
    locked.state = GrantState.APPROVED
    locked.approved_by, locked.approved_at, locked.approved_digest = approved_by, timezone.now(), seen
    with benefit_refusals():
        locked.save(update_fields=["state", "approved_by", "approved_at", "approved_digest"])
    programmes.commit_budget(locked.version, locked.year_key, [(locked.payer, locked.amount.amount)])
    record(approved_by, "grant.approved", locked, digest=seen)
    return locked


@transaction.atomic
def send_back(*, grant: UnionGrant, reason: str, actor: User) -> UnionGrant:
    """Send a grant back before it is paid: its people can be counted again, its budget is free again.

    Raises NotAllowed, WrongState.
    """
    locked = locked_grant(grant)
    duty = Duty.VERIFY_EVIDENCE if locked.state == GrantState.PROPOSED else Duty.APPROVE_RUN
    require(actor, duty, locked.payer)
    if not reason.strip():
        raise WrongState(_("Say why the grant is sent back."))
    if locked.state not in _UNDECIDED:
        raise _wrong_state(locked)
    was_approved = locked.state == GrantState.APPROVED
    locked.state, locked.returned_reason = GrantState.RETURNED, reason.strip()
    with benefit_refusals():
        locked.save(update_fields=["state", "returned_reason"])
    if was_approved:
        programmes.commit_budget(locked.version, locked.year_key, [(locked.payer, -locked.amount.amount)])
    record(actor, "grant.sent_back", locked, reason=locked.returned_reason)
    return locked


def _begin(version: ProgrammeVersion, receiver: Union, day: dt.date, basis: str, proposed_by: User) -> Union:
    payer = payer_of(version, receiver)
    require(proposed_by, Duty.PREPARE_RUN, payer)
    programmes.lock(version)
    if version.state != VersionState.ACTIVE or version.programme.kind != Kind.GRANT:
        raise WrongState(_("These rules are not in force for grants to unions."))
    if version.expense_account not in (GENERAL, SPECIAL):
        raise WrongState(_("Grants to unions are spent on 50801 or 50802; these rules name another account."))
    programmes.require_in_force(version, receiver, day, day)
    if not version.receiver_kinds.filter(kind=receiver.kind).exists() or receiver.dissolved_on:
        raise WrongState(
            _("“%(programme)s” is not for %(union)s.")
            % {"programme": version.programme.name, "union": receiver.name}
        )
    if not basis.strip():
        raise WrongState(_("Say on what the grant is based."))
    return payer


def _create(
    *,
    version: ProgrammeVersion,
    receiver: Union,
    year_key: int,
    basis: str,
    proposed_by: User,
    **facts: Any,
) -> UnionGrant:
    programme = version.programme
    serial = UnionGrant.objects.filter(programme=programme, receiver=receiver, year_key=year_key).count() + 1
    with benefit_refusals():
        grant = UnionGrant.objects.create(
            code=f"{programme.code.upper().replace('_', '')}-{year_key}-{receiver.code}-{serial}",
            programme=programme,
            version=version,
            receiver=receiver,
            year_key=year_key,
            basis=basis.strip(),
            proposed_by=proposed_by,
            **facts,
        )
    record(proposed_by, "grant.proposed", grant)
    return grant


def locked_grant(grant: UnionGrant) -> UnionGrant:
    """The grant as it is now, locked until the database transaction ends."""
    return (
        UnionGrant.objects.select_for_update(of=("self",))
        .select_related("version", "programme", "payer", "receiver", "paid", "received")
        .get(pk=grant.pk)
    )


def require_state(grant: UnionGrant, state: GrantState) -> None:
    """Raise WrongState unless the grant has come so far and no further."""
    if grant.state != state:
        raise _wrong_state(grant)


def _wrong_state(grant: UnionGrant) -> WrongState:
    return WrongState(
        _("Grant %(grant)s is in the state “%(state)s”.")
        % {"grant": grant.code, "state": grant.get_state_display()}
    )


def _require_seen(grant: UnionGrant, seen: str) -> None:
    if fingerprint(grant) != seen:
        raise ListChanged(_("The grant is not the one that you were shown. Read it again, then decide."))


def record(actor: User, action: str, grant: UnionGrant, **details: str) -> None:
    """Put an act on the grant on record, for its payer."""
    audit.record(
        actor=actor,
        action=action,
        target=grant,
        union=grant.payer,
        grant=grant.code,
        amount=str(grant.amount.amount),
        **details,
    )
