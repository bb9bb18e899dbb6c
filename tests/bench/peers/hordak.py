"""django-hordak: its own ``transfer_to`` between two accounts."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import transaction
from moneyed import Money

DAY = dt.date(2026, 3, 16)


def prepare(places: int) -> list[Any]:
    from hordak.models import Account

    def account(n: int, kind: str) -> Any:
        return Account.objects.create(name=f"{kind}{n}", type=kind, code=f"{kind}{n}", currencies=["CNY"])

    return [(account(n, "AS"), account(n, "IN")) for n in range(places)]


def post(places: list[Any], posts: int, worker: int) -> int:
    debit, credit = places[worker % len(places)]
    amount = Money("24.00", "CNY")
    for _ in range(posts):
        # Its checks are deferred to the commit, so that one database transaction holds the whole entry.
        with transaction.atomic():
            credit.transfer_to(debit, amount, description="收会费", date=DAY)
    return posts
