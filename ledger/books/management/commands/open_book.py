"""Open the books of unions, today's or those of an earlier chart."""

from __future__ import annotations

import datetime as dt
import sys
from argparse import ArgumentParser
from typing import Any, NoReturn

from django.core.management.base import BaseCommand
from django.utils.translation import gettext as _

from ledger.books import opening
from portal.errors import DomainError
from portal.unions.models import Union

# As many as one database transaction locks without effort; what is open stays open when the next ones fail.
_AT_ONCE = 500


class Command(BaseCommand):
    help = (
        "Open the books of unions with the official chart in force on a day: all that are named or none, with --all "
        f"{_AT_ONCE} at a time. Run --all again after an interruption; it goes on where it stopped."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("unions", nargs="*", metavar="UNION", help="codes of unions")
        parser.add_argument(
            "--all", action="store_true", help="every union that keeps accounts and has no book yet"
        )
        parser.add_argument("--on", required=True, metavar="YYYY-MM-DD", help="first day")

    def handle(self, *args: Any, **options: Any) -> None:
        codes: set[str] = set(options["unions"])
        if bool(codes) == options["all"]:
            self._refuse(_("Name the unions, or say --all."))
        try:
            opened_on = dt.date.fromisoformat(str(options["on"]))
        except ValueError:
            self._refuse(
                _("“%(text)s” is no day. Write it like 2026-01-01.") % {"text": str(options["on"])[:20]}
            )
        try:
            if options["all"]:
                self._open_all(opened_on)
            else:
                self._open(codes, opened_on)
        except DomainError as error:
            self._refuse(str(error))

    def _open(self, codes: set[str], opened_on: dt.date) -> None:
        unions = list(Union.objects.filter(code__in=codes).order_by("code"))
        if missing := codes - {union.code for union in unions}:
            self._refuse(_("There is no union %(codes)s.") % {"codes": ", ".join(sorted(missing))})
        for book in opening.open_books(unions=unions, opened_on=opened_on):
            self.stdout.write(book.code)

    def _open_all(self, opened_on: dt.date) -> None:
        unions = list(opening.without_book(opened_on))
        if not unions:
            self.stdout.write(_("Every union that keeps accounts has its book."))
        opened = 0
        for n in range(0, len(unions), _AT_ONCE):
            books = opening.open_books(unions=unions[n : n + _AT_ONCE], opened_on=opened_on)
            opened += len(books)
            self.stdout.write("\n".join(book.code for book in books))
            self.stderr.write(
                _("%(opened)s of %(all)s books opened") % {"opened": opened, "all": len(unions)}
            )

    def _refuse(self, message: str) -> NoReturn:
        self.stderr.write(message)
        sys.exit(2)
