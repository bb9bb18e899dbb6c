"""What the stand-in remembers: checkouts, charges, balance transactions and payouts of each account, in memory."""

from __future__ import annotations

import copy
import datetime as dt
import secrets
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]
MINIMUM_FEN = 400
_FEE_BASIS_POINTS = 340


class Refused(Exception):
    """An answer in the platform's error shape."""

    def __init__(
        self, status: int, message: str, *, kind: str = "invalid_request_error", code: str = ""
    ) -> None:
        super().__init__(message)
        self.status = status
        self.body = {"error": {"type": kind, "message": message} | ({"code": code} if code else {})}


@dataclass
class Account:
    """One union's account: its objects by id, and the rows that no payout has carried yet."""

    objects: dict[str, Json] = field(default_factory=dict)
    rows: list[Json] = field(default_factory=list)


class Platform:
    """``announce(account_id, type, object)`` is called for every event, ``day`` fixes the platform's date."""

    def __init__(self, *, announce: Callable[[str, str, Json], None], base: str, day: dt.date | None) -> None:
        self._announce = announce
        self._base = base
        self._day = day
        self._lock = threading.RLock()
        self._accounts: defaultdict[str, Account] = defaultdict(Account)
        self._replays: dict[tuple[str, str], tuple[Json, Json]] = {}

    def now(self) -> int:
        """The platform's clock in Unix seconds; on a fixed day it says noon of that day in Shanghai."""
        if self._day is None:
            return int(time.time())
        noon = dt.datetime.combine(self._day, dt.time(4), tzinfo=dt.UTC)
        return int(noon.timestamp())

    def once(self, account_id: str, key: str, params: Json, create: Callable[[], Json]) -> tuple[Json, bool]:
        """Idempotency: the same key and parameters give the first answer again; (answer, replayed)."""
        with self._lock:
            if key and (account_id, key) in self._replays:
                asked, answer = self._replays[account_id, key]
                if asked != params:
                    raise Refused(
                        400,
                        "Keys for idempotent requests can only be used with the same parameters as at first.",
                        kind="idempotency_error",
                    )
                return copy.deepcopy(answer), True
            answer = create()
            if key:
                self._replays[account_id, key] = (params, copy.deepcopy(answer))
            return answer, False

    def create_session(self, account_id: str, params: Json) -> Json:
        """A checkout page for the line items; amounts below the minimum are refused as the platform refuses them."""
        try:
            items = params["line_items"]
            total = sum(int(i["price_data"]["unit_amount"]) * int(i["quantity"]) for i in items)
            currencies = {i["price_data"]["currency"].lower() for i in items}
            success_url = params["success_url"]
            name = items[0]["price_data"]["product_data"]["name"]
        except (KeyError, IndexError, ValueError, TypeError, AttributeError) as error:
            raise Refused(400, f"Missing or invalid param: {error}.", code="parameter_missing") from error
        if "payment_method_types" in params:
            raise Refused(
                400,
                "Use allowed_payment_method_types.",
                code="payment_method_types_no_longer_supported",
            )
        if params.get("mode") != "payment" or currencies != {"cny"}:
            raise Refused(
                400, "This sandbox takes payments in CNY only.", code="parameter_invalid_string_enum"
            )
        if total < MINIMUM_FEN:
            raise Refused(
                400,
                "The Checkout Session's total amount must convert to at least 400 fen.",
                code="amount_too_small",
            )
        session = {
            "id": _new("cs_test"),
            "object": "checkout.session",
            "amount_subtotal": total,
            "amount_total": total,
            "cancel_url": params.get("cancel_url"),
            "client_reference_id": params.get("client_reference_id"),
            "created": self.now(),
            "currency": "cny",
            "expires_at": int(params.get("expires_at", int(time.time()) + 86400)),
            "livemode": False,
            "locale": params.get("locale", "auto"),
            "metadata": params.get("metadata", {}),
            "mode": "payment",
            "payment_intent": None,
            "payment_method_types": params.get("allowed_payment_method_types", ["card"]),
            "payment_status": "unpaid",
            "status": "open",
            "success_url": success_url,
            "url": None,
        }
        session["url"] = f"{self._base}/pay/{session['id']}"
        session["description"] = name
        with self._lock:
            self._accounts[account_id].objects[session["id"]] = session
        return copy.deepcopy(session)

    def get(self, account_id: str, object_id: str) -> Json:
        with self._lock:
            found = self._accounts[account_id].objects.get(object_id)
            if found is None:
                raise Refused(404, f"No such object: '{object_id}'", code="resource_missing")
            self._expire_if_due(account_id, found)
            return copy.deepcopy(found)

    def expand(self, account_id: str, found: Json, paths: list[str]) -> Json:
        """Replace ids by their objects along each dotted path."""
        for path in paths:
            place: Any = found
            for part in path.split("."):
                if isinstance(place.get(part), str):
                    place[part] = self.get(account_id, place[part])
                place = place.get(part)
                if place is None:
                    break
        return found

    def find_session(self, session_id: str) -> tuple[str, Json]:
        """A checkout by its id alone, as the page for payers knows it: (account, session)."""
        with self._lock:
            for account_id, account in self._accounts.items():
                if session_id in account.objects:
                    return account_id, self.get(account_id, session_id)
        raise Refused(404, "No such checkout.", code="resource_missing")

    def expire(self, account_id: str, session_id: str) -> Json:
        with self._lock:
            session = self._session(account_id, session_id)
            if session["status"] != "open":
                raise Refused(400, "Only open Checkout Sessions can be expired.")
            session["status"], session["url"] = "expired", None
            answer = copy.deepcopy(session)
        self._announce(account_id, "checkout.session.expired", answer)
        return answer

    def pay(self, session_id: str, method: str) -> Json:
        """The payer pays: charge, fee and balance transaction come into being, then the event."""
        account_id, _session = self.find_session(session_id)
        with self._lock:
            session = self._session(account_id, session_id)
            if session["status"] != "open":
                return copy.deepcopy(session)
            account = self._accounts[account_id]
            fee = (session["amount_total"] * _FEE_BASIS_POINTS + 5_000) // 10_000
            row = {
                "id": _new("txn"),
                "object": "balance_transaction",
                "amount": session["amount_total"],
                "currency": "cny",
                "created": self.now(),
                "fee": fee,
                "net": session["amount_total"] - fee,
                "source": None,
                "status": "pending",
                "type": "charge",
                "payout": None,
            }
            charge = {
                "id": _new("ch"),
                "object": "charge",
                "amount": session["amount_total"],
                "balance_transaction": row["id"],
                "created": self.now(),
                "currency": "cny",
                "paid": True,
                "payment_intent": None,
                "payment_method_details": {"type": method},
                "refunded": False,
                "status": "succeeded",
            }
            intent = {
                "id": _new("pi"),
                "object": "payment_intent",
                "amount": session["amount_total"],
                "amount_received": session["amount_total"],
                "created": self.now(),
                "currency": "cny",
                "latest_charge": charge["id"],
                "metadata": session["metadata"],
                "status": "succeeded",
            }
            row["source"], charge["payment_intent"] = charge["id"], intent["id"]
            account.objects |= {row["id"]: row, charge["id"]: charge, intent["id"]: intent}
            account.rows.append(row)
            session |= {
                "payment_intent": intent["id"], "payment_status": "paid", "status": "complete", "url": None,
            }  # fmt: skip
            answer = copy.deepcopy(session)
        self._announce(account_id, "checkout.session.completed", answer)
        return answer

    def pay_out(self, account_id: str, arrival: dt.date) -> Json:
        """Send everything not yet paid out to the bank: net of fees, arriving on a day."""
        with self._lock:
            account = self._accounts[account_id]
            waiting = [row for row in account.rows if row["payout"] is None]
            if not waiting:
                raise Refused(400, "There is nothing to pay out.", code="balance_insufficient")
            net = sum(row["net"] for row in waiting)
            payout = {
                "id": _new("po"),
                "object": "payout",
                "amount": net,
                "arrival_date": int(dt.datetime.combine(arrival, dt.time(), tzinfo=dt.UTC).timestamp()),
                "automatic": True,
                "created": self.now(),
                "currency": "cny",
                "reconciliation_status": "completed",
                "status": "paid",
                "type": "bank_account",
            }
            account.objects[payout["id"]] = payout
            for row in waiting:
                row["payout"], row["status"] = payout["id"], "available"
            own = {
                "id": _new("txn"), "object": "balance_transaction", "amount": -net, "net": -net, "fee": 0,
                "currency": "cny", "created": self.now(), "source": payout["id"], "status": "available",
                "type": "payout", "payout": payout["id"],
            }  # fmt: skip
            account.rows.append(own)
            account.objects[own["id"]] = own
            answer = copy.deepcopy(payout)
        for kind in ("payout.created", "payout.paid", "payout.reconciliation_completed"):
            self._announce(account_id, kind, answer)
        return answer

    def rows_of(self, account_id: str, payout_id: str, limit: int, after: str) -> Json:
        """A page of balance transactions, in the order of the list that clients page through."""
        with self._lock:
            rows = [r for r in self._accounts[account_id].rows if not payout_id or r["payout"] == payout_id]
        ids = [row["id"] for row in rows]
        start = ids.index(after) + 1 if after in ids else 0
        return {
            "object": "list",
            "url": "/v1/balance_transactions",
            "has_more": start + limit < len(rows),
            "data": copy.deepcopy(rows[start : start + limit]),
        }

    def _session(self, account_id: str, session_id: str) -> Json:
        session = self._accounts[account_id].objects.get(session_id)
        if session is None:
            raise Refused(404, f"No such checkout.session: '{session_id}'", code="resource_missing")
        self._expire_if_due(account_id, session)
        return session

    def _expire_if_due(self, account_id: str, found: Json) -> None:
        if (
            found["object"] == "checkout.session"
            and found["status"] == "open"
            and found["expires_at"] < time.time()
        ):
            found["status"], found["url"] = "expired", None
            self._announce(account_id, "checkout.session.expired", copy.deepcopy(found))


def _new(prefix: str) -> str:
    return f"{prefix}_{secrets.token_hex(12)}"
