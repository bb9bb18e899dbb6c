"""From a bare clone to a running Django: standard library only, because it runs before anything is installed."""

from __future__ import annotations

import os
from collections.abc import Sequence

from portal.bootstrap.demo_secrets import load_demo_secrets, remember_address
from portal.bootstrap.postgres import ensure_running

_WITHOUT_DATABASE = {
    "check",
    "collectstatic",
    "compilemessages",
    "diffsettings",
    "findstatic",
    "help",
    "makemessages",
    "startapp",
    "version",
}


def prepare(*, database: bool = True) -> None:
    """Give the settings what the environment does not: the demo's secrets, and the embedded server's address.

    Production settings get neither: there everything comes from the environment.
    """
    settings = os.environ.get("DJANGO_SETTINGS_MODULE", "")
    if _is_demo():
        load_demo_secrets()
    clusters = {"portal.settings.demo": "main", "portal.settings.test": "test"}
    if database and settings in clusters and not os.environ.get("DATABASE_URL"):
        os.environ["DATABASE_URL"] = ensure_running(clusters[settings])


def prepare_for_command(arguments: Sequence[str]) -> None:
    """The same for `manage.py ARGUMENTS`, without a server for commands that need none."""
    for position, argument in enumerate(arguments):
        if argument.startswith("--settings="):
            os.environ["DJANGO_SETTINGS_MODULE"] = argument.partition("=")[2]
        elif argument == "--settings" and position + 1 < len(arguments):
            os.environ["DJANGO_SETTINGS_MODULE"] = arguments[position + 1]
    if arguments and arguments[0] == "demo" and _is_demo():
        remember_address(os.environ.get("PORT", "8000"))
    idle = not arguments or arguments[0].startswith("-") or arguments[0] in _WITHOUT_DATABASE
    prepare(database=not (idle or {"-h", "--help"} & set(arguments)))


def _is_demo() -> bool:
    return os.environ.get("DJANGO_SETTINGS_MODULE", "") == "portal.settings.demo"
