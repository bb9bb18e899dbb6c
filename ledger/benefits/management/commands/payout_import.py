"""Take in a bank's result file (回盘文件) and post what it confirms."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from ledger.benefits.settlement import import_result
from ledger.payouts.models import Batch
from portal.errors import DomainError


class Command(BaseCommand):
    help = "Import the bank's result for a payout batch; importing it again changes nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("batch", help="code of the batch")
        parser.add_argument("file", type=Path, help="the bank's result file")
        parser.add_argument("--json", action="store_true", help="print counts as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            batch = Batch.objects.get(code=options["batch"])
            outcome = import_result(batch=batch, content=options["file"].read_bytes(), actor=None)
        except (Batch.DoesNotExist, OSError, DomainError) as error:
            self.stderr.write(str(error))
            sys.exit(2)
        counts = {
            "batch": batch.code,
            "paid": len(outcome.paid),
            "failed": len(outcome.failed),
            "unknown": len(outcome.unknown),
            "already": outcome.already,
        }
        if options["json"]:
            self.stdout.write(json.dumps(counts))
            return
        self.stdout.write("  ".join(f"{name} {value}" for name, value in counts.items()))
        for line in outcome.failed:
            self.stdout.write(f"  {line.seq}: {line.payee_name[:1]}* {line.reason}")
