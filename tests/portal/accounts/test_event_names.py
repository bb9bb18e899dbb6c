"""Every act that the source records has a name on the audit trail, and so has every detail."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.utils import translation

from ledger.reconciliation.models import MatchKind
from portal.accounts import audit
from portal.accounts.event_names import DETAILS, EVENTS
from portal.accounts.models import AuditEvent
from portal.accounts.roles import Role
from tests import factories
from tests.conftest import Federation
from tests.signing_in import browser_of

_RECORDS = {"record", "_record", "_free"}
_OF_THE_CALL = {"actor", "action", "target", "union"}
# Codes that the source puts together.
_BUILT = {
    f"reconciliation.{kind}_posted" for kind in (MatchKind.FEE, MatchKind.INTEREST, MatchKind.UNKNOWN_CREDIT)
}


def _calls() -> Iterator[ast.Call]:
    for package in ("portal", "ledger", "content"):
        for path in (Path(settings.BASE_DIR) / package).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and _name(node.func) in _RECORDS:
                    yield node


def _name(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def _codes(call: ast.Call) -> Iterator[str]:
    for part in [*call.args, *[k.value for k in call.keywords if k.arg == "action"]]:
        built = {
            id(n) for joined in ast.walk(part) if isinstance(joined, ast.JoinedStr) for n in joined.values
        }
        for node in ast.walk(part):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in built:
                yield node.value


def test_every_recorded_act_has_a_name() -> None:
    recorded = {code for call in _calls() for code in _codes(call) if code} | _BUILT
    assert {"dues.paid", "voucher.posted", "voucher.prepared", "period.closed"} <= recorded
    assert recorded - set(EVENTS) == set()


def test_every_recorded_detail_has_a_name() -> None:
    recorded = {k.arg for call in _calls() for k in call.keywords if k.arg} - _OF_THE_CALL
    assert recorded - set(DETAILS) == set()


def test_an_act_is_read_and_found_by_its_name(federation: Federation) -> None:
    auditor = factories.user("auditor", Role.AUDITOR, federation.municipal)
    audit.record(
        actor=federation.maker,
        action="staff.created",
        union=federation.district,
        role="cashier",
        total="9.00",
    )
    with translation.override("en"):
        event = AuditEvent.objects.get()
        assert (event.title, [(n, str(v)) for n, v in event.facts]) == (
            "Staff sign-in created",
            [("total", "9.00"), ("role", "Cashier")],
        )
    browser = browser_of(auditor)
    browser.cookies["django_language"] = "en"
    found = browser.get("/office/audit/?q=sign-in created").content.decode()
    assert "Staff sign-in created" in found
    assert "staff.created" not in found
    assert "Staff sign-in created" not in browser.get("/office/audit/?q=payout").content.decode()
