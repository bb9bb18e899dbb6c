"""manage.py receipt_pdf: write a receipt's PDF exactly as the member gets it; exit 2 for bad input."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils.translation import gettext as _

from ledger.receipts import pdf
from ledger.receipts.models import Receipt
from portal.errors import DomainError
from portal.files import file_trouble


class Command(BaseCommand):
    """``receipt_pdf CODE NUMBER --output PATH``."""

    help = "Write the PDF of the receipt with this code and number."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("code", metavar="CODE", help="receipt code, 8 digits")
        parser.add_argument("number", metavar="NUMBER", help="receipt number; leading zeros may be left out")
        parser.add_argument("--output", metavar="PATH", required=True, help="file to write")

    def handle(self, *args: Any, **options: Any) -> None:
        code, number = options["code"], options["number"].rjust(10, "0")
        receipt = Receipt.objects.select_related("series").filter(series__code=code, number=number).first()
        if receipt is None:
            self._refuse(_("There is no receipt %(code)s %(number)s.") % {"code": code, "number": number})
            return
        try:
            content = pdf.render(receipt)
            with file_trouble(Path(options["output"])):
                Path(options["output"]).write_bytes(content)
        except DomainError as error:
            self._refuse(str(error))
        else:
            self.stdout.write(options["output"])

    def _refuse(self, message: str) -> None:
        self.stderr.write(message)
        sys.exit(2)
