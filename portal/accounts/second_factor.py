"""Who must show a second factor (双因素), and whether this session did (等保 GB/T 22239-2019, 8.1.4.1 身份鉴别)."""

from __future__ import annotations

from allauth.account.internal.flows.login import get_authentication_records
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest

from .models import User
from .permissions import roles_of
from .roles import Role


def is_required_for(user: User | AnonymousUser) -> bool:
    """Everybody with a role beyond plain membership, and everybody who may enter the editors' admin."""
    if not user.is_authenticated:
        return False
    if user.is_staff or user.is_superuser:
        return True
    return bool(roles_of(user) - {Role.MEMBER})


def is_enrolled(user: User | AnonymousUser) -> bool:
    return Authenticator.objects.filter(user_id=user.pk, type=Authenticator.Type.TOTP).exists()


def was_shown(request: HttpRequest) -> bool:
    """True if this session passed the second step, not merely an account that could have."""
    if not request.user.is_authenticated:
        return False
    return any(record.get("method") == "mfa" for record in get_authentication_records(request, request.user))
