"""Many people at the same moment: each act on a connection of its own, and what each of them was told.

A suite's storms are short; STORM_TIMES=10 in the environment makes every one of them ten times as long.
"""

import os
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

from django.db import connection

from core.errors import Busy, NotFound, Refusal

Act = Callable[[], Any]
PATIENCE = 60
"""Seconds after which a storm is called stuck."""


def rounds(usual: int) -> int:
    """How often a storm is repeated: `usual` times, or as many times that as STORM_TIMES says."""
    return usual * int(os.environ.get("STORM_TIMES", "1"))


def at_once(*acts: Act) -> list[Any]:
    """Run `acts` at the same moment; what each gave or raised, in their order."""
    barrier = Barrier(len(acts))

    def run(act: Act) -> Any:
        try:
            barrier.wait(PATIENCE)
            return act()
        except Exception as problem:  # the outcome is what the test looks at
            return problem
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


def winners(results: Sequence[Any]) -> list[int]:
    """Whose acts were done, by their place in `results`.

    Everybody else was refused with a reason that is true: nobody was told to try again, or that a visit does not exist.
    """
    broken = [one for one in results if isinstance(one, BaseException) and not isinstance(one, Refusal)]
    assert broken == [], broken
    assert not any(isinstance(one, Busy | NotFound) for one in results), results
    return [number for number, one in enumerate(results) if not isinstance(one, Refusal)]


def winner(results: Sequence[Any]) -> int:
    """The one whose act was done."""
    found = winners(results)
    assert len(found) == 1, results
    return found[0]


def tally(results: Iterable[Any]) -> Counter[str]:
    """How the acts ended, by the name of the refusal."""
    return Counter(type(one).__name__ if isinstance(one, BaseException) else "won" for one in results)
