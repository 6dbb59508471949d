"""What is left of a shift, and of a day's places, when a nurse, a chair or the clinic is gone for a time. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from core.intervals import QUARTER, Interval
from scheduling.domain.openings import DayGrid

NURSE = 100
"""One nurse, in the unit of loads."""


@dataclass(frozen=True, kw_only=True)
class Worked:
    """A time in which a nurse works, with the lunch in it."""

    interval: Interval
    lunch: Interval | None = None


def without(shift: Worked, away: Interval) -> tuple[Worked, ...]:
    """What a nurse still works of `shift`: nothing, or what lies before and after. A lunch that is cut is dropped."""
    if not shift.interval.overlaps(away):
        return (shift,)
    left = []
    if shift.interval.start < away.start:
        left.append(Interval(shift.interval.start, away.start))
    if away.end < shift.interval.end:
        left.append(Interval(away.end, shift.interval.end))
    return tuple(
        Worked(interval=piece, lunch=shift.lunch if shift.lunch is not None and piece.covers(shift.lunch) else None)
        for piece in left
    )


def shut(day: DayGrid, chairs: Iterable[UUID], away: Interval) -> DayGrid:
    """`day` with these chairs out of use for a time."""
    mask = 0
    for place in range(day.quarters):
        start = day.opens_at + place * QUARTER
        if Interval(start, start + QUARTER).overlaps(away):
            mask |= 1 << place
    return replace(day, out={**day.out, **{chair: day.out.get(chair, 0) | mask for chair in chairs}})


def fewer(day: DayGrid, missing: Mapping[datetime, int]) -> DayGrid:
    """`day` with so many nurses less in those quarter hours."""
    gone = [missing.get(day.opens_at + place * QUARTER, 0) for place in range(day.quarters)]
    return replace(
        day,
        load_cap=tuple(max(0, cap - NURSE * less) for cap, less in zip(day.load_cap, gone, strict=True)),
        starts_cap=tuple(max(0, cap - less) for cap, less in zip(day.starts_cap, gone, strict=True)),
    )
