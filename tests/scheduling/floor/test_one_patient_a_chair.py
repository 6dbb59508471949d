"""A chair holds one patient at a time, whatever the plan said and whoever is quick."""

from functools import partial

import pytest
import time_machine

from core.errors import Conflict
from scheduling.domain.statuses import IN_CHAIR, VisitStatus
from scheduling.models import Visit
from scheduling.queries import visits
from scheduling.services import booking, flow
from tests.factories import at
from tests.scheduling.conftest import TUESDAY, World
from tests.scheduling.test_booking import UNCOVERED, book
from tests.scheduling.test_flow import run, take_back
from tests.scheduling.waiting.conftest import at_once

S = VisitStatus


def two_in_a1(world: World) -> tuple[Visit, Visit]:
    """Visits at nine and at eleven in the same chair; the second has arrived early."""
    first = book(world)
    second = book(world, course_day=world.another_day(), start=at(TUESDAY, 11), override=UNCOVERED)
    run(world, second, S.ARRIVED)
    return first, second


def test_nobody_is_seated_where_somebody_still_sits(world: World) -> None:
    with time_machine.travel(at(TUESDAY, 8, 50), tick=False):
        first, second = two_in_a1(world)
    with time_machine.travel(at(TUESDAY, 10, 50), tick=False):
        run(world, first, S.ARRIVED, S.SEATED, S.INFUSING)
        with pytest.raises(Conflict, match=r"is still in A1\. End that visit first, or choose another chair"):
            run(world, second, S.SEATED)
        run(world, first, S.COMPLETED)
        assert run(world, second, S.SEATED).status == S.SEATED


def test_ending_a_visit_is_not_undone_while_the_next_patient_sits_there(world: World) -> None:
    with time_machine.travel(at(TUESDAY, 8, 50), tick=False):
        first, second = two_in_a1(world)
        run(world, first, S.ARRIVED, S.SEATED, S.INFUSING, S.COMPLETED)
        run(world, second, S.SEATED)
        with pytest.raises(Conflict, match=r"Can't undo: .* is still in A1"):
            take_back(world, first)
        take_back(world, second)
        assert take_back(world, first).status == S.INFUSING


def test_of_two_who_are_seated_in_one_chair_at_once_one_is(committed_world: World) -> None:
    world = committed_world
    with time_machine.travel(at(TUESDAY, 8, 50), tick=False):
        first, second = two_in_a1(world)
        run(world, first, S.ARRIVED)
        both = [visits.get(world.clinic, visit.id) for visit in (first, second)]
        acts = [
            partial(flow.advance, visit=visit, to=S.SEATED, expected_version=visit.version, by=world.scheduler)
            for visit in both
        ]
        outcomes = at_once(*acts)
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Conflict", "Visit"]
    assert Visit.objects.filter(status__in=IN_CHAIR).count() == 1


def test_another_chair_is_the_way_out(world: World) -> None:
    with time_machine.travel(at(TUESDAY, 8, 50), tick=False):
        first, second = two_in_a1(world)
        run(world, first, S.ARRIVED, S.SEATED)
        fresh = visits.get(world.clinic, second.id)
        booking.move(
            visit=fresh,
            chair=world.chairs[1],
            start=fresh.period.lower,
            expected_version=fresh.version,
            by=world.scheduler,
        )
        assert run(world, second, S.SEATED).status == S.SEATED
