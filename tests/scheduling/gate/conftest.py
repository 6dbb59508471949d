"""A visit of Tuesday at nine with everything in order, and the people of the clinic."""

from collections.abc import Callable, Iterator

import pytest
import time_machine

from accounts.domain.policy import Role
from core.actor import Actor
from scheduling.domain.statuses import VisitStatus
from scheduling.models import Visit
from scheduling.queries import visits
from scheduling.queries.clearance import clearances
from scheduling.services import flow
from tests import factories
from tests.factories import at
from tests.scheduling.conftest import TUESDAY, World
from tests.scheduling.test_booking import book

Person = Callable[[Role], Actor]


@pytest.fixture
def visit(world: World) -> Visit:
    """Booked on Monday; papers in order, and the check made on Tuesday."""
    factories.make_papers(world.order, TUESDAY)
    visit = book(world)
    factories.make_check(visit)
    return visit


@pytest.fixture
def tuesday(visit: Visit) -> Iterator[None]:
    """Tuesday at five past nine."""
    with time_machine.travel(at(TUESDAY, 9, 5), tick=False):
        yield


@pytest.fixture
def person(world: World) -> Person:
    return lambda role: factories.actor(factories.make_staff(world.clinic, role))


def fresh(visit: Visit) -> Visit:
    return visits.get(visit.clinic, visit.id)


def holds(visit: Visit, *, on_the_day: bool = True) -> list[str]:
    """The codes that hold the visit now."""
    return [str(reason.code) for reason in clearances([visit], on_the_day=on_the_day)[visit.id].reasons]


def walk(visit: Visit, *steps: VisitStatus, by: Actor) -> Visit:
    for step in steps:
        current = fresh(visit)
        visit = flow.advance(visit=current, to=step, expected_version=current.version, by=by)
    return visit
