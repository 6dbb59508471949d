"""Whether course days may still be booked: none has a visit, none is past, and the plan is the one that was read.

Read for any number of days in a fixed number of SQL statements, by `scheduling.services.booking`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from core import clock
from core.errors import Conflict, Stale
from regimens.models import CourseDay, OrderStatus, TreatmentOrder
from regimens.queries.given import overtaken
from scheduling.domain.statuses import VisitStatus
from scheduling.models import OCCUPYING_VALUES, Visit


@dataclass(frozen=True)
class Standing:
    """Which course days have a visit, by their ids, and which courses are past; `take` adds a visit."""

    visits: dict[UUID, Visit]
    past: set[UUID]

    def check(self, course_day: CourseDay) -> None:
        """Raise `Conflict` unless `course_day` is free to be booked."""
        other = self.visits.get(course_day.id)
        if other is not None:
            when = other.period.lower.astimezone(other.chair.clinic.zone)
            raise Conflict(
                "already_booked",
                f"Day {course_day.day_number} of course {course_day.course.number} is already booked: "
                f"{when:%a %-d %b %Y %H:%M} in {other.chair.name}.",
            )
        if course_day.course_id in self.past:
            raise Conflict("overtaken", "A later course was given already, so this one is past. Book the next one.")

    def take(self, visit: Visit) -> None:
        """The course day of `visit` has its visit."""
        self.visits[visit.course_day_id] = visit


def read(course_days: Sequence[CourseDay]) -> Standing:
    """How `course_days` stand; a hold that has run out holds none. Two SQL statements."""
    taken = (
        Visit.objects.filter(course_day__in=[day.id for day in course_days], status__in=OCCUPYING_VALUES)
        .exclude(status=VisitStatus.HELD, hold_until__lte=clock.now())
        .select_related("chair__clinic")
    )
    return Standing({visit.course_day_id: visit for visit in taken}, overtaken(day.course for day in course_days))


def check_plans_unchanged(seen: Iterable[CourseDay]) -> None:
    """Lock the orders and compare: a plan recalculated since its days were read is judged anew by a person."""
    days = {day.id: day for day in seen}
    rows = TreatmentOrder.objects.select_for_update(no_key=True).filter(
        pk__in={day.course.order_id for day in days.values()}
    )
    active = {order.pk for order in rows.order_by("pk") if order.status == OrderStatus.ACTIVE}
    now = CourseDay.objects.select_related("course").in_bulk(list(days))
    for key, day in days.items():
        _check_same_plan(day, now.get(key), is_active=day.course.order_id in active)


def _check_same_plan(seen: CourseDay, now: CourseDay | None, *, is_active: bool) -> None:
    if now is None or now.course.dropped_at is not None:  # the order ends before it, or a renewal took over
        raise Stale("plan_changed", "This course is no longer planned. Look at the patient's orders again, then book.")
    facts = ("units", "chair_minutes", "due_on", "phases")
    is_same_window = (now.course.earliest_on, now.course.latest_on) == (seen.course.earliest_on, seen.course.latest_on)
    is_same_day = all(getattr(now, fact) == getattr(seen, fact) for fact in facts)
    if not (is_active and is_same_window and is_same_day):
        raise Stale("plan_changed", "The plan changed a moment ago. Look at its dates again, then book.")
