"""What set-up shows while it works: one line per step, with its time."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


@contextmanager
def step(title: str) -> Iterator[None]:
    """Say that a step begins and, when it is over, how long it took."""
    say(f"→ {title} …")
    began = time.monotonic()
    yield
    say(f"✓ {title} ({time.monotonic() - began:.1f} s)")
