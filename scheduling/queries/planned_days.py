"""What a plan would do to booked courses: the differences, and their visits' course days as they would be, unsaved."""

import copy
from datetime import date

from regimens.domain.given_so_far import Place
from regimens.models import CourseDay, TreatmentOrder
from regimens.services import replanning
from regimens.services.plan_difference import CourseDifference, PlanDifference
from scheduling.domain.statuses import FINISHED, OCCUPYING
from scheduling.models import Visit

LIVE = sorted(status.value for status in OCCUPYING - FINISHED)


def live_visits(order: TreatmentOrder, number: int | None = None) -> list[Visit]:
    """Visits of `order` that hold a chair and have not finished, of all courses or of one; the earliest first."""
    found = Visit.objects.filter(course_day__course__order=order, status__in=LIVE).select_related(
        "patient",
        "clinic",
        "chair__clinic",
        "authorization",
        "course_day__course__order__patient__clinic",
        "course_day__course__order__clinic",
        "course_day__course__order__product",
    )
    if number is not None:
        found = found.filter(course_day__course__number=number)
    return list(found.order_by("period", "id"))


def booked_on(order: TreatmentOrder) -> dict[Place, date]:
    """For each course day of `order` that a visit still to come holds, the clinic-local date. One SQL statement."""
    held = Visit.objects.filter(course_day__course__order=order, status__in=LIVE)
    rows = held.values_list("course_day__course__number", "course_day__day_number", "period")
    return {(number, day): period.lower.astimezone(order.clinic.zone).date() for number, day, period in rows}


def difference(order: TreatmentOrder) -> PlanDifference:
    """What the rules would lay out otherwise now, looking back from the dates for which days are booked."""
    return replanning.difference(order, booked_on=booked_on(order))


def as_planned(course_day: CourseDay, difference: CourseDifference) -> CourseDay:
    """`course_day` with the dates, window, units and times of `difference`; itself when the difference has none."""
    now = difference.now
    shape = next((day for day in now.days if day.day_number == course_day.day_number), None) if now else None
    if now is None or shape is None:
        return course_day
    planned, course = copy.copy(course_day), copy.copy(course_day.course)
    course.due_on, course.earliest_on, course.latest_on = now.due_on, now.earliest_on, now.latest_on
    planned.course = course
    planned.due_on, planned.units, planned.chair_minutes = shape.due_on, shape.units, shape.chair_minutes
    planned.phases = [dict(phase) for phase in shape.phases]
    return planned
