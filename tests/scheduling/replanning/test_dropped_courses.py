"""A course that the plan has no more, and that once had a visit, stays as history and is offered to nobody."""

from datetime import timedelta

import pytest

from core.errors import Stale
from regimens.models import Course, TreatmentOrder
from regimens.services import replanning
from scheduling.queries import due
from scheduling.queries.order_page import DayState, order_page
from scheduling.queries.patient_page import patient_page
from scheduling.services import booking, reanchoring
from tests.regimens.scenes import today
from tests.scheduling.replanning.scenes import Scene, book, scene

pytestmark = pytest.mark.django_db


def ends_after(found: Scene, days: int) -> None:
    TreatmentOrder.objects.filter(pk=found.order.pk).update(ends_on=found.order.starts_on + timedelta(days=days))
    found.order.refresh_from_db()
    reanchoring.follow_order(found.order, cause="the end of the order")


def dropped() -> Scene:
    """Courses 1 and 2 are left; 3 was booked and cancelled, the others vanished."""
    found = scene(booked=(3,))
    booking.cancel(visit=found.visit, reason="Travelling.", expected_version=found.visit.version, by=found.by)
    ends_after(found, 30)
    return found


def course(found: Scene, number: int) -> Course:
    return found.order.courses.get(number=number)


def test_it_is_kept_without_being_offered_to_anybody() -> None:
    found = dropped()
    assert list(found.order.courses.values_list("number", flat=True)) == [1, 2, 3]
    assert course(found, 3).dropped_at is not None
    assert {day.course.number for day in due.unbooked(found.clinic)} == {1, 2}
    assert not replanning.difference(found.order)
    third = order_page(found.clinic, found.order.id, today=today(found.clinic)).courses[2]
    assert {row.state for row in third.days} == {DayState.PASSED}
    (line,) = patient_page(found.clinic, found.order.patient_id, today=today(found.clinic)).orders
    assert line.next_to_book is not None
    assert line.next_to_book.course.number == 1


def test_who_still_sees_it_cannot_book_it() -> None:
    found = dropped()
    day = course(found, 3).days.get()
    with pytest.raises(Stale):
        book(day, found.chairs[1], found.visit.period.lower, found.by)


def test_it_comes_back_when_the_order_goes_on() -> None:
    found = dropped()
    found.order.refresh_from_db()
    version = found.order.version
    reanchoring.follow_order(found.order, cause="nothing new")
    found.order.refresh_from_db()
    assert found.order.version == version
    ends_after(found, 90)
    assert course(found, 3).dropped_at is None
    assert 3 in {day.course.number for day in due.unbooked(found.clinic)}
    assert not replanning.difference(found.order)
