"""Where set-up keeps things: the checkout, its ignored local folder, and the data of the embedded server."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]


class SetupError(Exception):
    """Something a person has to put right; the message says what and how."""


def local_folder(checkout: Path = CHECKOUT) -> Path:
    return checkout / ".local"


def venv_folder(checkout: Path = CHECKOUT) -> Path:
    return checkout / ".venv"


def data_root() -> Path:
    """The folder shared by all checkouts of this user; PUHUI_DATA_DIR overrides it."""
    chosen = os.environ.get("PUHUI_DATA_DIR")
    if chosen:
        return Path(chosen).resolve()
    if os.geteuid() == 0:
        return Path("/var/lib/puhui")
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "puhui"


def checkout_data(checkout: Path = CHECKOUT) -> Path:
    """The data of one checkout, so that two checkouts never meet."""
    return data_root() / hashlib.sha256(str(checkout.resolve()).encode()).hexdigest()[:12]
