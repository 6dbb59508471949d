"""Course days that are due and not booked: what the scheduler has to place."""

from datetime import date

from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts.models import Clinic
from regimens.models import Administration, CourseDay, OrderStatus
from scheduling.models import OCCUPYING_VALUES, Visit


def overtaking() -> QuerySet[Administration]:
    """What was given of a later course of the same order, seen from a course day in an outer query."""
    return Administration.objects.filter(
        order=OuterRef("course__order"), course_day__course__number__gt=OuterRef("course__number"), voided_at=None
    )


def unbooked(
    clinic: Clinic, *, until: date | None = None, text: str = "", since: date | None = None
) -> QuerySet[CourseDay]:
    """Course days of active orders that no visit holds, first the one whose window closes first.

    A course that a later one has overtaken is not offered any more: what was missed is not given on top. Nor is one
    that the plan has dropped.
    `until` leaves out courses due later, `since` those whose window closed before it; `text` keeps patients whose
    names begin with its words.
    """
    held = Visit.objects.filter(course_day=OuterRef("pk"), status__in=OCCUPYING_VALUES)
    days = (
        CourseDay.objects.filter(
            ~Exists(held),
            ~Exists(overtaking()),
            course__order__clinic=clinic,
            course__order__status=OrderStatus.ACTIVE,
            course__dropped_at=None,
        )
        .select_related("course__order__patient__clinic", "course__order__product")
        .order_by("course__latest_on", "course__order__patient__family_name", "day_number")
    )
    if until is not None:
        days = days.filter(due_on__lte=until)
    if since is not None:
        days = days.filter(course__latest_on__gte=since)
    patient = "course__order__patient"
    for word in text.replace(",", " ").split():
        days = days.filter(
            Q(**{f"{patient}__family_name__istartswith": word}) | Q(**{f"{patient}__given_name__istartswith": word})
        )
    return days
