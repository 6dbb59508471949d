"""One business act, one transaction; a lock that could not be had becomes "busy, try again", never a crash.

The order in which rows are locked, written here and nowhere else:

1. the idempotency row  2. capacity rows, by (clinic, quarter hour)  3. the authorization  4. the visit
5. the order whose plan follows it, the request or code about it  6. inserts into audit, events and the outbox
7. what the gate said, by visit  8. the board's version, by (clinic, day)

Two transactions that keep this order never wait for each other in a circle (docs/adr/0002).
"""

import random
import time
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from django.db import OperationalError, transaction

from core.errors import Busy

Params = ParamSpec("Params")
Result = TypeVar("Result")

RETRYABLE = {
    "40P01",
    "40001",
    "53200",
    "55P03",
}  # deadlock, serialization, out of memory for locks, lock timeout
TRIES = 3


def business_act(act: Callable[Params, Result]) -> Callable[Params, Result]:
    """Run `act` in a transaction; retry a lost lock up to three times, then raise `Busy`.

    Inside another transaction it joins that one and leaves the retrying to it.
    """

    @wraps(act)
    def run(*args: Params.args, **kwargs: Params.kwargs) -> Result:
        if transaction.get_connection().in_atomic_block:
            return act(*args, **kwargs)
        for attempt in range(1, TRIES + 1):
            try:
                with transaction.atomic():
                    return act(*args, **kwargs)
            except OperationalError as problem:
                if getattr(problem.__cause__, "sqlstate", None) not in RETRYABLE:
                    raise
                if attempt == TRIES:
                    raise Busy("busy", "Many people are booking just now. Nothing was changed; try again.") from problem
                time.sleep(random.uniform(0.02, 0.08) * attempt)  # noqa: S311 (jitter, not a secret)
        raise AssertionError("unreachable")

    return run
