"""django-hordak: its own ``transfer_to`` between two accounts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

from django.db import transaction
from moneyed import Money

DAY = dt.date(2026, 3, 16)


def prepare(places: int) -> None:
    from hordak.models import Account

    for n in range(places):
        for kind in ("AS", "IN"):
            Account.objects.create(name=f"{kind}{n}", type=kind, code=f"{kind}{n}", currencies=["CNY"])


def find(places: int) -> list[Any]:
    from hordak.models import Account

    return [(Account.objects.get(code=f"AS{n}"), Account.objects.get(code=f"IN{n}")) for n in range(places)]


def post(places: list[Any], worker: int) -> Iterator[object]:
    debit, credit = places[worker % len(places)]
    amount = Money("24.00", "CNY")
    while True:
        # Its checks are deferred to the commit, so that one database transaction holds the whole entry.
        with transaction.atomic():
            posted = credit.transfer_to(debit, amount, description="收会费", date=DAY)
        yield posted
