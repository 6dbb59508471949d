"""What to write into a request: proposed from the order's own regimen, for a person to check."""

from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction

from django.db.models import Count, Sum

from authorizations.domain.units import units_to_request
from regimens.models import CourseDay, TreatmentOrder

MONTHS = 12


@dataclass(frozen=True)
class Proposal:
    """Units and visits for a period, and how they were counted."""

    units: int
    visits: int
    starts_on: date
    ends_on: date
    sentence: str


def proposal(order: TreatmentOrder, *, starts_on: date, months: int = MONTHS) -> Proposal | None:
    """What the order needs in `months` from a date; None while no course is laid out. One SQL statement."""
    course = (
        CourseDay.objects.filter(course__order=order, course__dropped_at=None, course__due_on__gte=starts_on)
        .values("course_id", "course__due_on")
        .annotate(units=Sum("units"), days=Count("id"))
        .order_by("course__due_on")
        .first()
    )
    if course is None:
        return None
    ends_on = starts_on + timedelta(days=round(months * 365 / 12) - 1)
    if order.interval_days is None:
        return _of_every_course(order, starts_on=starts_on, ends_on=ends_on)
    weeks = Fraction(order.interval_days, 7)
    need = units_to_request(units_per_course=course["units"], interval_weeks=weeks, months=months)
    return Proposal(
        units=need.units,
        visits=need.courses * course["days"],
        starts_on=starts_on,
        ends_on=ends_on,
        sentence=f"{need.courses} courses of {course['units']} units in {months} months.",
    )


def _of_every_course(order: TreatmentOrder, *, starts_on: date, ends_on: date) -> Proposal:
    """An order that ends by itself needs what its courses need, added up. One SQL statement."""
    days = CourseDay.objects.filter(course__order=order, course__dropped_at=None)
    needed = days.filter(course__due_on__range=(starts_on, ends_on)).aggregate(
        units=Sum("units"), days=Count("id"), courses=Count("course", distinct=True)
    )
    sentence = f"{needed['units']} units for {needed['courses']} courses, after which the order ends."
    if needed["courses"] == 1:
        sentence = f"{needed['units']} units for one course, after which the order ends."
    return Proposal(needed["units"], needed["days"], starts_on, ends_on, sentence)
