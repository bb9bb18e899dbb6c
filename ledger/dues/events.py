"""Signed messages (webhooks) of the payment platform: kept first, then acted on once.

Nothing that a message says is believed: it only makes us fetch the object itself, before the database transaction.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import stripe
from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.errors import DomainError

from . import clearing, online
from .errors import MalformedMessage, NotOurs, SignatureRefused
from .models import StripeAccount, StripeEvent

_SIGNATURE_AGE = 300  # seconds, either way
# What the columns of StripeEvent hold.
_LONGEST_ID, _LONGEST_TYPE, _LONGEST_ACCOUNT = 120, 80, 60


def handle_event(*, payload: bytes, signature: str) -> StripeEvent:
    """Keep a signed message of the platform and act on it once; a copy changes nothing.

    What is about no account or payment of ours is kept with its problem and is done with. Raises SignatureRefused,
    MalformedMessage; other DomainErrors are kept with the message, which the platform then sends again.
    """
    _require_signature(payload, signature)
    event = _keep(payload)
    if event.handled_at is not None:
        return event
    try:
        event = _act(event)
    except NotOurs as refusal:
        _close(event, str(refusal))
    except DomainError as refusal:
        StripeEvent.objects.filter(pk=event.pk, handled_at=None).update(problem=str(refusal)[:300])
        raise
    return event


def _act(event: StripeEvent) -> StripeEvent:
    """Talk to the platform first; then the event is locked, acted on and closed in one short transaction."""
    prepare = _ACTIONS.get(event.type)
    act = prepare(_account_of(event), event.payload["data"]["object"]["id"]) if prepare else None
    with transaction.atomic():
        locked = StripeEvent.objects.select_for_update().get(pk=event.pk)
        if locked.handled_at is None:
            if act is not None:
                act()
            _close(locked, "")
    return locked


def _close(event: StripeEvent, problem: str) -> None:
    event.handled_at, event.problem = timezone.now(), problem[:300]
    event.save(update_fields=["handled_at", "problem"])


def _keep(payload: bytes) -> StripeEvent:
    try:
        content = json.loads(payload)
        has_the_shape = _has_the_shape(content)
    except (ValueError, RecursionError):
        has_the_shape = False
    if not has_the_shape:
        raise MalformedMessage(_("This is not a message of the payment platform."))
    event, _new = StripeEvent.objects.get_or_create(
        event_id=content["id"],
        defaults={"type": content["type"], "account_id": content.get("account") or "", "payload": content},
    )
    return event


def _has_the_shape(content: Any) -> bool:
    """Whether the parts that we read are texts that fit; PostgreSQL keeps neither null characters nor surrogates."""
    if not isinstance(content, dict):
        return False
    json.dumps(content, ensure_ascii=False).encode()
    if "\\u0000" in json.dumps(content):
        return False
    if not _fits(content.get("id"), _LONGEST_ID) or not _fits(content.get("type"), _LONGEST_TYPE):
        return False
    if content.get("account") and not _fits(content["account"], _LONGEST_ACCOUNT):
        return False
    if content["type"] not in _ACTIONS:
        return True
    try:
        return _fits(content["data"]["object"]["id"], _LONGEST_ID)
    except (TypeError, KeyError):
        return False


def _fits(value: object, longest: int) -> bool:
    return isinstance(value, str) and 0 < len(value) <= longest


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


def _account_of(event: StripeEvent) -> StripeAccount:
    account = (
        StripeAccount.objects.select_related("union", "bank_account__account__book")
        .filter(account_id=event.account_id)
        .first()
    )
    if account is None:
        raise NotOurs(
            _("No union of ours has the account “%(account)s” at the platform.")
            % {"account": event.account_id}
        )
    return account


def _checkout_changed(account: StripeAccount, session_id: str) -> Callable[[], object]:
    session = online.fetch(account, session_id)
    return lambda: online.follow(account, session)


def _payout_arrived(account: StripeAccount, payout_id: str) -> Callable[[], object]:
    arrived = clearing.fetch(account, payout_id)
    return lambda: clearing.post_payout(arrived=arrived, account=account, actor=None)


_ACTIONS: dict[str, Callable[[StripeAccount, str], Callable[[], object]]] = {
    "checkout.session.completed": _checkout_changed,
    "checkout.session.async_payment_succeeded": _checkout_changed,
    "checkout.session.async_payment_failed": _checkout_changed,
    "checkout.session.expired": _checkout_changed,
    "payout.reconciliation_completed": _payout_arrived,
}
