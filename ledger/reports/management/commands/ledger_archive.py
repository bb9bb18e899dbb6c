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
from ledger.reports import archive, archive_check
from portal.errors import DomainError
from portal.files import file_trouble, written_whole


class Command(BaseCommand):
    help = (
        "Write the accounting archive of a book and year (reports, journal, vouchers, attachments, manifest with "
        "hashes) and beside it FILE.sha256, or check one with --check: exit 0 when all of it holds, 1 when not. Keep "
        "the SHA-256 of the manifest apart from the archive: it shows whether somebody made the archive anew."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--check", type=Path, metavar="FILE", help="check an archive instead of writing one"
        )
        parser.add_argument(
            "--manifest-sha256",
            metavar="SHA256",
            help="with --check: the SHA-256 of the manifest as it was given, or the file that has it",
        )
        parser.add_argument("--book", metavar="CODE")
        parser.add_argument("--year", type=int, metavar="YYYY")
        parser.add_argument("--output", type=Path, metavar="FILE")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            if options["check"]:
                self._check(options["check"], options["manifest_sha256"] or "")
            else:
                self._write(options["book"], options["year"], options["output"])
        except DomainError as error:
            self._refuse(str(error))

    def _write(self, code: str | None, year: int | None, output: Path | None) -> None:
        if code is None or year is None or output is None:
            self._refuse(_("Name --book, --year and --output, or --check FILE."))
        book = Book.objects.filter(code=code).select_related("union", "chart").first()
        if book is None:
            self._refuse(_("There is no book %(code)s.") % {"code": code})
        if output.exists():
            self._refuse(
                _("%(file)s exists already. An archive is not written over: choose another name.")
                % {"file": output}
            )
        with written_whole(output) as out:
            made = archive.write(book, year, out)
        with written_whole(output.with_name(f"{output.name}.sha256")) as out:
            out.write(f"{made.sha256}  {archive.MANIFEST}\n".encode())
        archive.keep_digest(book=book, year=year, made=made)
        self.stdout.write(
            _("%(files)s files, %(vouchers)s vouchers")
            % {"files": len(made.manifest["files"]), "vouchers": made.manifest["chain"]["vouchers"]}
        )
        if made.manifest["open_months"]:
            self.stdout.write(
                _("Not closed yet, and without reports: %(months)s")
                % {"months": ", ".join(made.manifest["open_months"])}
            )
        self.stdout.write(_("SHA-256 of the manifest: %(sha256)s") % {"sha256": made.sha256})

    def _check(self, file: Path, given: str) -> None:
        if given:
            with file_trouble(Path(given)):
                given = archive_check.digest_in(given)
        try:
            with file_trouble(file):
                found = archive_check.problems(file, manifest_sha256=given)
                digest = archive_check.manifest_digest(file)
        except (ValueError, LookupError, TypeError, RuntimeError, EOFError, zlib.error, zipfile.BadZipFile):
            self._refuse(_("%(file)s is no archive of this software, or cannot be read.") % {"file": file})
        for problem in found:
            self.stdout.write(problem)
        self.stdout.write(_("SHA-256 of the manifest: %(sha256)s") % {"sha256": digest})
        if found:
            sys.exit(1)
        if given:
            self.stdout.write(
                _("It is the archive of this SHA-256, and every file, voucher and journal line holds.")
            )
            return
        self.stdout.write(
            _("Files, vouchers and journal agree with each other and with the manifest inside the archive.")
        )
        self.stdout.write(
            _(
                "Whoever makes the whole archive anew can make it agree, too. Whether it is the one that was made "
                "shows only the SHA-256 that was kept apart from it: --manifest-sha256."
            )
        )

    def _refuse(self, why: str) -> NoReturn:
        self.stderr.write(why)
        sys.exit(2)
