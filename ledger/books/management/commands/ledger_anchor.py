"""manage.py ledger_anchor: anchor the voucher chains of the day, and hand out all anchors to be kept elsewhere."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone
from django.utils.translation import gettext as _

from ledger.books import anchors
from ledger.books.errors import AnchorExists


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
                with options["output"].open("w", encoding="utf-8") as out:
                    out.writelines(anchors.all_as_lines())
            except OSError as error:
                self.stderr.write(_("The file cannot be written: %(why)s") % {"why": error})
                sys.exit(2)
