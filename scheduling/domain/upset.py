"""A visit of an upset day, the places it could take instead, and why the one that is proposed. Pure.

A place is looked for in this order: the same time in another chair, another time of the day, another day on which the
visit may be, the nearest to the rest of its course and to its own day first. Only places that ask no reason are
proposed. `repair` decides over many visits at once; here is one.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from uuid import UUID

from core.errors import Reason
from core.intervals import QUARTER, Interval
from scheduling.domain import openings as rules
from scheduling.domain.openings import COMFORTABLE_PERCENT, DayGrid, Opening, Wish, freed, occupied
from scheduling.domain.placement import carried_over
from scheduling.domain.series import House

MINUTE = timedelta(minutes=1)


class Firmness(StrEnum):
    """How firmly a visit stands where it is."""

    BOOKED = "booked"
    CONFIRMED = "confirmed"
    HERE = "here"
    BEGUN = "begun"
    HELD = "held"


class Act(StrEnum):
    """What becomes of a visit, the least first. STAY: it keeps its place, BEGUN: it can't leave it."""

    STAY = "stay"
    CHAIR = "chair"
    TIME = "time"
    DAY = "day"
    CALL = "call"
    BEGUN = "begun"
    LET_GO = "let_go"


MOVES = (Act.CHAIR, Act.TIME, Act.DAY)
MOVABLE = (Firmness.BOOKED, Firmness.CONFIRMED)


@dataclass(frozen=True, kw_only=True)
class Upset:
    """A visit that the disruption touches. All days are clinic-local.

    `chairs` would do, best first. From `first_on` to `last_on` it may be without a reason (window, cover, intervals);
    outside `possible` it may not be at all. `spoken_for` are rules overridden for it already; `busy` quarter hours of
    its own day on which its patient is elsewhere; `elsewhere` days on which they have another visit.
    """

    key: UUID
    patient_id: UUID
    course_id: UUID
    on: date
    start: datetime
    chair_id: UUID
    need: tuple[int, ...]
    start_quarter: int
    chairs: tuple[UUID, ...]
    earliest_on: date
    latest_on: date
    first_on: date
    last_on: date
    possible: tuple[date, date]
    firmness: Firmness = Firmness.BOOKED
    spoken_for: frozenset[str] = frozenset()
    busy: int = 0
    elsewhere: frozenset[date] = frozenset()
    course_days: frozenset[date] = frozenset()

    @property
    def interval(self) -> Interval:
        return Interval(self.start, self.start + len(self.need) * QUARTER)


@dataclass(frozen=True, kw_only=True)
class Line:
    """What is proposed for one visit, and why. `asks` are the rules that need a reason for it to stay where it is."""

    upset: Upset
    act: Act
    why: str
    place: Opening | None = None
    asks: tuple[str, ...] = ()
    others: tuple[Opening, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Taken:
    """A place that a visit was given; `quarters` of that day in which its patient is busy by it."""

    patient_id: UUID
    course_id: UUID
    on: date
    chair_id: UUID
    start: datetime
    quarters: int


@dataclass
class Search:
    """The days as they become while visits leave their places and take others.

    Nobody is asked to come earlier than they know before `earlier_from`. `moved` are the places taken so far.
    """

    house: House
    earlier_from: datetime
    days: dict[date, DayGrid]
    moved: dict[UUID, Taken] = field(default_factory=dict)

    def leave(self, upset: Upset) -> None:
        """Take the visit out of the place that it has now."""
        taken = self.moved.pop(upset.key, None)
        on, chair, start = (taken.on, taken.chair_id, taken.start) if taken else (upset.on, upset.chair_id, upset.start)
        if on in self.days:
            day = freed(self.days[on], chair, start, upset.need, upset.start_quarter)
            self.days[on] = replace(day, patient_taken=0)

    def take(self, upset: Upset, opening: Opening) -> None:
        """Put the visit in a place; its patient is busy then."""
        empty = replace(self.days[opening.on], patient_taken=0)
        after = occupied(empty, opening, upset.need, upset.start_quarter)
        self.days[opening.on] = replace(after, patient_taken=0)
        self.moved[upset.key] = Taken(
            patient_id=upset.patient_id,
            course_id=upset.course_id,
            on=opening.on,
            chair_id=opening.chair_id,
            start=opening.interval.start,
            quarters=after.patient_taken,
        )

    @contextmanager
    def as_if(self) -> Iterator[None]:
        """Whatever is done inside is taken back at its end."""
        days, moved = dict(self.days), dict(self.moved)
        yield
        self.days, self.moved = days, moved


def at_the_same_time(search: Search, upset: Upset) -> Line | None:
    found = at(search, upset, upset.chairs, upset.on, upset.start)
    if found is None or asks(upset, found):
        return None
    return Line(upset=upset, act=Act.CHAIR, place=found, why="The same time in another chair.")


def elsewhere_than_now(search: Search, upset: Upset) -> Line:
    """Another time of the day, another day, or a person to decide."""
    if upset.firmness is Firmness.HERE:
        return Line(upset=upset, act=Act.CALL, why="Here already, and no other chair is free at this time.")
    time = min(times(search, upset), key=lambda one: time_key(upset, one), default=None)
    if time is not None:
        why = f"{_shift(time.interval.start - upset.start)} is the nearest time that day."
        return Line(upset=upset, act=Act.TIME, place=time, why=why)
    day = next(best_of_days(search, upset), None)
    if day is not None:
        return Line(upset=upset, act=Act.DAY, place=day, why=_why_day(search, upset, day))
    why = f"Nothing is free from {_day(upset.first_on)} to {_day(upset.last_on)}, when it may be."
    if upset.last_on < upset.first_on:
        why = "There is no other day on which it may be."
    return Line(upset=upset, act=Act.CALL, why=why)


def at(search: Search, upset: Upset, chairs: Sequence[UUID], on: date, start: datetime) -> Opening | None:
    """The best of `chairs` at that very time, if no hard rule forbids it; it may have begun already."""
    day = search.days.get(on)
    if day is None or start < day.opens_at:
        return None
    place = (start - day.opens_at) // QUARTER
    wish = replace(_wish(search, upset), first_quarter=place, last_quarter=place)
    wish = replace(wish, not_before=min(start, wish.not_before))
    return next(rules.find([_with_patient(search, upset, day)], chairs, wish), None)


def asks(upset: Upset, opening: Opening) -> tuple[str, ...]:
    """The rules that would need a reason there, besides those that were overridden for the visit and still speak."""
    kept = carried_over(
        [{"code": code} for code in sorted(upset.spoken_for)],
        [Reason(code, "", is_hard=False) for code in opening.soft],
        is_same_day=opening.on == upset.on,
        is_same_start=opening.interval.start == upset.start,
        is_same_chair=opening.chair_id == upset.chair_id,
    )
    known = {override["code"] for override in kept}
    return tuple(code for code in opening.soft if code not in known)


def times(search: Search, upset: Upset) -> Iterator[Opening]:
    """Places on the visit's own day, at another time, that ask no reason."""
    day = search.days.get(upset.on)
    if day is not None:
        for found in rules.find([_with_patient(search, upset, day)], upset.chairs, _wish(search, upset)):
            start = found.interval.start
            if start != upset.start and _is_told_in_time(search, upset, start) and not asks(upset, found):
                yield found


def _is_told_in_time(search: Search, upset: Upset, start: datetime) -> bool:
    return start > upset.start or start >= search.earlier_from


def time_key(upset: Upset, opening: Opening) -> tuple[int, ...]:
    minutes = (opening.interval.start - upset.start) // MINUTE
    return (
        abs(minutes),
        int(opening.peak_percent > COMFORTABLE_PERCENT),
        int(opening.chair_id != upset.chair_id),
        opening.leftover_minutes,
        -minutes,
    )


def best_of_days(search: Search, upset: Upset) -> Iterator[Opening]:
    """The best place of each other day on which it may be, the nearest to its course and to its own day first."""
    for on in other_days(search, upset, upset.first_on, upset.last_on):
        found = [one for one in on_day(search, upset, on) if not asks(upset, one)]
        if found:
            yield min(found, key=lambda one: day_key(search, upset, one))


def other_days(search: Search, upset: Upset, first: date, last: date) -> list[date]:
    """Days from `first` to `last` on which the patient has no other visit, best first."""
    course = _course_days(search, upset)
    taken = {one.on for one in search.moved.values() if one.patient_id == upset.patient_id} | upset.elsewhere
    days = [on for on in search.days if first <= on <= last and on != upset.on and on not in taken]

    def key(on: date) -> tuple[int, int, bool]:
        apart = min((abs((on - other).days) for other in course), default=1)
        return apart, abs((on - upset.on).days), on < upset.on

    return sorted(days, key=key)


def _course_days(search: Search, upset: Upset) -> set[date]:
    """Days on which the patient has other visits of the same course."""
    mine = {one.on for key, one in search.moved.items() if one.course_id == upset.course_id and key != upset.key}
    return mine | upset.course_days


def on_day(search: Search, upset: Upset, on: date) -> Iterator[Opening]:
    day = search.days[on]
    for found in rules.find([_with_patient(search, upset, day)], upset.chairs, _wish(search, upset)):
        if _is_told_in_time(search, upset, found.interval.start):
            yield found


def day_key(search: Search, upset: Upset, opening: Opening) -> tuple[int, ...]:
    return (
        abs(_minute_of_day(search, opening.interval.start) - _minute_of_day(search, upset.start)),
        int(opening.peak_percent > COMFORTABLE_PERCENT),
        int(opening.chair_id != upset.chair_id),
        opening.leftover_minutes,
        int(opening.interval.start.timestamp()),
    )


def _minute_of_day(search: Search, moment: datetime) -> int:
    local = moment.astimezone(search.house.zone)
    return local.hour * 60 + local.minute


def _wish(search: Search, upset: Upset) -> Wish:
    house = search.house
    return Wish(
        need=upset.need,
        start_quarter=upset.start_quarter,
        due_on=upset.on,
        earliest_on=upset.earliest_on,
        latest_on=upset.latest_on,
        not_before=house.not_before,
        turnover_quarters=house.turnover_quarters,
        isolation_chairs=house.isolation_chairs,
    )


def _with_patient(search: Search, upset: Upset, day: DayGrid) -> DayGrid:
    busy = upset.busy if day.on == upset.on else 0
    for key, one in search.moved.items():
        if one.patient_id == upset.patient_id and one.on == day.on and key != upset.key:
            busy |= one.quarters
    return replace(day, patient_taken=busy)


def _why_day(search: Search, upset: Upset, opening: Opening) -> str:
    together = any(abs((opening.on - other).days) == 1 for other in _course_days(search, upset))
    with_course = ", next to the rest of its course" if together else ""
    return f"Nothing else is free on {_day(upset.on)}; {_day(opening.on)} is the nearest day{with_course}."


def _day(on: date) -> str:
    return f"{on:%a %-d %b}"


def _shift(by: timedelta) -> str:
    hours, minutes = divmod(abs(by // MINUTE), 60)
    length = " ".join([*([f"{hours} h"] if hours else []), *([f"{minutes} min"] if minutes else [])])
    return f"{length} {'later' if by > timedelta() else 'earlier'}"
