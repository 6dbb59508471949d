"""An accepted order's courses over time: extended as months pass, and recalculated from what was really given.

A recalculation lays the order out anew from what was given, the order, the patient and the catalogue, and compares.
Promises that what has been given is never rewritten, that doing anything twice changes nothing more, and that a
course somebody else answers for (one with a visit) is changed only by `adopt`.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from django.db import transaction
from django.db.models import ProtectedError

from accounts.domain.policy import Permission
from core import clock
from core.actor import Actor
from core.errors import Stale
from core.transactions import business_act
from regimens.domain.given_so_far import Place
from regimens.models import Course, CourseDay, OrderStatus, TreatmentOrder
from regimens.queries.given import GivenDay, given_days
from regimens.services import courses as rows
from regimens.services.order_acts import active, locked, recorded
from regimens.services.order_events import EventKind, note
from regimens.services.orders import a_year_after, lay_out_again
from regimens.services.plan_causes import Told, causes, told
from regimens.services.plan_difference import (
    CourseDifference,
    CourseShape,
    DayShape,
    PlanDifference,
    compared,
    fingerprint,
    shape,
)
from regimens.services.planning import LaidOutCourse

COURSE_NOTES = ("phase", "planned_on", "why", "counted_from_on")
COURSE_DATES = ("due_on", "earliest_on", "latest_on")
OF_ITS_OWN = {"id", "course", "day_number"}
DAY_FIELDS = tuple(field.name for field in CourseDay._meta.concrete_fields if field.name not in OF_ITS_OWN)
A_YEAR = timedelta(days=366)

Rows = tuple[Course, tuple[CourseDay, ...]]


@business_act
def extend(*, order: TreatmentOrder, by: Actor, through_on: date | None = None) -> TreatmentOrder:
    """Lay out what is missing through `through_on` (default: a year from today); courses already there stay.

    Raises Conflict if the order is not active. Extending twice changes nothing.
    """
    by.require(Permission.ORDER_CHANGE, "extend treatment orders")
    held = active(order, by)
    through = through_on or a_year_after(clock.today(held.clinic.zone))
    if held.laid_out_through_on is not None and held.laid_out_through_on >= through:
        return held
    plan = _plan(held, through_on=through)
    new = [plan.laid_out[number] for number in sorted(plan.laid_out.keys() - plan.existing.keys())]
    new = [course for course in new if course.due_on <= through]
    held.laid_out_through_on = through
    if not new:
        held.save(update_fields=["laid_out_through_on"])
        return held
    rows.save_new(held, new)
    _save_version(held, "laid_out_through_on")
    detail = {"courses": len(new), "through_on": through.isoformat()}
    recorded("order.extend", held, by, detail)
    note(held, EventKind.EXTENDED, by, detail=detail)
    return held


def difference(order: TreatmentOrder, *, booked_on: Mapping[Place, date] | None = None) -> PlanDifference:
    """The courses of `order` that the rules would lay out otherwise now, each with its causes in words.

    `booked_on` are the dates of its visits: a ramp looks back from the date of a day that is booked late. Courses that
    were given, or that a later one has overtaken, never differ. Raises BadInput when the order cannot be laid out any
    more.
    """
    return PlanDifference() if order.status == OrderStatus.DRAFT else _plan(order, booked_on=booked_on).difference


@business_act
def recalculate(
    *,
    order: TreatmentOrder,
    by: Actor,
    cause: str = "",
    booked: Collection[int] = (),
    booked_on: Mapping[Place, date] | None = None,
) -> PlanDifference:
    """Change what the rules would lay out otherwise, except courses in `booked`: their differences are the answer.

    An order that ended keeps its courses as a record of what was planned; a draft has none. Recalculating twice
    changes nothing more. Raises what `difference` raises.
    """
    held = locked(order, by)
    if held.status == OrderStatus.DRAFT:
        return PlanDifference()
    plan = _plan(held, booked_on=booked_on)
    free = [course.number for course in plan.difference.courses if course.number not in booked]
    if held.status == OrderStatus.ENDED:
        free = []
    _keep_in_step(plan, given_days(held))
    _apply(held, plan, free, by, cause)
    return plan.difference.only(set(booked))


@business_act
def adopt(
    *,
    order: TreatmentOrder,
    number: int,
    expected: str,
    by: Actor,
    cause: str = "",
    booked_on: Mapping[Place, date] | None = None,
) -> CourseDifference:
    """Let one course follow the plan, whoever holds it; the caller refits its visits in the same transaction.

    Raises Stale when the difference is not the one with the fingerprint `expected` any more.
    """
    held = locked(order, by)
    plan = _plan(held, booked_on=booked_on)
    found = plan.difference.of(number)
    if found is None or found.fingerprint != expected:
        raise Stale("plan_changed", "The plan changed a moment ago. Look at it again, then decide.")
    if held.status != OrderStatus.ENDED:
        _apply(held, plan, [number], by, cause)
    return found


@dataclass(frozen=True, kw_only=True)
class _Plan:
    """An order's rows beside the rows that the rules would make now, both by course number."""

    existing: Mapping[int, Rows]
    laid_out: Mapping[int, LaidOutCourse]
    built: Mapping[int, Rows]
    last: int
    difference: PlanDifference


def _plan(
    order: TreatmentOrder, *, through_on: date | None = None, booked_on: Mapping[Place, date] | None = None
) -> _Plan:
    courses = list(order.courses.prefetch_related("days").order_by("number"))
    existing: dict[int, Rows] = {course.number: (course, tuple(course.days.all())) for course in courses}
    given = given_days(order)
    last, dates = _history(courses, given)
    horizon = max((day for day in (order.laid_out_through_on, through_on) if day is not None), default=date.min)
    horizon = max([horizon, *(course.due_on for course in courses)], default=horizon)
    # A year more, so that a course pushed past the horizon is still found and moved rather than left behind.
    has_ended = order.status == OrderStatus.ENDED
    through = horizon + A_YEAR
    found = (
        () if has_ended else lay_out_again(order, through_on=through, given_on=dates, given=given, booked_on=booked_on)
    )
    laid_out = {course.number: course for course in found if course.number in existing or course.due_on <= horizon}
    built = _built(order, laid_out.values())
    shapes = _shapes(existing, built, given, last if not has_ended else last + 1)
    changed = [number for number, (was, now) in sorted(shapes.items()) if was != now]
    facts = told(order, courses, given) if changed else None
    return _Plan(
        existing=existing,
        laid_out=laid_out,
        built=built,
        last=last,
        difference=PlanDifference(courses=tuple(_difference(n, *shapes[n], built, facts) for n in changed if facts)),
    )


def _difference(
    number: int, was: CourseShape | None, now: CourseShape | None, built: Mapping[int, Rows], facts: Told
) -> CourseDifference:
    return CourseDifference(
        number=number,
        was=was,
        now=now,
        causes=causes(facts, was, now, why=built[number][0].why if number in built else ""),
        fingerprint=fingerprint(was, now),
    )


def _built(order: TreatmentOrder, laid_out: Collection[LaidOutCourse]) -> dict[int, Rows]:
    courses, days = rows.build(order, laid_out)
    return {course.number: (course, tuple(day for day in days if day.course is course)) for course in courses}


def _shapes(
    existing: Mapping[int, Rows], built: Mapping[int, Rows], given: Sequence[GivenDay], last: int
) -> dict[int, tuple[CourseShape | None, CourseShape | None]]:
    """What was and what would be, of the course that is being given and of those after it."""
    shapes: dict[int, tuple[CourseShape | None, CourseShape | None]] = {}
    for number in existing.keys() | built.keys():
        if number < last:
            continue
        was = shape(*existing[number]) if number in existing and not existing[number][0].dropped_at else None
        now = shape(*built[number]) if number in built else None
        if number == last and was is not None and now is not None:
            was, now = _rest(was, now, _latest(given, last))
        if was is not None and now is not None:
            now = compared(was, now)
        shapes[number] = (was, now)
    return shapes


def _latest(given: Sequence[GivenDay], number: int) -> GivenDay:
    """The last day of course `number` that was given."""
    return max((day for day in given if day.course_number == number), key=lambda day: day.day_number)


def _rest(was: CourseShape, now: CourseShape, latest: GivenDay) -> tuple[CourseShape, CourseShape]:
    """The days after the last one given, of a course in progress: they follow it day by day, booked or not.

    Only their treatment can differ; `_keep_in_step` writes the dates.
    """
    known = {day.day_number for day in was.days}
    kept = tuple(_after(day, latest) for day in was.days if day.day_number > latest.day_number)
    coming = tuple(
        _after(day, latest) for day in now.days if day.day_number > latest.day_number and day.day_number in known
    )
    return replace(was, days=kept), replace(
        now, days=coming, due_on=was.due_on, earliest_on=was.earliest_on, latest_on=was.latest_on
    )


def _after(day: DayShape, latest: GivenDay) -> DayShape:
    return replace(day, due_on=latest.on + timedelta(days=day.day_number - latest.day_number))


def _keep_in_step(plan: _Plan, given: Sequence[GivenDay]) -> None:
    """Give the days still to come of a course in progress the dates that follow from the day given last."""
    if not any(day.course_number == plan.last for day in given) or plan.last not in plan.existing:
        return
    latest = _latest(given, plan.last)
    moved = []
    for day in plan.existing[plan.last][1]:
        due_on = latest.on + timedelta(days=day.day_number - latest.day_number)
        if day.day_number > latest.day_number and day.due_on != due_on:
            day.due_on = due_on
            moved.append(day)
    CourseDay.objects.bulk_update(moved, ["due_on"])


def _history(courses: Sequence[Course], given: Sequence[GivenDay]) -> tuple[int, list[date]]:
    """The number of the last course given and the day of each course up to it.

    A course that was missed counts as given on its due date, before the next one that was given. Where an earlier
    course was given after a later one, doses count in the order in which they were given.
    """
    on: dict[int, date] = {}
    for day in given:
        on[day.course_number] = min(day.on, on.get(day.course_number, day.on))
    on = dict(zip(sorted(on), sorted(on.values()), strict=True))
    last = max(on, default=0)
    dates: list[date] = []
    for course in reversed([course for course in courses if course.number <= last]):
        following = dates[-1] - timedelta(days=1) if dates else date.max
        dates.append(on.get(course.number) or min(course.due_on, following))
    return last, _rising(reversed(dates))


def _rising(days: Iterable[date]) -> list[date]:
    """The days, each at least one after the one before."""
    found: list[date] = []
    for day in days:
        found.append(max(day, found[-1] + timedelta(days=1)) if found else day)
    return found


def _apply(order: TreatmentOrder, plan: _Plan, numbers: Collection[int], by: Actor, cause: str) -> None:
    """Write the rows of these courses as the rules make them, and keep the explanations of dates up to date."""
    courses: list[Course] = []
    days: list[CourseDay] = []
    for number in numbers:
        change = plan.difference.of(number)
        if change is not None and change.now is not None and number in plan.existing:
            courses.append(_moved(plan, number))
            days += _refilled(plan, number, {day.day_number: day.due_on for day in change.now.days})
    Course.objects.bulk_update(courses, [*COURSE_DATES, *COURSE_NOTES, "dropped_at"])
    CourseDay.objects.bulk_update(days, DAY_FIELDS)
    gone = [n for n in numbers if n not in plan.built]
    for number in gone:
        _drop(plan.existing[number][0])
    new = [n for n in numbers if n not in plan.existing]
    rows.save_new(order, [plan.laid_out[n] for n in new])
    done = [n for n in numbers if n in plan.existing and n in plan.built] + gone + new
    if not done:
        return
    _save_version(order)
    moves = [_said(change) for change in plan.difference.only(done).courses]
    recorded("order.recalculate", order, by, {"changes": moves, "cause": cause})
    note(order, EventKind.RECALCULATED, by, reason=cause, detail={"changes": moves})


def _moved(plan: _Plan, number: int) -> Course:
    course, built = plan.existing[number][0], plan.built[number][0]
    course.dropped_at = None
    for name in () if number == plan.last else (*COURSE_DATES, *COURSE_NOTES):
        setattr(course, name, getattr(built, name))
    return course


def _refilled(plan: _Plan, number: int, due: Mapping[int, date]) -> list[CourseDay]:
    built = {day.day_number: day for day in plan.built[number][1]}
    changed = [day for day in plan.existing[number][1] if day.day_number in due]
    for day in changed:
        for name in DAY_FIELDS:
            setattr(day, name, getattr(built[day.day_number], name))
        day.due_on = due[day.day_number]
    return changed


def _drop(course: Course) -> None:
    """Delete a course that the plan no longer has; one that ever had a visit stays as history, marked as dropped."""
    try:
        with transaction.atomic():
            course.days.all().delete()
            course.delete()
    except ProtectedError:
        course.dropped_at = clock.now()
        course.save(update_fields=["dropped_at"])


def _save_version(order: TreatmentOrder, *names: str) -> None:
    order.version += 1
    order.save(update_fields=["version", *names])


def _said(change: CourseDifference) -> dict[str, object]:
    return {
        "course": change.number,
        "was": change.was.due_on.isoformat() if change.was else None,
        "now": change.now.due_on.isoformat() if change.now else None,
        "why": list(change.causes),
    }
