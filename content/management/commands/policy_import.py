"""Make a draft policy page from a plain-text document."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand
from django.utils.translation import gettext as _

from content.policy_import import import_policy, text_of
from portal.errors import DomainError
from portal.files import file_trouble


class Command(BaseCommand):
    help = "Turn a plain-text policy document into a draft page; the same file twice changes nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="text in UTF-8")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with file_trouble(options["file"]):
                content = options["file"].read_bytes()
            page, is_new = import_policy(text_of(content))
        except DomainError as error:
            self.stderr.write(str(error))
            sys.exit(2)
        facts = {"id": page.pk, "number": page.number, "title": page.title, "count": len(page.body)}
        if is_new:
            said = _("Draft %(id)s made: %(number)s %(title)s, %(count)s clauses.")
        else:
            said = _("Known already as page %(id)s: %(number)s %(title)s, %(count)s clauses.")
        self.stdout.write(said % facts)
        if page.defects:
            self.stdout.write(_("Defects of the copy: %(defects)s") % {"defects": page.defects})
