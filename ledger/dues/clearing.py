"""Clearing (清算): a payout of the platform is taken apart into the payments it carries and the fee it keeps."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import stripe
from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction
from django.utils.translation import gettext as _
from djmoney.money import Money

from ledger.books.models import Book, BookKind, Transaction
from ledger.books.posting import Entry, post
from ledger.receipts.amounts import fen

from .errors import PlatformDiffers
from .models import DuesPayment, StripeAccount
from .online import CLEARING
from .platform import client, platform_errors

# Fees: 50602 names them for county level and above; the grassroots table has 50504 其他业务支出 (domain P14).
_FEES = {BookKind.COUNTY: "50602", BookKind.GRASSROOTS: "50504"}


def fee_account(book: Book) -> str:
    """The account that bank and platform fees (手续费) go to in this book."""
    return _FEES[BookKind(book.kind)]


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
    entries = [
        Entry(debit=account.bank_account.account.code, credit=CLEARING, amount=_yuan(payout.amount)),
    ]
    if fee:
        entries.append(
            Entry(debit=fee_account(account.bank_account.book), credit=CLEARING, amount=_yuan(fee))
        )
    arrived = dt.datetime.fromtimestamp(payout.arrival_date, dt.UTC).date()
    DuesPayment.objects.filter(pk__in=[p.pk for p in payments]).update(payout_id=payout_id)
    return post(
        book=account.bank_account.book,
        external_key=f"payout:{payout_id}",
        date=arrived,
        kind="stripe.payout",
        summary=f"支付平台结算{len(charges)}笔会费",
        document=payout_id,
        entries=entries,
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
