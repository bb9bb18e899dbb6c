"""manage.py ledger_archive: the accounting archive of a book and year as a zip, and the check of such a zip."""

from __future__ import annotations

import sys
import zipfile
import zlib
from pathlib import Path
from typing import Any, NoReturn

from django.core.management.base import BaseCommand, CommandParser
from django.utils.translation import gettext as _

from ledger.books.models import Book
from ledger.reports import archive


class Command(BaseCommand):
    help = (
        "Write the accounting archive of a book and year (reports, journal, vouchers, attachments, manifest with "
        "hashes), or check one with --check: exit 0 when all of it holds, 1 when not."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--check", type=Path, metavar="FILE", help="check an archive instead of writing one"
        )
        parser.add_argument("--book", metavar="CODE")
        parser.add_argument("--year", type=int, metavar="YYYY")
        parser.add_argument("--output", type=Path, metavar="FILE")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["check"]:
            self._check(options["check"])
            return
        if not (options["book"] and options["year"] and options["output"]):
            self._refuse(_("Name --book, --year and --output, or --check FILE."))
        book = Book.objects.filter(code=options["book"]).select_related("union", "chart").first()
        if book is None:
            self._refuse(_("There is no book %(code)s.") % {"code": options["book"]})
        try:
            with options["output"].open("wb") as out:
                manifest = archive.write(book, options["year"], out)
        except OSError as error:
            self._refuse(_("The file cannot be written: %(why)s") % {"why": error})
        self.stdout.write(
            _("%(files)s files, %(vouchers)s vouchers")
            % {"files": len(manifest["files"]), "vouchers": manifest["chain"]["vouchers"]}
        )

    def _check(self, file: Path) -> None:
        try:
            found = archive.problems(file)
        except (OSError, ValueError, LookupError, TypeError, EOFError, zlib.error, zipfile.BadZipFile):
            self._refuse(_("%(file)s is no archive of this software, or cannot be read.") % {"file": file})
        for problem in found:
            self.stdout.write(problem)
        if found:
            sys.exit(1)
        self.stdout.write(_("Every file and the chain of vouchers hold."))

    def _refuse(self, why: str) -> NoReturn:
        self.stderr.write(why)
        sys.exit(2)
