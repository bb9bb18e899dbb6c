"""Take in a bank's result file (回盘文件) and post what it confirms."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand
from django.utils.translation import gettext as _

from ledger.benefits.settlement import import_result
from ledger.payouts.models import Batch
from portal.errors import DomainError
from portal.files import file_trouble


class Command(BaseCommand):
    help = "Import the bank's result for a payout batch; importing it again changes nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("batch", help="code of the batch")
        parser.add_argument("file", type=Path, help="the bank's result file")
        parser.add_argument("--json", action="store_true", help="print counts as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        batch = Batch.objects.filter(code=options["batch"]).first()
        if batch is None:
            self.stderr.write(_("There is no payout %(code)s.") % {"code": options["batch"]})
            sys.exit(2)
        try:
            with file_trouble(options["file"]):
                content = options["file"].read_bytes()
            outcome = import_result(batch=batch, content=content, actor=None)
        except DomainError as error:
            self.stderr.write(str(error))
            sys.exit(2)
        counts = {
            "batch": batch.code,
            "paid": len(outcome.paid),
            "failed": len(outcome.failed),
            "unknown": len(outcome.unknown),
            "returned": len(outcome.returned),
            "already": outcome.already,
        }
        if options["json"]:
            self.stdout.write(json.dumps(counts))
            return
        self.stdout.write(
            _(
                "%(batch)s: %(paid)s paid, %(failed)s not paid, %(unknown)s undecided, %(returned)s came back,"
                " %(already)s known before"
            )
            % counts
        )
        for line in outcome.failed:
            self.stdout.write(f"  {line.seq}: {line.payee_name[:1]}* {line.reason}")
