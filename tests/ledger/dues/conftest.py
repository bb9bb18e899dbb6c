"""The payment platform's stand-in in this process, and a place where its messages arrive."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Queue

import pytest
from django.utils import timezone
from pytest_django.fixtures import Settings

from ledger.books.opening import open_year
from ledger.dues.models import StripeAccount
from ledger.dues.sandbox.server import Sandbox
from portal.members.models import Member
from tests import factories
from tests.conftest import Federation

SECRET = "whsec_test"


@dataclass
class Platform:
    """The sandbox, and the messages that it has sent: (payload, signature)."""

    server: Sandbox
    account: StripeAccount
    messages: Queue[tuple[bytes, str]]

    def next_message(self) -> tuple[bytes, str]:
        return self.messages.get(timeout=10)


class _Receiver(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.messages.put((body, self.headers["Stripe-Signature"]))  # type: ignore[attr-defined]
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args: object) -> None:
        """Quiet."""


@pytest.fixture
def platform(federation: Federation, settings: Settings) -> Iterator[Platform]:
    # The platform's clock is the real one, so payments lie in this year whatever year the tests run in.
    open_year(book=federation.books["HD-C001"], year=timezone.localdate().year)
    receiver = ThreadingHTTPServer(("127.0.0.1", 0), _Receiver)
    receiver.messages = Queue()  # type: ignore[attr-defined]
    sandbox = Sandbox(port=0, webhook_url=f"http://127.0.0.1:{receiver.server_address[1]}/", secret=SECRET)
    for server in (receiver, sandbox):
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    settings.STRIPE_SECRET_KEY = "sk_test_local"
    settings.STRIPE_WEBHOOK_SECRET = SECRET
    settings.STRIPE_API_BASE = sandbox.base
    account = StripeAccount.objects.create(
        union=federation.community, account_id="acct_community", bank_account=federation.banks["HD-C001"]
    )
    yield Platform(sandbox, account, receiver.messages)  # type: ignore[attr-defined]
    for server in (receiver, sandbox):
        server.shutdown()
        server.server_close()


@pytest.fixture
def member(federation: Federation) -> Member:
    """A casual worker admitted in January 2026, so that February is the first month owed."""
    return factories.membership_in(federation.community, is_casual_worker=True).member
