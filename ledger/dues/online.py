"""Paying dues online (Stripe Checkout): start, follow, settle. Amounts at the platform are fen.

Nothing the browser or a message says is believed: the checkout itself is fetched, outside any database transaction.
"""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import stripe
from django.db import transaction
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from djmoney.money import Money
from stripe.params.checkout import SessionCreateParams

from ledger.books.errors import PeriodClosed
from ledger.books.queries import current_book
from ledger.receipts.amounts import fen
from ledger.receipts.models import Channel
from portal.errors import DomainError
from portal.members.models import Member

from . import collecting, queries
from .errors import BelowMinimum, NoOnlinePayment, NotOurs, PlatformDiffers
from .models import DuesPayment, PaymentState, StripeAccount
from .platform import client, platform_errors

# Stripe refuses charges below about 4 yuan (its minimum is set in Hong Kong dollars).
MINIMUM = Money("4.00", "CNY")
CLEARING = "13501"  # 其他应收款—支付平台待结算
_CHECKOUT_HOURS = 2
_SHANGHAI = ZoneInfo("Asia/Shanghai")
_LONGEST_NUMBER = 19  # digits; a bigint has no more
_CHANGED_BY_SETTLING = ("first_month", "last_month", "state", "paid_on", "transaction", "receipt")


def start_checkout(*, member: Member, months: int, return_url: str) -> DuesPayment:
    """Open a checkout page for the next unpaid months; ``payment.checkout_url`` is where the member pays.

    Asking again while one for the same months is open gives the same page, also when the first request has not ended
    yet or was broken off: the platform knows both by one idempotency key. ``return_url`` gets ``payment=`` added.
    Raises BelowMinimum, NoOnlinePayment, NothingToPay, TooManyMonths, PlatformUnavailable.
    """
    with transaction.atomic():
        payment = collecting.new_payment(
            member=member, months=months, on=timezone.localdate(), channel=Channel.STRIPE, recorded_by=None
        )
        if payment.amount < MINIMUM:
            raise BelowMinimum(
                _("Online payment starts at %(least)s yuan. Choose more months, or pay at the counter.")
                % {"least": MINIMUM.amount}
            )
        account = StripeAccount.objects.filter(union=payment.union).first()
        if account is None:
            raise NoOnlinePayment(_("Your union takes dues at the counter or by bank transfer."))
        open_one = _open_checkout(payment)
        if open_one is not None and open_one.checkout_url:
            return open_one
        payment = open_one or payment
        payment.save()
    unsaved = DuesPayment.objects.filter(pk=payment.pk, checkout_session_id="")
    try:
        session = _create_session(payment, account, return_url)
    except DomainError:
        unsaved.filter(state=PaymentState.PENDING).update(state=PaymentState.CANCELLED)
        raise
    # Whoever comes second, this process or another one or the platform's message, finds the same session here.
    unsaved.update(checkout_session_id=session.id, checkout_url=session.url or "")
    payment.refresh_from_db()
    return payment


def _open_checkout(asked: DuesPayment) -> DuesPayment | None:
    return (
        DuesPayment.objects.filter(
            member=asked.member,
            union=asked.union,
            first_month=asked.first_month,
            months=asked.months,
            amount=asked.amount.amount,
            channel=Channel.STRIPE,
            state=PaymentState.PENDING,
            started_at__gt=timezone.now() - dt.timedelta(hours=_CHECKOUT_HOURS, minutes=-10),
        )
        .order_by("pk")
        .first()
    )


def _create_session(payment: DuesPayment, account: StripeAccount, return_url: str) -> stripe.checkout.Session:
    key = f"dues-payment-{payment.pk}-{payment.started_at:%Y%m%d%H%M%S}"
    with platform_errors():
        return client(account.account_id).v1.checkout.sessions.create(
            _session_params(payment, return_url), {"idempotency_key": key}
        )


def _session_params(payment: DuesPayment, return_url: str) -> SessionCreateParams:
    months = f"{payment.first_month // 100}-{payment.first_month % 100:02d}"
    if payment.months > 1:
        months += f" – {payment.last_month // 100}-{payment.last_month % 100:02d}"
    back = f"{return_url}{'&' if '?' in return_url else '?'}payment={payment.pk}"
    return {
        "mode": "payment",
        "client_reference_id": str(payment.pk),
        "line_items": [
            {
                "quantity": 1,
                "price_data": {
                    "currency": "cny",
                    "unit_amount": fen(payment.amount),
                    "product_data": {"name": f"工会会费 Union dues {months}"},
                },
            }
        ],
        "allowed_payment_method_types": ["card", "alipay", "wechat_pay"],
        "payment_method_options": {"wechat_pay": {"client": "web"}},
        "locale": "en" if (get_language() or "").startswith("en") else "zh",
        "success_url": back,
        "cancel_url": f"{back}&cancelled=1",
        # Counted from the start, so that the same request again has the same content.
        "expires_at": int(payment.started_at.timestamp()) + _CHECKOUT_HOURS * 3600,
        "metadata": {"dues_payment": str(payment.pk)},
    }


def look_again(*, payment: DuesPayment) -> DuesPayment:
    """Ask the platform how an open payment stands, for the page that people return to before the message arrives."""
    if payment.state != PaymentState.PENDING or not payment.checkout_session_id:
        return payment
    account = StripeAccount.objects.get(union=payment.union)
    return follow(account, fetch(account, payment.checkout_session_id))


def fetch(account: StripeAccount, session_id: str) -> stripe.checkout.Session:
    """A checkout of this account as it stands at the platform. Raises PlatformUnavailable."""
    with platform_errors():
        return client(account.account_id).v1.checkout.sessions.retrieve(
            session_id, {"expand": ["payment_intent.latest_charge"]}
        )


@transaction.atomic
def follow(account: StripeAccount, session: stripe.checkout.Session) -> DuesPayment:
    """Bring the payment of a checkout to the state that the platform has; again changes nothing.

    Raises NotOurs, PlatformDiffers, PeriodClosed when not even today is open in the books.
    """
    payment = _payment_of(account, session)
    if payment.state not in (PaymentState.PENDING, PaymentState.CANCELLED):
        return payment
    if session.payment_status == "paid":
        return _settle(payment, account, session)
    if session.status == "expired" and payment.state == PaymentState.PENDING:
        payment.state = PaymentState.CANCELLED
        payment.save(update_fields=["state"])
    return payment


def _payment_of(account: StripeAccount, session: stripe.checkout.Session) -> DuesPayment:
    """The payment, locked, by the session's id; by our own reference when a crash kept that id from being saved."""
    payments = DuesPayment.objects.select_for_update(of=("self",)).select_related("member", "union")
    payment = payments.filter(checkout_session_id=session.id).first()
    if payment is not None:
        return payment
    number = session.client_reference_id or ""
    if number.isascii() and number.isdecimal() and len(number) < _LONGEST_NUMBER:
        payment = payments.filter(
            pk=int(number), union=account.union, channel=Channel.STRIPE, checkout_session_id=""
        ).first()
    if payment is None or (session.amount_total, session.currency) != (fen(payment.amount), "cny"):
        raise NotOurs(
            _("No payment of ours belongs to this checkout of account %(account)s.") % {"account": account}
        )
    payment.checkout_session_id, payment.checkout_url = session.id, session.url or ""
    payment.save(update_fields=["checkout_session_id", "checkout_url"])
    return payment


def _settle(payment: DuesPayment, account: StripeAccount, session: stripe.checkout.Session) -> DuesPayment:
    """Book what was paid: as dues of the membership it was started for, on the first day that is open."""
    charge = getattr(session.payment_intent, "latest_charge", None)
    expected = (fen(payment.amount), "cny", payment.union_id)
    same = (session.amount_total, session.currency, account.union_id) == expected
    if not same or not isinstance(charge, stripe.Charge) or not charge.paid:
        raise PlatformDiffers(
            _("Payment %(number)s: the platform reports another amount or account than ours.")
            % {"number": payment.pk}
        )
    collecting.lock_dues_of(payment.member)
    payment.charge_id = payment.reference = charge.id
    paid_on = dt.datetime.fromtimestamp(charge.created, _SHANGHAI).date()
    book = current_book(payment.union)
    posted_on = queries.posting_day(book, paid_on) if book else paid_on
    asked = {name: getattr(payment, name) for name in _CHANGED_BY_SETTLING}
    try:
        with transaction.atomic():
            return collecting.settle(
                payment,
                paid_on=paid_on,
                membership=queries.membership_paid_for(payment),
                posted_on=posted_on,
            )
    except PeriodClosed:
        raise
    except DomainError:
        for name, value in asked.items():
            setattr(payment, name, value)
        return collecting.hold_unidentified(payment, paid_on=paid_on, posted_on=posted_on)
