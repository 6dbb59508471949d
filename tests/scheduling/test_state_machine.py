"""Random days at a small clinic, through the services and against PostgreSQL: the tables are sound after every step.

HYPOTHESIS_PROFILE=long walks for many minutes with fresh randomness, and tells how often each act was done.
"""

import os
import sys
from collections import Counter

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
    stateful_step_count=30,
    derandomize=True,
    database=None,
    deadline=None,
    print_blob=True,
    suppress_health_check=list(HealthCheck),
)
LONG = settings(SUITE, max_examples=400, stateful_step_count=60, derandomize=False)
PROFILES = {"suite": SUITE, "long": LONG}


class ClinicDays(Desk, Queue, Floor, House):
    """Everybody at once, one after the other."""


@pytest.mark.slow
def test_nothing_that_people_do_in_any_order_breaks_a_promise(transactional_db: None) -> None:
    profile = os.environ.get("HYPOTHESIS_PROFILE", "suite")
    walk.tally.clear()
    run_state_machine_as_test(ClinicDays, settings=PROFILES[profile])
    done = Counter({what: count for (what, how), count in walk.tally.items() if how == DONE})
    if profile == "long":
        lines = [f"{what:24} {how:24} {count}" for (what, how), count in sorted(walk.tally.items())]
        sys.stdout.write("\n".join(["", *lines, f"{walk.tally.total()} acts, {done.total()} of them done", ""]))
    assert len(done) >= 20, f"the walks were too tame to mean anything: {done}"
