"""Keeps the demo's future as it was on the first day: a rota for a year, and visits booked for twelve weeks."""

from datetime import date, timedelta
from random import Random
from uuid import UUID

from django.db.models import Max

from accounts.models import Clinic, Closure, User
from core import clock
from core.actor import Actor
from core.errors import Refusal
from regimens.models import CourseDay, OrderStatus, TreatmentOrder
from regimens.services import replanning
from scheduling.demo.house import holidays, open_days, rota
from scheduling.demo.moments import moment
from scheduling.demo.stage import Stage, local_day
from scheduling.domain.statuses import EXPECTED
from scheduling.models import Shift, Visit
from scheduling.queries import due, openings
from scheduling.services import booking, capacity
from scheduling.services.booking import Override

BOOKED_FROM_DAYS = 63
BOOKED_SHARE = 0.8
EMPTY, PULLED = 8, 28
LAID_OUT_DAYS = 190
WHY_UNCOVERED = Override("The renewal is under way; the prescriber does not want a gap.")


def extend_rota(stage: Stage, clinic: Clinic, nurses: list[User]) -> int:
    """Shifts and capacity for the days that the rota does not reach yet; today is open even on a holiday."""
    last = Shift.objects.filter(clinic=clinic).aggregate(last=Max("starts_at"))["last"]
    first_on = local_day(last, stage.zone) + timedelta(days=1) if last else stage.today
    for year in range(first_on.year, stage.rota_until.year + 1):
        for day, reason in holidays(year):
            if first_on <= day <= stage.rota_until and day.weekday() < 5:
                Closure.objects.get_or_create(clinic=clinic, on=day, defaults={"reason": reason})
    added = _staff(stage, clinic, nurses, first_on, stage.rota_until)
    if Closure.objects.filter(clinic=clinic, on=stage.today).delete()[0]:
        added += _staff(stage, clinic, nurses, stage.today, stage.today)
    return added


def _staff(stage: Stage, clinic: Clinic, nurses: list[User], first_on: date, last_on: date) -> int:
    if first_on > last_on:
        return 0
    closed_on = set(clinic.closures.values_list("on", flat=True))
    shifts = Shift.objects.bulk_create(rota(stage, clinic, nurses, open_days(first_on, last_on, closed_on)))
    capacity.rebuild(clinic=clinic, first_on=first_on, last_on=last_on)
    return len({local_day(shift.starts_at, stage.zone) for shift in shifts})


def book_ahead(stage: Stage, clinic: Clinic, *, by: Actor) -> int:
    """Book most of what has come inside the booked horizon since; how many visits."""
    _lay_out_further(stage, clinic, by)
    since = stage.today + timedelta(days=BOOKED_FROM_DAYS)
    waiting = due.unbooked(clinic, until=stage.booked_until, since=since).filter(due_on__gt=since)
    booked: dict[UUID, date] = {}
    count = 0
    for day in waiting.order_by("due_on", "course_id", "day_number"):
        if Random(str(day.course_id)).random() < BOOKED_SHARE:  # noqa: S311 (the same choice every time)
            on = _book(clinic, day, booked.get(day.course_id), by)
            if on is not None:
                booked[day.course_id] = on
                count += 1
    return count


def _book(clinic: Clinic, day: CourseDay, day_before: date | None, by: Actor) -> date | None:
    if day.day_number > 1 and day_before is None:
        return None
    first_on = day_before + timedelta(days=1) if day_before else None
    last_on = day_before + timedelta(days=4) if day_before else None
    found = openings.find(clinic=clinic, course_day=day, first_on=first_on, last_on=last_on)
    found = [each for each in found if not each.opening.soft]
    if not found:
        return None
    best = found[0]
    try:
        booking.book(course_day=day, chair=best.chair, start=best.opening.interval.start, by=by, override=WHY_UNCOVERED)
    except Refusal:
        return None
    return best.opening.on


def _lay_out_further(stage: Stage, clinic: Clinic, by: Actor) -> None:
    soon = stage.today + timedelta(days=LAID_OUT_DAYS)
    ending = TreatmentOrder.objects.for_clinic(clinic).filter(status=OrderStatus.ACTIVE, laid_out_through_on__lt=soon)
    for order in ending.order_by("id"):
        replanning.extend(order=order, by=by)


def fill_empty_day(stage: Stage, clinic: Clinic, *, by: Actor) -> int:
    """Where today was a holiday and nobody is booked, move visits of the next days to it, as of yesterday."""
    begins, ends = clock.day_bounds(stage.today, clinic.zone)
    visits = Visit.objects.for_clinic(clinic)
    if visits.occupying().filter(period__overlap=(begins, ends)).count() >= EMPTY:
        return 0
    near = visits.filter(
        status__in=EXPECTED, period__startswith__gte=ends, period__startswith__lt=ends + timedelta(days=5)
    ).select_related(
        "patient", "chair__clinic", "clinic", "authorization", "course_day__course__order__patient__clinic"
    )
    moved = 0
    with moment(begins - timedelta(hours=8)):
        for visit in near.order_by("period"):
            if moved < PULLED and _pull(stage, clinic, visit, by):
                moved += 1
    return moved


def _pull(stage: Stage, clinic: Clinic, visit: Visit, by: Actor) -> bool:
    found = openings.find(
        clinic=clinic, course_day=visit.course_day, first_on=stage.today, last_on=stage.today, moving=visit
    )
    legal = [each for each in found if not each.opening.soft]
    if not legal:
        return False
    try:
        booking.move(
            visit=visit,
            chair=legal[0].chair,
            start=legal[0].opening.interval.start,
            expected_version=visit.version,
            by=by,
            override=WHY_UNCOVERED,
        )
    except Refusal:
        return False
    return True
