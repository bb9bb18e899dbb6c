"""Giving staff their sign-in: user, role and second factor, set up by an administrator (不相容岗位: roles only)."""

from __future__ import annotations

import base64
import binascii

from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from portal.unions.models import Union

from . import audit, permissions
from .models import RoleAssignment, User
from .roles import Duty, Role

_SHORTEST_SECRET = 16  # bytes: 128 bits, RFC 4226 section 4


@transaction.atomic
def create_staff(
    *,
    username: str,
    name: str,
    password: str,
    role: Role,
    union: Union,
    granted_by: User | None,
    otp_secret: str = "",
    is_demo: bool = False,
) -> User:
    """A staff user with one role in one union; without ``otp_secret`` the first sign-in leads to its set-up.

    ``granted_by`` needs the duty to assign roles; None is for commands run by the operator. Raises NotAllowed,
    ValidationError.
    """
    if granted_by is not None:
        permissions.require(granted_by, Duty.MANAGE_ROLES, union)
    if User.objects.filter(username__iexact=username).exists():
        raise ValidationError(_("This user name is taken."))
    user = User(username=username, name=name, is_demo=is_demo)
    validate_password(password, user)
    user.set_password(password)
    user.save()
    RoleAssignment.objects.create(user=user, role=role, union=union, granted_by=granted_by)
    audit.record(actor=granted_by, action="staff.created", target=user, union=union, role=role.value)
    if otp_secret:
        enrol_totp(user, otp_secret, actor=granted_by)
    return user


@transaction.atomic
def enrol_totp(user: User, secret: str, *, actor: User | None = None) -> Authenticator:
    """Give the user an authenticator with a known base32 secret; a former one stops working at once."""
    _require_strong(secret)
    Authenticator.objects.filter(user=user).delete()
    authenticator = TOTP.activate(user, secret).instance
    audit.record(actor=actor, action="second_factor.enrolled", target=user)
    return authenticator


@transaction.atomic
def reset_totp(*, user: User, actor: User, union: Union) -> None:
    """Take away a lost second factor; the next sign-in sets up a new one. Nobody resets an own one."""
    permissions.require(actor, Duty.MANAGE_ROLES, union)
    permissions.require_other_person(user.pk, actor)
    if not user.role_assignments.filter(revoked_at=None, union__path__startswith=union.path).exists():
        raise permissions.NotAllowed(_("This person has no role in this union."))
    Authenticator.objects.filter(user=user).delete()
    audit.record(actor=actor, action="second_factor.reset", target=user, union=union)


def _require_strong(secret: str) -> None:
    try:
        raw = base64.b32decode(secret, casefold=True)
    except (binascii.Error, ValueError) as error:
        raise ValidationError(_("A second-factor secret is written in base32.")) from error
    if len(raw) < _SHORTEST_SECRET:
        raise ValidationError(_("A second-factor secret has at least 16 bytes."))
