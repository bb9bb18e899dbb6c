"""Checkout against the stand-in over HTTP: settled once, whatever order or copies messages arrive in."""

from __future__ import annotations

import datetime as dt
import json
import time
from typing import Any

import pytest
import requests
import stripe
from djmoney.money import Money
from pytest_django.fixtures import Settings

from ledger.books.integrity import verify
from ledger.books.queries import balance_of
from ledger.dues import clearing, collecting, events, online, queries
from ledger.dues.errors import (
    BelowMinimum,
    NoOnlinePayment,
    PlatformDiffers,
    PlatformUnavailable,
    SignatureRefused,
)
from ledger.dues.models import DuesMonth, DuesPayment, PaymentState, StripeAccount, StripeEvent
from ledger.dues.platform import client
from ledger.dues.sandbox.messages import signature
from ledger.receipts.models import Receipt
from portal.members.models import Member
from tests.concurrency import at_once
from tests.conftest import Federation
from tests.ledger.dues.conftest import SECRET, Platform

BACK = "http://127.0.0.1:8000/me/dues/return/"


def _start(member: Member, months: int = 12) -> DuesPayment:
    return online.start_checkout(member=member, months=months, return_url=BACK)


def _pay(payment: DuesPayment) -> None:
    requests.post(payment.checkout_url, data={"method": "alipay"}, allow_redirects=False, timeout=10)


def _hear(platform: Platform) -> StripeEvent:
    payload, signed = platform.next_message()
    return events.handle_event(payload=payload, signature=signed)


def as_after_a_crash(payment: DuesPayment) -> None:
    """As kill -9 leaves it between opening the checkout and saving what the platform answered."""
    DuesPayment.objects.filter(pk=payment.pk).update(checkout_session_id="", checkout_url="")


def _signed(content: dict[str, Any], *, dated: int | None = None) -> tuple[bytes, str]:
    payload = json.dumps(content).encode()
    return payload, signature(payload, SECRET, dated or int(time.time()))


def test_from_checkout_to_receipt_to_bank(federation: Federation, platform: Platform, member: Member) -> None:
    payment = _start(member)
    assert payment.state == PaymentState.PENDING
    assert not DuesMonth.objects.exists()
    _pay(payment)
    _hear(platform)
    payment.refresh_from_db()
    assert payment.state == PaymentState.PAID
    assert payment.receipt is not None
    book = federation.books["HD-C001"]
    assert balance_of(book, "13501") == Money("24.00", "CNY")
    assert balance_of(book, "401") == Money("24.00", "CNY")

    today = dt.datetime.now(dt.UTC).date()
    platform.server.platform.pay_out("acct_community", today)
    for _ in range(3):
        _hear(platform)
    payment.refresh_from_db()
    assert payment.payout_id.startswith("po_")
    assert balance_of(book, "13501") == Money(0, "CNY")
    assert balance_of(book, "102") == Money("23.18", "CNY")
    assert balance_of(book, "50504") == Money("0.82", "CNY")
    assert [check for check in verify(book=book) if not check.ok] == []


def test_copies_and_disorder_change_nothing(
    federation: Federation, platform: Platform, member: Member
) -> None:
    payment = _start(member)
    _pay(payment)
    message = platform.next_message()
    for _ in range(3):
        events.handle_event(payload=message[0], signature=message[1])
    online.look_again(payment=payment)
    other = json.loads(message[0]) | {"id": "evt_other", "type": "checkout.session.expired"}
    payload, signed = _signed(other)
    events.handle_event(payload=payload, signature=signed)
    assert Receipt.objects.count() == 1
    assert balance_of(federation.books["HD-C001"], "401") == Money("24.00", "CNY")
    payment.refresh_from_db()
    assert payment.state == PaymentState.PAID


def test_the_message_is_not_believed(platform: Platform, member: Member) -> None:
    """A well-signed message that claims a payment only makes us look: nobody has paid."""
    payment = _start(member)
    claim = {
        "id": "evt_false", "object": "event", "type": "checkout.session.completed", "account": "acct_community",
        "data": {"object": {"id": payment.checkout_session_id, "payment_status": "paid"}},
    }  # fmt: skip
    payload, signed = _signed(claim)
    events.handle_event(payload=payload, signature=signed)
    payment.refresh_from_db()
    assert payment.state == PaymentState.PENDING
    assert not Receipt.objects.exists()


@pytest.mark.parametrize("offset", [-400, 400])
def test_messages_out_of_their_time_are_refused(platform: Platform, offset: int) -> None:
    payload, signed = _signed(
        {"id": "evt_1", "object": "event", "type": "x"}, dated=int(time.time()) + offset
    )
    with pytest.raises(SignatureRefused):
        events.handle_event(payload=payload, signature=signed)
    assert not StripeEvent.objects.exists()


@pytest.mark.parametrize("signed", ["", "t=1,v1=00", "t=x", "v1=ab", "nonsense"])
def test_unsigned_messages_are_refused(platform: Platform, signed: str) -> None:
    with pytest.raises(SignatureRefused):
        events.handle_event(payload=b'{"id": "evt_1", "object": "event", "type": "x"}', signature=signed)


def test_small_amounts_are_explained_before_the_platform_refuses_them(
    platform: Platform, member: Member
) -> None:
    with pytest.raises(BelowMinimum, match=r"4\.00"):
        _start(member, 1)
    assert _start(member, 2).amount == Money("4.00", "CNY")


def test_a_double_click_opens_one_checkout(platform: Platform, member: Member) -> None:
    assert _start(member).pk == _start(member).pk
    assert _start(member, 6).pk != _start(member).pk


def test_a_start_that_was_broken_off_goes_on_where_it_was(platform: Platform, member: Member) -> None:
    first = _start(member)
    as_after_a_crash(first)
    again = _start(member)
    assert (again.pk, again.checkout_session_id) == (first.pk, first.checkout_session_id)
    assert again.checkout_url == first.checkout_url


@pytest.mark.django_db(transaction=True)
def test_two_starts_at_the_same_moment_open_one_checkout(platform: Platform, member: Member) -> None:
    started = at_once([lambda: _start(member)] * 4)
    assert len({(p.pk, p.checkout_url) for p in started if isinstance(p, DuesPayment)}) == 1
    assert DuesPayment.objects.count() == 1
    objects = platform.server.platform._accounts["acct_community"].objects
    assert len([o for o in objects.values() if o["object"] == "checkout.session"]) == 1


def test_months_paid_at_the_counter_meanwhile_move_on(
    federation: Federation, platform: Platform, member: Member
) -> None:
    payment = _start(member)
    today = dt.datetime.now(dt.UTC).date()
    collecting.collect_cash(member=member, months=2, paid_on=today, collected_by=federation.cashier)
    _pay(payment)
    _hear(platform)
    payment.refresh_from_db()
    assert (payment.first_month, payment.last_month) == (202604, 202703)
    assert DuesMonth.objects.filter(member=member).count() == 14


def test_an_expired_checkout_charges_nothing(platform: Platform, member: Member) -> None:
    payment = _start(member)
    client("acct_community").v1.checkout.sessions.expire(payment.checkout_session_id)
    _hear(platform)
    payment.refresh_from_db()
    assert payment.state == PaymentState.CANCELLED
    assert list(queries.history(member)) == []


def test_another_amount_is_not_settled(platform: Platform, member: Member) -> None:
    payment = _start(member)
    _account, session = platform.server.platform.find_session(payment.checkout_session_id)
    platform.server.platform._accounts["acct_community"].objects[session["id"]]["amount_total"] = 100
    _pay(payment)
    payload, signed = platform.next_message()
    with pytest.raises(PlatformDiffers):
        events.handle_event(payload=payload, signature=signed)
    event = StripeEvent.objects.get()
    assert event.handled_at is None
    assert event.problem
    assert not DuesMonth.objects.exists()


def test_a_payout_with_something_unknown_is_not_posted(
    federation: Federation, platform: Platform, member: Member
) -> None:
    _pay(_start(member))
    _hear(platform)
    stranger = client("acct_community").v1.checkout.sessions.create(
        {
            "mode": "payment", "success_url": BACK,
            "line_items": [{"quantity": 1, "price_data": {
                "currency": "cny", "unit_amount": 5000, "product_data": {"name": "other"}}}],
        }
    )  # fmt: skip
    platform.server.platform.pay(stranger.id, "card")
    payout = platform.server.platform.pay_out("acct_community", dt.datetime.now(dt.UTC).date())
    with pytest.raises(PlatformDiffers):
        clearing.settle_payout(payout_id=payout["id"], account=platform.account, actor=None)
    assert balance_of(federation.books["HD-C001"], "13501") == Money("24.00", "CNY")


def test_a_union_without_an_account_at_the_platform(platform: Platform, member: Member) -> None:
    StripeAccount.objects.all().delete()
    with pytest.raises(NoOnlinePayment):
        _start(member)


def test_a_platform_that_does_not_answer_leaves_nothing_open(
    platform: Platform, member: Member, settings: Settings
) -> None:
    settings.STRIPE_API_BASE = "http://127.0.0.1:9"
    with pytest.raises(PlatformUnavailable):
        _start(member)
    assert DuesPayment.objects.get().state == PaymentState.CANCELLED


def test_the_stand_in_answers_like_the_platform(platform: Platform) -> None:
    """Idempotency, minimum amount, unknown objects and missing keys, as Stripe's own client understands them."""
    sessions = client("acct_community").v1.checkout.sessions
    params: Any = {
        "mode": "payment", "success_url": BACK,
        "line_items": [{"quantity": 1, "price_data": {
            "currency": "cny", "unit_amount": 2400, "product_data": {"name": "dues"}}}],
    }  # fmt: skip
    first = sessions.create(params, {"idempotency_key": "same"})
    assert sessions.create(params, {"idempotency_key": "same"}).id == first.id
    with pytest.raises(stripe.IdempotencyError):
        sessions.create(params | {"success_url": "http://127.0.0.1/"}, {"idempotency_key": "same"})
    params["line_items"][0]["price_data"]["unit_amount"] = 399
    with pytest.raises(stripe.InvalidRequestError) as refused:
        sessions.create(params)
    assert refused.value.code == "amount_too_small"
    with pytest.raises(stripe.InvalidRequestError) as missing:
        sessions.retrieve("cs_test_none")
    assert missing.value.code == "resource_missing"
    with pytest.raises(stripe.InvalidRequestError):
        client("acct_other").v1.checkout.sessions.retrieve(first.id)
