"""Signing in: members by phone and a code, staff by password and second factor, nobody by guessing."""

from __future__ import annotations

import re
import time

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

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
_PASSWORD = "correct horse battery"


@pytest.fixture
def member(federation: Federation) -> Member:
    return factories.membership_in(federation.community, with_user=True).member


@pytest.fixture
def staff(federation: Federation) -> User:
    user = factories.user("kuaiji", Role.FINANCE_MAKER, federation.municipal)
    enrol_totp(user, SECRET)
    return user


def _ask(client: Client, phone: str) -> int:
    return client.post("/sign-in/", {"phone": phone}).status_code


def _code() -> str:
    found = re.search(r"\d{6}", OutboxMessage.objects.first().text)
    assert found
    return found.group()


def _totp(steps_back: int = 0) -> str:
    return format_hotp_value(hotp_value(SECRET, int(time.time()) // 30 - steps_back))


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


def test_staff_by_password_and_second_factor(client: Client, staff: User) -> None:
    response = client.post("/sign-in/staff/", {"login": "kuaiji", "password": _PASSWORD})
    assert response.headers["Location"] == "/account/second-factor/authenticate/"
    assert client.get("/office/").status_code == 302
    assert client.get("/account/second-factor/authenticate/").status_code == 200
    response = client.post("/account/second-factor/authenticate/", {"code": _totp()})
    assert response.headers["Location"] == "/home/"
    assert client.get("/home/").headers["Location"] == "/office/"
    assert client.get("/office/").status_code == 200
    assert client.post("/sign-out/").status_code == 302
    assert client.get("/office/").status_code == 302


def test_a_code_of_the_app_counts_once(staff: User) -> None:
    code = _totp()
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


class Carrier:
    """A carrier chosen by setting."""

    sent: list[str] = []

    def send(self, *, phone: str, text: str) -> None:
        self.sent.append(phone)


def test_the_carrier_is_a_setting(client: Client, member: Member, settings: Settings) -> None:
    settings.SMS_SENDER = f"{__name__}.Carrier"
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
