"""What an administrator does at the server: staff sign-ins and lost second factors."""

from __future__ import annotations

import pytest
from allauth.mfa.models import Authenticator
from django.core.management import CommandError, call_command

from portal.accounts.enrolment import enrol_totp
from portal.accounts.models import AuditEvent, User
from portal.accounts.roles import Role
from tests import factories
from tests.conftest import Federation
from tests.signing_in import browser_of

_PASSWORD = "portal.accounts.management.commands.staff_add.getpass"
_SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


def _add(*words: str) -> None:
    call_command("staff_add", *words, "--name", "张明", "--role", "cashier", verbosity=0)


def test_staff_are_added_with_a_role_in_a_union_and_on_the_record(
    federation: Federation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_PASSWORD, lambda _prompt: "a-long-enough-secret-71")
    _add("zhang.ming", "--union", "HD")
    user = User.objects.get(username="zhang.ming")
    assert user.check_password("a-long-enough-secret-71")
    assert [(a.role, a.union.code) for a in user.role_assignments.all()] == [("cashier", "HD")]
    assert AuditEvent.objects.filter(action="staff.created", object_id=str(user.pk)).exists()


@pytest.mark.parametrize(("password", "union"), [("123", "HD"), ("a-long-enough-secret-71", "NOWHERE")])
def test_a_weak_password_or_an_unknown_union_adds_nobody(
    federation: Federation, monkeypatch: pytest.MonkeyPatch, password: str, union: str
) -> None:
    monkeypatch.setattr(_PASSWORD, lambda _prompt: password)
    with pytest.raises(CommandError):
        _add("zhang.ming", "--union", union)
    assert not User.objects.filter(username="zhang.ming").exists()


def test_a_second_factor_is_taken_away_on_the_account_of_an_administrator_only(
    federation: Federation,
) -> None:
    factories.user("boss", Role.ADMIN, federation.municipal)
    enrol_totp(federation.cashier, _SECRET)
    name = federation.cashier.username
    for actor in (federation.maker.username, name):
        with pytest.raises(CommandError):
            call_command("second_factor_reset", name, "--by", actor, "--union", federation.municipal.code)
    assert Authenticator.objects.filter(user=federation.cashier).exists()
    call_command("second_factor_reset", name, "--by", "boss", "--union", federation.municipal.code)
    assert not Authenticator.objects.filter(user=federation.cashier).exists()


def test_the_office_of_an_administrator_names_the_commands(federation: Federation) -> None:
    admin = factories.user("boss", Role.ADMIN, federation.municipal)
    page = browser_of(admin).get("/office/").content.decode()
    assert "manage.py staff_add &lt;user&gt;" in page
    assert "manage.py second_factor_reset &lt;user&gt;" in page
    assert "manage.py" not in browser_of(federation.maker).get("/office/").content.decode()
