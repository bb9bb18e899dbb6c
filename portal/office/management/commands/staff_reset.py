"""Help somebody who lost password or second factor, from the operator's shell."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand
from django.utils.translation import gettext as _

from portal.accounts.models import User
from portal.office import staffing


class Command(BaseCommand):
    help = (
        "Print a new one-time password for a staff user and take the second factor away. Open sessions end; the next "
        "sign-in sets up both anew."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username")

    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.filter(username=options["username"]).first()
        if user is None:
            self.stderr.write(_("There is no user %(name)s.") % {"name": options["username"]})
            sys.exit(2)
        try:
            password = staffing.start_anew(user=user, actor=None)
        except ValidationError as error:
            self.stderr.write("\n".join(error.messages))
            sys.exit(2)
        self.stdout.write(password)
