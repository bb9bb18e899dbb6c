"""Paying dues online (Stripe Checkout): start, hear, settle. Amounts at the platform are fen.

Nothing the browser or a message says is believed: a signed message only makes us fetch the object itself.
"""

from __future__ import annotations

import datetime as dt
import json
import time
from collections.abc import Callable
from zoneinfo import ZoneInfo

import stripe
from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from djmoney.money import Money
from stripe.params.checkout import SessionCreateParams

from ledger.receipts.amounts import fen
from ledger.receipts.models import Channel
from portal.errors import DomainError
from portal.members.models import Member

from . import collecting
from .errors import BelowMinimum, NoOnlinePayment, PlatformDiffers, SignatureRefused
from .models import DuesPayment, PaymentState, StripeAccount, StripeEvent
from .platform import client, platform_errors

# Stripe refuses charges below about 4 yuan (its minimum is set in Hong Kong dollars).
MINIMUM = Money("4.00", "CNY")
CLEARING = "13501"  # 其他应收款—支付平台待结算
_SIGNATURE_AGE = 300  # seconds, either way
_CHECKOUT_HOURS = 2
_SHANGHAI = ZoneInfo("Asia/Shanghai")


def start_checkout(*, member: Member, months: int, return_url: str) -> DuesPayment:
    """Open a checkout page for the next unpaid months; ``payment.checkout_url`` is where the member pays.

    Asking again while one for the same months is open gives the same page. ``return_url`` gets ``payment=`` added.
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
        if open_one is not None:
            return open_one
        payment.save()
    try:
        session = _create_session(payment, account, return_url)
    except DomainError:
        DuesPayment.objects.filter(pk=payment.pk).update(state=PaymentState.CANCELLED)
        raise
    payment.checkout_session_id = session.id
    payment.checkout_url = session.url or ""
    payment.save(update_fields=["checkout_session_id", "checkout_url"])
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
        .exclude(checkout_url="")
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
        "expires_at": int(time.time()) + _CHECKOUT_HOURS * 3600,
        "metadata": {"dues_payment": str(payment.pk)},
    }


def look_again(*, payment: DuesPayment) -> DuesPayment:
    """Ask the platform how an open payment stands, for the page that people return to before the message arrives."""
    if payment.state != PaymentState.PENDING or not payment.checkout_session_id:
        return payment
    account = StripeAccount.objects.get(union=payment.union)
    return _follow_session(account.account_id, payment.checkout_session_id)


def handle_event(*, payload: bytes, signature: str) -> StripeEvent:
    """Keep a signed message of the platform and act on it once; a copy changes nothing.

    Raises SignatureRefused; other DomainErrors are kept with the message, which the platform then sends again.
    """
    _require_signature(payload, signature)
    content = json.loads(payload)
    event, _new = StripeEvent.objects.get_or_create(
        event_id=content["id"],
        defaults={"type": content["type"], "account_id": content.get("account") or "", "payload": content},
    )
    try:
        with transaction.atomic():
            event = StripeEvent.objects.select_for_update().get(pk=event.pk)
            if event.handled_at is None:
                act = _ACTIONS.get(event.type)
                if act is not None:
                    act(event.account_id, event.payload["data"]["object"]["id"])
                event.handled_at, event.problem = timezone.now(), ""
                event.save(update_fields=["handled_at", "problem"])
    except DomainError as refusal:
        StripeEvent.objects.filter(pk=event.pk).update(problem=str(refusal)[:300])
        raise
    return event


def _require_signature(payload: bytes, signature: str) -> None:
    """The platform's own check refuses old messages but not ones dated in the future; both are refused here."""
    if not settings.STRIPE_WEBHOOK_SECRET:
        raise SignatureRefused(_("No secret is set for messages of the payment platform."))
    try:
        stripe.WebhookSignature.verify_header(
            payload.decode(), signature, settings.STRIPE_WEBHOOK_SECRET, _SIGNATURE_AGE
        )
        dated = max(int(part[2:]) for part in signature.split(",") if part.startswith("t="))
    except (stripe.SignatureVerificationError, ValueError) as error:
        raise SignatureRefused(_("The signature of this message is not valid.")) from error
    if dated > time.time() + _SIGNATURE_AGE:
        raise SignatureRefused(_("The message is dated in the future."))


def _follow_session(account_id: str, session_id: str) -> DuesPayment:
    """Fetch a checkout session and bring its payment to the same state."""
    with platform_errors():
        session = client(account_id).v1.checkout.sessions.retrieve(
            session_id, {"expand": ["payment_intent.latest_charge"]}
        )
    with transaction.atomic():
        payment = (
            DuesPayment.objects.select_for_update(of=("self",))
            .select_related("member", "union")
            .get(checkout_session_id=session_id)
        )
        if payment.state == PaymentState.PAID:
            return payment
        if session.payment_status == "paid":
            return _settle(payment, account_id, session)
        if session.status == "expired" and payment.state == PaymentState.PENDING:
            payment.state = PaymentState.CANCELLED
            payment.save(update_fields=["state"])
    return payment


def _settle(payment: DuesPayment, account_id: str, session: stripe.checkout.Session) -> DuesPayment:
    charge = session.payment_intent.latest_charge  # type: ignore[union-attr]
    expected = (fen(payment.amount), "cny", StripeAccount.objects.get(union=payment.union).account_id)
    if (session.amount_total, session.currency, account_id) != expected or not charge.paid:  # type: ignore[union-attr]
        raise PlatformDiffers(
            _("Payment %(number)s: the platform reports another amount or account than ours.")
            % {"number": payment.pk}
        )
    Member.objects.select_for_update().get(pk=payment.member_id)
    payment.charge_id = charge.id  # type: ignore[union-attr]
    payment.reference = charge.id  # type: ignore[union-attr]
    paid_on = dt.datetime.fromtimestamp(charge.created, _SHANGHAI).date()  # type: ignore[union-attr]
    return collecting.settle(payment, paid_on=paid_on)


def _payout_arrived(account_id: str, payout_id: str) -> None:
    from .clearing import settle_payout

    account = StripeAccount.objects.select_related("bank_account").get(account_id=account_id)
    settle_payout(payout_id=payout_id, account=account, actor=None)


_ACTIONS: dict[str, Callable[[str, str], object]] = {
    "checkout.session.completed": _follow_session,
    "checkout.session.async_payment_succeeded": _follow_session,
    "checkout.session.async_payment_failed": _follow_session,
    "checkout.session.expired": _follow_session,
    "payout.reconciliation_completed": _payout_arrived,
}
