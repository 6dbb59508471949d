"""Random days at a small clinic, through the services and against PostgreSQL: the tables are sound after every step.

HYPOTHESIS_PROFILE=long (with pytest's -s) walks for many minutes with fresh randomness, and tells how often each act
was done. What it finds it prints as a short walk, and with it the blob that repeats it.
"""

import os
import sys

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.scheduling.machine import walk
from tests.scheduling.machine.desk import Desk
from tests.scheduling.machine.floor import Floor
from tests.scheduling.machine.house import House
from tests.scheduling.machine.queue import Queue
from tests.scheduling.machine.walk import DONE

SUITE = settings(
    max_examples=12,
    stateful_step_count=25,
    derandomize=True,
    database=None,
    deadline=None,
    print_blob=True,
    suppress_health_check=list(HealthCheck),
)
LONG = settings(SUITE, max_examples=100, stateful_step_count=60, derandomize=False)
PROFILES = {"suite": SUITE, "long": LONG}


class ClinicDays(Desk, Queue, Floor, House):
    """Everybody at once, one after the other."""


@pytest.mark.slow
def test_nothing_that_people_do_in_any_order_breaks_a_promise(transactional_db: None) -> None:
    profile = os.environ.get("HYPOTHESIS_PROFILE", "suite")
    walk.tally.clear()
    try:
        run_state_machine_as_test(ClinicDays, settings=PROFILES[profile])
    finally:
        if profile != "suite":
            sys.stdout.write(told())
    done = {what for what, how in walk.tally if how == DONE}
    assert len(done) >= 25, f"the walks were too tame to mean anything: {sorted(done)}"


def told() -> str:
    """How often each act was done, and refused with which code."""
    lines = [f"{what:24} {how:24} {count}" for (what, how), count in sorted(walk.tally.items())]
    done = sum(count for (_, how), count in walk.tally.items() if how == DONE)
    return "\n".join(["", *lines, f"{walk.tally.total()} acts, {done} of them done", ""])
