"""django-ledger: its own ``commit_txs`` into a ledger of an entity, posted."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.utils import timezone


def prepare(places: int) -> list[Any]:
    from django.contrib.auth import get_user_model
    from django_ledger.models import EntityModel

    admin = get_user_model().objects.create_user("bench")
    found = []
    for n in range(places):
        entity = EntityModel.create_entity(
            name=f"Bench {n}", admin=admin, use_accrual_method=False, fy_start_month=1
        )
        entity.create_chart_of_accounts(assign_as_default=True, commit=True, coa_name="Bench")
        entity.populate_default_coa(activate_accounts=True)
        ledger = entity.create_ledger(name="Bench", posted=True)
        accounts = entity.get_default_coa_accounts()
        found.append((ledger, accounts.filter(code="1010").get(), accounts.filter(code="4010").get()))
    return found


def post(places: list[Any], posts: int, worker: int) -> int:
    ledger, debit, credit = places[worker % len(places)]
    when = dt.datetime(2026, 3, 16, 9, tzinfo=timezone.get_current_timezone())
    for _ in range(posts):
        ledger.commit_txs(
            je_timestamp=when,
            je_txs=[
                {"account": debit, "amount": 24.00, "tx_type": "debit", "description": "dues"},
                {"account": credit, "amount": 24.00, "tx_type": "credit", "description": "dues"},
            ],
            je_posted=True,
        )
    return posts
