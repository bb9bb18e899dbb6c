"""The same work in several processes at once, timed from the first start to the last end."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable
from multiprocessing.synchronize import Barrier


def _run(
    work: Callable[[int], int], worker: int, start: Barrier, done: multiprocessing.Queue[int | str]
) -> None:
    from django.db import connections

    connections.close_all()
    connections["default"].ensure_connection()
    start.wait()
    try:
        done.put(work(worker))
    except Exception as error:
        done.put(f"{type(error).__name__}: {error}")
    connections.close_all()


def per_second(work: Callable[[int], int], *, workers: int) -> float:
    """Units of work per second; ``work`` gets its worker's number and returns how many units it did.

    Raises RuntimeError when a worker fails.
    """
    from django.db import connections

    connections.close_all()
    forked = multiprocessing.get_context("fork")
    start, done = forked.Barrier(workers + 1), forked.Queue()
    crew = [forked.Process(target=_run, args=(work, n, start, done)) for n in range(workers)]
    for process in crew:
        process.start()
    start.wait()
    began = time.perf_counter()
    units = [done.get() for _ in crew]
    took = time.perf_counter() - began
    for process in crew:
        process.join()
    if failed := [unit for unit in units if isinstance(unit, str)]:
        raise RuntimeError(failed[0])
    return sum(unit for unit in units if isinstance(unit, int)) / took
