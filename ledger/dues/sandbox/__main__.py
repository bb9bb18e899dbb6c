"""SANDBOX_WEBHOOK_SECRET=S python -m ledger.dues.sandbox --port N --webhook-url URL [--day YYYY-MM-DD]"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import signal
import sys

from . import SECRET_VARIABLE
from .server import Sandbox


def main() -> int:
    parser = argparse.ArgumentParser(prog="ledger.dues.sandbox", description="A local stand-in for Stripe.")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--webhook-url", required=True, help="where signed messages go")
    parser.add_argument("--day", type=dt.date.fromisoformat, help="pretend that it is this day (YYYY-MM-DD)")
    chosen = parser.parse_args()
    secret = os.environ.get(SECRET_VARIABLE, "")
    if not secret:
        parser.error(f"{SECRET_VARIABLE} says what messages are signed with; it is not set")
    server = Sandbox(port=chosen.port, webhook_url=chosen.webhook_url, secret=secret, day=chosen.day)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass
    finally:
        server.server_close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
