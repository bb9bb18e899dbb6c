"""The main job, from the published policy to the closed month: the functions that the pages call, by the same roles.

It happens in the month before today, so that a whole month can be closed; the bank that answers is portal.demo.bank.
"""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from decimal import Decimal

from djmoney.money import Money

from content import building, editorial
from content.models import PolicyPage
from ledger.benefits import (
    campaigns,
    claims,
    funding,
    list_approval,
    making,
    programmes,
    queries,
    runs,
    settlement,
)
from ledger.benefits.models import Campaign, ClaimState, CommitmentState, ProgrammeVersion, Run, Transport
from ledger.books.models import BankAccount, Book
from ledger.books.posting import Entry, post
from ledger.payouts import batches, exporting
from ledger.payouts.models import Batch
from portal.accounts.models import User
from portal.members import register
from portal.members.models import JobGroup, Member

from . import people, world
from .bank import DemoBank
from .staff import demo_member

Say = Callable[[str], None]
FORMAT = "ubp1"
_LEVY = {"TJ": 1_200_000, "HD": 400_000}
_PLACES_OF_TEN = 6  # places for every ten members who want one
_GIVEN_BACK = 3
_NEWCOMERS = 6


@dataclass
class Job:
    """The people, the days and the bank of one run of the main job."""

    dates: world.Calendar
    say: Say
    dice: random.Random
    bank: DemoBank = field(default_factory=DemoBank)

    def __post_init__(self) -> None:
        self.case_worker: User = world.staff("case_worker")
        self.maker: User = world.staff("finance_maker")
        self.checker: User = world.staff("finance_checker")
        self.cashier: User = world.staff("cashier")
        self.editor: User = world.staff("editor")
        self.reviewer: User = world.staff("reviewer")
        self.publisher: User = world.staff("publisher")

    def move(
        self, account: BankAccount, day: int, amount: Decimal, summary: str, counterparty: str = ""
    ) -> str:
        """Let the bank move money and return its reference."""
        return self.bank.move(
            account=account.number,
            date=self.dates.day(day),
            amount=amount,
            summary=summary,
            counterparty=counterparty,
        )


def publish_policy(job: Job) -> PolicyPage:
    """Communications write, review and publish the policy that everything rests on: three persons (三审制)."""
    page = building.policy_page("hedong-2019-22")
    for twin in page.get_translations(inclusive=True).specific():
        editorial.publish_through_review(
            twin, editor=job.editor, reviewer=job.reviewer, publisher=job.publisher
        )
    page.refresh_from_db()
    job.say(f"policy {page.number} is published at {page.url}")
    return page


def receive_levy(job: Job) -> None:
    """The month's share of the unions' levy (工会经费) arrives: the money that benefits are paid from."""
    for code, yuan in _LEVY.items():
        account = world.bank_account(code)
        reference = job.move(account, 2, Decimal(yuan), "税务代收工会经费", "国家税务总局（演示）")
        post(
            book=account.book,
            external_key=f"levy:{reference}",
            date=job.dates.day(2),
            kind="levy",
            summary="收到税务代收工会经费",
            document=reference,
            entries=[Entry(debit=account.account.code, credit="402", amount=_yuan(yuan))],
            actor=job.maker,
        )
    job.say(f"levy of {sum(_LEVY.values()):,.2f} yuan arrives at the municipal and the district union")


def open_programmes(job: Job, policy: PolicyPage) -> dict[str, ProgrammeVersion]:
    """The clauses become programmes in force with budgets; the one whose funder is not named stays a draft."""
    municipal, district = world.union("TJ"), world.union("HD")
    versions = {
        code: programmes.draft(
            code=code, owner=municipal, prepared_by=job.case_worker, policy_page_id=policy.pk
        )
        for code in programmes.known_programmes()
    }
    active = {code: version for code, version in versions.items() if version.shares.exists()}
    year = job.dates.first.year
    for version in active.values():
        programmes.activate(version=version, approved_by=job.checker)
        for union in (municipal, district):
            programmes.set_budget(
                union=union,
                programme=version.programme,
                year_key=year,
                amount=_yuan(_LEVY[union.code] // 2),
                approved_by=job.checker,
            )
    job.say(
        f"programmes in force: {', '.join(sorted(active))}; draft: {', '.join(sorted(versions.keys() - active))}"
    )
    return active


def admit_walk_in(job: Job) -> None:
    """A courier joins at the community's counter."""
    serial = world.scale()[0] + 1
    membership = register.admit(
        union=world.communities()[0],
        name="李示例",
        id_number=people.id_number(serial),
        phone=people.phone_number(serial),
        started_on=job.dates.day(3),
        job_group=JobGroup.COURIER,
        is_migrant_worker=True,
        is_casual_worker=True,
        actor=job.case_worker,
        is_demo=True,
    )
    job.say(f"a courier joins as member {membership.number}")


def admit_newcomers(job: Job) -> None:
    """After the month is closed some more join, with cards: whoever tries the demo has a list of their own to make."""
    serial = world.scale()[0] + 2
    roster = [
        replace(person, is_migrant_worker=True)
        for person in people.people(_NEWCOMERS, first_serial=serial, dice=job.dice)
    ]
    admitted = register.admit_roster(
        union=world.communities()[-1],
        persons=roster,
        started_on=job.dates.last + dt.timedelta(days=1),
        actor=job.case_worker,
        is_demo=True,
    )
    register.set_cards(
        cards=[(m.member, people.card_number(serial + n)) for n, m in enumerate(admitted)],
        bank=world.BANK,
        actor=job.case_worker,
        is_demo=True,
    )
    job.say(f"{len(admitted)} migrant workers joined since then and wait for the next list")


def pay_subsidy(job: Job, version: ProgrammeVersion) -> Run:
    """The yearly 150 yuan: list, approval by another person, 60 % from above, bank file, result, both books."""
    district = world.union("HD")
    run = runs.prepare(version=version, union=district, list_date=job.dates.day(16), prepared_by=job.maker)
    making.put_together(run)
    run = list_approval.approve(run=run, seen=list_approval.fingerprint(run), approved_by=job.checker)
    job.say(
        f"list {run.code}: {run.count} members, {run.total.amount:,.2f} yuan, "
        f"{run.without_card} without a card; approved"
    )
    _fund(job, run)
    (batch,) = runs.build_payout(
        run=run,
        bank_account=world.bank_account("HD"),
        format_code=FORMAT,
        value_date=job.dates.day(20),
        prepared_by=job.cashier,
    )
    _through_the_bank(job, batch, 20)
    paid = run.commitments.filter(state=CommitmentState.PAID).count()
    failed = run.commitments.filter(state=CommitmentState.FAILED).count()
    job.say(f"payout {batch.code}: {paid} paid, {failed} refused by the bank; posted 60/40 in both books")
    return run


def _fund(job: Job, run: Run) -> None:
    payee = world.bank_account("HD")
    for funder, amount in funding.shares_from_above(run):
        payer = world.bank_account(funder.code)
        sent = job.move(payer, 18, -amount.amount, "拨付专项补助", payee.holder)
        funding.send(
            funded=run, bank_account=payer, date=job.dates.day(18), bank_reference=sent, recorded_by=job.maker
        )
        arrived = job.move(payee, 18, amount.amount, "收到专项补助", payer.holder)
        funding.receive(
            funded=run,
            funder=funder,
            bank_account=payee,
            date=job.dates.day(18),
            bank_reference=arrived,
            recorded_by=job.maker,
        )
        job.say(f"{funder.name} sends its share of {amount.amount:,.2f} yuan")


def _through_the_bank(job: Job, batch: Batch, day: int) -> None:
    """Release by another person, the file out, the bank's answer in."""
    batches.release(batch=batch, released_by=job.checker)
    file = exporting.export(batch=batch, actor=job.cashier)
    answer = job.bank.pay_out(
        format_code=batch.format_code,
        file_name=file.name,
        content=file.content,
        date=job.dates.day(day),
        account=batch.bank_account.number,
    )
    settlement.import_result(batch=batch, content=answer, actor=job.cashier)


def grant_travel(job: Job, version: ProgrammeVersion, now: dt.datetime) -> Campaign:
    """More members want a travel-back grant than there are places; two get paid at once, some give back."""
    municipal = world.union("TJ")
    visitor = demo_member()
    wanting = list(
        Member.objects.filter(is_nonlocal_worker=True, is_demo=True)
        .exclude(pk__in=[visitor.pk] if visitor else [])
        .order_by("pk")
    )
    campaign = campaigns.open_campaign(
        version=version,
        union=municipal,
        year_key=job.dates.first.year,
        prepared_by=job.case_worker,
        places=min(version.quota or 0, max(1, len(wanting) * _PLACES_OF_TEN // 10)),
        opens_at=now - dt.timedelta(days=30),
        closes_at=now + dt.timedelta(days=60),
    )
    in_line = _rush(job, campaign, wanting)
    job.say(
        f"campaign {campaign.code}: {campaign.places} places taken in order, {in_line} members wait in line"
    )
    live = list(
        queries.live_claims(campaign).filter(state=ClaimState.SUBMITTED).select_related("campaign__union")
    )
    for claim in live[-_GIVEN_BACK:]:
        claims.give_back(claim=claim, actor=job.case_worker)
    campaigns.verify(claims=live[:-_GIVEN_BACK], verified_by=job.case_worker)
    approved = campaigns.approve_claims(
        campaign=campaign, seen=campaigns.checked(campaign), approved_by=job.checker
    )
    (batch,) = campaigns.build_payout(
        campaign=campaign,
        bank_account=world.bank_account("TJ"),
        format_code=FORMAT,
        value_date=job.dates.day(24),
        prepared_by=job.cashier,
    )
    _through_the_bank(job, batch, 24)
    job.say(
        f"{approved} claims checked and approved, payout {batch.code} of {batch.total.amount:,.2f} yuan; "
        f"{_GIVEN_BACK} places were given back and went down the line"
    )
    return campaign


def _rush(job: Job, campaign: Campaign, wanting: list[Member]) -> int:
    job.dice.shuffle(wanting)
    in_line = 0
    span = (campaign.travel_to - campaign.travel_from).days
    for n, member in enumerate(wanting, start=1):
        trip = claims.Trip(
            travelled_on=campaign.travel_from + dt.timedelta(days=job.dice.randrange(span)),
            transport=job.dice.choice([Transport.RAIL, Transport.COACH]),
            ticket_number=f"E{n:09d}",
            fare=_yuan(Decimal(job.dice.randrange(6_000, 48_000)) / 100),
        )
        claim = claims.claim(member=member, campaign=campaign, trip=trip, or_wait=True)
        in_line += claim.state == ClaimState.WAITING
    return in_line


def plan_next_campaign(job: Job, version: ProgrammeVersion) -> None:
    """The campaign of the coming festival is scheduled by the rules' own days."""
    year = job.dates.last.year + 1
    union = world.union("TJ")
    programmes.set_budget(
        union=union,
        programme=version.programme,
        year_key=year,
        amount=version.amount * (version.quota or 0),
        approved_by=job.checker,
    )
    campaign = campaigns.open_campaign(
        version=version, union=union, year_key=year, prepared_by=job.case_worker
    )
    job.say(
        f"campaign {campaign.code} is scheduled: {campaign.places:,} places from {campaign.opens_at:%Y-%m-%d}"
    )


def books_of_the_job() -> list[Book]:
    return list(Book.objects.filter(union__is_demo=True).select_related("union").order_by("code"))


def _yuan(amount: int | Decimal) -> Money:
    return Money(amount, "CNY")
