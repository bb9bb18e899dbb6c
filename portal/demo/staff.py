"""The demo's sign-ins, one per role; passwords and second factors follow from this installation's own secret key."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass

from django.conf import settings

from content import editorial
from portal.accounts.enrolment import enrol_totp
from portal.accounts.models import RoleAssignment, User
from portal.accounts.roles import CONTENT_ROLES, OFFICE_ROLES, Role
from portal.members.models import Member
from portal.unions.models import Union

_NAMES = {
    Role.CASE_WORKER: "经办演示员",
    Role.FINANCE_MAKER: "会计演示员",
    Role.FINANCE_CHECKER: "复核演示员",
    Role.CASHIER: "出纳演示员",
    Role.AUDITOR: "经审演示员",
    Role.EDITOR: "编辑演示员",
    Role.REVIEWER: "审稿演示员",
    Role.PUBLISHER: "发布演示员",
    Role.ADMIN: "管理演示员",
}


@dataclass(frozen=True, slots=True)
class SignIn:
    """What a person types to sign in: members get a code by message, staff have a password and a second factor."""

    role: Role
    username: str
    password: str | None
    otp_secret: str | None
    lands_on: str


def make_staff(*, say: Callable[[str], None]) -> None:
    """One user per role, all at the municipal union so that each sees the whole demo federation."""
    top = Union.objects.get(code="TJ")
    for role, name in _NAMES.items():
        sign_in = _staff_sign_in(role)
        user = User.objects.create_user(sign_in.username, sign_in.password, name=name, is_demo=True)
        RoleAssignment.objects.create(user=user, role=role, union=top)
        enrol_totp(user, sign_in.otp_secret or "")
        if role in CONTENT_ROLES:
            editorial.grant(user, role=role)
    say(f"{len(_NAMES)} staff, each with a password and a second factor")


def demo_member() -> Member | None:
    """Who signs in as the demo's member: of all three populations and with a card, so that every page has something."""
    return (
        Member.objects.filter(
            memberships__union__code="HD-C001",
            user__isnull=False,
            is_migrant_worker=True,
            is_nonlocal_worker=True,
            is_casual_worker=True,
            cards__isnull=False,
            is_demo=True,
        )
        .order_by("pk")
        .first()
    )


def sign_ins() -> list[SignIn]:
    """Every sign-in of the demo, one per role."""
    member = demo_member()
    found = [SignIn(Role.MEMBER, member.phone, None, None, "/me/")] if member else []
    return found + [_staff_sign_in(role) for role in _NAMES]


def _staff_sign_in(role: Role) -> SignIn:
    lands_on = "/office/" if role in OFFICE_ROLES else "/cms/"
    return SignIn(role, role.value, _derived("password", role)[:16].lower(), _derived("otp", role), lands_on)


def _derived(purpose: str, role: Role) -> str:
    digest = hmac.new(
        settings.SECRET_KEY.encode(), f"demo:{purpose}:{role}".encode(), hashlib.sha256
    ).digest()
    return base64.b32encode(digest[:20]).decode()
