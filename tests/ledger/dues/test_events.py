"""Messages of the platform after crashes, late, or about nothing of ours: the money is booked, and nothing is a 500."""

from __future__ import annotations

import datetime as dt
import json
import time
from typing import Any

import pytest
import requests
from django.db import connection
from django.test import Client
from django.utils import timezone
from djmoney.money import Money

from ledger.books.closing import close_period
from ledger.books.integrity import verify
from ledger.books.queries import balance_of
from ledger.dues import calendar, events, online, queries
from ledger.dues.models import DuesMonth, DuesPayment, PaymentState, StripeEvent
from ledger.dues.sandbox.messages import signature
from ledger.receipts import issuing
from ledger.receipts.models import Receipt
from portal.members import register
from portal.members.models import Member
from portal.unions.models import Union
from tests import factories
from tests.concurrency import at_once
from tests.conftest import Federation
from tests.ledger.dues.conftest import SECRET, Platform
from tests.ledger.dues.test_online import as_after_a_crash

BACK = "http://127.0.0.1:8000/me/dues/return/"


@pytest.fixture
def payment(platform: Platform, member: Member) -> DuesPayment:
    return online.start_checkout(member=member, months=12, return_url=BACK)


def _pay(payment: DuesPayment) -> None:
    requests.post(payment.checkout_url, data={"method": "alipay"}, allow_redirects=False, timeout=10)


def _send(client: Client, payload: bytes, signed: str) -> int:
    return client.post(
        "/webhooks/stripe/",
        payload,
        content_type="application/json",
        headers={"Stripe-Signature": signed},
    ).status_code


def _hear(client: Client, platform: Platform) -> int:
    return _send(client, *platform.next_message())


def _say(client: Client, content: Any) -> int:
    payload = content if isinstance(content, bytes) else json.dumps(content).encode()
    return _send(client, payload, signature(payload, SECRET, int(time.time())))


def _session_event(account: str, session: object, **changes: Any) -> dict[str, Any]:
    return {
        "id": "evt_1", "object": "event", "type": "checkout.session.completed", "account": account,
        "data": {"object": {"id": session}},
    } | changes  # fmt: skip


def test_a_crash_before_the_session_was_saved_loses_no_payment(
    federation: Federation, platform: Platform, payment: DuesPayment, client: Client
) -> None:
    as_after_a_crash(payment)
    _pay(payment)
    assert _hear(client, platform) == 200
    settled = DuesPayment.objects.get()
    assert (settled.state, settled.checkout_session_id) == (PaymentState.PAID, payment.checkout_session_id)
    assert balance_of(federation.books["HD-C001"], "13501") == Money("24.00", "CNY")
    assert [check for check in verify(book=federation.books["HD-C001"]) if not check.ok] == []


def test_a_checkout_that_names_our_payment_with_another_amount_is_not_ours(
    platform: Platform, payment: DuesPayment, client: Client
) -> None:
    as_after_a_crash(payment)
    session = platform.server.platform._accounts["acct_community"].objects[payment.checkout_session_id]
    session["amount_total"] = 400
    _pay(payment)
    assert _hear(client, platform) == 200
    event = StripeEvent.objects.get()
    assert event.handled_at is not None
    assert "acct_community" in event.problem
    assert DuesPayment.objects.get().state == PaymentState.PENDING
    assert not Receipt.objects.exists()


@pytest.mark.parametrize("reference", [None, "", "x", "9" * 18, "9" * 30, "٣", "-1"])
def test_a_checkout_of_somebody_else_is_kept_with_its_problem(
    platform: Platform, payment: DuesPayment, client: Client, reference: str | None
) -> None:
    as_after_a_crash(payment)
    session = platform.server.platform._accounts["acct_community"].objects[payment.checkout_session_id]
    session["client_reference_id"] = reference
    _pay(payment)
    assert _hear(client, platform) == 200
    assert StripeEvent.objects.exclude(problem="").exclude(handled_at=None).count() == 1
    assert not DuesMonth.objects.exists()


def test_an_account_that_no_union_has_is_kept_with_its_problem(platform: Platform, client: Client) -> None:
    for number, kind in enumerate(("checkout.session.completed", "payout.reconciliation_completed")):
        event = _session_event("acct_unknown", "po_1", type=kind, id=f"evt_{number}")
        assert _say(client, event) == 200
    assert StripeEvent.objects.exclude(problem="").exclude(handled_at=None).count() == 2


@pytest.mark.parametrize(
    "content",
    [
        [1],
        "text",
        None,
        b"not json",
        b"\xff",
        b"[" * 100_000,
        {"type": "x"},
        {"id": "evt_1"},
        {"id": 7, "type": "x"},
        {"id": "", "type": "x"},
        {"id": "e" * 121, "type": "x"},
        {"id": "evt_1", "type": "x", "account": ["a"]},
        {"id": "evt_1", "type": "x", "account": "a" * 61},
        {"id": "evt_1", "type": "x", "data": "a\0b"},
        {"id": "evt_1", "type": "x", "data": "\ud800"},
        {"id": "evt_1", "type": ["x"]},
        _session_event("acct_community", None),
        _session_event("acct_community", {"id": 1}),
        _session_event("acct_community", "cs_1", data=[]),
        _session_event("acct_community", "cs_1", data={"object": []}),
        _session_event("acct_community", "cs_1", data={}),
    ],
)
def test_what_has_not_the_shape_of_a_message_is_a_bad_request(
    platform: Platform, client: Client, content: Any
) -> None:
    assert _say(client, content) == 400
    assert not StripeEvent.objects.exists()


def test_who_left_the_union_after_starting_to_pay_has_paid_it(
    federation: Federation, platform: Platform, payment: DuesPayment, client: Client
) -> None:
    membership = payment.member.memberships.get()
    register.end_membership(
        membership=membership, ended_on=timezone.localdate() - dt.timedelta(days=1), reason="离开", actor=None
    )
    _pay(payment)
    assert _hear(client, platform) == 200
    settled = DuesPayment.objects.get()
    assert settled.receipt is not None
    assert (settled.state, settled.receipt.payer_reference) == (PaymentState.PAID, membership.number)
    assert settled.union == federation.community


def _close(federation: Federation, *, before: int) -> None:
    book = federation.books["HD-C001"]
    for month in book.periods.filter(month__lt=before).order_by("month").values_list("month", flat=True):
        close_period(book=book, month=month, actor=federation.checker)


def test_a_payment_of_a_closed_month_is_booked_today_and_says_so(
    federation: Federation, platform: Platform, payment: DuesPayment, client: Client
) -> None:
    today = timezone.localdate()
    paid_on = today.replace(day=1) - dt.timedelta(days=1)
    book = federation.books["HD-C001"]
    if not book.periods.filter(month=calendar.month_of(paid_on)).exists():
        pytest.skip("in January the month before is of a year that this book does not have")
    _pay(payment)
    for found in platform.server.platform._accounts["acct_community"].objects.values():
        if found["object"] == "charge":
            found["created"] = int(dt.datetime.combine(paid_on, dt.time(4), dt.UTC).timestamp())
    _close(federation, before=calendar.month_of(today))
    assert _hear(client, platform) == 200
    settled = DuesPayment.objects.get()
    assert settled.transaction is not None
    assert (settled.paid_on, settled.transaction.date) == (paid_on, today)
    assert settled.transaction.summary == f"收会费(网上支付)(补记:{paid_on:%Y年%m月%d日}收款,该月已结账)"


def test_a_late_payout_is_booked_once_on_the_first_open_day(
    federation: Federation, platform: Platform, payment: DuesPayment, client: Client
) -> None:
    today = timezone.localdate()
    arrived = today.replace(day=1) - dt.timedelta(days=1)
    book = federation.books["HD-C001"]
    if not book.periods.filter(month=calendar.month_of(arrived)).exists():
        pytest.skip("in January the month before is of a year that this book does not have")
    _pay(payment)
    assert _hear(client, platform) == 200
    _close(federation, before=calendar.month_of(today))
    platform.server.platform.pay_out("acct_community", arrived)
    messages = [platform.next_message() for _ in range(3)]
    assert [_send(client, *message) for message in messages] == [200, 200, 200]
    posted = book.transactions.get(kind="stripe.payout")
    assert posted.date == today
    assert posted.summary == f"支付平台结算1笔会费(补记:{arrived:%Y年%m月%d日}到账,该月已结账)"
    assert balance_of(book, "13501") == Money(0, "CNY")


def test_money_that_cannot_be_dues_waits_to_be_identified_and_holds_nobody_else_up(
    federation: Federation,
    platform: Platform,
    payment: DuesPayment,
    client: Client,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    book = federation.books["HD-C001"]
    _pay(payment)
    with monkeypatch.context() as receipts_refuse:
        receipts_refuse.setattr(issuing, "MAX_LINES", 0)
        assert _hear(client, platform) == 200
    held = DuesPayment.objects.get()
    assert held.state == PaymentState.UNIDENTIFIED
    assert not DuesMonth.objects.exists()
    assert balance_of(book, "21502") == balance_of(book, "13501") == Money("24.00", "CNY")
    assert list(queries.unidentified(Union.objects.all())) == [held]
    assert [check for check in verify(book=book) if not check.ok] == []

    other = factories.membership_in(federation.community, is_casual_worker=True).member
    _pay(online.start_checkout(member=other, months=2, return_url=BACK))
    assert _hear(client, platform) == 200
    platform.server.platform.pay_out("acct_community", timezone.localdate())
    assert [_hear(client, platform) for _ in range(3)] == [200, 200, 200]
    assert balance_of(book, "13501") == Money(0, "CNY")
    assert [check for check in verify(book=book) if not check.ok] == []


def test_the_platform_is_asked_outside_any_database_transaction(
    platform: Platform, payment: DuesPayment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody waits for a row while the platform is slow."""
    _pay(payment)
    payload, signed = platform.next_message()
    depth = len(connection.savepoint_ids)
    depths = []

    def fetch(*args: Any) -> Any:
        depths.append(len(connection.savepoint_ids))
        return original(*args)

    original = online.fetch
    monkeypatch.setattr(online, "fetch", fetch)
    events.handle_event(payload=payload, signature=signed)
    assert depths == [depth]


@pytest.mark.django_db(transaction=True)
def test_copies_of_a_message_at_the_same_moment_book_once(
    federation: Federation, platform: Platform, payment: DuesPayment
) -> None:
    _pay(payment)
    payload, signed = platform.next_message()
    heard = at_once([lambda: events.handle_event(payload=payload, signature=signed)] * 4)
    assert [event.handled_at is not None for event in heard if isinstance(event, StripeEvent)] == [True] * 4
    assert Receipt.objects.count() == 1
    assert balance_of(federation.books["HD-C001"], "401") == Money("24.00", "CNY")
