"""What goes over the wire: amounts are decimal strings in yuan, days ISO dates, moments ISO with offset."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Annotated

from ninja import Schema
from pydantic import Field

from ledger.benefits.models import Transport


class FunderOut(Schema):
    level: str
    basis_points: int


class ProgrammeOut(Schema):
    code: str
    name: str
    name_en: str
    kind: str
    amount: Decimal
    is_ceiling: bool
    policy_number: str
    clause: str
    funders: list[FunderOut]
    places: int | None
    places_left: int | None
    is_open: bool
    opens_at: dt.datetime | None
    closes_at: dt.datetime | None


class EntitlementOut(Schema):
    programme: str
    name: str
    year: int
    status: str
    reasons: list[str]
    amount: Decimal
    campaign: str | None
    places_left: int | None


class ClaimIn(Schema):
    campaign: str
    travelled_on: dt.date
    transport: Transport
    ticket_number: str
    fare: Annotated[Decimal, Field(gt=0, max_digits=8, decimal_places=2)]
    or_wait: bool = False


class ClaimOut(Schema):
    id: int
    campaign: str
    place_number: int | None
    waiting_number: int | None
    ahead_in_line: int | None
    state: str
    travelled_on: dt.date
    fare: Decimal
    amount: Decimal
    claimed_at: dt.datetime


class DuesOut(Schema):
    monthly: Decimal
    paid_until: int | None
    next_month: int
    months_owed: int
    owed: Decimal


class ReceiptOut(Schema):
    code: str
    number: str
    check_code: str
    issued_on: dt.date
    amount: Decimal
    first_month: int
    last_month: int
    channel: str
    pdf: str
