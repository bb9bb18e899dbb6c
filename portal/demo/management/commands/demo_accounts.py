"""manage.py demo_accounts: the demo's sign-ins."""

from __future__ import annotations

import dataclasses
import json
import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser
from django.utils.translation import gettext as _

from portal.demo import staff


class Command(BaseCommand):
    help = "Print the demo's sign-ins, one per role."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.IS_DEMO:
            self.stderr.write(_("Demo sign-ins exist in the demo only."))
            sys.exit(2)
        accounts = [dataclasses.asdict(sign_in) for sign_in in staff.sign_ins()]
        if options["json"]:
            self.stdout.write(json.dumps(accounts, ensure_ascii=False))
            return
        for account in accounts:
            secret = (
                f"  otp {account['otp_secret']}" if account["otp_secret"] else "  code at /sign-in/outbox/"
            )
            self.stdout.write(
                f"{account['role']:<16}{account['username']:<18}{account['password'] or '':<18}{secret}"
                f"  → {account['lands_on']}"
            )
