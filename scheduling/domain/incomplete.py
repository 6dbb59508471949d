"""When a course is incomplete: some of it was given or still will be, and some of it was lost.

A missed day is never rolled silently into the next course; a prescriber decides (usual practice, confidence K).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Fate(StrEnum):
    """What became of one day of a course."""

    GIVEN = "given"
    PARTLY = "partly"  # the infusion was stopped before the end
    BOOKED = "booked"  # a visit is still to come, or under way
    LOST = "lost"  # cancelled, missed, or its date has passed, and no visit holds it
    OPEN = "open"  # nobody booked it yet


@dataclass(frozen=True)
class DayFate:
    """A day of a course and what became of it."""

    number: int
    fate: Fate


def lost_days(days: Sequence[DayFate]) -> tuple[DayFate, ...]:
    """The days that make a course incomplete; none when it is whole, or when nothing of it was or will be given."""
    lost = tuple(day for day in days if day.fate in {Fate.PARTLY, Fate.LOST})
    others = [day for day in days if day.fate in {Fate.GIVEN, Fate.PARTLY, Fate.BOOKED}]
    return lost if others else ()


def is_settled(days: Sequence[DayFate]) -> bool:
    """Nothing is left to decide: every day was given in full, or nothing of the course was or will be given."""
    fates = {day.fate for day in days}
    return fates <= {Fate.GIVEN} or not fates & {Fate.GIVEN, Fate.PARTLY, Fate.BOOKED}


def sentence(*, course_number: int, who: str, days: int, lost: Sequence[DayFate]) -> str:
    """What staff are told: which days were not given, or not in full, and what to do."""
    if days == 1:
        what = "was stopped before the end"
    else:
        parts = [
            f"day {day.number} of {days} was {'not given in full' if day.fate is Fate.PARTLY else 'not given'}"
            for day in lost
        ]
        what = f": {' and '.join(parts)}"
    said = f"Course {course_number} of {who}{what if days > 1 else f' {what}'}."
    return f"{said} Decide with the prescriber."
