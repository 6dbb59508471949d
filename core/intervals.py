"""Half-open intervals of time, `[start, end)`, on a quarter-hour grid. Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

QUARTER = timedelta(minutes=15)


@dataclass(frozen=True, order=True)
class Interval:
    """The instants from `start` up to but not including `end`."""

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        if self.start.tzinfo is None or self.end.tzinfo is None:
            raise ValueError("an interval needs instants with a time zone")
        if self.end <= self.start:
            raise ValueError("an interval ends after it starts")

    @property
    def minutes(self) -> int:
        return int((self.end - self.start).total_seconds() // 60)

    def overlaps(self, other: "Interval") -> bool:
        return self.start < other.end and other.start < self.end

    def contains(self, moment: datetime) -> bool:
        return self.start <= moment < self.end

    def covers(self, other: "Interval") -> bool:
        return self.start <= other.start and other.end <= self.end

    def quarters(self) -> Iterator[datetime]:
        """The start of each quarter hour in the interval."""
        moment = self.start
        while moment < self.end:
            yield moment
            moment += QUARTER


def gaps(day: Interval, taken: Iterable[Interval]) -> list[Interval]:
    """What is left of `day` between the intervals of `taken`, in order."""
    free: list[Interval] = []
    reached = day.start
    for busy in sorted(taken):
        if busy.start > reached:
            free.append(Interval(reached, min(busy.start, day.end)))
        reached = max(reached, busy.end)
        if reached >= day.end:
            break
    if reached < day.end:
        free.append(Interval(reached, day.end))
    return [gap for gap in free if gap.start < day.end]


def is_on_grid(moment: datetime) -> bool:
    """Whether `moment` falls on a quarter hour."""
    return moment.timestamp() % 900 == 0


def floor_quarter(moment: datetime) -> datetime:
    """The quarter hour at or before `moment`."""
    return moment - timedelta(seconds=moment.timestamp() % 900)


def ceil_quarter(moment: datetime) -> datetime:
    """The quarter hour at or after `moment`."""
    floored = floor_quarter(moment)
    return floored if floored == moment else floored + QUARTER
