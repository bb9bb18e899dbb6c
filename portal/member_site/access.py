"""The request of a member's page."""

from __future__ import annotations

from django.http import HttpRequest

from portal.accounts.models import User
from portal.members.models import Member


class MemberRequest(HttpRequest):
    """A request behind ``member_required``: who asks is in the register."""

    user: User
    member: Member
