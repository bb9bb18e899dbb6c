"""manage.py statement_import: take in a bank's statement file; exit 2 for bad input."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils.translation import gettext as _

from ledger.books.models import BankAccount
from ledger.reconciliation.statements import FORMATS, import_statement
from portal.errors import DomainError
from portal.files import file_trouble


class Command(BaseCommand):
    """``statement_import FILE --bank-account CODE``."""

    help = "Import a bank statement. Lines that were imported before add nothing; an error refuses the whole file."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", metavar="FILE")
        parser.add_argument("--bank-account", metavar="CODE", required=True)
        parser.add_argument("--format", choices=FORMATS, default="auto")

    def handle(self, *args: Any, **options: Any) -> None:
        code = options["bank_account"]
        bank_account = BankAccount.objects.filter(code=code).first()
        if bank_account is None:
            self._refuse(_("There is no bank account %(code)s.") % {"code": code})
            return
        path = Path(options["file"])
        try:
            with file_trouble(path):
                content = path.read_bytes()
            imported = import_statement(
                bank_account=bank_account,
                content=content,
                file_name=path.name,
                actor=None,
                format=options["format"],
            )
        except DomainError as error:
            self._refuse(str(error))
        else:
            for line, reason in imported.rejected:
                self.stderr.write(_("Line %(line)s: %(reason)s") % {"line": line, "reason": reason})
            self.stdout.write(
                _("%(new)s new, %(duplicate)s duplicate, %(rejected)s rejected")
                % {"new": imported.new, "duplicate": imported.duplicate, "rejected": len(imported.rejected)}
            )

    def _refuse(self, message: str) -> None:
        self.stderr.write(message)
        sys.exit(2)
