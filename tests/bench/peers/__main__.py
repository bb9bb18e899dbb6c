"""A peer at work in a process and a database of its own, with its own settings: prints posts per second as JSON.

``python -m tests.bench.peers hordak|django_ledger --database URL --workers N --posts N [--hot]``
"""

from __future__ import annotations

import argparse
import json
from functools import partial
from importlib import import_module

import django
import environ
from django.conf import settings
from django.core.management import call_command

_APPS = {
    "hordak": ["mptt", "hordak"],
    "django_ledger": [
        "django.contrib.sessions", "django.contrib.messages", "django.contrib.staticfiles", "django_ledger",
    ],
}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.peers", description=__doc__)
    parser.add_argument("peer", choices=sorted(_APPS))
    parser.add_argument("--database", required=True)
    parser.add_argument("--workers", type=int, required=True)
    parser.add_argument("--posts", type=int, required=True)
    parser.add_argument("--hot", action="store_true", help="every worker posts to the same two accounts")
    chosen = parser.parse_args()
    settings.configure(
        SECRET_KEY="bench",
        INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", *_APPS[chosen.peer]],
        DATABASES={"default": environ.Env.db_url_config(chosen.database)},
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        DEFAULT_CURRENCY="CNY",
        HORDAK_INTERNAL_CURRENCY="CNY",
        HORDAK_CURRENCIES=["CNY"],
        CURRENCIES=["CNY"],
        TIME_ZONE="Asia/Shanghai",
        USE_TZ=True,
    )
    django.setup()
    call_command("migrate", verbosity=0)
    from tests.bench.workers import per_second

    peer = import_module(f"tests.bench.peers.{chosen.peer}")
    places = peer.prepare(1 if chosen.hot else chosen.workers)
    rate = per_second(partial(peer.post, places, chosen.posts), workers=chosen.workers)
    print(json.dumps({"per_s": rate}))


if __name__ == "__main__":
    main()
