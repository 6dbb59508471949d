"""What time it is in the demo clinic: mid-morning on a working day, whatever the hour or weekday outside.

The clinic sleeps while the demo is stopped: it wakes at the clinic time at which it was last seen, unless the day's
work was done by then; then it wakes on the next working morning, and the days between must be played.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("America/Chicago")
MID_MORNING = time(10, 30)
WORK_IS_DONE = time(15, 0)


@dataclass(frozen=True, kw_only=True)
class Waking:
    """When the clinic wakes, and whether days passed that nobody has played yet."""

    at: datetime
    must_catch_up: bool

    def offset_seconds(self, real_now: datetime) -> int:
        """How far the clinic's clock is ahead of the real one (negative: behind)."""
        return round((self.at - real_now).total_seconds())


def wake(*, real_now: datetime, last_seen: datetime | None) -> Waking:
    """When the clinic wakes, given the real time and the clinic time at which it was last seen (None: never)."""
    if last_seen is None:
        return Waking(at=_mid_morning(_working_day(real_now.astimezone(ZONE).date())), must_catch_up=False)
    seen = last_seen.astimezone(ZONE)
    if seen.date() == _working_day(seen.date()) and seen.time() < WORK_IS_DONE:
        return Waking(at=last_seen.astimezone(UTC), must_catch_up=False)
    return Waking(at=_mid_morning(_working_day(seen.date() + timedelta(days=1))), must_catch_up=True)


def _working_day(day: date) -> date:
    """`day` itself, or the Monday after it."""
    while day.isoweekday() > 5:
        day += timedelta(days=1)
    return day


def _mid_morning(day: date) -> datetime:
    return datetime.combine(day, MID_MORNING, tzinfo=ZONE).astimezone(UTC)
