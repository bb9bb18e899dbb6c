"""Write the opening balances of a book from a CSV file as a draft voucher."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand

from ledger.books import balances_brought
from ledger.books.models import Book
from portal.errors import DomainError


class Command(BaseCommand):
    help = "Draft the voucher of a book's opening balances from a CSV file; another person checks it in the office."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--book", required=True, help="code of the book")
        parser.add_argument(
            "--file", required=True, type=Path, help=f"CSV with {', '.join(balances_brought.COLUMNS)}"
        )
        parser.add_argument("--prepared-by", required=True, help="user name of the preparer")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            book = Book.objects.get(code=options["book"])
            preparer = get_user_model().objects.get(username=options["prepared_by"])
            lines = balances_brought.read(options["file"].read_bytes())
            voucher = balances_brought.bring(book=book, lines=lines, prepared_by=preparer)
        except (DomainError, OSError, Book.DoesNotExist, get_user_model().DoesNotExist) as error:
            self.stderr.write(str(error))
            sys.exit(2)
        self.stdout.write(f"{book.code}: {len(lines)} lines, draft voucher {voucher.pk} of {voucher.date}")
