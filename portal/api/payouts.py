"""/api/v1/payouts: bank files for staff, with the duties of the office's pages."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.http import content_disposition_header
from ninja import File, Query, Router, Schema, UploadedFile
from ninja.security import SessionAuth

from ledger.benefits import paying, settlement, three_way
from ledger.payouts import batches, exporting, queries
from ledger.payouts.models import Batch, BatchLine
from portal.accounts.models import User
from portal.accounts.permissions import duties_of, unions_with_duty
from portal.accounts.roles import Duty
from portal.members.identity import mask_name
from portal.unions.models import Union

_SEES = (Duty.BUILD_PAYOUT, Duty.RELEASE_PAYOUT, Duty.IMPORT_BANK_RESULT, Duty.VIEW_BOOKS)
_MOST = 1_000


class PayoutStaffAuth(SessionAuth):
    """The session of somebody who may see payouts in some union; a second factor stands before every session."""

    def authenticate(self, request: HttpRequest, key: str | None) -> User | None:
        user = request.user
        return user if isinstance(user, User) and not duties_of(user).isdisjoint(_SEES) else None


router = Router(auth=PayoutStaffAuth(), tags=["payouts"])


class PayoutOut(Schema):
    code: str
    union: str
    purpose: str
    source: str
    format: str
    value_date: dt.date
    state: str
    lines: int
    total: Decimal
    files: list[str]
    sha256: str
    prepared_by: str
    released_by: str


class PartOut(Schema):
    count: int
    total: Decimal


class ThreeWayOut(Schema):
    """``off`` is how much more the statement shows than the result says was paid."""

    listed: PartOut
    paid: PartOut
    failed: PartOut
    returned: PartOut
    open: PartOut
    statement: PartOut
    off: Decimal
    agrees: bool


class PayoutDetailOut(PayoutOut):
    banks: dict[str, PartOut]
    totals: ThreeWayOut
    days_open: int


class PayoutLineOut(Schema):
    seq: int
    reference: str
    payee: str
    party: str
    card_last4: str
    bank: str
    amount: Decimal
    state: str
    reason: str
    bank_code: str
    bank_message: str
    bank_reference: str
    settled_on: dt.date | None


class Page(Schema):
    offset: int = 0
    limit: int = 100


class ReasonIn(Schema):
    reason: str


class OutcomeOut(Schema):
    paid: int
    failed: int
    unknown: int
    returned: int
    already: int


@router.get("", response=list[PayoutOut])
def payouts(
    request: HttpRequest, page: Query[Page], state: str = "", q: str = "", source: str = ""
) -> list[dict[str, Any]]:
    """Payouts of the unions in reach, the newest first; ``state=unknown`` finds those with undecided lines."""
    found = queries.found(_seen(request), state=state, words=q, source=source).order_by("-pk")
    return [_payout(batch) for batch in _part(found, page)]


@router.get("/{code}", response=PayoutDetailOut)
def payout(request: HttpRequest, code: str) -> dict[str, Any]:
    batch = _batch(request, code)
    return _payout(batch) | {
        "banks": {bank: _totals(part) for bank, part in queries.by_bank(batch).items()},
        "totals": _three(batch),
        "days_open": queries.days_open(batch),
    }


@router.get("/{code}/lines", response=list[PayoutLineOut])
def lines(request: HttpRequest, code: str, page: Query[Page], state: str = "") -> list[dict[str, Any]]:
    """Lines in their order; names are masked and cards show four digits."""
    found: QuerySet[BatchLine] = _batch(request, code).lines.defer("card_number").order_by("seq")
    return [_line(line) for line in _part(found.filter(state=state) if state else found, page)]


@router.post("/{code}/release", response=PayoutOut)
def release(request: HttpRequest, code: str, seen: str) -> dict[str, Any]:
    """Release what another person built; ``seen`` is the hash of the file that was looked at."""
    batch = _batch(request, code)
    batches.require_seen(batch, seen)
    return _payout(batches.release(batch=batch, released_by=_user(request)))


@router.post("/{code}/withdraw", response=PayoutOut)
def withdraw(request: HttpRequest, code: str, why: ReasonIn) -> dict[str, Any]:
    return _payout(paying.withdraw(batch=_batch(request, code), reason=why.reason, actor=_user(request)))


@router.post("/{code}/file")
def file(request: HttpRequest, code: str, name: str = "") -> HttpResponse:
    """A file for the bank, by default the one that has the lines; taking one for the first time marks it as sent."""
    handed = exporting.export(batch=_batch(request, code), actor=_user(request))
    chosen = name or handed.name
    if chosen not in handed.files:
        raise Http404
    answer = HttpResponse(handed.files[chosen], content_type="application/octet-stream")
    answer["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=chosen) or ""
    answer["X-Content-SHA256"] = handed.sha256
    return answer


@router.post("/{code}/result", response=OutcomeOut)
def take_result(request: HttpRequest, code: str, result: File[UploadedFile]) -> dict[str, int]:
    """Take in the bank's result file and post what it confirms; the same file again adds nothing."""
    outcome = settlement.import_result(
        batch=_batch(request, code), content=result.read(), actor=_user(request)
    )
    return {
        "paid": len(outcome.paid),
        "failed": len(outcome.failed),
        "unknown": len(outcome.unknown),
        "returned": len(outcome.returned),
        "already": outcome.already,
    }


def _user(request: HttpRequest) -> User:
    user: User = request.auth  # type: ignore[attr-defined]
    return user


def _seen(request: HttpRequest) -> QuerySet[Batch]:
    unions = Union.objects.none()
    for duty in _SEES:
        unions = unions | unions_with_duty(_user(request), duty)
    return Batch.objects.filter(bank_account__account__book__union__in=unions.distinct()).select_related(
        "bank_account__account__book__union", "prepared_by", "released_by"
    )


def _batch(request: HttpRequest, code: str) -> Batch:
    return get_object_or_404(_seen(request), code=code)


def _part(found: QuerySet[Any], page: Page) -> QuerySet[Any]:
    start = max(page.offset, 0)
    return found[start : start + min(max(page.limit, 1), _MOST)]


def _payout(batch: Batch) -> dict[str, Any]:
    return {
        "code": batch.code,
        "union": batch.bank_account.book.union.code,
        "purpose": batch.purpose,
        "source": batch.source,
        "format": batch.format_code,
        "value_date": batch.value_date,
        "state": batch.state,
        "lines": batch.line_count,
        "total": batch.total.amount,
        "files": queries.file_names(batch),
        "sha256": batch.file_sha256,
        "prepared_by": str(batch.prepared_by),
        "released_by": str(batch.released_by or ""),
    }


def _totals(part: queries.Part) -> dict[str, int | Decimal]:
    return {"count": part.count, "total": part.total.amount}


def _three(batch: Batch) -> dict[str, Any]:
    three = three_way.totals(batch)
    parts = ("listed", "paid", "failed", "returned", "open", "statement")
    return {name: _totals(getattr(three, name)) for name in parts} | {
        "off": three.off.amount,
        "agrees": three.agrees,
    }


def _line(line: BatchLine) -> dict[str, Any]:
    return {
        "seq": line.seq,
        "reference": line.reference,
        "payee": mask_name(line.payee_name),
        "party": line.party,
        "card_last4": line.card_last4,
        "bank": line.bank,
        "amount": line.amount.amount,
        "state": line.state,
        "reason": line.reason,
        "bank_code": line.bank_code,
        "bank_message": line.bank_message,
        "bank_reference": line.bank_reference,
        "settled_on": line.settled_on,
    }
