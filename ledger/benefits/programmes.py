"""Programmes: drafted from data, approved by another person, then in force and never changed."""

from __future__ import annotations

import datetime as dt
import tomllib
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _
from djmoney.money import Money

from portal.accounts import audit
from portal.accounts.models import User
from portal.accounts.permissions import require, require_other_person
from portal.accounts.roles import Duty
from portal.unions.models import Union

from .errors import BenefitError, SharesIncomplete, WrongState, benefit_refusals
from .models import (
    AmountTier,
    BudgetLine,
    EvidenceKind,
    FundingShare,
    Programme,
    ProgrammeVersion,
    RankPrize,
    ReceiverKind,
    VersionState,
)
from .sharing import WHOLE

_DATA = Path(__file__).parent / "data" / "programmes"


@cache
def known_programmes() -> dict[str, dict[str, Any]]:
    """The programmes that the policies describe, as data, by code."""
    read = (tomllib.loads(path.read_text(encoding="utf-8")) for path in sorted(_DATA.glob("*.toml")))
    return {facts["code"]: facts for facts in read}


@transaction.atomic
def draft(
    *, code: str, owner: Union, prepared_by: User, policy_page_id: int | None = None
) -> ProgrammeVersion:
    """A new draft version of a known programme, run by ``owner`` and resting on a policy page. Raises NotAllowed."""
    require(prepared_by, Duty.MANAGE_PROGRAMMES, owner)
    if code not in known_programmes():
        raise BenefitError(_("There is no programme “%(code)s”.") % {"code": code})
    facts = dict(known_programmes()[code])
    shares, tiers = facts.pop("shares"), facts.pop("tiers", [])
    prizes, evidence = facts.pop("prizes", []), facts.pop("evidence", [])
    receivers = facts.pop("receivers", [])
    programme, _created = Programme.objects.get_or_create(
        code=facts.pop("code"),
        defaults={"owner": owner, **{name: facts[name] for name in ("name", "name_en", "kind")}},
    )
    for name in ("name", "name_en", "kind"):
        del facts[name]
    last = programme.versions.order_by("-number").first()
    version = ProgrammeVersion.objects.create(
        programme=programme,
        number=(last.number if last else 0) + 1,
        policy_page_id=policy_page_id,
        prepared_by=prepared_by,
        amount=Money(facts.pop("amount"), "CNY"),
        **facts,
    )
    FundingShare.objects.bulk_create([FundingShare(version=version, **share) for share in shares])
    AmountTier.objects.bulk_create([AmountTier(version=version, **tier) for tier in tiers])
    RankPrize.objects.bulk_create([RankPrize(version=version, **prize) for prize in prizes])
    EvidenceKind.objects.bulk_create([EvidenceKind(version=version, kind=kind) for kind in evidence])
    ReceiverKind.objects.bulk_create([ReceiverKind(version=version, kind=kind) for kind in receivers])
    audit.record(
        actor=prepared_by, action="programme.drafted", target=version, union=owner, programme=programme.code
    )
    return version


@transaction.atomic
def activate(*, version: ProgrammeVersion, approved_by: User) -> ProgrammeVersion:
    """Put a draft into force in place of the former version.

    Raises NotAllowed, SamePerson, WrongState, SharesIncomplete unless the funders' shares are 100 %.
    """
    require(approved_by, Duty.APPROVE_PROGRAMMES, version.programme.owner)
    lock(version)
    require_other_person(version.prepared_by_id, approved_by)
    if version.state != VersionState.DRAFT:
        raise WrongState(_("Only a draft can be put into force."))
    if sum(share.basis_points for share in version.shares.all()) != WHOLE:
        raise SharesIncomplete(_("The shares of the funders must add up to 100 %."))
    with benefit_refusals():
        version.programme.versions.filter(state=VersionState.ACTIVE).update(state=VersionState.REPLACED)
        version.state = VersionState.ACTIVE
        version.approved_by = approved_by
        version.approved_at = timezone.now()
        version.save(update_fields=["state", "approved_by", "approved_at"])
    audit.record(
        actor=approved_by,
        action="programme.activated",
        target=version,
        union=version.programme.owner,
        programme=version.programme.code,
        number=version.number,
    )
    return version


def lock(version: ProgrammeVersion) -> None:
    """Lock the programme until the database transaction ends, and read the version as it is then.

    First of the rows of lock 1 of ``ledger.books.locks``: the programme, then campaigns, lists and grants, then
    batches, then the queue of a campaign, then commitments and claims, then budget lines. Whoever counts what a
    programme has given out already holds it.
    """
    Programme.objects.select_for_update().get(pk=version.programme_id)
    version.refresh_from_db()


def require_in_force(version: ProgrammeVersion, union: Union, first: dt.date, last: dt.date) -> None:
    """Raise WrongState unless the rules hold from ``first`` to ``last`` and the union lies below their owner."""
    programme = version.programme
    if first < version.effective_from or (version.effective_to and last > version.effective_to):
        raise WrongState(
            _("The rules of “%(programme)s” are in force from %(first)s to %(last)s.")
            % {
                "programme": programme.name,
                "first": version.effective_from,
                "last": version.effective_to or "…",
            }
        )
    if not union.path.startswith(programme.owner.path):
        raise WrongState(
            _("“%(programme)s” is run by %(owner)s, and %(union)s is not below it.")
            % {"programme": programme.name, "owner": programme.owner.name, "union": union.name}
        )


@transaction.atomic
def set_budget(
    *, union: Union, programme: Programme, year_key: int, amount: Money, approved_by: User
) -> BudgetLine:
    """Set what a union has for a programme in a year (预算). Raises NotAllowed, OverBudget below what is committed."""
    require(approved_by, Duty.APPROVE_PROGRAMMES, union)
    with benefit_refusals():
        line, _created = BudgetLine.objects.update_or_create(
            union=union, programme=programme, year_key=year_key, defaults={"amount": amount}
        )
    audit.record(
        actor=approved_by,
        action="budget.set",
        target=line,
        union=union,
        programme=programme.code,
        year=year_key,
        amount=str(amount.amount),
    )
    return line


def funders(version: ProgrammeVersion, payer: Union) -> list[tuple[Union, FundingShare]]:
    """Who bears each share when ``payer`` pays: the payer or the union of that level above it. Raises BenefitError."""
    above = {union.kind: union for union in [*payer.get_ancestors(), payer]}
    found = []
    for share in version.shares.all():
        union = above.get(share.level)
        if union is None:
            raise BenefitError(
                _("%(union)s has no union of the level “%(level)s” above it that could bear its share.")
                % {"union": payer.name, "level": share.get_level_display()}
            )
        found.append((union, share))
    return found


@transaction.atomic
def commit_budget(version: ProgrammeVersion, year_key: int, amounts: list[tuple[Union, Decimal]]) -> None:
    """Reserve yuan in the budget lines of the funders; negative amounts give back. Raises OverBudget."""
    for union, amount in sorted(amounts, key=lambda pair: pair[0].pk):
        with benefit_refusals():
            changed = BudgetLine.objects.filter(
                union=union, programme=version.programme, year_key=year_key
            ).update(committed=F("committed") + amount)
        if not changed:
            raise BenefitError(
                _("%(union)s has no budget for “%(programme)s” in %(year)s.")
                % {"union": union.name, "programme": version.programme.name, "year": year_key}
            )


def expense_accounts() -> set[str]:
    """Codes of the accounts that benefits are spent on, under any version of any programme."""
    return set(ProgrammeVersion.objects.values_list("expense_account", flat=True).distinct())
