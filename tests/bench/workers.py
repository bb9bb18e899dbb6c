"""The same work in several processes at once, each with a connection of its own."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Rate:
    """Steps of all workers per second, and the processor time of one step in µs: here, and in PostgreSQL."""

    per_s: float
    client_us: float
    server_us: float | None


def per_second(work: Callable[[int], int], *, workers: int) -> float:
    """Units of work per second, from the first start to the last end.

    ``work`` gets its worker's number and returns how many units it did. Raises RuntimeError when a worker fails.
    """
    units, took = _at_once(work, workers)
    return sum(units) / took


def steady_rate(
    work: Callable[[int], Iterator[object]], *, workers: int, seconds: float, warm_up: float
) -> Rate:
    """How quickly ``work`` yields once it is warm: everybody gets the same time, however far it comes in it.

    ``work`` gets its worker's number and yields after each step. Raises RuntimeError when a worker fails.
    """
    found, _ = _at_once(partial(_steady, work, seconds, warm_up), workers)
    steps = sum(one["steps"] for one in found)
    server = [one["server_s"] for one in found]
    return Rate(
        per_s=sum(one["steps"] / one["seconds"] for one in found),
        client_us=sum(one["client_s"] for one in found) / steps * 1e6,
        server_us=None if None in server else sum(server) / steps * 1e6,
    )


def _steady(
    work: Callable[[int], Iterator[object]], seconds: float, warm_up: float, worker: int
) -> dict[str, Any]:
    steps = work(worker)
    _until(time.perf_counter() + warm_up, steps)
    began, client, server = time.perf_counter(), time.process_time(), _server_seconds()
    done = _until(began + seconds, steps)
    took, client_s, after = time.perf_counter() - began, time.process_time() - client, _server_seconds()
    server_s = None if server is None or after is None else after - server
    return {"steps": done, "seconds": took, "client_s": client_s, "server_s": server_s}


def _until(end: float, steps: Iterator[object]) -> int:
    for done, _ in enumerate(steps, start=1):
        if time.perf_counter() >= end:
            return done
    raise RuntimeError("the work came to an end by itself")


def _server_seconds() -> float | None:
    """Processor time of this connection's backend, if it runs on this machine."""
    from django.db import connection

    process = Path("/proc", str(connection.connection.info.backend_pid))
    try:
        if (process / "comm").read_text().strip() != "postgres":
            return None
        return int((process / "schedstat").read_text().split()[0]) / 1e9
    except OSError:
        return None


def _at_once(work: Callable[[int], Any], workers: int) -> tuple[list[Any], float]:
    from django.db import connections

    connections.close_all()
    forked = multiprocessing.get_context("fork")
    start, done = forked.Barrier(workers + 1), forked.Queue()
    crew = [forked.Process(target=_run, args=(work, n, start, done)) for n in range(workers)]
    for process in crew:
        process.start()
    start.wait()
    began = time.perf_counter()
    results = [done.get() for _ in crew]
    took = time.perf_counter() - began
    for process in crew:
        process.join()
    if failed := [result for result in results if isinstance(result, str)]:
        raise RuntimeError(failed[0])
    return results, took


def _run(work: Callable[[int], Any], worker: int, start: Barrier, done: multiprocessing.Queue[Any]) -> None:
    from django.db import connections

    connections.close_all()
    connections["default"].ensure_connection()
    start.wait()
    try:
        done.put(work(worker))
    except Exception as error:
        done.put(f"{type(error).__name__}: {error}")
    connections.close_all()
