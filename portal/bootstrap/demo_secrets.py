"""The demo's own secrets and address: made on the first run, kept in an ignored file that only its owner can read."""

from __future__ import annotations

import fcntl
import os
import secrets
from collections.abc import Callable
from pathlib import Path

from portal.bootstrap.places import local_folder

_MAKERS: dict[str, Callable[[], str]] = {
    "DJANGO_SECRET_KEY": lambda: secrets.token_urlsafe(48),
    "FIELD_ENCRYPTION_KEYS": lambda: secrets.token_urlsafe(48),
    "BLIND_INDEX_KEY": lambda: secrets.token_urlsafe(48),
    "RECEIPT_CHECK_KEY": lambda: secrets.token_urlsafe(48),
    "STRIPE_SECRET_KEY": lambda: f"sk_test_{secrets.token_hex(24)}",
    "STRIPE_WEBHOOK_SECRET": lambda: f"whsec_{secrets.token_hex(24)}",
}


def ensure_demo_secrets(folder: Path | None = None) -> dict[str, str]:
    """Every secret the demo needs; one that exists is never changed, since stored data was encrypted with it."""
    folder = folder or local_folder()
    folder.mkdir(exist_ok=True)
    file = folder / "demo.env"
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "r+", encoding="utf-8") as stored:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        known = _parse(stored.read())
        missing = {name: make() for name, make in _MAKERS.items() if name not in known}
        if missing:
            stored.write("".join(f"{name}={value}\n" for name, value in missing.items()))
    return known | missing


def remember_address(port: str, folder: Path | None = None) -> None:
    """Note where the demo is served, so that every later command prints and draws (QR codes) the same address."""
    ensure_demo_secrets(folder)
    file = (folder or local_folder()) / "demo.env"
    with file.open("r+", encoding="utf-8") as stored:
        fcntl.flock(stored, fcntl.LOCK_EX)
        others = [line for line in stored.read().splitlines() if not line.startswith("BASE_URL=")]
        stored.seek(0)
        stored.truncate()
        stored.write("\n".join([*others, f"BASE_URL=http://127.0.0.1:{port}", ""]))


def load_demo_secrets() -> None:
    """Put them into the environment, where a value that a person has set wins."""
    for name, value in ensure_demo_secrets().items():
        os.environ.setdefault(name, value)


def _parse(text: str) -> dict[str, str]:
    pairs = (line.partition("=") for line in text.splitlines() if "=" in line and not line.startswith("#"))
    return {name.strip(): value.strip() for name, _, value in pairs}
