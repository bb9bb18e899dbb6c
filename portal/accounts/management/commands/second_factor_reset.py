"""Take away a lost second factor; the next sign-in of that person sets up a new one."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from portal.accounts.enrolment import reset_totp
from portal.accounts.models import User
from portal.errors import DomainError
from portal.unions.models import Union


class Command(BaseCommand):
    help = "Take away a lost second factor of somebody of the staff, on the account of an administrator."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username", help="whose second factor is lost")
        parser.add_argument("--by", required=True, help="user name of the administrator who answers for it")
        parser.add_argument("--union", required=True, help="code of the union in which the person has a role")

    def handle(self, *args: Any, **options: Any) -> None:
        user, actor = (self._user(options[key]) for key in ("username", "by"))
        union = Union.objects.filter(code=options["union"]).first()
        if union is None:
            raise CommandError(f"there is no union {options['union']}")
        try:
            reset_totp(user=user, actor=actor, union=union)
        except DomainError as refusal:
            raise CommandError(str(refusal)) from refusal
        self.stdout.write(f"{user.username}: the next sign-in sets up a new second factor")

    def _user(self, username: str) -> User:
        found = User.objects.filter(username=username).first()
        if found is None:
            raise CommandError(f"there is no user {username}")
        return found
