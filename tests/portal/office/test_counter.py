"""The counter's pages: a double click takes money once, and cash goes back by two persons."""

from __future__ import annotations

import re
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from ledger.books.models import BankAccount
from ledger.books.opening import open_year
from ledger.dues import collecting
from ledger.dues.models import DuesPayment, DuesReversal, PaymentState, StripeEvent
from portal.accounts.models import User
from portal.members.models import Member
from tests import factories
from tests.conftest import Federation
from tests.signing_in import browser_of


def _in_english(user: User) -> Client:
    browser = browser_of(user)
    browser.cookies["django_language"] = "en"
    return browser


@pytest.fixture
def payer(federation: Federation) -> Member:
    return factories.membership_in(federation.community, name="周示例", is_casual_worker=True).member


@pytest.fixture
def payment(federation: Federation, payer: Member) -> DuesPayment:
    """Cash of today: the office takes it back on the same day."""
    open_year(book=federation.books["HD-C001"], year=timezone.localdate().year)
    return collecting.collect_cash(
        member=payer, months=3, paid_on=timezone.localdate(), collected_by=federation.cashier
    )


def test_a_double_click_takes_the_money_once(federation: Federation, payer: Member) -> None:
    browser = _in_english(federation.cashier)
    address = f"/office/dues/{payer.pk}/"
    found = re.search(r'name="request_key" value="([0-9a-f-]{36})"', browser.get(address).content.decode())
    assert found is not None
    typed = {"months": "2", "paid_on": "2026-03-16", "channel": "cash", "request_key": found[1]}
    pages = [browser.post(address, typed, follow=True).content.decode() for _ in range(2)]
    assert all("Receipt 0000000001 is ready" in page for page in pages)
    assert payer.dues_payments.count() == 1


def test_each_form_has_a_key_of_its_own_and_needs_one(federation: Federation, payer: Member) -> None:
    browser = browser_of(federation.cashier)
    address = f"/office/dues/{payer.pk}/"
    keys = {
        re.findall(r'name="request_key" value="([^"]+)"', browser.get(address).content.decode())[0]
        for _ in range(2)
    }
    assert len(keys) == 2
    typed = {"months": "2", "paid_on": "2026-03-16", "channel": "cash"}
    for key in ({}, {"request_key": "x"}, {"request_key": ""}):
        assert browser.post(address, typed | key).status_code == 200
    assert not DuesPayment.objects.exists()


def test_cash_is_taken_back_by_two_persons_through_the_pages(
    federation: Federation, payment: DuesPayment
) -> None:
    address = f"/office/dues/payments/{payment.pk}/take-back/"
    cashier, checker = _in_english(federation.cashier), _in_english(federation.checker)
    assert address in cashier.get(f"/office/dues/{payment.member_id}/").content.decode()
    assert cashier.post(address, {"step": "ask", "reason": ""}).status_code == 200
    assert not DuesReversal.objects.exists()
    cashier.post(address, {"step": "ask", "reason": "收错了人"})
    assert cashier.post(address, {"step": "approve"}).status_code == 403
    assert browser_of(federation.maker).post(address, {"step": "approve"}).status_code == 403
    payment.refresh_from_db()
    assert payment.state == PaymentState.PAID

    assert address in checker.get("/office/bank/").content.decode()
    assert "收错了人" in checker.get(address).content.decode()
    checker.post(address, {"step": "approve"})
    payment.refresh_from_db()
    assert payment.state == PaymentState.REVERSED
    assert "Reversed" in cashier.get(f"/office/dues/{payment.member_id}/").content.decode()


def test_payments_of_another_union_are_not_taken_back(federation: Federation, payment: DuesPayment) -> None:
    from portal.accounts.roles import Role

    elsewhere = factories.community_union(federation.district, "HD-C009")
    stranger = browser_of(factories.user("stranger", Role.CASHIER, elsewhere))
    address = f"/office/dues/payments/{payment.pk}/take-back/"
    assert stranger.post(address, {"step": "ask", "reason": "收错了人"}).status_code == 404
    assert not DuesReversal.objects.exists()


def test_what_the_platform_said_and_nobody_understood_is_shown(
    federation: Federation, payer: Member, bank: BankAccount
) -> None:
    StripeEvent.objects.create(
        event_id="evt_1", type="checkout.session.completed", account_id="acct_x", payload={},
        problem="No union of ours has this account.",
    )  # fmt: skip
    collecting.hold_unidentified(
        DuesPayment(
            member=payer, union=federation.community, first_month=202602, last_month=202603, months=2,
            amount=4, channel="stripe", reference="ch_1", charge_id="ch_1",
        ),
        paid_on=factories.TODAY,
        posted_on=factories.TODAY,
    )  # fmt: skip
    for person, address in ((federation.cashier, "/office/dues/"), (federation.checker, "/office/bank/")):
        page = _in_english(person).get(address).content.decode()
        assert "No union of ours has this account." in page
        assert "ch_1" in page


@pytest.fixture
def bank(federation: Federation) -> BankAccount:
    return federation.banks["HD-C001"]


def test_a_null_character_in_a_form_is_a_bad_request(federation: Federation, payer: Member) -> None:
    browser = browser_of(federation.maker)
    for address, typed in (
        ("/office/books/HD/close/", {"step": "ask", "reason": "a\0b", "period": "2026-01"}),
        ("/office/bank/HD-B1/by-hand/", {"reason": "a\0b"}),
        ("/office/books/HD/close/", {"step\0": "ask"}),
    ):
        assert browser.post(address, typed).status_code == 400, address
    typed = {"months": "2", "paid_on": "2026-03-16", "channel": "cash\0", "request_key": str(uuid4())}
    assert browser_of(federation.cashier).post(f"/office/dues/{payer.pk}/", typed).status_code == 400
