"""Carry the balances of a book under the 2009 chart into the book that continues it."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand

from ledger.books import succession
from ledger.books.models import Book
from portal.errors import DomainError


class Command(BaseCommand):
    help = (
        "Draft the opening voucher of the book that continues a book of the replaced chart (财会〔2021〕16号); "
        "another person checks it in the office."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--book", required=True, help="code of the earlier book, such as HD-2009")
        parser.add_argument(
            "--allocations",
            type=Path,
            help=f"CSV with {', '.join(succession.COLUMNS)} for accounts that need a decision",
        )
        parser.add_argument("--prepared-by", required=True, help="user name of the preparer")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            book = Book.objects.get(code=options["book"])
            preparer = get_user_model().objects.get(username=options["prepared_by"])
            file = options["allocations"]
            allocations = succession.read(file.read_bytes()) if file else []
            voucher = succession.carry_over(old=book, allocations=allocations, prepared_by=preparer)
        except (DomainError, OSError, Book.DoesNotExist, get_user_model().DoesNotExist) as error:
            self.stderr.write(str(error))
            sys.exit(2)
        self.stdout.write(
            f"{voucher.book.code}: {voucher.lines.count()} lines, draft voucher of {voucher.date}"
        )
