"""Random days at a small clinic, through the services and against PostgreSQL: the tables are sound after every step.

HYPOTHESIS_PROFILE=long walks for many minutes with fresh randomness. Each run tells how often each act was done and why
it was refused; pytest's -s shows it. What is found is printed as a short walk, with the blob that repeats it.
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
from tests.scheduling.machine.upsets import Upsets
from tests.scheduling.machine.walk import DONE, swarm

SUITE = settings(
    max_examples=10,
    stateful_step_count=60,
    derandomize=True,
    database=None,
    deadline=None,
    print_blob=True,
    suppress_health_check=list(HealthCheck),
)
LONG = settings(SUITE, max_examples=100, stateful_step_count=60, derandomize=False)
PROFILES = {"suite": SUITE, "long": LONG}


KINDS = {
    *("book", "book a series", "move", "move a series", "swap", "resize", "cancel"),
    *("undo", "undo a change", "undo a series", "confirm", "assign"),
    *("arrived", "seated", "infusing", "observing", "completed", "left_early", "no_show"),
    *("hold", "book a hold", "let go", "wait", "stop waiting"),
    *("offer", "accept", "decline", "withdraw an offer"),
    *("ask", "answer with a move", "request: keep", "request: cancel", "request: withdraw"),
    *("take a chair out", "give a chair back", "retire a chair", "bring a chair back"),
    *("one more shift", "change a shift", "cancel a shift", "close", "reopen", "sweep"),
    *("a chair goes down", "a nurse is away", "the clinic closes"),
    *("take a disruption back", "take a disruption back in part"),
}
"""Everything that is done in a clinic. `test_state_machine_acts` does each of them once, whatever the dice say."""


class ClinicDays(Desk, Queue, Floor, House, Upsets):
    """Everybody at once, one after the other."""


@pytest.mark.slow
def test_nothing_that_people_do_in_any_order_breaks_a_promise(transactional_db: None) -> None:
    profile = os.environ.get("HYPOTHESIS_PROFILE", "suite")
    walk.tally.clear()
    try:
        run_state_machine_as_test(ClinicDays if profile == "suite" else swarm(ClinicDays), settings=PROFILES[profile])
    finally:
        sys.stdout.write(told())
    missing = KINDS - {what for what, how in walk.tally if how == DONE}
    assert len(missing) <= 6, f"the walks were too tame to mean anything: {sorted(missing)}"


def told() -> str:
    """How often each act was done, and refused with which code."""
    lines = [f"{what:24} {how:24} {count}" for (what, how), count in sorted(walk.tally.items())]
    done = sum(count for (_, how), count in walk.tally.items() if how == DONE)
    return "\n".join(["", *lines, f"{walk.tally.total()} acts, {done} of them done", ""])
