"""Giving staff their sign-in and roles, and taking them away, by an administrator (不相容岗位: roles only)."""

from __future__ import annotations

import base64
import binascii
import secrets

from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.unions.models import Union

from . import audit, permissions
from .models import RoleAssignment, User
from .roles import Duty, Role

_CLEAR_CHARACTERS = "abcdefghjkmnpqrstuvwxyz23456789"
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

    ``password`` is for the first sign-in, which ends with a new one. ``granted_by`` needs the duty to assign roles;
    None is for commands run by the operator. Raises NotAllowed, ValidationError.
    """
    _require_staff_role(role)
    if granted_by is not None:
        permissions.require(granted_by, Duty.MANAGE_ROLES, union)
    if User.objects.filter(username__iexact=username).exists():
        raise ValidationError(_("This user name is taken."))
    user = User(username=username, name=name, is_demo=is_demo, password_is_initial=True)
    user.clean_fields(exclude=["password"])
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
def reset_sign_in(*, user: User, password: str, actor: User | None) -> None:
    """Replace a lost password and take away the second factor; open sessions end, the next sign-in sets up both anew.

    ``actor`` needs the duty to assign roles in every union where the user has one, and nobody resets an own sign-in;
    None is for commands run by the operator. Raises NotAllowed, SamePerson, ValidationError.
    """
    held = list(live_staff_roles(user))
    if not held:
        raise ValidationError(_("This person has no role, so there is nothing to sign in to by password."))
    if actor is not None:
        permissions.require_other_person(user.pk, actor)
        for assignment in held:
            permissions.require(actor, Duty.MANAGE_ROLES, assignment.union)
    validate_password(password, user)
    user.set_password(password)
    user.password_is_initial = True
    user.save(update_fields=["password", "password_is_initial"])
    Authenticator.objects.filter(user=user).delete()
    audit.record(actor=actor, action="staff.sign_in_reset", target=user, union=held[0].union)


@transaction.atomic
def grant_role(*, user: User, role: Role, union: Union, actor: User | None) -> RoleAssignment:
    """Give a role in a union and all below it. None as ``actor`` is the operator.

    Raises NotAllowed, SamePerson, ValidationError when the role is held already.
    """
    _require_staff_role(role)
    _require_may_assign(user, union, actor)
    if live_staff_roles(user).filter(role=role, union=union).exists():
        raise ValidationError(_("This person has this role there already."))
    assignment = RoleAssignment.objects.create(user=user, role=role, union=union, granted_by=actor)
    audit.record(actor=actor, action="staff.role_granted", target=user, union=union, role=role.value)
    return assignment


@transaction.atomic
def end_role(*, user: User, role: Role, union: Union, actor: User | None) -> None:
    """Take a role away from this moment on; what was done with it stays on record.

    Raises NotAllowed, SamePerson, ValidationError when the role is not held in exactly this union.
    """
    _require_may_assign(user, union, actor)
    ended = live_staff_roles(user).filter(role=role, union=union).update(revoked_at=timezone.now())
    if not ended:
        raise ValidationError(_("This person does not have this role there."))
    audit.record(actor=actor, action="staff.role_ended", target=user, union=union, role=role.value)


def live_staff_roles(user: User) -> QuerySet[RoleAssignment]:
    """The user's roles beyond plain membership, oldest first; those of a disabled user too."""
    held = RoleAssignment.objects.filter(user=user, revoked_at=None).exclude(role=Role.MEMBER)
    return held.select_related("union").order_by("pk")


def one_time_password() -> str:
    """A password to be told once and replaced at the first sign-in: 79 bits, without letters that look alike."""
    return "".join(secrets.choice(_CLEAR_CHARACTERS) for _n in range(16))


def _require_staff_role(role: Role) -> None:
    if role == Role.MEMBER:
        raise ValidationError(_("Members are admitted to the register, not made staff."))


def _require_may_assign(user: User, union: Union, actor: User | None) -> None:
    """Lock the user, so that two assignments of the same role never meet, and check who assigns."""
    User.objects.select_for_update().get(pk=user.pk)
    if actor is not None:
        permissions.require(actor, Duty.MANAGE_ROLES, union)
        permissions.require_other_person(user.pk, actor)


def _require_strong(secret: str) -> None:
    try:
        raw = base64.b32decode(secret, casefold=True)
    except (binascii.Error, ValueError) as error:
        raise ValidationError(_("A second-factor secret is written in base32.")) from error
    if len(raw) < _SHORTEST_SECRET:
        raise ValidationError(_("A second-factor secret has at least 16 bytes."))
