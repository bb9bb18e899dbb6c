"""Give a person of the staff a sign-in with one role in one union; the password is asked for, never an argument."""

from __future__ import annotations

from getpass import getpass
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from portal.accounts.enrolment import create_staff
from portal.accounts.roles import Role
from portal.unions.models import Union


class Command(BaseCommand):
    help = "Create a sign-in for staff; its second factor is set up at the first sign-in."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username")
        parser.add_argument("--name", required=True, help="the person's name")
        parser.add_argument(
            "--role", required=True, choices=[role.value for role in Role if role != Role.MEMBER]
        )
        parser.add_argument("--union", required=True, help="code of the union")

    def handle(self, *args: Any, **options: Any) -> None:
        union = Union.objects.filter(code=options["union"]).first()
        if union is None:
            raise CommandError(f"there is no union {options['union']}")
        try:
            create_staff(
                username=options["username"],
                name=options["name"],
                password=getpass("Password: "),
                role=Role(options["role"]),
                union=union,
                granted_by=None,
            )
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        self.stdout.write(f"{options['username']}: {options['role']} in {union.code}")
