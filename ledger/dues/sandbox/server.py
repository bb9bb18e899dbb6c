"""The stand-in's HTTP face: /v1/… as Stripe answers, /pay/… for payers, /sandbox/… to make a payout happen."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from . import forms, pages
from .messages import Messenger
from .platform import Json, Platform, Refused

_SHANGHAI = ZoneInfo("Asia/Shanghai")
_Answer = tuple[int, Json]


class Sandbox(ThreadingHTTPServer):
    """Listens on the loopback address only; ``day`` fixes the platform's date, for a demo of a past month."""

    daemon_threads = True

    def __init__(self, *, port: int, webhook_url: str, secret: str, day: dt.date | None = None) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.base = f"http://127.0.0.1:{self.server_address[1]}"
        self.messenger = Messenger(webhook_url, secret)
        self.platform = Platform(announce=self.messenger.send, base=self.base, day=day)


class _Handler(BaseHTTPRequestHandler):
    server: Sandbox
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._serve("GET")

    def do_POST(self) -> None:
        self._serve("POST")

    def log_message(self, *args: Any) -> None:
        """Keep quiet: the demo prints its own lines."""

    def _serve(self, method: str) -> None:
        address = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        params = forms.read(body or address.query)
        try:
            if match := re.fullmatch(r"/pay/(\w+)", address.path):
                self._pay_page(method, match.group(1), params)
                return
            for wanted, pattern, answer in _ROUTES:
                match = re.fullmatch(pattern, address.path)
                if wanted == method and match:
                    self._require_key(address.path)
                    self._send_json(*answer(self, params, *match.groups()))
                    return
            raise Refused(404, f"Unrecognized request URL ({method}: {address.path}).")
        except Refused as refusal:
            self._send_json(refusal.status, refusal.body)

    def _require_key(self, path: str) -> None:
        if path.startswith("/v1/") and not self.headers.get("Authorization", "").startswith(
            "Bearer sk_test_"
        ):
            raise Refused(401, "You did not provide a test API key.", kind="invalid_request_error")

    @property
    def _account(self) -> str:
        return self.headers.get("Stripe-Account") or ""

    def _pay_page(self, method: str, session_id: str, params: Json) -> None:
        if method == "POST":
            session = self.server.platform.pay(session_id, params.get("method", "card"))
            self.send_response(303)
            self.send_header("Location", session["success_url"].replace("{CHECKOUT_SESSION_ID}", session_id))
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        _account, session = self.server.platform.find_session(session_id)
        self._send(200, "text/html; charset=utf-8", pages.checkout(session).encode())

    def _create_session(self, params: Json) -> _Answer:
        answer, replayed = self.server.platform.once(
            self._account,
            self.headers.get("Idempotency-Key") or "",
            params,
            lambda: self.server.platform.create_session(self._account, params),
        )
        return (200, answer | {"_replayed": True}) if replayed else (200, answer)

    def _retrieve(self, params: Json, object_id: str) -> _Answer:
        found = self.server.platform.get(self._account, object_id)
        return 200, self.server.platform.expand(self._account, found, params.get("expand", []))

    def _expire(self, params: Json, session_id: str) -> _Answer:
        return 200, self.server.platform.expire(self._account, session_id)

    def _list_rows(self, params: Json) -> _Answer:
        limit = max(1, min(100, int(params.get("limit", 10))))
        return 200, self.server.platform.rows_of(
            self._account, params.get("payout", ""), limit, params.get("starting_after", "")
        )

    def _pay_out(self, params: Json) -> _Answer:
        arrival = (
            dt.date.fromisoformat(params["arrival"])
            if "arrival" in params
            else dt.datetime.now(_SHANGHAI).date()
        )
        return 200, self.server.platform.pay_out(params.get("account", ""), arrival)

    def _deliveries(self, params: Json) -> _Answer:
        return 200, {"pending": self.server.messenger.pending}

    def _send_json(self, status: int, content: Json) -> None:
        replayed = content.pop("_replayed", False)
        extra = {"Idempotent-Replayed": "true"} if replayed else {}
        self._send(status, "application/json", json.dumps(content, ensure_ascii=False).encode(), extra)

    def _send(self, status: int, kind: str, content: bytes, extra: dict[str, str] | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        if version := self.headers.get("Stripe-Version"):
            self.send_header("Stripe-Version", version)
        for name, value in (extra or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)


_ROUTES: tuple[tuple[str, str, Callable[..., _Answer]], ...] = (
    ("POST", r"/v1/checkout/sessions", _Handler._create_session),
    ("GET", r"/v1/checkout/sessions/(\w+)", _Handler._retrieve),
    ("POST", r"/v1/checkout/sessions/(\w+)/expire", _Handler._expire),
    ("GET", r"/v1/payment_intents/(\w+)", _Handler._retrieve),
    ("GET", r"/v1/charges/(\w+)", _Handler._retrieve),
    ("GET", r"/v1/payouts/(\w+)", _Handler._retrieve),
    ("GET", r"/v1/balance_transactions/(\w+)", _Handler._retrieve),
    ("GET", r"/v1/balance_transactions", _Handler._list_rows),
    ("POST", r"/sandbox/payouts", _Handler._pay_out),
    ("GET", r"/sandbox/deliveries", _Handler._deliveries),
)
