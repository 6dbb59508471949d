"""Timing: percentiles of repeated calls, and calls per second of several processes."""

import multiprocessing
import time
from collections.abc import Callable, Sequence
from typing import Any


def milliseconds(call: Callable[[], Any], *, times: int = 40, warm_up: int = 3) -> list[float]:
    """How long `call` took, in milliseconds, sorted."""
    for _ in range(warm_up):
        call()
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        call()
        taken.append((time.perf_counter() - start) * 1000)
    return sorted(taken)


def percentile(values: Sequence[float], share: float) -> float:
    return values[min(len(values) - 1, int(len(values) * share))]


def per_second(work: Callable[[Any], int], parts: Sequence[Any]) -> float:
    """Acts per second when each of `parts` is worked off by a process of its own, all starting together."""
    from django.db import connections

    connections.close_all()  # a forked child must not share its parent's connection
    context = multiprocessing.get_context("fork")
    ready, go = context.Barrier(len(parts) + 1), context.Barrier(len(parts) + 1)
    done = context.Queue()
    processes = [context.Process(target=_run, args=(work, part, ready, go, done)) for part in parts]
    for process in processes:
        process.start()
    ready.wait()
    start = time.perf_counter()
    go.wait()
    total: int = sum(done.get() for _ in processes)
    taken = time.perf_counter() - start
    for process in processes:
        process.join()
    return total / taken


def _run(work: Callable[[Any], int], part: Any, ready: Any, go: Any, done: Any) -> None:
    from django.db import connection

    connection.ensure_connection()
    ready.wait()
    go.wait()
    finished = 0
    try:
        finished = work(part)
    finally:
        done.put(finished)
        connection.close()
