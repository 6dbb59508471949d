"""How an order's courses differ from what the rules make of them now: what was, what would be, and why, in words.

Promises that the same difference always has the same fingerprint, so that a person is asked about it once, and that
two plans which a nurse could not tell apart do not differ.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from typing import Any

from regimens.domain.titration import Profile
from regimens.models import Course, CourseDay

CENT = Decimal("0.01")


@dataclass(frozen=True, kw_only=True)
class DayShape:
    """One day of a course as a nurse would see it. `vials`, `phases` and `rate_steps` are as the rows keep them."""

    day_number: int
    due_on: date
    dose_mg: Decimal
    vials: tuple[Mapping[str, Any], ...]
    units: int
    chair_minutes: int
    phases: tuple[Mapping[str, Any], ...]
    profile: str
    volume_ml: Decimal | None
    rate_steps: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True, kw_only=True)
class CourseShape:
    """A course's dates, its window (clinic-local, inclusive) and its days."""

    number: int
    due_on: date
    earliest_on: date
    latest_on: date
    days: tuple[DayShape, ...]

    @property
    def dates(self) -> tuple[date, ...]:
        return (self.due_on, self.earliest_on, self.latest_on, *(day.due_on for day in self.days))


class Change(StrEnum):
    """What the rules would do to a course."""

    CHANGED = "changed"
    ADDED = "added"
    VANISHED = "vanished"


@dataclass(frozen=True, kw_only=True)
class CourseDifference:
    """One course that the rules would lay out otherwise. `was` is None for one added, `now` for one that vanishes."""

    number: int
    was: CourseShape | None
    now: CourseShape | None
    causes: tuple[str, ...]
    fingerprint: str

    @property
    def change(self) -> Change:
        if self.was is None:
            return Change.ADDED
        return Change.VANISHED if self.now is None else Change.CHANGED

    @property
    def moves(self) -> bool:
        """Whether its dates or its window differ."""
        return self.was is None or self.now is None or self.was.dates != self.now.dates

    @property
    def changes_treatment(self) -> bool:
        """Whether dose, ramp, phases or rates of a day differ, or the number of days: what a nurse would do.

        A booked slow ramp that the rules no longer ask for is no such change: slower than needed harms nobody.
        """
        if self.was is None or self.now is None:
            return False
        now = {day.day_number: day for day in self.now.days}
        if now.keys() != {day.day_number for day in self.was.days}:
            return True
        return any(_is_treated_otherwise(day, now[day.day_number]) for day in self.was.days)


@dataclass(frozen=True, kw_only=True)
class PlanDifference:
    """Every course of an order that the rules would lay out otherwise, by number."""

    courses: tuple[CourseDifference, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.courses)

    def of(self, number: int) -> CourseDifference | None:
        """The difference of the course with this number, if it has one."""
        return next((course for course in self.courses if course.number == number), None)

    def only(self, numbers: Iterable[int]) -> "PlanDifference":
        """The differences of these courses."""
        wanted = set(numbers)
        return PlanDifference(courses=tuple(course for course in self.courses if course.number in wanted))

    @property
    def digest(self) -> str:
        """A name for this very set of differences."""
        return _digest([course.fingerprint for course in self.courses])


def shape(course: Course, days: Iterable[CourseDay]) -> CourseShape:
    """A course's row, saved or not, as a shape."""
    return CourseShape(
        number=course.number,
        due_on=course.due_on,
        earliest_on=course.earliest_on,
        latest_on=course.latest_on,
        days=tuple(_day(day) for day in sorted(days, key=lambda day: day.day_number)),
    )


def compared(was: CourseShape, now: CourseShape) -> CourseShape:
    """`now`, blind to what `was` does not know: rows laid out before ramps were kept have no ramp to compare."""
    known = {day.day_number: day for day in was.days}
    days = [
        replace(day, profile="", volume_ml=None, rate_steps=())
        if day.day_number in known and not known[day.day_number].profile
        else day
        for day in now.days
    ]
    return replace(now, days=tuple(days))


def fingerprint(was: CourseShape | None, now: CourseShape | None) -> str:
    """A name for what was and what would be: equal for equal shapes, whatever made them."""
    return _digest([None if one is None else asdict(one) for one in (was, now)])


def _is_treated_otherwise(was: DayShape, now: DayShape) -> bool:
    if was.dose_mg != now.dose_mg:
        return True
    if was.profile == Profile.FIRST != now.profile:
        return False
    return (was.profile, was.phases, was.rate_steps) != (now.profile, now.phases, now.rate_steps)


def _day(day: CourseDay) -> DayShape:
    return DayShape(
        day_number=day.day_number,
        due_on=day.due_on,
        dose_mg=_cents(day.dose_mg),
        vials=_plain(day.vials),
        units=day.units,
        chair_minutes=day.chair_minutes,
        phases=_plain(day.phases),
        profile=day.profile,
        volume_ml=None if day.volume_ml is None else _cents(day.volume_ml),
        rate_steps=_plain(day.rate_steps),
    )


def _cents(amount: Decimal) -> Decimal:
    return Decimal(amount).quantize(CENT, ROUND_HALF_UP)


def _plain(rows: Sequence[Mapping[str, Any]]) -> tuple[Mapping[str, Any], ...]:
    """What JSON would make of the rows, so that a row just built equals the one read back."""
    return tuple(json.loads(json.dumps(list(rows))))


def _digest(content: object) -> str:
    text = json.dumps(content, sort_keys=True, default=str, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
