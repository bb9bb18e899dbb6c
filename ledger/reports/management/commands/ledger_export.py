"""manage.py ledger_export: complete books as hledger, Beancount, CSV or xlsx."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils.translation import gettext as _

from ledger.books.models import Book
from ledger.reports.exports import FORMATS, write
from portal.files import FileTrouble, written_whole


class Command(BaseCommand):
    help = "Write complete books to a file that outsiders' tools can check."

    def add_arguments(self, parser: CommandParser) -> None:
        which = parser.add_mutually_exclusive_group(required=True)
        which.add_argument("--book", metavar="CODE")
        which.add_argument("--all", action="store_true")
        parser.add_argument("--format", required=True, choices=FORMATS)
        parser.add_argument("--output", required=True, type=Path, metavar="PATH")

    def handle(self, *args: Any, **options: Any) -> None:
        books = list(Book.objects.all() if options["all"] else Book.objects.filter(code=options["book"]))
        if not books:
            missing = _("There is no book yet.") if options["all"] else _("There is no book %(code)s.")
            self.stderr.write(missing % {"code": options["book"]})
            sys.exit(2)
        try:
            with written_whole(options["output"]) as out:
                write(books, options["format"], out)
        except FileTrouble as error:
            self.stderr.write(str(error))
            sys.exit(2)
