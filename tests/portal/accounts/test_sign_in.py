"""Signing in: members by phone and a code, staff by password and second factor, nobody by guessing."""

from __future__ import annotations

import re
import time
from typing import Protocol

import pytest
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.test import Client
from pytest_django.fixtures import Settings

from portal.accounts.enrolment import enrol_totp
from portal.accounts.models import AuditEvent, OutboxMessage, User
from portal.accounts.roles import Role
from portal.members.models import Member
from tests import factories
from tests.conftest import Federation
from tests.portal.carrier import Carrier

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
_ENGLISH = {"Cookie": "django_language=en"}
_PASSWORD = "correct horse battery"


@pytest.fixture
def member(federation: Federation) -> Member:
    return factories.membership_in(federation.community, with_user=True).member


@pytest.fixture
def staff(federation: Federation) -> User:
    user = factories.user("kuaiji", Role.FINANCE_MAKER, federation.municipal)
    enrol_totp(user, SECRET)
    return user


class Later(Protocol):
    def __call__(self, *, minutes: int) -> None: ...


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Later:
    """Let time pass for limits and codes."""
    passed = 0
    now = time.time

    def pass_by(*, minutes: int) -> None:
        nonlocal passed
        passed += minutes * 60

    monkeypatch.setattr(time, "time", lambda: now() + passed)
    return pass_by


def _ask(client: Client, phone: str) -> int:
    return client.post("/sign-in/", {"phone": phone}).status_code


def _code() -> str:
    found = re.search(r"\d{6}", OutboxMessage.objects.first().text)
    assert found
    return found.group()


def totp(secret: str = SECRET, steps_back: int = 0) -> str:
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30 - steps_back))


def test_a_member_by_phone_and_code(client: Client, member: Member) -> None:
    assert client.get("/sign-in/").status_code == 200
    assert _ask(client, member.phone.removeprefix("+86")) == 302
    assert OutboxMessage.objects.get().phone == member.phone
    assert client.get("/sign-in/code/").status_code == 200
    response = client.post("/sign-in/code/", {"code": _code()})
    assert response.headers["Location"] == "/home/"
    assert client.get("/home/").headers["Location"] == "/me/"
    assert AuditEvent.objects.filter(action="sign_in", actor=member.user).exists()


def test_an_unknown_phone_looks_the_same(client: Client, member: Member) -> None:
    assert _ask(client, "13900009999") == 302
    assert client.get("/sign-in/code/").status_code == 200
    assert not OutboxMessage.objects.exists()


def test_wrong_codes_run_out(client: Client, member: Member) -> None:
    _ask(client, member.phone)
    right = _code()
    for _ in range(3):
        client.post("/sign-in/code/", {"code": "000000" if right != "000000" else "111111"})
    client.post("/sign-in/code/", {"code": right})
    assert client.get("/me/").status_code == 302


def test_a_phone_that_is_no_phone(client: Client, db: None) -> None:
    response = client.post("/sign-in/", {"phone": "12345"})
    assert response.status_code == 200
    assert 'value="12345"' in response.content.decode()


def test_codes_are_not_sent_without_end(member: Member) -> None:
    for _ in range(6):
        _ask(Client(), member.phone)
    assert OutboxMessage.objects.count() == 3


def test_one_phone_gets_ten_messages_a_day_at_most(member: Member, later: Later) -> None:
    answers = []
    for _ in range(6):
        answers += [Client().post("/sign-in/", {"phone": member.phone}, headers=_ENGLISH) for _ in range(3)]
        later(minutes=2)
    assert [answer.status_code for answer in answers] == [302] * 10 + [200] * 8
    assert "No more codes are sent to this number for now." in answers[-1].content.decode()
    assert OutboxMessage.objects.count() == 10
    later(minutes=24 * 60)
    assert _ask(Client(), member.phone) == 302


@pytest.mark.parametrize("phone", ["", "13900009999"])
def test_wrong_codes_lock_a_phone_over_all_browsers_whether_it_is_known_or_not(
    member: Member, later: Later, phone: str
) -> None:
    phone = phone or member.phone
    for _ in range(4):
        browser = Client()
        assert _ask(browser, phone) == 302
        for guess in ("x00000", "x00001", "x00002"):
            browser.post("/sign-in/code/", {"code": guess})
        later(minutes=2)
    answer = Client().post("/sign-in/", {"phone": phone}, headers=_ENGLISH)
    assert answer.status_code == 200
    assert "Too many wrong codes for this number." in answer.content.decode()
    later(minutes=61)
    assert _ask(Client(), phone) == 302


def test_the_right_code_is_refused_while_the_phone_is_locked(member: Member, later: Later) -> None:
    waiting = Client()
    for _ in range(3):
        browser = Client()
        _ask(browser, member.phone)
        for guess in ("x00000", "x00001", "x00002"):
            browser.post("/sign-in/code/", {"code": guess})
        later(minutes=2)
    _ask(waiting, member.phone)
    waiting.post("/sign-in/code/", {"code": "x00000"})
    waiting.post("/sign-in/code/", {"code": _code()})
    assert waiting.get("/me/").status_code == 302
    assert AuditEvent.objects.filter(action="sign_in.failed", object_id=member.user.pk).count() == 11
    assert not AuditEvent.objects.filter(action="sign_in").exists()


def test_the_right_code_forgives_earlier_slips(client: Client, member: Member, later: Later) -> None:
    for _ in range(4):
        client.logout()
        _ask(client, member.phone)
        for guess in ("x00000", "x00001", _code()):
            client.post("/sign-in/code/", {"code": guess})
        assert client.get("/me/").status_code == 200
        later(minutes=2)


def test_staff_by_password_and_second_factor(client: Client, staff: User) -> None:
    response = client.post("/sign-in/staff/", {"login": "kuaiji", "password": _PASSWORD})
    assert response.headers["Location"] == "/account/second-factor/authenticate/"
    assert client.get("/office/").status_code == 302
    assert client.get("/account/second-factor/authenticate/").status_code == 200
    response = client.post("/account/second-factor/authenticate/", {"code": totp()})
    assert response.headers["Location"] == "/home/"
    assert client.get("/home/").headers["Location"] == "/office/"
    assert client.get("/office/").status_code == 200
    assert client.post("/sign-out/").status_code == 302
    assert client.get("/office/").status_code == 302


def test_the_second_step_completes_the_sign_in_on_record(client: Client, staff: User) -> None:
    client.post("/sign-in/staff/", {"login": "kuaiji", "password": _PASSWORD})
    assert not AuditEvent.objects.filter(action="sign_in").exists()
    client.post("/account/second-factor/authenticate/", {"code": totp()})
    event = AuditEvent.objects.get(action="sign_in")
    assert (event.actor, event.object_id) == (staff, str(staff.pk))


def test_guessing_second_factors_is_slowed(client: Client, staff: User) -> None:
    client.post("/sign-in/staff/", {"login": "kuaiji", "password": _PASSWORD})
    for _ in range(5):
        client.post("/account/second-factor/authenticate/", {"code": "000000"})
    client.post("/account/second-factor/authenticate/", {"code": totp()})
    assert client.get("/office/").status_code == 302


def test_a_code_of_the_app_counts_once(staff: User) -> None:
    code = totp()
    for n, expected in enumerate((302, 200)):
        browser = Client(REMOTE_ADDR=f"127.0.0.{n + 1}")
        browser.post("/sign-in/staff/", {"login": "kuaiji", "password": _PASSWORD})
        response = browser.post("/account/second-factor/authenticate/", {"code": code})
        assert response.status_code == expected


def test_a_wrong_password_is_recorded_and_slowed(client: Client, staff: User) -> None:
    for _ in range(5):
        client.post("/sign-in/staff/", {"login": "kuaiji", "password": "wrong password"})
    assert AuditEvent.objects.filter(action="sign_in.failed").count() == 5
    response = client.post("/sign-in/staff/", {"login": "kuaiji", "password": _PASSWORD})
    assert response.status_code in {200, 429}
    assert client.get("/office/").status_code == 302


def test_staff_without_a_second_factor_are_led_to_set_one_up(client: Client, federation: Federation) -> None:
    factories.user("neu", Role.CASHIER, federation.municipal)
    client.post("/sign-in/staff/", {"login": "neu", "password": _PASSWORD})
    response = client.get("/office/")
    assert response.headers["Location"] == "/account/second-factor/totp/activate/"
    page = client.get("/account/second-factor/totp/activate/")
    assert page.status_code == 200
    assert "data:image/svg+xml" in page.content.decode()


@pytest.mark.parametrize(
    ("role", "place"),
    [
        (Role.CASHIER, "/office/"),
        (Role.AUDITOR, "/office/"),
        (Role.EDITOR, "/cms/"),
        (Role.PUBLISHER, "/cms/"),
        (Role.ADMIN, "/office/"),
    ],
)
def test_where_each_role_lands(federation: Federation, role: Role, place: str) -> None:
    from tests.signing_in import browser_of

    user = factories.user(f"u-{role.value}", role, federation.municipal)
    assert browser_of(user).get("/home/").headers["Location"] == place


def test_the_outbox_is_for_the_demo_only(client: Client, db: None, settings: Settings) -> None:
    assert client.get("/sign-in/outbox/").status_code == 404
    settings.IS_DEMO = True
    assert client.get("/sign-in/outbox/").status_code == 200


@pytest.mark.parametrize("address", ["/account/sign-up/", "/account/reset/", "/account/email/"])
def test_what_is_not_offered(client: Client, db: None, address: str) -> None:
    assert client.get(address).status_code == 404


def test_the_carrier_is_a_setting(client: Client, member: Member, settings: Settings) -> None:
    settings.SMS_SENDER = "tests.portal.carrier.Carrier"
    _ask(client, member.phone)
    assert Carrier.sent == [member.phone]
    assert not OutboxMessage.objects.exists()


@pytest.mark.parametrize("is_known", [True, False])
def test_asking_for_a_code_says_the_same_to_everybody(client: Client, member: Member, is_known: bool) -> None:
    client.cookies["django_language"] = "en"
    number = member.phone.removeprefix("+86") if is_known else "13900009999"
    answer = client.post("/sign-in/", {"phone": number}, follow=True)
    assert [str(message) for message in answer.context["messages"]] == []
    page = client.post("/sign-in/code/", {"code": "000000" if not is_known or _code() != "000000" else "1"})
    assert "This code is not right." in page.content.decode()
    assert member.user.username not in page.content.decode()


def test_signing_in_greets_without_the_name_of_the_account(client: Client, member: Member) -> None:
    client.cookies["django_language"] = "en"
    _ask(client, member.phone)
    client.post("/sign-in/code/", {"code": _code()})
    page = client.get("/me/").content.decode()
    assert "You are signed in." in page
    assert f"as {member.user.username}" not in page
