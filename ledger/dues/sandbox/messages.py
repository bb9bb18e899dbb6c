"""Signed messages (webhooks) of the stand-in, sent in order by one thread, again when nobody takes them."""

from __future__ import annotations

import hashlib
import hmac
import json
import queue
import secrets
import threading
import time
from typing import Any

import requests
from stripe._api_version import _ApiVersion

_PAUSES = (0, 1, 3, 10, 30)  # seconds before each try


def signature(payload: bytes, secret: str, dated: int) -> str:
    """The Stripe-Signature header of a payload."""
    signed = hmac.new(secret.encode(), f"{dated}.".encode() + payload, hashlib.sha256).hexdigest()
    return f"t={dated},v1={signed}"


class Messenger:
    """``send`` returns at once; ``pending`` counts what is not delivered yet."""

    def __init__(self, url: str, secret: str) -> None:
        self._url = url
        self._secret = secret
        self._waiting: queue.Queue[bytes] = queue.Queue()
        self.pending = 0
        threading.Thread(target=self._run, daemon=True).start()

    def send(self, account_id: str, kind: str, found: dict[str, Any]) -> None:
        event = {
            "id": f"evt_{secrets.token_hex(12)}",
            "object": "event",
            "api_version": _ApiVersion.CURRENT,
            "created": int(time.time()),
            "data": {"object": found},
            "livemode": False,
            "pending_webhooks": 1,
            "type": kind,
        }
        if account_id:
            event["account"] = account_id
        self.pending += 1
        self._waiting.put(json.dumps(event, ensure_ascii=False).encode())

    def _run(self) -> None:
        while True:
            payload = self._waiting.get()
            for pause in _PAUSES:
                time.sleep(pause)
                if self._deliver(payload):
                    break
            self.pending -= 1

    def _deliver(self, payload: bytes) -> bool:
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "Stripe-Signature": signature(payload, self._secret, int(time.time())),
        }
        try:
            return requests.post(self._url, data=payload, headers=headers, timeout=20).ok
        except requests.RequestException:
            return False
