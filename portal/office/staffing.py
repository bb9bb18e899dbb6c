"""Staff from the first day to the last: sign-in and roles, and with content roles the place in the editors' admin."""

from __future__ import annotations

from django.db import transaction

from content import editorial
from portal.accounts import enrolment
from portal.accounts.models import User
from portal.accounts.roles import Role
from portal.unions.models import Union


@transaction.atomic
def take_on(*, username: str, name: str, role: Role, union: Union, actor: User | None) -> tuple[User, str]:
    """A new staff user and the one-time password to hand over. Raises NotAllowed, ValidationError."""
    password = enrolment.one_time_password()
    user = enrolment.create_staff(
        username=username, name=name, password=password, role=role, union=union, granted_by=actor
    )
    editorial.follow_roles(user)
    return user, password


@transaction.atomic
def start_anew(*, user: User, actor: User | None) -> str:
    """A one-time password instead of a lost password or second factor. Raises as ``enrolment.reset_sign_in``."""
    password = enrolment.one_time_password()
    enrolment.reset_sign_in(user=user, password=password, actor=actor)
    return password


@transaction.atomic
def give_role(*, user: User, role: Role, union: Union, actor: User | None) -> None:
    """Raises as ``enrolment.grant_role``."""
    enrolment.grant_role(user=user, role=role, union=union, actor=actor)
    editorial.follow_roles(user)


@transaction.atomic
def take_role(*, user: User, role: Role, union: Union, actor: User | None) -> None:
    """Raises as ``enrolment.end_role``."""
    enrolment.end_role(user=user, role=role, union=union, actor=actor)
    editorial.follow_roles(user)
