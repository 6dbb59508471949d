"""Courses of which a day was lost: each becomes one task for staff, and closes by itself once every day was given."""

from collections.abc import Iterable
from datetime import date, timedelta
from uuid import UUID

from accounts.models import Clinic
from core import clock
from core.actor import Actor, system
from core.transactions import business_act
from regimens.domain.due_dates import missed_days
from regimens.models import Administration, Course, CourseDay
from scheduling.domain.incomplete import DayFate, Fate, is_settled, lost_days, sentence
from scheduling.domain.statuses import FINISHED, VisitStatus
from scheduling.models import Visit
from scheduling.services import staff_tasks

KIND = "course"
LOOKED_BACK = timedelta(days=35)


def look(course: Course, by: Actor, *, is_undo: bool = False) -> None:
    """Open the task of an incomplete course, or close the one of a course that is whole again.

    After an undo the task of a course that lost nothing goes at once; a day booked again closes it when it is given.
    """
    order = course.order
    days = list(course.days.order_by("day_number"))
    fates = _fates(course, days, today=clock.today(order.clinic.zone))
    lost, key = lost_days(fates), f"{KIND}:{course.id}"
    if lost:
        who = order.patient.short_name
        text = sentence(course_number=course.number, who=who, days=len(days), lost=lost)
        staff_tasks.open_task(
            clinic=order.clinic, kind=KIND, text=text, dedupe_key=key, order=order, patient=order.patient
        )
    elif is_undo:
        staff_tasks.forget(key)
    elif is_settled(fates):
        staff_tasks.close(key, by)


def sweep_all() -> None:
    """Look at the courses of every clinic, each in a transaction of its own."""
    for clinic in Clinic.objects.order_by("id"):
        sweep(clinic=clinic)


@business_act
def sweep(*, clinic: Clinic) -> int:
    """Look at every course of several days that began lately: a day nobody booked may have passed. How many."""
    by = system("courses", organization_id=clinic.organization_id, clinic_id=clinic.id)
    since = clock.now() - LOOKED_BACK
    begun = Administration.objects.filter(order__clinic=clinic, voided_at__isnull=True, started_at__gte=since)
    courses = (
        Course.objects.filter(id__in=begun.values("course_day__course_id"), days__day_number=2)
        .select_related("order__clinic", "order__patient")
        .order_by("id")
    )
    found = list(courses)
    for course in found:
        look(course, by)
    return len(found)


def _fates(course: Course, days: list[CourseDay], *, today: date) -> list[DayFate]:
    given = {
        row.course_day_id: row
        for row in Administration.objects.filter(course_day__course=course, voided_at__isnull=True)
    }
    visits: dict[UUID, list[VisitStatus]] = {}
    for day_id, status in Visit.objects.filter(course_day__course=course).values_list("course_day_id", "status"):
        visits.setdefault(day_id, []).append(VisitStatus(status))
    passed = _passed(course, days, given.values(), today)
    return [
        DayFate(day.day_number, _fate(given.get(day.id), visits.get(day.id, []), has_passed=day.day_number in passed))
        for day in days
    ]


def _passed(course: Course, days: list[CourseDay], given: Iterable[Administration], today: date) -> set[int]:
    """Numbers of the days whose date has gone by, counted from the first day on which something was given."""
    zone = course.order.clinic.zone
    given_on = {row.started_at.astimezone(zone).date() for row in given}
    if not given_on:
        return set()
    first = min(given_on)
    missed = missed_days(first_day_on=first, days=len(days), given_on=given_on, today=today)
    return {(day - first).days + 1 for day in missed}


def _fate(given: Administration | None, visits: list[VisitStatus], *, has_passed: bool) -> Fate:
    live = [status for status in visits if status not in FINISHED]
    if given is not None and not live:
        return Fate.PARTLY if given.is_complete is False else Fate.GIVEN
    if live:
        return Fate.BOOKED
    return Fate.LOST if visits or has_passed else Fate.OPEN
