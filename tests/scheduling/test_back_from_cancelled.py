"""A visit that was cancelled comes back only where a new one could go."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from accounts.domain.policy import Role
from core import clock
from core.errors import Conflict
from patients.models import Patient
from regimens.models import Course, CourseDay
from scheduling.domain.statuses import VisitStatus
from scheduling.models import Visit
from scheduling.queries import visits
from scheduling.services import booking, setup_chairs, undo
from tests import factories
from tests.scheduling.conftest import World
from tests.scheduling.disruptions.scenes import book

pytestmark = pytest.mark.django_db


def chair_retired(world: World, visit: Visit) -> None:
    setup_chairs.retire(chair=visit.chair, by=factories.actor(factories.make_staff(world.clinic, Role.MANAGER)))


def room_needed(world: World, visit: Visit) -> None:
    Patient.objects.filter(pk=visit.patient_id).update(needs_private_room=True)


def course_dropped(world: World, visit: Visit) -> None:
    Course.objects.filter(pk=visit.course_day.course_id).update(dropped_at=clock.now())


def window_moved(world: World, visit: Visit) -> None:
    later = timedelta(days=28)
    day, course = visit.course_day, visit.course_day.course
    CourseDay.objects.filter(pk=day.pk).update(due_on=day.due_on + later)
    dates = {name: getattr(course, name) + later for name in ("due_on", "earliest_on", "latest_on")}
    Course.objects.filter(pk=course.pk).update(**dates)


@pytest.mark.parametrize(
    ("happens", "says"),
    [
        (chair_retired, "A1 is out of use"),
        (room_needed, "needs a private room"),
        (course_dropped, "the plan of .* changed meanwhile"),
        (window_moved, "the plan of .* changed meanwhile"),
    ],
)
def test_it_stays_cancelled_where_a_rule_forbids_it_by_now(
    world: World, happens: Callable[[World, Visit], None], says: str
) -> None:
    visit = book(world, 9)
    booking.cancel(visit=visit, reason="by mistake", expected_version=visit.version, by=world.scheduler)
    happens(world, visit)
    gone = visits.get(world.clinic, visit.id)
    with pytest.raises(Conflict, match=f"Can't undo: .*{says}"):
        undo.undo(visit=gone, by=world.scheduler, expected_version=gone.version)
    assert visits.get(world.clinic, visit.id).status == VisitStatus.CANCELLED


def test_it_comes_back_when_nothing_changed(world: World) -> None:
    visit = book(world, 9)
    gone = booking.cancel(visit=visit, reason="by mistake", expected_version=visit.version, by=world.scheduler)
    assert undo.undo(visit=gone, by=world.scheduler, expected_version=gone.version).status == VisitStatus.BOOKED
