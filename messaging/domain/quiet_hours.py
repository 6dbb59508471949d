"""No message at night: quiet hours where the recipient is."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from messaging.domain.reminders import wall_time


@dataclass(frozen=True)
class QuietHours:
    """From one wall-clock time up to but not including another, usually across midnight; equal times mean never."""

    begins: time = time(21)
    ends: time = time(8)

    def holds(self, at: time) -> bool:
        """Whether a wall-clock time is quiet."""
        if self.begins <= self.ends:
            return self.begins <= at < self.ends
        return at >= self.begins or at < self.ends


QUIET_HOURS = QuietHours()


def next_allowed(at: datetime, *, zone: ZoneInfo, quiet: QuietHours = QUIET_HOURS) -> datetime:
    """The instant itself outside quiet hours, else the moment they end for the recipient. In UTC.

    Source: telemarketing hours taken as good practice; confidence K.
    """
    if at.tzinfo is None:
        raise ValueError("a message is sent at an instant with a time zone")
    local = at.astimezone(zone)
    if not quiet.holds(local.time()):
        return at.astimezone(UTC)
    return wall_time(_day_quiet_ends(local, quiet), quiet.ends, zone)


def _day_quiet_ends(local: datetime, quiet: QuietHours) -> date:
    is_evening = quiet.begins > quiet.ends and local.time() >= quiet.begins
    return local.date() + timedelta(days=1 if is_evening else 0)
