"""Make a draft policy page from a plain-text document."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from content.policy_import import import_policy
from portal.errors import DomainError


class Command(BaseCommand):
    help = "Turn a plain-text policy document into a draft page; the same file twice changes nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="text in UTF-8")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            page, is_new = import_policy(options["file"].read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, DomainError) as error:
            self.stderr.write(str(error))
            sys.exit(2)
        state = "draft" if is_new else "known"
        self.stdout.write(
            f"{state} {page.pk} {page.number} {page.title} ({len(page.body)} clauses) {page.defects}"
        )
