"""Make a staff sign-in from the operator's shell."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand
from django.utils.translation import gettext as _

from portal.accounts.roles import CONTENT_ROLES, OFFICE_ROLES, Role
from portal.office import staffing
from portal.unions.models import Union


class Command(BaseCommand):
    help = (
        "Make a staff user with one role in one union and print a one-time password. The first sign-in sets up the "
        "second factor and asks for a password of the person's own."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username")
        parser.add_argument("--name", required=True, help="the person's name, as others see it")
        parser.add_argument("--role", required=True, type=Role, choices=sorted(OFFICE_ROLES | CONTENT_ROLES))
        parser.add_argument(
            "--union", required=True, metavar="CODE", help="the role reaches it and all below"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        union = Union.objects.filter(code=options["union"]).first()
        if union is None:
            self.stderr.write(_("There is no union %(codes)s.") % {"codes": options["union"]})
            sys.exit(2)
        try:
            _user, password = staffing.take_on(
                username=options["username"],
                name=options["name"],
                role=options["role"],
                union=union,
                actor=None,
            )
        except ValidationError as error:
            self.stderr.write("\n".join(error.messages))
            sys.exit(2)
        self.stdout.write(password)
