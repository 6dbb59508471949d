"""A course that lost a day says so once, never rolls it into the next, and is quiet again when the day is given."""

from datetime import date

import pytest
import time_machine

from core.actor import system
from regimens.models import CourseDay
from scheduling.domain.incomplete import DayFate, Fate, is_settled, lost_days
from scheduling.domain.statuses import VisitStatus
from scheduling.models import StaffTask
from scheduling.services import booking, incomplete_courses, staff_tasks
from tests import factories
from tests.factories import at
from tests.scheduling.conftest import TUESDAY, World
from tests.scheduling.given.conftest import give

S = VisitStatus
WEDNESDAY, THURSDAY = date(2026, 3, 4), date(2026, 3, 5)


def tasks() -> list[str]:
    return list(StaffTask.objects.filter(kind="course", done_at=None).values_list("text", flat=True))


@pytest.fixture
def second(world: World) -> CourseDay:
    """The second day of the world's course."""
    factories.make_papers(world.order, TUESDAY)
    first = world.course_day
    return CourseDay.objects.create(
        course=first.course,
        day_number=2,
        due_on=WEDNESDAY,
        dose_mg=first.dose_mg,
        units=first.units,
        phases=first.phases,
        chair_minutes=first.chair_minutes,
    )


def test_a_cancelled_second_day_makes_the_course_incomplete_until_it_is_given(world: World, second: CourseDay) -> None:
    visit = booking.book(course_day=second, chair=world.chairs[1], start=at(WEDNESDAY, 9), by=world.scheduler)
    give(world, world.course_day, TUESDAY, until=S.COMPLETED)
    visit.refresh_from_db()
    booking.cancel(visit=visit, reason="The drug did not come.", expected_version=visit.version, by=world.scheduler)
    who = world.patient.short_name
    assert tasks() == [f"Course 1 of {who}: day 2 of 2 was not given. Decide with the prescriber."]
    with time_machine.travel(at(WEDNESDAY, 8), tick=False):
        give(world, second, THURSDAY, until=S.COMPLETED)
    assert tasks() == []
    assert StaffTask.objects.filter(kind="course").count() == 1


def test_a_day_nobody_booked_is_missed_once_its_date_has_passed(world: World, second: CourseDay) -> None:
    give(world, world.course_day, TUESDAY, until=S.COMPLETED)
    with time_machine.travel(at(WEDNESDAY, 18), tick=False):
        incomplete_courses.sweep(clinic=world.clinic)
        assert tasks() == []
    with time_machine.travel(at(THURSDAY, 1), tick=False):
        assert incomplete_courses.sweep(clinic=world.clinic) == 1
        assert incomplete_courses.sweep(clinic=world.clinic) == 1
    assert len(tasks()) == 1


def test_leaving_early_makes_a_course_of_one_day_incomplete(world: World) -> None:
    give(world, world.course_day, TUESDAY, until=S.LEFT_EARLY)
    who = world.patient.short_name
    assert tasks() == [f"Course 1 of {who} was stopped before the end. Decide with the prescriber."]


def test_a_course_cancelled_altogether_is_no_incomplete_course(world: World, second: CourseDay) -> None:
    for day, on in ((world.course_day, TUESDAY), (second, WEDNESDAY)):
        booking.book(course_day=day, chair=world.chairs[0], start=at(on, 9), by=world.scheduler)
    for day in (second, world.course_day):
        visit = day.visits.get()
        booking.cancel(visit=visit, reason="moved away", expected_version=visit.version, by=world.scheduler)
    assert tasks() == []


def test_a_task_that_somebody_closed_is_not_opened_again(world: World, second: CourseDay) -> None:
    give(world, world.course_day, TUESDAY, until=S.LEFT_EARLY)
    staff_tasks.finish(clinic=world.clinic, task_id=StaffTask.objects.get(kind="course").id, by=world.scheduler)
    incomplete_courses.look(world.course_day.course, system("test"))
    assert tasks() == []


def test_a_course_is_whole_broken_or_gone() -> None:
    def days(*fates: Fate) -> list[DayFate]:
        return [DayFate(number, fate) for number, fate in enumerate(fates, start=1)]

    assert lost_days(days(Fate.GIVEN, Fate.BOOKED)) == ()
    assert lost_days(days(Fate.LOST, Fate.LOST)) == ()
    assert lost_days(days(Fate.LOST, Fate.OPEN)) == ()
    assert [day.number for day in lost_days(days(Fate.PARTLY, Fate.LOST, Fate.BOOKED))] == [1, 2]
    assert is_settled(days(Fate.GIVEN, Fate.GIVEN))
    assert is_settled(days(Fate.LOST, Fate.OPEN))
    assert not is_settled(days(Fate.GIVEN, Fate.BOOKED))
