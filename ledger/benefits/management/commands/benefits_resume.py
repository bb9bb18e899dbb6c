"""Complete payment lists whose job has died."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.utils.translation import gettext as _

from ledger.benefits import making
from ledger.benefits.models import Run, RunState
from portal.errors import DomainError


class Command(BaseCommand):
    help = "Go on, here and now, with payment lists that are being put together and that no worker completes."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("code", nargs="?", help="this list, even if it has moved a moment ago")

    def handle(self, *args: Any, **options: Any) -> None:
        lists = Run.objects.filter(state=RunState.PREPARING).order_by("pk")
        if code := options["code"]:
            chosen = list(lists.filter(code=code))
            if not chosen:
                self.stderr.write(_("No list %(code)s is being put together.") % {"code": code})
                sys.exit(2)
        else:
            chosen = [run for run in lists if making.is_stalled(run)]
        for run in chosen:
            try:
                making.put_together(run)
            except DomainError as error:
                self.stderr.write(f"{run.code}: {error}")
                sys.exit(2)
            run.refresh_from_db()
            self.stdout.write(
                _("List %(run)s is complete: %(count)s members.") % {"run": run.code, "count": run.count}
            )
