"""Grants to unions in the main job: one of each kind, one of them still on its way, one to a union without a book."""

from __future__ import annotations

import datetime as dt

from djmoney.money import Money

from ledger.benefits import grant_payments, union_grants
from ledger.benefits.models import ProgrammeVersion, UnionGrant
from portal.unions.models import Union, UnionKind

from . import world
from .main_job import Job

_YUAN = 40_000


def grant_to_unions(job: Job, versions: dict[str, ProgrammeVersion]) -> None:
    """A street for its new members, an industry union by decision, an enterprise union as an example."""
    street, industry = world.union("HD-S01"), world.union("HD-I01")
    counted = union_grants.propose_for_new_members(
        version=versions["member_development"],
        receiver=street,
        first=max(job.dates.joined_on, dt.date(job.dates.first.year, 1, 1)),
        last=job.dates.day(15),
        basis="会员名册：零散就业会员和整建制非正式员工首次入会",
        proposed_by=job.maker,
    )
    _pay(job, counted)
    _receive(job, counted)
    decided = _decided(job, versions["industry_union_grant"], industry, Money(_YUAN, "CNY"))
    _pay(job, decided)
    award = _decided(job, versions["demo_home_award"], _enterprise(), None)
    _pay(job, award)
    for grant in (counted, decided, award):
        job.say(f"grant {grant.code}: {grant.amount.amount:,.2f} yuan to {grant.receiver.name}")


def _enterprise() -> Union:
    return world.communities()[0].add_child(
        code="HD-E001",
        kind=UnionKind.ENTERPRISE,
        name="河东区示例企业工会",
        name_en="Sample Enterprise Union",
        keeps_accounts=False,
        is_demo=True,
    )


def _decided(job: Job, version: ProgrammeVersion, receiver: Union, amount: Money | None) -> UnionGrant:
    return union_grants.propose(
        version=version,
        receiver=receiver,
        year_key=job.dates.first.year,
        amount=amount,
        basis="区总工会主席办公会纪要（演示）",
        proposed_by=job.maker,
    )


def _pay(job: Job, grant: UnionGrant) -> None:
    seen = union_grants.fingerprint(grant)
    union_grants.check(grant=grant, seen=seen, checked_by=job.case_worker)
    union_grants.approve(grant=grant, seen=seen, approved_by=job.checker)
    account = world.bank_account(grant.payer.code)
    grant_payments.record_paid(
        grant=grant,
        bank_account=account,
        date=job.dates.day(17),
        bank_reference=job.move(account, 17, -grant.amount.amount, "拨付补助", grant.receiver.name),
        recorded_by=job.maker,
    )


def _receive(job: Job, grant: UnionGrant) -> None:
    account = world.bank_account(grant.receiver.code)
    grant_payments.record_received(
        grant=grant,
        bank_account=account,
        date=job.dates.day(18),
        bank_reference=job.move(account, 18, grant.amount.amount, "收到补助", grant.payer.name),
        recorded_by=job.maker,
    )
