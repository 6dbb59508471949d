"""Upset days for the rules of repair: visits, a house of three chairs, and what is left of it without some."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from core.intervals import QUARTER, Interval
from scheduling.domain.absence import fewer, shut
from scheduling.domain.openings import DayGrid
from scheduling.domain.relief import Limits
from scheduling.domain.series import House
from scheduling.domain.upset import Upset

TUESDAY = date(2026, 3, 3)
ONE, TWO, THREE = (UUID(int=number) for number in (1, 2, 3))
OPENS, QUARTERS, NEED = 8, 32, (60, 60, 20, 20)
LONG_AGO = datetime(2026, 3, 1, 8, tzinfo=UTC)


def at(on: date, quarter: int) -> datetime:
    return datetime(on.year, on.month, on.day, OPENS, tzinfo=UTC) + quarter * QUARTER


def visit(number: int, quarter: int, *, chair: UUID = ONE, on: date = TUESDAY, **fields: object) -> Upset:
    """An hour in a chair, its infusion starting in the second quarter hour."""
    values: dict[str, object] = {
        "key": UUID(int=100 + number),
        "patient_id": UUID(int=1000 + number),
        "course_id": UUID(int=2000 + number),
        "on": on,
        "start": at(on, quarter),
        "chair_id": chair,
        "need": NEED,
        "start_quarter": 1,
        "chairs": (ONE, TWO, THREE),
        "earliest_on": on - timedelta(days=2),
        "latest_on": on + timedelta(days=2),
        "first_on": on - timedelta(days=2),
        "last_on": on + timedelta(days=2),
        "possible": (date.min, date.max),
    }
    return Upset(**values | fields)  # type: ignore[arg-type]


def house(*booked: Upset, nurses: int = 4, days: int = 7, now: datetime = LONG_AGO) -> House:
    """A week from Sunday on with three chairs, in which these visits have their places."""
    grids = {}
    for on in (TUESDAY + timedelta(days=offset) for offset in range(-2, days - 2)):
        load, starts = [0] * QUARTERS, [0] * QUARTERS
        taken: dict[UUID, int] = {}
        for one in booked:
            if one.on == on:
                first = (one.start - at(on, 0)) // QUARTER
                for place, need in enumerate(one.need):
                    load[first + place] += need
                starts[first + one.start_quarter] += 1
                taken[one.chair_id] = taken.get(one.chair_id, 0) | ((1 << len(one.need)) - 1) << first
        grids[on] = DayGrid(
            on=on,
            opens_at=at(on, 0),
            load_used=tuple(load),
            load_cap=(nurses * 100,) * QUARTERS,
            starts_used=tuple(starts),
            starts_cap=(nurses,) * QUARTERS,
            taken=taken,
            patient_taken=0,
        )
    kinds = dict.fromkeys((ONE, TWO, THREE), "recliner")
    return House(zone=ZoneInfo("UTC"), days=grids, chairs=kinds, not_before=now)


def without_chairs(before: House, *chairs: UUID, on: date = TUESDAY) -> House:
    whole = Interval(at(on, 0), at(on, QUARTERS))
    return replace(before, days={**before.days, on: shut(before.days[on], chairs, whole)})


def without_nurses(before: House, gone: int, *, on: date = TUESDAY) -> tuple[House, Limits]:
    """So many nurses fewer all day, and what each quarter hour may carry then."""
    moments = [at(on, place) for place in range(QUARTERS)]
    after = fewer(before.days[on], dict.fromkeys(moments, gone))
    limits = {
        moment: (cap + max(0, used - was), starts)
        for moment, cap, used, was, starts in zip(
            moments, after.load_cap, after.load_used, before.days[on].load_cap, after.starts_cap, strict=True
        )
        if cap
    }
    return replace(before, days={**before.days, on: after}), limits
