"""manage.py ledger_role: what the application's database role may do, and no more."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from ledger.books import application_role
from ledger.books.errors import RoleRefused


class Command(BaseCommand):
    help = (
        "Give a database role what the application needs, without the right to switch guards off or to write totals "
        "and chains. Run it as the owner of the tables, after every migration; DATABASE_URL of the servers then names "
        "this role."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("role", metavar="ROLE")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            application_role.grant(options["role"])
        except RoleRefused as error:
            raise CommandError(str(error), returncode=2) from error
