"""Every kind of act is done at least once: what the random days happen to leave out is not left out here.

The same acts as in the random days, one kind after the other, with numbers that grow until it is done; the tables are
looked at after every single one.
"""

from datetime import time
from typing import Any

import pytest

from scheduling.domain.statuses import VisitStatus
from tests.scheduling.machine import walk as walking
from tests.scheduling.machine.aims import Aim, Where
from tests.scheduling.machine.walk import ACTS, DONE
from tests.scheduling.machine.ward import DAYS
from tests.scheduling.storms.scenes import WHY
from tests.scheduling.test_state_machine import KINDS, ClinicDays, told

TRIES = 24
Steps = list[tuple[str, dict[str, Any]]]
USUAL: dict[str, Any] = {
    **{"why": WHY, "is_all": False, "is_patient": True, "count": 1, "quarters": 1, "wish": "later"},
    **{"hours": (7, 18), "how": "as proposed", "last": DAYS[-1], "parts": (), "span": (time(7), time(18))},
}
"""What an act is done with; what is not named here is the number of the try."""


def set_up(what: str) -> Steps:
    return [("set_up", {"what": what, "on": on}) for on in (DAYS if what == "one more shift" else DAYS[1:2])]


SCRIPT: dict[str, Steps] = {
    "accept": [("accept", {})],
    "book": [("book", {})],
    "move": [("move", {})],
    "swap": [("swap", {"other": 1})],
    "move a series": [("move_series", {"chair": 0, "quarters": 4})],
    "resize": [("resize", {})],
    "confirm": [("confirm", {})],
    "assign": [("assign", {})],
    "undo": [("undo", {})],
    "undo a change": [("undo_from_recent_changes", {})],
    "cancel": [("cancel", {})],
    "book a series": [("book_series", {"count": 2})],
    "undo a series": [("undo_series", {})],
    "hold": [("hold", {})],
    "book a hold": [("book_what_is_held", {})],
    "let go": [("hold", {}), ("let_go", {})],
    "wait": [("wait", {})],
    "offer": [("offer", {})],
    "decline": [("decline", {})],
    "withdraw an offer": [("wait", {}), ("offer", {}), ("withdraw_offer", {})],
    "stop waiting": [("stop_waiting", {})],
    "answer with a move": [("answer_with_a_move", {})],
    "ask": [("ask", {})],
    "request: keep": [("answer", {"answer": "keep"})],
    "request: cancel": [("ask", {}), ("answer", {"answer": "cancel"})],
    "request: withdraw": [("ask", {}), ("answer", {"answer": "withdraw"})],
    "arrived": [("go_on", {"visit": 0})],
    "seated": [("go_on", {"visit": 0})],
    "infusing": [("go_on", {"visit": 0})],
    "observing": [("go_on", {"visit": 0})],
    "completed": [("go_on", {"visit": 0})],
    "left_early": [("go_on", {"visit": 0, "count": 2}), ("end", {"visit": 0, "to": VisitStatus.LEFT_EARLY})],
    "no_show": [("book", {}), ("time_passes", {"quarters": 1}), ("end", {"to": VisitStatus.NO_SHOW})],
    "sweep": [("time_passes", {"quarters": 3})],
    "take a chair out": [("take_a_chair_out", {})],
    "give a chair back": [("give_a_chair_back", {})],
    "retire a chair": set_up("retire a chair"),
    "bring a chair back": set_up("bring a chair back"),
    "cancel a shift": set_up("cancel a shift"),
    "one more shift": set_up("one more shift"),
    "change a shift": set_up("change a shift"),
    "close": set_up("close"),
    "reopen": set_up("reopen"),
    "a nurse is away": [("nurse_away", {})],
    "the clinic closes": [("clinic_closes", {})],
    "a chair goes down": [("chair_down", {"on": 1})],
    "take a disruption back": [("take_back", {"disruption": 0})],
    "take a disruption back in part": [
        ("book", {}),
        ("chair_down", {"on": 1}),
        *[("move", {"visit": number}) for number in range(6)],
        ("take_back", {"disruption": 0}),
    ],
}


def do(walk: ClinicDays, name: str, number: int, given: dict[str, Any]) -> None:
    """One act, if it makes sense now, and the look at the tables after it."""
    if ACTS[name].when(walk):
        usual = USUAL | {"where": Where(Aim.FREE, number)} | given
        getattr(walk, name)(**{key: usual.get(key, number) for key in ACTS[name].arguments})
        walk.all_holds()


@pytest.mark.slow
def test_everything_that_people_do_is_done_at_least_once(transactional_db: None) -> None:
    assert SCRIPT.keys() == KINDS
    walking.tally.clear()
    walk = ClinicDays()
    try:
        for kind, steps in SCRIPT.items():
            for number in range(TRIES):
                if (kind, DONE) in walking.tally:
                    break
                for name, given in steps:
                    do(walk, name, number, given)
    finally:
        walk.teardown()
    missing = KINDS - {what for what, how in walking.tally if how == DONE}
    assert not missing, f"never done: {sorted(missing)}{told()}"
