"""manage.py ledger_verify: recompute the books and say what does not hold; exit 0 clean, 1 violated."""

from __future__ import annotations

import json
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils.translation import gettext as _

from ledger.books.integrity import verify
from ledger.books.models import Book


class Command(BaseCommand):
    help = "Recompute balances, numbering, chains and sub-ledgers from postings alone; exit 1 if anything is violated."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--book", metavar="CODE", help="only this book")
        parser.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        book = None
        if options["book"]:
            book = Book.objects.filter(code=options["book"]).first()
            if book is None:
                self.stderr.write(_("There is no book %(code)s.") % {"code": options["book"]})
                sys.exit(2)
        results = verify(book=book)
        ok = all(result.ok for result in results)
        if options["json"]:
            checks = [{"name": r.name, "ok": r.ok, "detail": r.detail} for r in results]
            self.stdout.write(json.dumps({"ok": ok, "checks": checks}, ensure_ascii=False))
        else:
            for result in results:
                self.stdout.write(
                    f"{'✓' if result.ok else '✗'} {result.name}"
                    + (f": {result.detail}" if not result.ok else "")
                )
        if not ok:
            sys.exit(1)
