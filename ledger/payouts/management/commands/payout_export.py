"""manage.py payout_export: write the bank file of a released payout; exit 2 for bad input."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import transaction
from django.utils.translation import gettext as _

from ledger.payouts.exporting import export
from ledger.payouts.models import Batch
from portal.errors import DomainError
from portal.files import file_trouble


class Command(BaseCommand):
    """``payout_export BATCH --output PATH``."""

    help = "Write the bank file of a released payout; the first time marks it as sent, later the bytes are the same."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("batch", metavar="BATCH", help="code of the payout")
        parser.add_argument(
            "--output",
            metavar="PATH",
            required=True,
            help="file to write, or a folder for the bank's file name",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        batch = Batch.objects.filter(code=options["batch"]).first()
        if batch is None:
            self._refuse(_("There is no payout %(code)s.") % {"code": options["batch"]})
            return
        path = Path(options["output"])
        path = path / batch.file_name if path.is_dir() else path
        try:
            # One database transaction: a file that cannot be written does not mark the payout as sent.
            with transaction.atomic():
                file = export(batch=batch, actor=None)
                with file_trouble(path):
                    path.write_bytes(file.content)
                    for other in file.companions:
                        (path.parent / other.name).write_bytes(other.content)
        except DomainError as error:
            self._refuse(str(error))
        else:
            self.stdout.write(f"{path}  sha256 {file.sha256}")
            for other in file.companions:
                self.stdout.write(str(path.parent / other.name))

    def _refuse(self, message: str) -> None:
        self.stderr.write(message)
        sys.exit(2)
