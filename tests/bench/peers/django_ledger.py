"""django-ledger: its own ``commit_txs`` into a ledger of an entity, posted."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

from django.utils import timezone


def prepare(places: int) -> None:
    from django.contrib.auth import get_user_model
    from django_ledger.models import EntityModel

    admin = get_user_model().objects.create_user("bench")
    for n in range(places):
        entity = EntityModel.create_entity(
            name=f"Bench {n}", admin=admin, use_accrual_method=False, fy_start_month=1
        )
        entity.create_chart_of_accounts(assign_as_default=True, commit=True, coa_name="Bench")
        entity.populate_default_coa(activate_accounts=True)
        entity.create_ledger(name="Bench", posted=True)


def find(places: int) -> list[Any]:
    from django_ledger.models import EntityModel, LedgerModel

    found = []
    for n in range(places):
        entity = EntityModel.objects.get(name=f"Bench {n}")
        accounts = entity.get_default_coa_accounts()
        ledger = LedgerModel.objects.get(entity=entity, name="Bench")
        found.append((ledger, accounts.get(code="1010"), accounts.get(code="4010")))
    return found


def post(places: list[Any], worker: int) -> Iterator[object]:
    ledger, debit, credit = places[worker % len(places)]
    when = dt.datetime(2026, 3, 16, 9, tzinfo=timezone.get_current_timezone())
    while True:
        yield ledger.commit_txs(
            je_timestamp=when,
            je_txs=[
                {"account": debit, "amount": 24.00, "tx_type": "debit", "description": "dues"},
                {"account": credit, "amount": 24.00, "tx_type": "credit", "description": "dues"},
            ],
            je_posted=True,
        )
