"""The dates of a regimen: its phases laid out from what was given, with a window around each course.

Promises to be deterministic: the same history gives the same courses, and a course given on its due date changes
nothing that comes after it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from itertools import pairwise

from regimens.domain.due_dates import DueDate, LatePolicy, Spacing, next_due
from regimens.domain.open_days import OpenDays, nearest_open_day
from regimens.domain.settings import CLINICAL_DEFAULTS


class CoursePhase(StrEnum):
    """Where a course stands in the regimen. A loading course of several days is induction."""

    INDUCTION = "induction"
    MAINTENANCE = "maintenance"


class Why(StrEnum):
    """What decided a course's due date."""

    FIRST = "first"  # the day the order starts
    INDUCTION = "induction"  # the induction schedule, counted from the first dose
    CALENDAR = "calendar"  # an interval after the course before, on the series' own calendar
    FROM_GIVEN = "from_given"  # an interval after the dose before was given
    MINIMUM_INTERVAL = "minimum_interval"  # the calendar would have been too soon after the dose before
    PAYER_INTERVAL = "payer_interval"  # the payer would not pay sooner


@dataclass(frozen=True)
class Cadence:
    """How often a regimen is given. All numbers are days.

    `induction_offsets_days` count from the first course ((0, 14, 42) for weeks 0, 2 and 6); without any the first
    course is maintenance. `loading_days` is how many days the first induction course runs over. A first maintenance
    without an offset of its own follows one interval after the last induction course. Without an interval the regimen
    ends after induction. `has_exact_first_maintenance` leaves the first maintenance dose no window (ravulizumab): the
    course after `loading_courses`, those with a loading dose, where they are fewer than the induction's. Ravulizumab is
    loaded once, on day 0; its first maintenance dose comes two weeks later (US label, ultomirisgmghcp.com/dosing).
    """

    interval_days: int | None
    induction_offsets_days: tuple[int, ...] = ()
    first_maintenance_offset_days: int | None = None
    loading_days: int = 1
    days_per_course: int = 1
    early_days: int = CLINICAL_DEFAULTS.early_days
    late_days: int = CLINICAL_DEFAULTS.late_days
    late_policy: LatePolicy = LatePolicy.HYBRID
    min_interval_days: int | None = None
    payer_min_days: int | None = None
    has_exact_first_maintenance: bool = False
    loading_courses: int | None = None

    def __post_init__(self) -> None:
        offsets = self.induction_offsets_days
        if offsets and (offsets[0] != 0 or any(b <= a for a, b in pairwise(offsets))):
            raise ValueError("induction offsets begin at day 0 and rise")
        first = self.first_maintenance_offset_days
        if first is not None and first <= (offsets[-1] if offsets else 0):
            raise ValueError("maintenance begins after induction")
        if self.interval_days is None and not offsets:
            raise ValueError("a regimen has induction, an interval or both")
        if min(self.loading_days, self.days_per_course, self.interval_days or 1) < 1:
            raise ValueError("a course has at least one day and an interval at least one")

    @property
    def exact_course(self) -> int | None:
        """The number of the course that has no window, if there is one."""
        if not (self.has_exact_first_maintenance and self.induction_count):
            return None
        return (self.induction_count if self.loading_courses is None else self.loading_courses) + 1

    @property
    def induction_count(self) -> int:
        return len(self.induction_offsets_days)

    def phase(self, number: int) -> CoursePhase:
        """The phase of the course with this number, counted from 1."""
        return CoursePhase.INDUCTION if number <= self.induction_count else CoursePhase.MAINTENANCE

    def days(self, number: int) -> int:
        """How many days the course runs over."""
        return self.loading_days if number == 1 and self.induction_count else self.days_per_course

    def offset(self, number: int) -> int | None:
        """Days from the first course to this one, or None when the regimen has ended by then."""
        if number <= self.induction_count:
            return self.induction_offsets_days[number - 1]
        later = number - self.induction_count - 1
        if not self.induction_count:
            return None if self.interval_days is None else later * self.interval_days
        if self.interval_days is None:
            return None if later or self.first_maintenance_offset_days is None else self.first_maintenance_offset_days
        first = self.first_maintenance_offset_days or self.induction_offsets_days[-1] + self.interval_days
        return first + later * self.interval_days


@dataclass(frozen=True)
class PlannedCourse:
    """A course on the regimen's calendar. Dates are clinic-local and inclusive.

    `planned_on` is the series' own calendar, `due_on` what guards make of it, `suggested_on` the nearest day of the
    window on which the clinic is open (None when there is none), `given_on` the first day it was given. `why` says
    what decided the due date, and `counted_from_on` the date it was counted from.
    """

    number: int
    phase: CoursePhase
    planned_on: date
    due_on: date
    earliest_on: date
    latest_on: date
    suggested_on: date | None
    given_on: date | None
    day_offsets: tuple[int, ...]
    why: Why
    counted_from_on: date


def lay_out(
    cadence: Cadence,
    *,
    starts_on: date,
    given_on: Sequence[date] = (),
    ends_on: date | None = None,
    course_limit: int | None = None,
    through_on: date | None = None,
    open_days: OpenDays | None = None,
) -> tuple[PlannedCourse, ...]:
    """Every course from the first to the order's end date (inclusive), its course limit or `through_on`.

    The first course is not due before the order starts, so it has no early side.
    `given_on` is the first day of each course given so far, in order. The first of them begins the series' calendar;
    each later one moves the dates after it as the late-dose policy says. Courses already given are always listed.
    Raises ValueError when nothing would end the list or the history is not in order.

    Source: product labels for phases and late doses (P25, P26, P29); windows from an IG order form (P18).
    """
    _check_history(cadence, given_on, (ends_on, course_limit, through_on))
    last_day = min((day for day in (ends_on, through_on) if day is not None), default=date.max)
    open_days = open_days or OpenDays()
    courses: list[PlannedCourse] = []
    while True:
        number = len(courses) + 1
        given = given_on[number - 1] if number <= len(given_on) else None
        if cadence.offset(number) is None or (given is None and course_limit is not None and number > course_limit):
            return tuple(courses)
        due = _due(cadence, number, courses, starts_on)
        if due is None or (given is None and due.due_on > last_day):
            return tuple(courses)
        why = _why(cadence, number, due, courses)
        courses.append(_course(cadence, number, due, given=given, open_days=open_days, why=why))


def _check_history(cadence: Cadence, given_on: Sequence[date], ends: tuple[date | int | None, ...]) -> None:
    if cadence.interval_days is not None and all(end is None for end in ends):
        raise ValueError("give an end date, a number of courses or a day to lay out through")
    if any(later <= earlier for earlier, later in pairwise(given_on)):
        raise ValueError("given courses are in order of their dates")


def _due(cadence: Cadence, number: int, courses: Sequence[PlannedCourse], starts_on: date) -> DueDate | None:
    """Where the course is due, given those before it; None past the last date a calendar has."""
    try:
        if not courses:
            return DueDate(starts_on, starts_on, starts_on, starts_on + timedelta(days=cadence.late_days), starts_on)
        last = courses[-1]
        return next_due(
            last_given_on=last.given_on or last.due_on,
            last_planned_on=(last.given_on or last.planned_on) if last.number == 1 else last.planned_on,
            last_due_on=(last.given_on or last.due_on) if last.number == 1 else last.due_on,
            spacing=_spacing(cadence, number),
        )
    except OverflowError:
        return None


def _spacing(cadence: Cadence, number: int) -> Spacing:
    """The step to a course from the one before it.

    Up to the first maintenance course offsets count from the first infusion, so an induction dose inside its window
    never moves them, whatever the policy; and a floor longer than the label's own induction step does not apply.
    """
    step = (cadence.offset(number) or 0) - (cadence.offset(number - 1) or 0)  # asked only of courses that there are
    is_induction = number <= cadence.induction_count
    spacing = Spacing(
        step_days=step,
        early_days=cadence.early_days,
        late_days=cadence.late_days,
        policy=cadence.late_policy,
        min_interval_days=cadence.min_interval_days,
        payer_min_days=cadence.payer_min_days,
    )
    if is_induction:
        floors = {name: getattr(spacing, name) for name in ("min_interval_days", "payer_min_days")}
        spacing = replace(spacing, **{name: min(days, step) for name, days in floors.items() if days})
    if number <= cadence.induction_count + 1 and cadence.induction_count and spacing.policy is LatePolicy.ACTUAL:
        spacing = replace(spacing, policy=LatePolicy.HYBRID)
    return spacing


def _why(cadence: Cadence, number: int, due: DueDate, courses: Sequence[PlannedCourse]) -> Why:
    """What decided a due date: a guard that moved it, the dose before, or a calendar."""
    if not courses:
        return Why.FIRST
    if due.due_on != due.planned_on:
        spacing = _spacing(cadence, number)
        is_payers = (spacing.payer_min_days or 0) > (spacing.min_interval_days or 0)
        return Why.PAYER_INTERVAL if is_payers else Why.MINIMUM_INTERVAL
    last = courses[-1]
    on_calendar = (last.given_on or last.planned_on) if last.number == 1 else last.planned_on
    if due.counted_from_on != on_calendar:
        return Why.FROM_GIVEN
    return Why.INDUCTION if cadence.phase(number) is CoursePhase.INDUCTION else Why.CALENDAR


def _course(
    cadence: Cadence, number: int, due: DueDate, *, given: date | None, open_days: OpenDays, why: Why
) -> PlannedCourse:
    if number == cadence.exact_course:
        due = replace(due, earliest_on=due.due_on, latest_on=due.due_on)
    offsets = tuple(range(cadence.days(number)))
    return PlannedCourse(
        number=number,
        phase=cadence.phase(number),
        planned_on=due.planned_on,
        due_on=due.due_on,
        earliest_on=due.earliest_on,
        latest_on=due.latest_on,
        suggested_on=given
        or nearest_open_day(
            due_on=due.due_on,
            earliest_on=due.earliest_on,
            latest_on=due.latest_on,
            open_days=open_days,
            day_offsets=offsets,
        ),
        given_on=given,
        day_offsets=offsets,
        why=why,
        counted_from_on=due.counted_from_on or due.planned_on,
    )
