"""May this person do this here? Roles reach down the union's subtree; makers never check their own work."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from django.contrib.auth.models import AnonymousUser
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from portal.errors import DomainError
from portal.unions.models import Union

from .models import RoleAssignment, User
from .roles import DUTIES, Duty, Role


class NotAllowed(DomainError):
    code = "not_allowed"


class SamePerson(DomainError):
    """One person tried to check what the same person made (会计法 第二十五条)."""

    code = "same_person"


# The roles read so far in the present request, by user; outside a request nothing is remembered.
_read: ContextVar[dict[int, list[RoleAssignment]] | None] = ContextVar("roles_read", default=None)


@contextmanager
def roles_read_once() -> Iterator[None]:
    """Around a request: the roles of each person are read at most once, and forgotten at its end."""
    token = _read.set({})
    try:
        yield
    finally:
        _read.reset(token)


def live_assignments(user: User | AnonymousUser) -> list[RoleAssignment]:
    """The user's roles that are not revoked, with their unions, in the order in which they were given."""
    if not user.is_authenticated or not user.is_active:
        return []
    read = _read.get()
    if read is not None and user.pk in read:
        return read[user.pk]
    found = list(
        RoleAssignment.objects.filter(user_id=user.pk, revoked_at=None).select_related("union").order_by("pk")
    )
    if read is not None:
        read[user.pk] = found
    return found


def roles_of(user: User | AnonymousUser) -> set[Role]:
    return {Role(a.role) for a in live_assignments(user)}


def duties_of(user: User | AnonymousUser, union: Union | None = None) -> frozenset[Duty]:
    """Every duty that the person has in the union, or without one in some union."""
    return frozenset(
        duty
        for a in live_assignments(user)
        if union is None or union.path.startswith(a.union.path)
        for duty in DUTIES[Role(a.role)]
    )


def has_duty(user: User | AnonymousUser, duty: Duty, union: Union) -> bool:
    """True if a role of the user carries ``duty`` in ``union`` or in a union above it."""
    return any(
        duty in DUTIES[Role(a.role)] and union.path.startswith(a.union.path) for a in live_assignments(user)
    )


def require(user: User | AnonymousUser, duty: Duty, union: Union) -> None:
    """Raise NotAllowed unless ``has_duty``."""
    if not has_duty(user, duty, union):
        raise NotAllowed(_("You may not %(duty)s for this union.") % {"duty": duty.label})


def require_other_person(maker_id: int | None, checker: User) -> None:
    """Raise SamePerson when the checker is the maker, whichever roles that person holds."""
    if maker_id is not None and maker_id == checker.pk:
        raise SamePerson(_("Somebody else must check this: you prepared it yourself."))


def unions_with_duty(user: User | AnonymousUser, duty: Duty) -> QuerySet[Union]:
    """Every union where the user has ``duty``: the subtrees of the unions where a role carries it."""
    reach = Q(pk__in=[])
    for assignment in live_assignments(user):
        if duty in DUTIES[Role(assignment.role)]:
            reach |= Q(path__startswith=assignment.union.path)
    return Union.objects.filter(reach)


def acting_union(user: User | AnonymousUser, duty: Duty, union: Union) -> Union:
    """The nearest union whose role gives the user ``duty`` in ``union``: the one the act is answered for.

    Raises NotAllowed when there is none.
    """
    reaching = [
        a.union
        for a in live_assignments(user)
        if duty in DUTIES[Role(a.role)] and union.path.startswith(a.union.path)
    ]
    if not reaching:
        raise NotAllowed(_("You may not %(duty)s for this union.") % {"duty": duty.label})
    return max(reaching, key=lambda found: len(found.path))
