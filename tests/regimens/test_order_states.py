"""What became of each day of an order, from its visits; and why a course is due when it is."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine

from core.actor import Actor
from regimens.models import TreatmentOrder
from regimens.services import replanning
from scheduling.domain.statuses import VisitStatus
from scheduling.models import Chair, StaffTask, Visit
from scheduling.presenters import order_words
from scheduling.presenters.orders import course_views
from scheduling.queries.order_page import order_page
from scheduling.queries.patient_page import patient_page
from scheduling.services import booking, flow, reanchoring
from tests import factories
from tests.regimens.scenes import accepted, give, ivig, today

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalogue")]

MONDAY_MORNING = datetime(2026, 3, 2, 14, 0, tzinfo=UTC)


def booked(order: TreatmentOrder, course: int, day: int, by: Actor, *, on: date | None = None) -> Visit:
    """That day of the order, booked at nine on its due date or another day."""
    course_day = order.courses.get(number=course).days.get(day_number=day)
    chair = Chair.objects.select_related("clinic").filter(clinic=order.clinic).first()
    assert chair is not None
    start = factories.at(on or course_day.due_on, 9)
    return booking.book(course_day=course_day, chair=chair, start=start, by=by, override=FREELY)


FREELY = booking.Override("a test")


def test_states_follow_the_visits_from_not_booked_to_done() -> None:
    with time_machine.travel(MONDAY_MORNING, tick=False) as clock:
        clinic = factories.make_clinic()
        by = factories.scheduler(clinic)
        start = today(clinic) + timedelta(days=1)
        factories.make_shifts(clinic, start, days=3)
        order = accepted(factories.make_patient(clinic), by, ivig(clinic, starts_on=start))
        assert _states(order)[:3] == ["to_book", "to_book", "to_book"]
        visit = booked(order, 1, 1, by)
        assert _states(order)[:2] == ["booked", "to_book"]
        clock.move_to(visit.period.lower)
        for step in (VisitStatus.ARRIVED, VisitStatus.SEATED, VisitStatus.INFUSING, VisitStatus.COMPLETED):
            clock.shift(timedelta(minutes=20))
            if step is VisitStatus.INFUSING:
                factories.clear(visit)
            visit = flow.advance(visit=visit, to=step, expected_version=visit.version, by=by)
        assert _states(order)[:2] == ["done", "to_book"]
        page = order_page(clinic, order.id, today=today(clinic))
        assert page.last_given_on == start
        assert page.courses[0].given_on == start
        clock.move_to(MONDAY_MORNING + timedelta(days=10))
        late = order_page(clinic, order.id, today=today(clinic))
        assert late.courses[0].is_incomplete
        assert _states(order)[1:3] == ["late", "to_book"]
        assert late.next_to_book == late.courses[0].days[1].day


def test_a_late_visit_moves_the_unbooked_courses_after_it_and_never_a_booked_one() -> None:
    with time_machine.travel(MONDAY_MORNING, tick=False) as clock:
        clinic = factories.make_clinic()
        by = factories.scheduler(clinic)
        start = today(clinic) - timedelta(days=6)
        factories.make_shifts(clinic, today(clinic), days=30)
        facts = ivig(clinic, starts_on=start, signed_on=start, days_per_course=1, dose_amount=Decimal("0.5"))
        order = accepted(factories.make_patient(clinic), by, facts)
        late, kept = booked(order, 1, 1, by, on=today(clinic)), booked(order, 2, 1, by)
        clock.move_to(late.period.lower)
        for step in (VisitStatus.ARRIVED, VisitStatus.SEATED, VisitStatus.INFUSING, VisitStatus.COMPLETED):
            clock.shift(timedelta(minutes=20))
            if step is VisitStatus.INFUSING:
                factories.clear(late)
            late = flow.advance(visit=late, to=step, expected_version=late.version, by=by)
        left = reanchoring.recalculate(order=order, by=by)
        assert [course.number for course in left.courses] == [2]
        task = StaffTask.objects.get(clinic=clinic, kind="plan")
        assert task.text.startswith(
            f"The plan of {order.patient.short_name} would change the booked visits of course 2"
        )
        assert task.order == order
        assert order.courses.get(number=2).due_on == start + timedelta(days=21)
        assert kept.course_day.course.number == 2
        assert order.courses.get(number=3).due_on == today(clinic) + timedelta(days=42)
        assert reanchoring.recalculate(order=order, by=by) == left


def test_a_day_that_others_have_followed_no_longer_asks_to_be_booked() -> None:
    with time_machine.travel(MONDAY_MORNING, tick=False):
        clinic = factories.make_clinic()
        by = factories.scheduler(clinic)
        start = today(clinic) - timedelta(days=20)
        factories.make_shifts(clinic, today(clinic), days=4)
        facts = ivig(clinic, starts_on=start, signed_on=start, days_per_course=1)
        order = accepted(factories.make_patient(clinic), by, facts)
        assert _states(order)[:2] == ["late", "to_book"]
        booked(order, 2, 1, by)
        assert _states(order)[:3] == ["passed", "booked", "to_book"]
        page = patient_page(clinic, order.patient_id, today=today(clinic))
        assert page.next_to_book == order.courses.get(number=3).days.get()


def test_the_reason_for_a_date_names_what_was_given() -> None:
    clinic = factories.make_clinic()
    by = factories.scheduler(clinic)
    start = today(clinic) - timedelta(weeks=6)
    facts = ivig(clinic, starts_on=start, signed_on=start)
    order = accepted(factories.make_patient(clinic), by, facts)
    given_on = start + timedelta(days=26)
    give(order, {1: 0, 2: 5})
    replanning.recalculate(order=order, by=by)
    second, third = order.courses.get(number=2), order.courses.get(number=3)
    assert order_words.why_due(order, third, second, given_on) == (
        f"3 weeks after the dose of {given_on:%a %-d %b}, which was outside its window."
    )
    in_window = second.due_on + timedelta(days=2)
    third.due_on = third.planned_on = second.due_on + timedelta(days=21)
    third.why, third.counted_from_on = "calendar", second.due_on
    assert "inside the window, so the calendar stands" in order_words.why_due(order, third, second, in_window)


def _states(order: TreatmentOrder) -> list[str]:
    page = order_page(order.clinic, order.id, today=today(order.clinic))
    views = course_views(page)
    assert len(views) == len(page.courses)
    return [day.state.value for course in page.courses for day in course.days]
