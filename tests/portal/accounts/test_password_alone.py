"""A password opens nothing: whichever door was used, staff are strangers until they show the second factor."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from allauth.account.internal.flows.login import (
    _AUTHENTICATION_METHODS_USER_SESSION_KEY,
    AUTHENTICATION_METHODS_SESSION_KEY,
)
from allauth.mfa.models import Authenticator
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from content import building, editorial
from content.models import HomePage
from portal.accounts.enrolment import enrol_totp
from portal.accounts.models import AuditEvent, User
from portal.accounts.roles import Role
from tests import factories
from tests.conftest import Federation
from tests.portal.accounts.test_sign_in import SECRET, totp

_PASSWORD = "correct horse battery"
_SET_UP = "/account/second-factor/totp/activate/"
_GENERATE = "/account/second-factor/recovery-codes/generate/"
_SIGN_OUT = "/sign-out/"


def _static_addresses(patterns: list[URLPattern | URLResolver], head: str = "/") -> Iterator[str]:
    """Every address of the portal that has no variable part."""
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            own = str(pattern.pattern)
            if re.fullmatch(r"[\w/.-]*", own.lstrip("^")):
                yield from _static_addresses(pattern.url_patterns, head + own.lstrip("^"))
        else:
            own = str(pattern.pattern).lstrip("^").rstrip("$").replace("\\Z", "")
            if re.fullmatch(r"[\w/.-]*", own):
                yield head + own


ADDRESSES = [
    *sorted(set(_static_addresses(get_resolver().url_patterns))),
    "/",
    "/en/",
    "/en/search/",
    "/en/_util/login/",
    "/policies/",
    "/en/policies/",
    "/nothing-here/",
]


def _with_password_alone(user: User) -> Client:
    """A session that a password opened, by whatever door."""
    browser = Client()
    browser.force_login(user)
    session = browser.session
    session[_AUTHENTICATION_METHODS_USER_SESSION_KEY] = str(user.pk)
    session[AUTHENTICATION_METHODS_SESSION_KEY] = [{"method": "password", "at": 2e9, "reauthenticated": True}]
    session.save()
    return browser


@pytest.fixture
def site(db: None) -> HomePage:
    return building.build_site(is_demo=True)


@pytest.fixture
def editor(federation: Federation) -> User:
    user = factories.user("bianji", Role.EDITOR, federation.municipal)
    editorial.grant(user, role=Role.EDITOR)
    enrol_totp(user, SECRET)
    return user


def test_the_list_of_addresses_is_that_of_the_portal() -> None:
    assert len(ADDRESSES) > 100
    assert {
        "/office/",
        "/me/",
        "/cms/",
        "/home/",
        "/api/v1/me/dues",
        _GENERATE,
        "/cms/reports/locked/",
    } <= set(ADDRESSES)


@pytest.mark.parametrize("enrolled", [True, False])
@pytest.mark.parametrize("method", ["get", "post"])
def test_no_address_treats_a_password_alone_as_a_sign_in(
    site: HomePage,
    federation: Federation,
    editor: User,
    method: str,
    enrolled: bool,
) -> None:
    if not enrolled:
        Authenticator.objects.all().delete()
    before = list(AuditEvent.objects.values_list("pk", flat=True))
    own = {_SIGN_OUT} if enrolled else {_SIGN_OUT, _SET_UP}
    behaves_otherwise = []
    for address in [a for a in ADDRESSES if a not in own]:
        stranger = getattr(Client(raise_request_exception=False), method)(address)
        browser = _with_password_alone(editor)
        browser.raise_request_exception = False
        answer = getattr(browser, method)(address)
        led = answer.headers.get("Location", "").split("?")[0]
        if led == ("/sign-in/staff/" if enrolled else _SET_UP):
            continue
        same = (answer.status_code, led) == (
            stranger.status_code,
            stranger.headers.get("Location", "").split("?")[0],
        )
        if not same or editor.name in answer.content.decode(errors="replace"):
            behaves_otherwise.append((address, stranger.status_code, answer.status_code, led))
    assert behaves_otherwise == []
    assert list(AuditEvent.objects.values_list("pk", flat=True)) == before


@pytest.mark.parametrize("address", ["/cms/login/", "/_util/login/", "/en/_util/login/"])
def test_other_doors_lead_to_ours_and_open_nothing(
    client: Client,
    site: HomePage,
    editor: User,
    address: str,
) -> None:
    typed = {"username": "bianji", "password": _PASSWORD, "next": "/office/"}
    assert client.post(address, typed).headers["Location"].startswith("/sign-in/?")
    assert client.get(f"{address}?next=/cms/images/").headers["Location"] == "/sign-in/?next=/cms/images/"
    assert "_auth_user_id" not in client.session


@pytest.mark.parametrize("address", ["", "done/", "confirm/MQ/set-password/", "complete/"])
def test_no_password_is_reset_by_e_mail(client: Client, db: None, address: str) -> None:
    assert client.get(f"/cms/password_reset/{address}").status_code == 404


def test_a_password_typed_again_yields_no_recovery_codes(editor: User) -> None:
    browser = _with_password_alone(editor)
    browser.post("/account/confirm/", {"password": _PASSWORD})
    assert browser.post(_GENERATE).headers["Location"].startswith("/sign-in/staff/?")
    assert not Authenticator.objects.filter(type=Authenticator.Type.RECOVERY_CODES).exists()


@pytest.mark.parametrize("step", ["recovery-codes/generate/", "totp/deactivate/"])
def test_without_a_role_too_the_second_factor_is_changed_only_after_it_was_shown(
    federation: Federation, step: str
) -> None:
    user = factories.user("former")
    enrol_totp(user, SECRET)
    browser = _with_password_alone(user)
    assert browser.post(f"/account/second-factor/{step}").status_code == 403
    assert Authenticator.objects.get().type == Authenticator.Type.TOTP


def test_setting_up_the_second_factor_shows_it_and_is_on_record(
    client: Client, federation: Federation
) -> None:
    user = factories.user("neu", Role.CASHIER, federation.municipal)
    client.post("/sign-in/staff/", {"login": "neu", "password": _PASSWORD})
    client.get(_SET_UP)
    secret = client.session["mfa.totp.secret"]
    response = client.post(_SET_UP, {"code": totp(secret)})
    assert response.headers["Location"] == "/account/second-factor/recovery-codes/"
    assert client.get("/office/").status_code == 200
    assert AuditEvent.objects.filter(action="second_factor.enrolled", actor=user).count() == 1


def test_signing_out_needs_no_second_factor(editor: User) -> None:
    browser = _with_password_alone(editor)
    assert browser.post(_SIGN_OUT).status_code == 302
    assert "_auth_user_id" not in browser.session
