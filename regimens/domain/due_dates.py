"""When the next course is due: from what was given, the interval and the late-dose policy. Never typed in.

All dates are clinic-local and windows include both ends. A course of several days counts from its first day.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from regimens.domain.settings import CLINICAL_DEFAULTS


class LatePolicy(StrEnum):
    """What a late dose does to the dates after it."""

    ORIGINAL = "original"  # the calendar stands (ravulizumab)
    ACTUAL = "actual"  # the next date counts from the dose given (ocrelizumab)
    HYBRID = "hybrid"  # the calendar stands if given inside the window, else counts from the dose given


class CourseAnchor(StrEnum):
    """The day of a course of several days from which the interval runs."""

    COURSE_START = "course_start"
    COURSE_END = "course_end"


@dataclass(frozen=True)
class DueDate:
    """A due date, its window, and the date on the series' own calendar that it came from.

    `counted_from_on` is where the count began: the date on the calendar of the course before, or the day it was given.
    """

    planned_on: date
    due_on: date
    earliest_on: date
    latest_on: date
    counted_from_on: date | None = None


@dataclass(frozen=True)
class Spacing:
    """How far apart two courses are: the step between them, the tolerance, and the floors under the gap, in days."""

    step_days: int
    early_days: int = CLINICAL_DEFAULTS.early_days
    late_days: int = CLINICAL_DEFAULTS.late_days
    policy: LatePolicy = LatePolicy.HYBRID
    min_interval_days: int | None = None
    payer_min_days: int | None = None

    def __post_init__(self) -> None:
        if self.step_days < 1 or self.early_days < 0 or self.late_days < 0:
            raise ValueError("courses are at least a day apart and a tolerance is not negative")

    @property
    def floor_days(self) -> int:
        """The fewest days from one dose to the next that both the label and the payer allow."""
        return max(1, self.min_interval_days or 0, self.payer_min_days or 0)


def next_due(
    *, last_given_on: date, last_planned_on: date, spacing: Spacing, last_due_on: date | None = None
) -> DueDate:
    """The course after one that was given.

    `last_due_on` is where the given course was due when a guard had moved it off the calendar: the hybrid policy asks
    whether the dose fell in the window around it. The minimum interval and the payer's "not sooner than" push the due
    date when the calendar would bring it too soon, and nothing in the window precedes them.

    Source: labels of ravulizumab (P26) and ocrelizumab (P25), payer policies (P13); hybrid for IG is K.
    """
    step = timedelta(days=spacing.step_days)
    counted_from = last_given_on
    if _keeps_calendar(last_given_on, last_due_on or last_planned_on, spacing):
        counted_from = last_planned_on
        planned = last_planned_on + step
        while planned <= last_given_on:
            planned += step
    else:
        planned = last_given_on + step
    floor = last_given_on + timedelta(days=spacing.floor_days)
    due = max(planned, floor)
    return DueDate(
        planned_on=planned,
        due_on=due,
        earliest_on=max(due - timedelta(days=spacing.early_days), floor),
        latest_on=due + timedelta(days=spacing.late_days),
        counted_from_on=counted_from if due == planned else last_given_on,
    )


def _keeps_calendar(given_on: date, due_on: date, spacing: Spacing) -> bool:
    if spacing.policy is LatePolicy.HYBRID:
        return -spacing.early_days <= (given_on - due_on).days <= spacing.late_days
    return spacing.policy is LatePolicy.ORIGINAL


def course_anchor(*, first_day_on: date, days: int, anchor: CourseAnchor = CourseAnchor.COURSE_START) -> date:
    """The day from which the interval after a course of several days runs: its first, unless the prescriber says last.

    Source: usual practice; confidence K, confirm with the prescriber.
    """
    return (
        first_day_on if anchor is CourseAnchor.COURSE_START else last_course_day(first_day_on=first_day_on, days=days)
    )


def last_course_day(*, first_day_on: date, days: int) -> date:
    """The last of a course's consecutive days."""
    return first_day_on + timedelta(days=days - 1)


def missed_days(*, first_day_on: date, days: int, given_on: Collection[date], today: date) -> tuple[date, ...]:
    """Past days of a course on which nothing was given: the course is incomplete, which is a nurse's task.

    A missed day is never rolled silently into the next course.

    Source: usual practice; confidence K.
    """
    wanted = (first_day_on + timedelta(days=n) for n in range(days))
    return tuple(day for day in wanted if day < today and day not in given_on)


class DueState(StrEnum):
    """Where a course stands on a day."""

    GIVEN = "given"
    UPCOMING = "upcoming"
    DUE = "due"
    OVERDUE = "overdue"
    REASSESS = "reassess"


@dataclass(frozen=True)
class DueStanding:
    """The state of a course today; days count from the end of its window."""

    state: DueState
    days_overdue: int
    days_left: int


def standing(
    *,
    earliest_on: date,
    latest_on: date,
    today: date,
    is_given: bool = False,
    last_given_on: date | None = None,
    interval_days: int | None = None,
    gap_limit_days: int | None = None,
    reassess_after_intervals: int = CLINICAL_DEFAULTS.reassess_after_intervals,
) -> DueStanding:
    """Whether a course is upcoming, due, overdue, or so far overdue that the patient must be reassessed.

    Reassess (new labs, first-infusion ramp, prescriber's consent) when past the window and either more than twice the
    interval or more than `gap_limit_days` (8 weeks for immune globulin) have passed since the last dose.

    Source: IG label, more than 8 weeks (P9), P; twice the interval K.
    """
    if is_given:
        return DueStanding(DueState.GIVEN, 0, 0)
    overdue, left = max(0, (today - latest_on).days), max(0, (latest_on - today).days)
    if not overdue:
        return DueStanding(DueState.DUE if today >= earliest_on else DueState.UPCOMING, 0, left)
    gap = 0 if last_given_on is None else (today - last_given_on).days
    limits = [interval_days and interval_days * reassess_after_intervals, gap_limit_days]
    is_far = any(limit and gap > limit for limit in limits)
    return DueStanding(DueState.REASSESS if is_far else DueState.OVERDUE, overdue, 0)
