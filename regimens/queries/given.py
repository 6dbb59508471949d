"""What was given of an order, day by day: the only history from which a plan is recalculated."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from django.db.models import Max

from regimens.models import Administration, Course, TreatmentOrder


@dataclass(frozen=True, kw_only=True)
class GivenDay:
    """One course day that was given, on the clinic-local date on which the infusion started.

    `dose_mg` is None until a nurse recorded it; `is_complete` None while nobody said whether all of the dose went in.
    """

    course_number: int
    day_number: int
    on: date
    dose_mg: Decimal | None
    is_complete: bool | None
    administration_id: UUID


def given_days(order: TreatmentOrder) -> tuple[GivenDay, ...]:
    """What was given of `order`, the earliest first; voided administrations do not count. One SQL statement."""
    found = (
        Administration.objects.filter(order=order, voided_at__isnull=True)
        .select_related("course_day__course")
        .order_by("started_at", "id")
    )
    return tuple(
        GivenDay(
            course_number=given.course_day.course.number,
            day_number=given.course_day.day_number,
            on=given.started_at.astimezone(order.clinic.zone).date(),
            dose_mg=given.dose_mg,
            is_complete=given.is_complete,
            administration_id=given.id,
        )
        for given in found
    )


def overtaken(courses: Iterable[Course]) -> set[UUID]:
    """Those of `courses` after which a later one of the same order was given: they are past. One SQL statement."""
    asked = {course.id: course for course in courses}
    given = Administration.objects.filter(
        order__in={course.order_id for course in asked.values()}, voided_at__isnull=True
    )
    latest = dict(given.order_by().values_list("order_id").annotate(Max("course_day__course__number")))
    return {key for key, course in asked.items() if latest.get(course.order_id, 0) > course.number}
