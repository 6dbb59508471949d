"""An accepted order's courses over time: extended as months pass, and recalculated from what was really given.

Promises that doing either twice changes nothing, and that what has been given is never rewritten.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

from accounts.domain.policy import Permission
from core import clock
from core.actor import Actor
from core.errors import BadInput
from core.transactions import business_act
from regimens.models import Course, TreatmentOrder
from regimens.services import courses as rows
from regimens.services.order_acts import active, recorded
from regimens.services.orders import a_year_after, lay_out_again
from regimens.services.planning import LaidOutCourse


@dataclass(frozen=True)
class CourseChange:
    """A course whose due date a recalculation would move; `is_kept` because it has a visit."""

    number: int
    was_on: date
    now_on: date
    is_kept: bool


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
    existing = list(held.courses.order_by("number"))
    laid_out = _again(held, given_on=_rising(course.due_on for course in existing), through_on=through)
    new = laid_out[len(existing) :]
    rows.save_new(held, new)
    held.laid_out_through_on = through
    held.version += 1
    held.save(update_fields=["laid_out_through_on", "version"])
    recorded("order.extend", held, by, {"courses": len(new), "through_on": through.isoformat()})
    return held


@business_act
def reanchor(
    *, order: TreatmentOrder, given: Sequence[tuple[int, date]], by: Actor, booked: Collection[int] = ()
) -> tuple[CourseChange, ...]:
    """Recalculate the courses after the last one given, by the order's late-dose policy.

    `given` is (course number, the day its first dose was given), nothing when all of it was undone; a course before
    the last that is not listed counts as given on its due date. Courses in `booked` have a visit and stay as they
    are: the answer lists them as kept, for a person to approve or book anew. Recalculating twice changes nothing.
    Raises BadInput (field "given") for a course that does not exist, a date in the future, or dates out of order.
    """
    held = active(order, by)
    existing = list(held.courses.prefetch_related("days").order_by("number"))
    if not existing:
        return ()
    last, dates = _history(held, existing, dict(given))
    horizon = max(held.laid_out_through_on or existing[-1].due_on, existing[-1].due_on)
    # A year more, so that a course pushed past the horizon is still found and moved rather than left behind.
    laid_out = _again(held, given_on=dates, through_on=horizon + timedelta(days=366))
    changes = _moves(existing[last:], laid_out[last:], booked)
    new = [course for course in laid_out[len(existing) :] if course.due_on <= horizon]
    if not new and all(change.is_kept for change in changes):
        return changes
    moving = {change.number for change in changes if not change.is_kept}
    rows.move(existing, [course for course in laid_out if course.number in moving])
    rows.save_new(held, new)
    held.version += 1
    held.save(update_fields=["version"])
    moved = [{"course": c.number, "was": c.was_on.isoformat(), "now": c.now_on.isoformat()} for c in changes]
    recorded("order.reanchor", held, by, {"changes": moved, "new": len(new), "kept": sorted(set(booked))})
    return changes


def _moves(
    existing: Iterable[Course], laid_out: Iterable[LaidOutCourse], booked: Collection[int]
) -> tuple[CourseChange, ...]:
    return tuple(
        CourseChange(was.number, was.due_on, now.due_on, was.number in booked)
        for was, now in zip(existing, laid_out, strict=False)
        if (was.due_on, was.earliest_on, was.latest_on) != (now.due_on, now.earliest_on, now.latest_on)
    )


def _history(order: TreatmentOrder, existing: Sequence[Course], given: dict[int, date]) -> tuple[int, list[date]]:
    """The number of the last course given and the day of each course up to it."""
    numbers = {course.number for course in existing}
    today = clock.today(order.clinic.zone)
    for number, on in given.items():
        if number not in numbers:
            raise BadInput("unknown_course", f"The order has no course {number}.", field="given")
        if on > today:
            raise BadInput("given_later", f"Course {number} cannot have been given in the future.", field="given")
    said = [given[number] for number in sorted(given)]
    if any(later <= earlier for earlier, later in pairwise(said)):
        raise BadInput("given_out_of_order", "A later course was given before an earlier one.", field="given")
    last = max(given, default=0)
    dates: list[date] = []
    for course in reversed(existing[:last]):  # a course that was missed counts before the next one that was given
        following = dates[-1] - timedelta(days=1) if dates else date.max
        dates.append(given.get(course.number) or min(course.due_on, following))
    return last, _rising(reversed(dates))


def _rising(days: Iterable[date]) -> list[date]:
    """The days, each at least one after the one before."""
    found: list[date] = []
    for day in days:
        found.append(max(day, found[-1] + timedelta(days=1)) if found else day)
    return found


def _again(order: TreatmentOrder, *, given_on: Sequence[date], through_on: date) -> tuple[LaidOutCourse, ...]:
    return lay_out_again(order, through_on=through_on, given_on=given_on)
