"""Carry the balances of a book under the 2009 chart into the book that continues it."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand
from django.utils.translation import gettext as _

from ledger.books import succession
from portal.errors import DomainError
from portal.files import file_trouble
from portal.office.preparing import book_and_preparer


class Command(BaseCommand):
    help = (
        "Draft the opening voucher of the book that continues a book of the replaced chart (财会〔2021〕16号); "
        "another person checks it in the office."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--book", required=True, metavar="CODE", help="the earlier book, such as HD-2009")
        parser.add_argument(
            "--allocations",
            type=Path,
            metavar="FILE",
            help=f"CSV with {', '.join(succession.COLUMNS)} for accounts that need a decision",
        )
        parser.add_argument(
            "--prepared-by", required=True, metavar="USER", help="somebody who prepares vouchers of this book"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        file: Path | None = options["allocations"]
        try:
            book, preparer = book_and_preparer(code=options["book"], username=options["prepared_by"])
            allocations = []
            if file is not None:
                with file_trouble(file):
                    allocations = succession.read(file.read_bytes())
            voucher = succession.carry_over(old=book, allocations=allocations, prepared_by=preparer)
        except DomainError as error:
            self.stderr.write(str(error))
            sys.exit(2)
        self.stdout.write(
            _("%(book)s: draft voucher of %(day)s with %(lines)s lines, to be checked by somebody else")
            % {"book": voucher.book.code, "day": voucher.date, "lines": voucher.lines.count()}
        )
