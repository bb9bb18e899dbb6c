"""What waits for a person: every step of the money's way that this person, by duty and union, has to take next."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from ledger.benefits import funding
from ledger.benefits.models import (
    PAYABLE,
    Campaign,
    Claim,
    ClaimState,
    Commitment,
    CommitmentState,
    Return,
    Run,
    RunState,
)
from ledger.books.models import Budget, Voucher, VoucherState
from ledger.dues.models import DuesReversal
from ledger.payouts.models import Batch, BatchState
from ledger.reconciliation.models import LineState, StatementLine
from portal.accounts.models import User
from portal.accounts.permissions import live_assignments
from portal.accounts.roles import DUTIES, Duty, Role
from portal.unions.models import Union

_PAYER_OF_BATCH = "bank_account__account__book__union"
_TO_PAY_AGAIN = (CommitmentState.FAILED, CommitmentState.RETURNED)


@dataclass(frozen=True, slots=True)
class Waiting:
    """So many things of one kind; ``entry`` is the menu entry under which they are done, ``url`` where."""

    entry: str
    label: str
    url: str
    count: int


class Reach:
    """Where a person has which duty, read once."""

    def __init__(self, user: User) -> None:
        self._paths = [(DUTIES[Role(a.role)], a.union.path) for a in live_assignments(user)]

    def paths(self, duty: Duty) -> list[str]:
        return [path for duties, path in self._paths if duty in duties]

    def covers(self, duty: Duty, union: Union) -> bool:
        return any(union.path.startswith(path) for path in self.paths(duty))

    def within(self, things: QuerySet[Any], duty: Duty, union: str) -> QuerySet[Any]:
        """The things whose union lies where the person has the duty; ``union`` is the way to it."""
        paths = self.paths(duty)
        if not paths:
            return things.none()
        reach = Q()
        for path in paths:
            reach |= Q(**{f"{union}__path__startswith": path})
        return things.filter(reach)


def waiting_for(user: User) -> list[Waiting]:
    """What waits, in the order of the menu; nothing that somebody else has to do."""
    reach = Reach(user)
    found = [*_lists(user, reach), *_claims(reach), *_payouts(user, reach), *_books(user, reach)]
    return [line for line in found if line.count]


def _lists(user: User, reach: Reach) -> Iterator[Waiting]:
    lists = reverse("office_runs")
    prepared = reach.within(Run.objects.filter(state=RunState.PREPARED), Duty.APPROVE_RUN, "union")
    yield Waiting("runs", _("Lists to approve"), lists, prepared.exclude(prepared_by=user).count())
    fund, pay = _approved_lists(reach)
    yield Waiting("runs", _("Shares of funders to record"), _only(fund) or lists, len(fund))
    yield Waiting("runs", _("Approved lists to pay"), _only(pay) or lists, len(pay))
    refused = reach.within(_commitments(*_TO_PAY_AGAIN), Duty.BUILD_PAYOUT, "payer")
    yield Waiting("runs", _("Failed payments to pay again"), lists, refused.filter(run__isnull=False).count())


def _approved_lists(reach: Reach) -> tuple[list[Run], list[Run]]:
    """Lists with people who are in no payout: those that wait for a share, and those that can be paid."""
    if not _funds_or_pays(reach):
        return [], []
    lists = (
        Run.objects.filter(state=RunState.APPROVED, commitments__state=CommitmentState.APPROVED)
        .annotate(sent=Count("commitments__payout_line"))
        .select_related("union", "version")
        .prefetch_related("version__shares", "amounts")
        .order_by("pk")
    )
    fund: list[Run] = []
    pay: list[Run] = []
    for run in lists:
        # What has been in a payout was funded before.
        share = None if run.sent else funding.next_share(run)
        if share is None and reach.covers(Duty.BUILD_PAYOUT, run.union):
            pay.append(run)
        elif share is not None and reach.covers(Duty.PREPARE_VOUCHER, share.whose_books):
            fund.append(run)
    return fund, pay


def _funds_or_pays(reach: Reach) -> bool:
    return bool(reach.paths(Duty.PREPARE_VOUCHER) or reach.paths(Duty.BUILD_PAYOUT))


def _only(lists: list[Run]) -> str:
    return reverse("office_run", args=[lists[0].code]) if len(lists) == 1 else ""


def _claims(reach: Reach) -> Iterator[Waiting]:
    claims = reverse("office_claims")
    submitted = Claim.objects.filter(state=ClaimState.SUBMITTED)
    verified = Claim.objects.filter(state=ClaimState.VERIFIED)
    counted = [
        (_("Claims to check"), reach.within(submitted, Duty.VERIFY_EVIDENCE, "campaign__union")),
        (_("Claims to approve"), reach.within(verified, Duty.APPROVE_RUN, "campaign__union")),
    ]
    for label, found in counted:
        yield Waiting("claims", label, claims, found.count())
    lacking = _campaigns_without_a_share(reach)
    fund = [campaign for campaign, of in lacking if reach.covers(Duty.PREPARE_VOUCHER, of)]
    here = reverse("office_campaign", args=[fund[0].code]) if len(fund) == 1 else claims
    yield Waiting("claims", _("Shares of campaigns to record"), here, len(fund))
    funded = Commitment.objects.filter(claim__isnull=False).exclude(
        claim__campaign__in=[campaign.pk for campaign, _of in lacking]
    )
    for label, states in (
        (_("Approved claims to pay"), (CommitmentState.APPROVED,)),
        (_("Failed payments of claims to pay again"), _TO_PAY_AGAIN),
    ):
        due = reach.within(funded.filter(state__in=states), Duty.BUILD_PAYOUT, "payer")
        yield Waiting("claims", label, claims, due.count())


def _campaigns_without_a_share(reach: Reach) -> list[tuple[Campaign, Union]]:
    """Campaigns that still take or pay claims and lack a share, each with the union whose books take the next entry."""
    if not _funds_or_pays(reach):
        return []
    live = Q(closes_at__gt=timezone.now())
    live |= Q(claims__state__in=[ClaimState.SUBMITTED, ClaimState.VERIFIED])
    live |= Q(claims__commitment__state__in=PAYABLE)
    campaigns = (
        Campaign.objects.filter(pk__in=Campaign.objects.filter(live).values("pk"))
        .select_related("union", "version")
        .prefetch_related("version__shares")
        .order_by("pk")
    )
    shares = [(campaign, funding.next_share(campaign)) for campaign in campaigns]
    return [(campaign, share.whose_books) for campaign, share in shares if share is not None]


def _commitments(*states: CommitmentState) -> QuerySet[Commitment]:
    return Commitment.objects.filter(state__in=states)


def _payouts(user: User, reach: Reach) -> Iterator[Waiting]:
    payouts = reverse("office_payouts")
    prepared, released, sent = (
        Batch.objects.filter(state=state)
        for state in (BatchState.PREPARED, BatchState.RELEASED, BatchState.SENT)
    )
    # What was reported as refused by the bank waits for whoever confirms it, and for nobody else.
    going = Q(refusal_reported_by=None)
    release = reach.within(prepared, Duty.RELEASE_PAYOUT, _PAYER_OF_BATCH)
    send = reach.within(released.filter(going), Duty.BUILD_PAYOUT, _PAYER_OF_BATCH)
    answer = reach.within(sent.filter(going), Duty.IMPORT_BANK_RESULT, _PAYER_OF_BATCH)
    refused = reach.within((released | sent).exclude(going), Duty.RELEASE_PAYOUT, _PAYER_OF_BATCH)
    confirm = refused.exclude(refusal_reported_by=user)
    yield Waiting("payouts", _("Payouts to release"), payouts, release.exclude(prepared_by=user).count())
    yield Waiting("payouts", _("Files to send to the bank"), payouts, send.count())
    yield Waiting("payouts", _("Results of the bank to import"), payouts, answer.count())
    yield Waiting("payouts", _("Refusals by the bank to confirm"), payouts, confirm.count())
    back = reach.within(Return.objects.filter(transaction=None), Duty.RELEASE_PAYOUT, "commitment__payer")
    yield Waiting(
        "payouts",
        _("Payments that came back to confirm"),
        payouts,
        back.exclude(reported_by=user).count(),
    )


def _books(user: User, reach: Reach) -> Iterator[Waiting]:
    drafts, books = Voucher.objects.filter(state=VoucherState.DRAFT), reverse("office_books")
    check = reach.within(drafts.filter(returned_by=None), Duty.CHECK_VOUCHER, "book__union")
    yield Waiting("books", _("Vouchers to check"), books, check.exclude(prepared_by=user).count())
    returned = reach.within(drafts.exclude(returned_by=None), Duty.PREPARE_VOUCHER, "book__union")
    yield Waiting("books", _("Vouchers sent back to put right"), books, returned.count())
    plans = reach.within(Budget.objects.filter(confirmed_by=None), Duty.CHECK_VOUCHER, "book__union")
    confirm = plans.exclude(proposed_by=user)
    yield Waiting("books", _("Budgets to confirm"), _budget_page(confirm), confirm.count())
    lines = reach.within(
        StatementLine.objects.filter(state=LineState.OPEN),
        Duty.RECONCILE,
        "bank_account__account__book__union",
    )
    yield Waiting("bank", _("Bank lines without an entry"), reverse("office_bank"), lines.count())
    asked = DuesReversal.objects.filter(approved_by=None).exclude(asked_by=user)
    dues = reach.within(asked, Duty.CHECK_VOUCHER, "payment__union")
    yield Waiting("bank", _("Cash dues to take back"), reverse("office_bank"), dues.count())


def _budget_page(waiting: QuerySet[Budget]) -> str:
    first = waiting.select_related("book").first()
    return f"{reverse('office_budget', args=[first.book.code])}?period={first.year}-01" if first else ""
