"""The share of a funder above (上级专项补助): sent from its book, received in the payer's, one mirror key for both.

Mode UPSTREAM_TRANSFER (domain 2.5 P1): M Dr 50802 / Cr 102; D Dr 102 / Cr 40302, earmarked for the programme. What is
funded is an approved list, or a campaign with the whole budget of its places.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal

from django.db import transaction
from django.db.models import Count
from django.utils import timezone
from django.utils.translation import gettext as _
from djmoney.money import Money

from ledger.books import funds, rules
from ledger.books.models import BankAccount, Book, FundSource, Transaction
from ledger.books.posting import post
from portal.accounts import audit
from portal.accounts.models import User
from portal.accounts.permissions import require
from portal.accounts.roles import Duty
from portal.unions.models import Union

from . import programmes
from .errors import BenefitError, FundsNotReceived, WrongDay, WrongState
from .models import Campaign, Commitment, CommitmentState, ProgrammeVersion, Run, RunState
from .sharing import split

Funded = Run | Campaign


@dataclass(frozen=True, slots=True)
class Share:
    """What a funder above still has to do: send its share in yuan, or, once sent, see it arrive.

    ``whose_books`` is the union that records the next entry: the funder, then the payer.
    """

    funder: Union
    amount: Money
    is_sent: bool
    whose_books: Union


def funder_parts(funded: Funded) -> list[tuple[Union, Money]]:
    """What each funder bears in yuan: the sum of its parts of the payments, not a part of the sum."""
    pairs = programmes.funders(funded.version, funded.union)
    totals = [Money(0, "CNY") for _pair in pairs]
    for amount, count in _payments(funded):
        parts = split(amount, [share for _union, share in pairs])
        totals = [total + part * count for total, part in zip(totals, parts, strict=True)]
    return [(union, total) for (union, _share), total in zip(pairs, totals, strict=True)]


def _payments(funded: Funded) -> list[tuple[Money, int]]:
    """How much is paid how many times."""
    if isinstance(funded, Run):
        return [(line.amount, line.people) for line in funded.amounts.all()]
    return [(funded.version.amount, funded.places)]


def shares_from_above(funded: Funded) -> list[tuple[Union, Money]]:
    """The funders other than the payer and what each has to send, in yuan."""
    return [(u, part) for u, part in funder_parts(funded) if u.pk != funded.union_id and part.amount]


def next_share(funded: Funded) -> Share | None:
    """The first share from above that is not in the payer's book yet; None when all are, or none is due."""
    for funder, amount in shares_from_above(funded):
        if not received(funded, funder):
            is_sent = sent(funded, funder)
            return Share(funder, amount, is_sent, funded.union if is_sent else funder)
    return None


@transaction.atomic
def send(
    *, funded: Funded, bank_account: BankAccount, date: dt.date, bank_reference: str, recorded_by: User
) -> Transaction:
    """Record in the funder's book that it paid its share, on a day that is no future one.

    Raises NotAllowed, WrongDay, WrongState for a list not approved.
    """
    funder = bank_account.book.union
    require(recorded_by, Duty.PREPARE_VOUCHER, funder)
    _require_past(date)
    amount = _share_of(funded, funder)
    rule, programme = rules.rule("benefits.funding_sent", date), funded.version.programme.name
    posted = post(
        book=bank_account.book,
        external_key=f"funding-sent:{funded.code}",
        date=date,
        kind="funding.sent",
        summary=rule.words(union=funded.union.name, programme=programme, year=funded.year_key),
        document=bank_reference,
        mirror_key=_mirror_key(funded, funder),
        entries=rule.entries(
            {"share": amount},
            {"bank": bank_account.account.code},
            project=programme,
            party=funded.union.code,
        ),
        rule=rule.label,
        actor=recorded_by,
    )
    audit.record(
        actor=recorded_by, action="funding.sent", target=funded, union=funder, amount=str(amount.amount)
    )
    return posted


@transaction.atomic
def receive(
    *,
    funded: Funded,
    funder: Union,
    bank_account: BankAccount,
    date: dt.date,
    bank_reference: str,
    recorded_by: User,
) -> Transaction:
    """Record in the payer's book that a funder's share arrived, not before it was sent and on no future day.

    Raises NotAllowed, WrongState, WrongDay.
    """
    require(recorded_by, Duty.PREPARE_VOUCHER, funded.union)
    _require_past(date)
    _require_not_before_sent(_mirror_key(funded, funder), date)
    if bank_account.book.union_id != funded.union_id:
        raise WrongState(_("The share goes to a bank account of %(union)s.") % {"union": funded.union.name})
    amount = _share_of(funded, funder)
    rule, programme = rules.rule("benefits.funding_received", date), funded.version.programme.name
    posted = post(
        book=bank_account.book,
        external_key=f"funding-received:{funded.code}:{funder.code}",
        date=date,
        kind="funding.received",
        summary=rule.words(union=funder.name, programme=programme, year=funded.year_key),
        document=bank_reference,
        mirror_key=_mirror_key(funded, funder),
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
        actor=recorded_by,
        action="funding.received",
        target=funded,
        union=funded.union,
        amount=str(amount.amount),
    )
    return posted


@transaction.atomic
def record_next(
    *, funded: Funded, bank_account: BankAccount, date: dt.date, bank_reference: str, recorded_by: User
) -> Transaction | None:
    """Record the next step of the next share: that it was sent, or once sent that it arrived; None when none is due.

    Raises what ``send`` and ``receive`` raise.
    """
    share = next_share(funded)
    if share is None:
        return None
    if share.is_sent:
        return receive(
            funded=funded,
            funder=share.funder,
            bank_account=bank_account,
            date=date,
            bank_reference=bank_reference,
            recorded_by=recorded_by,
        )
    return send(
        funded=funded,
        bank_account=bank_account,
        date=date,
        bank_reference=bank_reference,
        recorded_by=recorded_by,
    )


def require_received(funded: Funded) -> None:
    """Raise FundsNotReceived unless every share from above is in the payer's book."""
    missing = next_share(funded)
    if missing is not None:
        raise FundsNotReceived(
            _("%(funder)s has not sent its share of %(amount)s yuan yet.")
            % {"funder": missing.funder.name, "amount": missing.amount.amount}
        )


def require_earmarked(programmes: Collection[int], *, book: Book) -> None:
    """Raise EarmarkOverspent unless the shares from above cover what is on its way to the bank for these programmes.

    What others have spent of a programme's money, by a voucher or for another list, is missing here (制度第二十二条).
    """
    on_the_way = Commitment.objects.filter(
        payer=book.union_id,
        programme__in=programmes,
        state=CommitmentState.IN_PAYOUT,
        transaction=None,  # what is paid again was spent when it was paid first
    )
    counts = on_the_way.order_by().values_list("version", "amount").annotate(Count("pk"))
    versions = ProgrammeVersion.objects.select_related("programme").in_bulk({v for v, _amount, _n in counts})
    needed: dict[str, Decimal] = {}
    for version, amount, count in counts:
        part = _from_above(versions[version], book.union, Money(amount, "CNY"))
        if part:
            project = versions[version].programme.name
            needed[project] = needed.get(project, Decimal(0)) + part * count
    funds.require_earmarked(book, needed)


def _from_above(version: ProgrammeVersion, payer: Union, amount: Money) -> Decimal:
    pairs = programmes.funders(version, payer)
    parts = split(amount, [share for _union, share in pairs])
    return sum(
        (p.amount for (u, _share), p in zip(pairs, parts, strict=True) if u.pk != payer.pk), Decimal(0)
    )


def received(funded: Funded, funder: Union) -> bool:
    return Transaction.objects.filter(
        book__union=funded.union_id, external_key=f"funding-received:{funded.code}:{funder.code}"
    ).exists()


def sent(funded: Funded, funder: Union) -> bool:
    return Transaction.objects.filter(book__union=funder, external_key=f"funding-sent:{funded.code}").exists()


def _share_of(funded: Funded, funder: Union) -> Money:
    if isinstance(funded, Run):
        state = Run.objects.values_list("state", flat=True).get(pk=funded.pk)
        if state != RunState.APPROVED:
            raise WrongState(_("Shares are sent for approved lists only."))
    for union, amount in shares_from_above(funded):
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


def _mirror_key(funded: Funded, funder: Union) -> str:
    return f"{funded.code}:{funder.code}"
