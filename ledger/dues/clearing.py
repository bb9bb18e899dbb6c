"""Clearing (清算): a payout of the platform is taken apart into the payments it carries and the fee it keeps."""

from __future__ import annotations

import datetime as dt
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

from .errors import PlatformDiffers
from .models import DuesPayment, StripeAccount
from .platform import client, platform_errors


@transaction.atomic
def settle_payout(*, payout_id: str, account: StripeAccount, actor: AbstractBaseUser | None) -> Transaction:
    """Post a payout that arrived: Dr 102 net, Dr fee / Cr 13501 gross (domain P2); again changes nothing.

    Dated on the day of arrival that the platform gives. Raises PlatformDiffers when it carries anything but known
    payments of this account, PeriodClosed.
    """
    with platform_errors():
        api = client(account.account_id)
        payout = api.v1.payouts.retrieve(payout_id)
        rows = list(api.v1.balance_transactions.list({"payout": payout_id, "limit": 100}).auto_paging_iter())
    if payout.status != "paid" or payout.currency != "cny":
        raise PlatformDiffers(_("Payout %(payout)s has not arrived yet.") % {"payout": payout_id})
    charges = [row for row in rows if row.type in ("charge", "payment")]
    others = [row for row in rows if row.type not in ("charge", "payment", "payout")]
    gross, fee = sum(row.amount for row in charges), sum(row.fee for row in charges)
    payments = _payments(account, payout_id, charges)
    if others or gross - fee != payout.amount or len(payments) != len(charges):
        raise PlatformDiffers(
            _(
                "Payout %(payout)s does not add up to our payments. Nothing was posted; look into it at the platform."
            )
            % {"payout": payout_id}
        )
    arrived = dt.datetime.fromtimestamp(payout.arrival_date, dt.UTC).date()
    DuesPayment.objects.filter(pk__in=[p.pk for p in payments]).update(payout_id=payout_id)
    book = account.bank_account.book
    rule = rules.rule("dues.platform_payout", arrived)
    return post(
        book=book,
        external_key=f"payout:{payout_id}",
        date=arrived,
        kind="stripe.payout",
        summary=rule.words(count=len(charges)),
        document=payout_id,
        entries=rule.entries(
            {"net": _yuan(payout.amount), "fee": _yuan(fee)},
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
