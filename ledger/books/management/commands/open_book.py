"""Open the books of unions, today's or those of an earlier chart."""

from __future__ import annotations

import datetime as dt
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.db import IntegrityError
from django.utils.translation import gettext as _

from ledger.books import opening
from portal.errors import DomainError
from portal.unions.models import Union


class Command(BaseCommand):
    help = "Open the books of unions with the official chart in force on a day; all of them or none."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("unions", nargs="*", metavar="UNION", help="codes of unions")
        parser.add_argument(
            "--all", action="store_true", help="every union that keeps accounts and has no book"
        )
        parser.add_argument("--on", required=True, type=dt.date.fromisoformat, help="first day, YYYY-MM-DD")

    def handle(self, *args: Any, **options: Any) -> None:
        asked = set(options["unions"])
        unions = list(
            Union.objects.filter(keeps_accounts=True, books=None)
            if options["all"]
            else Union.objects.filter(code__in=asked)
        )
        if missing := asked - {union.code for union in unions}:
            self.stderr.write(_("There is no union %(codes)s.") % {"codes": ", ".join(sorted(missing))})
            sys.exit(2)
        try:
            books = opening.open_books(unions=unions, opened_on=options["on"])
        except DomainError as error:
            self.stderr.write(str(error))
            sys.exit(2)
        except IntegrityError:
            self.stderr.write(_("One of these unions has a book under this chart already."))
            sys.exit(2)
        for book in books:
            self.stdout.write(book.code)
