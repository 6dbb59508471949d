"""One walk of the machine: a clinic of its own, a clock that only goes forward, and a look at the tables every step."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar
from uuid import UUID

import time_machine
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from core.errors import Busy, Refusal
from regimens.models import CourseDay
from scheduling.models import OCCUPYING_VALUES, Chair, Visit
from scheduling.queries import visits
from scheduling.services.booking import Override
from tests.scheduling.machine import ward
from tests.scheduling.machine.watch import Watch

Thing = TypeVar("Thing")
Result = TypeVar("Result")

INDEX = st.integers(0, 119)
"""A choice among whatever there is; taken modulo how many there are."""
WHY = st.sampled_from([Override("The only time that suits."), Override("The only time that suits."), None])
DONE = "done"

tally: Counter[tuple[str, str]] = Counter()
"""How often each act was done, or refused with which code, over all walks of this process."""

Method = TypeVar("Method", bound=Callable[..., None])


@dataclass(frozen=True)
class Act:
    """Something that people do: with what, whether it makes sense now, and how often compared with the others."""

    arguments: dict[str, Any]
    when: Callable[[Any], bool]
    often: int


ACTS: dict[str, Act] = {}
"""All of them, by the name of the method."""


def always(_walk: Any) -> bool:
    return True


def act(*, when: Callable[[Any], bool] = always, often: int = 1, **arguments: Any) -> Callable[[Method], Method]:
    """Mark a method of a walk as something that people do."""

    def mark(method: Method) -> Method:
        ACTS[method.__name__] = Act(arguments, when, often)
        return method

    return mark


def swarm(machine: type["Walk"]) -> type["Walk"]:
    """The machine with a rule for every act: Hypothesis leaves many out of each walk, and does the others to excess."""
    rules: dict[str, Any] = {}
    for name, one in ACTS.items():
        as_rule: Callable[[Any], Any] = rule(target=None, **one.arguments)
        rules[name] = precondition(one.when)(as_rule(getattr(machine, name)))
    return type("Swarm", (machine,), rules)


def pick(things: Sequence[Thing], index: int) -> Thing:
    return things[index % len(things)]


class Walk(RuleBasedStateMachine):
    """What all rules share. Each does one act of the services through `do`."""

    def __init__(self) -> None:
        super().__init__()
        self.travel = time_machine.travel(ward.START, tick=True)
        self.clock = self.travel.start()
        self.ward = ward.build()
        self.watch = Watch(self.ward.clinic)
        self.was_refused = False

    def teardown(self) -> None:
        self.travel.stop()
        ward.empty()

    def do(self, what: str, act: Callable[[], Result]) -> Result | None:
        """Let somebody do `act`. To be refused is fine, to be told to try again is not: nobody else is here."""
        self.was_refused = False
        try:
            result = act()
        except Busy:
            raise
        except Refusal as refusal:
            self.was_refused = True
            tally[what, refusal.code] += 1
            return None
        tally[what, DONE] += 1
        return result

    @rule(data=st.data())
    def somebody_acts(self, data: st.DataObject) -> None:
        """Any act, as often as it is meant to be done. A rule for each would leave some out, in so few walks."""
        names = [name for name, one in ACTS.items() for _ in range(one.often)]
        name = data.draw(st.sampled_from(names).filter(lambda name: ACTS[name].when(self)), label="who does what")
        getattr(self, name)(**{key: data.draw(one, label=key) for key, one in ACTS[name].arguments.items()})

    @invariant()
    def all_holds(self) -> None:
        was_refused, self.was_refused = self.was_refused, False
        found = self.watch.look(was_refused=was_refused)
        assert found == [], "\n".join(found)

    def chair(self, index: int) -> Chair:
        return visits.get_chair(self.ward.clinic, pick(self.ward.chairs, index).id)

    def course_day(self, index: int) -> CourseDay:
        """A course day, mostly one that has no place yet."""
        placed = set(Visit.objects.filter(status__in=OCCUPYING_VALUES).values_list("course_day_id", flat=True))
        free = [key for key in self.ward.days if key not in placed]
        return visits.get_course_day(self.ward.clinic, pick(free if free and index % 5 < 4 else self.ward.days, index))

    def ids(self, *statuses: str) -> list[UUID]:
        """The visits so far, in the order in which they were booked; only those in one of `statuses`, if any."""
        return [key for key, row in self.watch.sight.visits.items() if not statuses or row.status in statuses]

    def visit(self, index: int, *statuses: str) -> Visit:
        """One of them, with everything the services read; any where there is none in `statuses`."""
        return visits.get(self.ward.clinic, pick(self.ids(*statuses) or self.ids(), index))

    def pass_time(self, length: timedelta) -> None:
        self.clock.shift(length)


def has_visits(walk: Any) -> bool:
    return bool(walk.watch.sight.visits)


def has(status: str) -> Callable[[Any], bool]:
    """Whether there is a visit in `status`."""

    def check(walk: Any) -> bool:
        return bool(walk.ids(status))

    return check
