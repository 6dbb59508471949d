"""Which days the clinic is open, and where a due date moves when it is not."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

EVERY_DAY = frozenset(range(7))
MONDAY_TO_FRIDAY = frozenset(range(5))


class TieGoes(StrEnum):
    """Which of two equally near days is taken."""

    EARLIER = "earlier"
    LATER = "later"


@dataclass(frozen=True)
class OpenDays:
    """Open weekdays (Monday is 0) without the closed dates."""

    weekdays: Collection[int] = EVERY_DAY
    closed: Collection[date] = frozenset()

    def is_open(self, on: date) -> bool:
        """Whether the clinic is open that day."""
        return on.weekday() in self.weekdays and on not in self.closed


def nearest_open_day(
    *,
    due_on: date,
    earliest_on: date,
    latest_on: date,
    open_days: OpenDays,
    day_offsets: Sequence[int] = (0,),
    tie: TieGoes = TieGoes.LATER,
) -> date | None:
    """The day of the window nearest to the due date on which every day of the course is open, or None.

    A tie goes later, because a payer may refuse a dose as too soon.

    Source: usual practice; confidence K.
    """
    window = (earliest_on + timedelta(days=n) for n in range((latest_on - earliest_on).days + 1))
    usable = [day for day in window if all(open_days.is_open(day + timedelta(days=n)) for n in day_offsets)]
    sign = -1 if tie is TieGoes.LATER else 1
    return min(usable, key=lambda day: (abs((day - due_on).days), sign * day.toordinal()), default=None)
