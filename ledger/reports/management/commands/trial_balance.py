"""manage.py trial_balance: 科目余额表 of a book and month."""

from __future__ import annotations

import json
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils.translation import gettext as _

from ledger.books.models import Book
from ledger.reports import trial_balance
from ledger.reports.periods import NotAPeriod, month_of


class Command(BaseCommand):
    help = "Print the trial balance of a book for a month; level-1 rows are the sums of their details."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--book", required=True, metavar="CODE")
        parser.add_argument("--period", required=True, metavar="YYYY-MM")
        parser.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        book = Book.objects.filter(code=options["book"]).first()
        if book is None:
            self.stderr.write(_("There is no book %(code)s.") % {"code": options["book"]})
            sys.exit(2)
        try:
            month = month_of(options["period"])
        except NotAPeriod as error:
            self.stderr.write(str(error))
            sys.exit(2)
        if not book.periods.filter(month=month).exists():
            self.stderr.write(
                _("Book %(book)s has no month %(month)s.") % {"book": book.code, "month": options["period"]}
            )
            sys.exit(2)
        data = trial_balance.as_data(book, month)
        if options["json"]:
            self.stdout.write(json.dumps(data, ensure_ascii=False))
            return
        for row in [*data["rows"], {"account": "", "name": "合计", **data["totals"]}]:
            amounts = "".join(f"{row[column]:>16}" for column in trial_balance.COLUMNS)
            self.stdout.write(f"{row['account']:<8}{amounts}  {row['name']}")
