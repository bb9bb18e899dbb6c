"""Give and take roles from the operator's shell."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand
from django.utils.translation import gettext as _

from portal.accounts.models import User
from portal.accounts.roles import CONTENT_ROLES, OFFICE_ROLES, Role
from portal.office import staffing
from portal.unions.models import Union


class Command(BaseCommand):
    help = "Give a staff user a role in a union, or end it, from this moment on."

    def add_arguments(self, parser: ArgumentParser) -> None:
        roles = sorted(OFFICE_ROLES | CONTENT_ROLES)
        parser.add_argument("username")
        act = parser.add_mutually_exclusive_group(required=True)
        act.add_argument("--grant", type=Role, choices=roles, help="role to give")
        act.add_argument("--end", type=Role, choices=roles, help="role to end")
        parser.add_argument(
            "--union", required=True, metavar="CODE", help="the role reaches it and all below"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.filter(username=options["username"]).first()
        if user is None:
            self.stderr.write(_("There is no user %(name)s.") % {"name": options["username"]})
            sys.exit(2)
        union = Union.objects.filter(code=options["union"]).first()
        if union is None:
            self.stderr.write(_("There is no union %(codes)s.") % {"codes": options["union"]})
            sys.exit(2)
        try:
            if options["grant"]:
                staffing.give_role(user=user, role=options["grant"], union=union, actor=None)
            else:
                staffing.take_role(user=user, role=options["end"], union=union, actor=None)
        except ValidationError as error:
            self.stderr.write("\n".join(error.messages))
            sys.exit(2)
