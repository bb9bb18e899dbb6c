"""A peer at work in a process and a database of its own, with its own settings: prints its rate as JSON.

``python -m tests.bench.peers hordak|django_ledger prepare --database URL --workers N``
``python -m tests.bench.peers hordak|django_ledger post --database URL --workers N --seconds S [--hot]``
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
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
    parser.add_argument("task", choices=["prepare", "post"])
    parser.add_argument("--database", required=True)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--warm-up", type=float, default=0.5)
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
    peer = import_module(f"tests.bench.peers.{chosen.peer}")
    if chosen.task == "prepare":
        call_command("migrate", verbosity=0)
        peer.prepare(chosen.workers)
        return
    from tests.bench.workers import steady_rate

    places = peer.find(1 if chosen.hot else chosen.workers)
    rate = steady_rate(
        partial(peer.post, places), workers=chosen.workers, seconds=chosen.seconds, warm_up=chosen.warm_up
    )
    print(json.dumps(asdict(rate)))


if __name__ == "__main__":
    main()
