"""manage.py ledger_anchor: anchor the voucher chains of the day, and hand out all anchors to be kept elsewhere."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from ledger.books import anchors
from ledger.books.errors import AnchorExists
from portal.files import FileTrouble, written_whole


class Command(BaseCommand):
    help = (
        "Anchor where the voucher chains stand, once a day; run it after day close. Keep the file outside this "
        "machine: `ledger_verify --anchors FILE` compares."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--output", type=Path, metavar="FILE", help="write every anchor, a JSON line each"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            anchor = anchors.take(timezone.localdate())
            self.stdout.write(f"{anchor.day} {bytes(anchor.hash).hex()}")
        except AnchorExists as error:
            self.stdout.write(str(error))
        if options["output"]:
            try:
                # A copy that breaks off would take the place of the whole one.
                with written_whole(options["output"]) as out:
                    out.writelines(line.encode() for line in anchors.all_as_lines())
            except FileTrouble as error:
                self.stderr.write(str(error))
                sys.exit(2)
