"""Staff administration from the operator's shell and by administrators."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.test import Client

from portal.accounts import enrolment
from portal.accounts.models import AuditEvent, RoleAssignment, User
from portal.accounts.permissions import NotAllowed, SamePerson, roles_of
from portal.accounts.roles import Role
from portal.office import staffing
from tests import factories
from tests.conftest import Federation
from tests.portal.accounts.test_sign_in import totp

_SET_UP = "/account/second-factor/totp/activate/"
_NEW = "/account/password/"
_OWN = "eigen-passwort-2026"


def _run(*arguments: str) -> str:
    out = StringIO()
    call_command(*arguments, stdout=out, stderr=StringIO())
    return out.getvalue().strip()


def _create(username: str = "kuaiji", role: str = "finance_maker") -> str:
    return _run("staff_create", username, "--name=王会计", f"--role={role}", "--union=HD")


def _acts() -> list[str]:
    return list(AuditEvent.objects.order_by("pk").values_list("action", flat=True))


def _signed_in(username: str, password: str) -> Client:
    """A browser after the first sign-in: password, and a second factor set up."""
    browser = Client()
    browser.post("/sign-in/staff/", {"login": username, "password": password})
    assert browser.get("/office/").headers["Location"] == _SET_UP
    browser.get(_SET_UP)
    browser.post(_SET_UP, {"code": totp(browser.session["mfa.totp.secret"])})
    return browser


def test_from_the_shell_to_the_office_with_an_own_password(federation: Federation) -> None:
    password = _create()
    browser = _signed_in("kuaiji", password)
    assert browser.get("/account/second-factor/recovery-codes/").status_code == 200
    for address in ("/office/", "/home/", "/cms/", "/"):
        assert browser.get(address).headers["Location"] == _NEW
    typed = {"oldpassword": password, "password1": _OWN, "password2": _OWN}
    assert browser.post(_NEW, typed).headers["Location"] == "/home/"
    assert browser.get("/office/").status_code == 200
    assert not User.objects.get(username="kuaiji").check_password(password)
    assert _acts() == ["staff.created", "sign_in", "second_factor.enrolled", "password.changed"]
    created = AuditEvent.objects.get(action="staff.created")
    assert (created.actor, created.union, created.details) == (
        None,
        federation.district,
        {"role": "finance_maker"},
    )


def test_a_reset_ends_sessions_and_takes_password_and_second_factor_away(federation: Federation) -> None:
    first = _create()
    before = _signed_in("kuaiji", first)
    second = _run("staff_reset", "kuaiji")
    assert before.get(_NEW).headers["Location"].startswith("/sign-in/")
    assert not User.objects.get(username="kuaiji").check_password(first)
    assert _signed_in("kuaiji", second).get("/office/").headers["Location"] == _NEW
    assert AuditEvent.objects.get(action="staff.sign_in_reset").union == federation.district


def test_roles_are_given_and_ended_with_their_place_in_the_editors_admin(federation: Federation) -> None:
    _create()
    user = User.objects.get(username="kuaiji")
    _run("staff_role", "kuaiji", "--grant=editor", "--union=HD")
    assert roles_of(user) == {Role.FINANCE_MAKER, Role.EDITOR}
    assert User.objects.get(pk=user.pk).has_perm("wagtailadmin.access_admin")
    _run("staff_role", "kuaiji", "--end=editor", "--union=HD")
    assert roles_of(user) == {Role.FINANCE_MAKER}
    assert not User.objects.get(pk=user.pk).has_perm("wagtailadmin.access_admin")
    assert _acts() == ["staff.created", "staff.role_granted", "staff.role_ended"]
    assert RoleAssignment.objects.filter(user=user).count() == 2


@pytest.mark.parametrize(
    "arguments",
    [
        ("staff_create", "kuaiji", "--name=王", "--role=cashier", "--union=HD"),
        ("staff_create", "neu", "--name=王", "--role=cashier", "--union=NOWHERE"),
        ("staff_create", "n" * 61, "--name=王", "--role=cashier", "--union=HD"),
        ("staff_reset", "nobody"),
        ("staff_reset", "maker-of-nothing"),
        ("staff_role", "kuaiji", "--grant=finance_maker", "--union=HD"),
        ("staff_role", "kuaiji", "--end=finance_maker", "--union=TJ"),
        ("staff_role", "nobody", "--end=finance_maker", "--union=HD"),
        ("staff_role", "kuaiji", "--grant=auditor", "--union=NOWHERE"),
    ],
)
def test_bad_input_ends_with_2_and_changes_nothing(
    federation: Federation, arguments: tuple[str, ...]
) -> None:
    _create()
    factories.user("maker-of-nothing")
    before = (_acts(), User.objects.count(), RoleAssignment.objects.count())
    with pytest.raises(SystemExit) as ended:
        _run(*arguments)
    assert ended.value.code == 2
    assert (_acts(), User.objects.count(), RoleAssignment.objects.count()) == before


@pytest.mark.parametrize("role", ["member", "king"])
def test_only_staff_roles_can_be_named(federation: Federation, role: str) -> None:
    with pytest.raises(CommandError, match="--role"):
        _create(role=role)


def test_an_administrator_acts_within_reach_and_never_on_the_own_sign_in(federation: Federation) -> None:
    admin = factories.user("admin", Role.ADMIN, federation.district)
    user, _password = staffing.take_on(
        username="neu", name="新人", role=Role.CASHIER, union=federation.community, actor=admin
    )
    staffing.start_anew(user=user, actor=admin)
    before = _acts()
    with pytest.raises(NotAllowed):
        staffing.start_anew(user=federation.maker, actor=admin)
    with pytest.raises(SamePerson):
        staffing.start_anew(user=admin, actor=admin)
    with pytest.raises(SamePerson):
        staffing.give_role(user=admin, role=Role.AUDITOR, union=federation.district, actor=admin)
    with pytest.raises(NotAllowed):
        staffing.take_role(
            user=federation.maker, role=Role.FINANCE_MAKER, union=federation.municipal, actor=admin
        )
    with pytest.raises(ValidationError):
        enrolment.grant_role(user=user, role=Role.MEMBER, union=federation.district, actor=admin)
    assert _acts() == before
    assert roles_of(admin) == {Role.ADMIN}
    assert roles_of(federation.maker) == {Role.FINANCE_MAKER}


def test_a_higher_role_elsewhere_keeps_a_local_administrator_from_resetting(federation: Federation) -> None:
    admin = factories.user("admin", Role.ADMIN, federation.district)
    both = factories.user("both", Role.CASHIER, federation.community)
    RoleAssignment.objects.create(user=both, role=Role.FINANCE_CHECKER, union=federation.municipal)
    with pytest.raises(NotAllowed):
        staffing.start_anew(user=both, actor=admin)
    assert User.objects.get(pk=both.pk).check_password("correct horse battery")
