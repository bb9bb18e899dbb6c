"""Clearing (清算): a payout of the platform is taken apart into the payments it carries and the fee it keeps."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

import stripe
from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction
from django.utils.translation import gettext as _
from djmoney.money import Money

from ledger.books import rules
from ledger.books.models import Transaction
from ledger.books.posting import post
from ledger.receipts.amounts import fen

from . import queries
from .errors import PlatformDiffers
from .models import DuesPayment, StripeAccount
from .platform import client, platform_errors


@dataclass(frozen=True, slots=True)
class Arrived:
    """A payout and the rows that it carries, as the platform tells them; amounts in fen."""

    payout: stripe.Payout
    rows: list[stripe.BalanceTransaction]

    @property
    def day(self) -> dt.date:
        return dt.datetime.fromtimestamp(self.payout.arrival_date, dt.UTC).date()


def settle_payout(*, payout_id: str, account: StripeAccount, actor: AbstractBaseUser | None) -> Transaction:
    """Ask the platform for a payout that arrived, and post it. Raises PlatformUnavailable and as ``post_payout``."""
    return post_payout(arrived=fetch(account, payout_id), account=account, actor=actor)


def fetch(account: StripeAccount, payout_id: str) -> Arrived:
    """A payout of this account with its rows; call it outside a database transaction. Raises PlatformUnavailable."""
    with platform_errors():
        api = client(account.account_id)
        payout = api.v1.payouts.retrieve(payout_id)
        rows = api.v1.balance_transactions.list({"payout": payout_id, "limit": 100})
        return Arrived(payout, list(rows.auto_paging_iter()))


@transaction.atomic
def post_payout(*, arrived: Arrived, account: StripeAccount, actor: AbstractBaseUser | None) -> Transaction:
    """Post a payout that arrived: Dr 102 net, Dr fee / Cr 13501 gross (domain P2); again changes nothing.

    Dated on the day of arrival that the platform gives, or today when that month is closed. Raises PlatformDiffers
    when it carries anything but known payments of this account, PeriodClosed.
    """
    payout, rows = arrived.payout, arrived.rows
    if payout.status != "paid" or payout.currency != "cny":
        raise PlatformDiffers(_("Payout %(payout)s has not arrived yet.") % {"payout": payout.id})
    charges = [row for row in rows if row.type in ("charge", "payment")]
    others = [row for row in rows if row.type not in ("charge", "payment", "payout")]
    gross, fee = sum(row.amount for row in charges), sum(row.fee for row in charges)
    payments = _payments(account, payout.id, charges)
    if others or gross - fee != payout.amount or len(payments) != len(charges):
        raise PlatformDiffers(
            _(
                "Payout %(payout)s does not add up to our payments. Nothing was posted; look into it at the platform."
            )
            % {"payout": payout.id}
        )
    DuesPayment.objects.filter(pk__in=[p.pk for p in payments]).update(payout_id=payout.id)
    return _post(arrived, account, gross=_yuan(gross), fee=_yuan(fee), count=len(charges), actor=actor)


def _post(
    arrived: Arrived,
    account: StripeAccount,
    *,
    gross: Money,
    fee: Money,
    count: int,
    actor: AbstractBaseUser | None,
) -> Transaction:
    book, key = account.bank_account.book, f"payout:{arrived.payout.id}"
    before = Transaction.objects.filter(book=book, external_key=key).first()
    if before is not None:
        return before
    day = queries.posting_day(book, arrived.day)
    rule = rules.rule("dues.platform_payout", day)
    summary = rule.words(count=count)
    if day != arrived.day:
        summary += f"(补记:{arrived.day:%Y年%m月%d日}到账,该月已结账)"
    return post(
        book=book,
        external_key=key,
        date=day,
        kind="stripe.payout",
        summary=summary,
        document=arrived.payout.id,
        entries=rule.entries(
            {"net": gross - fee, "fee": fee},
            {"bank": account.bank_account.account.code, "fees": rules.fee_account(book)},
        ),
        rule=rule.label,
        actor=actor,
    )


def _payments(
    account: StripeAccount, payout_id: str, charges: list[stripe.BalanceTransaction]
) -> list[DuesPayment]:
    """Our payments behind the charges, each of the same amount and not in another payout."""
    by_charge = {row.source: row.amount for row in charges}
    known = DuesPayment.objects.select_for_update().filter(union=account.union, charge_id__in=by_charge)
    return [
        payment
        for payment in known
        if fen(payment.amount) == by_charge[payment.charge_id] and payment.payout_id in ("", payout_id)
    ]


def _yuan(amount_fen: int) -> Money:
    return Money(Decimal(amount_fen) / 100, "CNY")
