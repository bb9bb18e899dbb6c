"""manage.py ledger_verify: recompute the books and say what does not hold; exit 0 clean, 1 violated."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from ledger.books import anchors
from ledger.books.integrity import CheckResult, verify
from ledger.books.models import Book
from portal.files import FileTrouble, file_trouble


class Command(BaseCommand):
    help = "Recompute balances, numbering, chains and sub-ledgers from postings alone; exit 1 if anything is violated."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--book", metavar="CODE", help="only this book")
        parser.add_argument("--json", action="store_true", help="print JSON")
        parser.add_argument(
            "--anchors",
            type=Path,
            metavar="FILE",
            help="compare with anchors kept outside (ledger_anchor --output)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        book = None
        if options["book"]:
            book = Book.objects.filter(code=options["book"]).first()
            if book is None:
                self.stderr.write(_("There is no book %(code)s.") % {"code": options["book"]})
                sys.exit(2)
        results = verify(book=book)
        if options["anchors"]:
            results.append(self._compare(options["anchors"]))
        ok = all(result.ok for result in results)
        if options["json"]:
            checks = [{"name": r.name, "ok": r.ok, "detail": r.detail} for r in results]
            self.stdout.write(json.dumps({"ok": ok, "checks": checks}, ensure_ascii=False))
        else:
            for result in results:
                self.stdout.write(
                    f"{'✓' if result.ok else '✗'} {_(result.name)}"
                    + (f": {result.detail}" if not result.ok else "")
                )
        if not ok:
            sys.exit(1)

    def _compare(self, file: Path) -> CheckResult:
        try:
            with file_trouble(file), file.open(encoding="utf-8") as lines:
                differing = anchors.differences(lines)
        except FileTrouble as error:
            self.stderr.write(str(error))
            sys.exit(2)
        except ValueError as error:
            self.stderr.write(_("The file of anchors cannot be read: %(why)s") % {"why": error})
            sys.exit(2)
        return CheckResult(gettext_noop("anchors kept outside agree"), not differing, ", ".join(differing))
