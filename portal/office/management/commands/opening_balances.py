"""Write the opening balances of a book from a CSV file as a draft voucher."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand
from django.utils.translation import gettext as _

from ledger.books import balances_brought
from portal.errors import DomainError
from portal.files import file_trouble
from portal.office.preparing import book_and_preparer


class Command(BaseCommand):
    help = "Draft the voucher of a book's opening balances from a CSV file; another person checks it in the office."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--book", required=True, metavar="CODE")
        parser.add_argument(
            "--file", required=True, type=Path, help=f"CSV with {', '.join(balances_brought.COLUMNS)}"
        )
        parser.add_argument(
            "--prepared-by", required=True, metavar="USER", help="somebody who prepares vouchers of this book"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        file: Path = options["file"]
        try:
            book, preparer = book_and_preparer(code=options["book"], username=options["prepared_by"])
            with file_trouble(file):
                content = file.read_bytes()
            voucher = balances_brought.bring_file(book=book, content=content, prepared_by=preparer)
        except DomainError as error:
            self.stderr.write(str(error))
            sys.exit(2)
        self.stdout.write(
            _("%(book)s: draft voucher of %(day)s with %(lines)s lines, to be checked by somebody else")
            % {"book": book.code, "day": voucher.date, "lines": voucher.lines.count()}
        )
