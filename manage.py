#!/usr/bin/env python
"""Django's command line; without DATABASE_URL it brings up the embedded PostgreSQL first (docs/operators.md)."""

import os
import sys

from portal.bootstrap import prepare_for_command
from portal.bootstrap.places import SetupError


def main() -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings.demo")
    try:
        prepare_for_command(sys.argv[1:])
    except SetupError as error:
        print(error, file=sys.stderr)
        return 2
    try:
        from django.core.management import execute_from_command_line
    except ImportError:
        print(
            "Django is not installed here: run `make setup`, then .venv/bin/python manage.py.",
            file=sys.stderr,
        )
        return 2
    execute_from_command_line(sys.argv)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
