"""Timing: two ways of doing the same thing in turns, and acts per second of several processes.

A busy machine makes every clock time longer, so both ways are run in turns and compared by their medians; beside them
stands how long this process itself worked, which other people's work hardly touches.
"""

import multiprocessing
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

Result = TypeVar("Result")


@dataclass
class Times:
    """Milliseconds that calls took, by the clock and of this process's own work."""

    clock: list[float] = field(default_factory=list)
    work: list[float] = field(default_factory=list)

    def time(self, call: Callable[[], Result]) -> Result:
        """Call it and remember how long it took."""
        began, worked = time.perf_counter(), time.process_time()
        result = call()
        self.clock.append((time.perf_counter() - began) * 1000)
        self.work.append((time.process_time() - worked) * 1000)
        return result

    def after(self, warm_up: int) -> "Times":
        """The same without the first calls."""
        return Times(self.clock[warm_up:], self.work[warm_up:])


def in_turns(
    ours: Callable[[], Any], raw: Callable[[], Any], *, times: int = 40, warm_up: int = 3
) -> tuple[Times, Times]:
    """Both, one after the other, so many times."""
    mine, plain = Times(), Times()
    for _ in range(warm_up + times):
        mine.time(ours)
        plain.time(raw)
    return mine.after(warm_up), plain.after(warm_up)


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which `share` of `values` lie."""
    in_order = sorted(values)
    return in_order[min(len(in_order) - 1, int(len(in_order) * share))]


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
