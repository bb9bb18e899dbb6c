"""How much memory something takes at its peak: in this process, and in the server if it runs on this machine."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.db import connection

_SAMPLED_EVERY = 0.02
_OWN = Path("/proc/self")


@contextmanager
def peak_memory() -> Iterator[dict[str, float]]:
    """Fills in ``client_mb`` and ``server_mb`` at the end: what came on top of the memory in use at the beginning.

    In the server private memory of all its processes counts, as a query may have helpers; its shared buffers do not.
    """
    peak: dict[str, float] = {}
    # Lets the kernel forget the highest value so far (proc(5), clear_refs).
    (_OWN / "clear_refs").write_text("5")
    before = _kilobytes(_OWN, "VmRSS")
    stop = threading.Event()
    found: list[int] = []
    watcher = threading.Thread(target=_watch, args=(_postmaster(), stop, found))
    watcher.start()
    try:
        yield peak
    finally:
        stop.set()
        watcher.join()
    peak["client_mb"] = round((_kilobytes(_OWN, "VmHWM") - before) / 1024, 1)
    if found[0]:
        peak["server_mb"] = round((max(found) - found[0]) / 1024, 1)


def _watch(postmaster: int, stop: threading.Event, found: list[int]) -> None:
    while True:
        found.append(sum(_private_of(process, postmaster) for process in Path("/proc").glob("[0-9]*")))
        if stop.wait(_SAMPLED_EVERY):
            return


def _postmaster() -> int:
    """The parent of our backend; 0 if the server is elsewhere."""
    connection.ensure_connection()
    backend = Path("/proc", str(connection.connection.info.backend_pid))
    try:
        is_postgres = (backend / "comm").read_text().strip() == "postgres"
    except FileNotFoundError:
        return 0
    return _kilobytes(backend, "PPid") if is_postgres else 0


def _private_of(process: Path, parent: int) -> int:
    try:
        return _kilobytes(process, "RssAnon") if parent and _kilobytes(process, "PPid") == parent else 0
    except (OSError, KeyError):  # it has just ended
        return 0


def _kilobytes(process: Path, name: str) -> int:
    """A number from a process's status; memory there is in kB."""
    lines = (process / "status").read_text().splitlines()
    return int(dict(line.split(":", 1) for line in lines)[name].split()[0])
