"""When reminders go out: some days before the visit, at a wall-clock time where the clinic is."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

OFFSETS_DAYS = (7, 3, 1)
"""Days before the visit. Usual practice, K; trials support reminding (P55)."""
SEND_AT = time(10)


def wall_time(on: date, at: time, zone: ZoneInfo) -> datetime:
    """The instant (UTC) of a wall-clock time: after the gap in spring, the first of two in autumn.

    Source: arithmetic of the time zone.
    """
    return datetime.combine(on, at.replace(fold=0), tzinfo=zone).astimezone(UTC)


def reminder_times(
    *,
    starts_at: datetime,
    zone: ZoneInfo,
    offsets_days: Sequence[int] = OFFSETS_DAYS,
    send_at: time = SEND_AT,
) -> tuple[datetime, ...]:
    """The instants (UTC) at which to remind of a visit, earliest first; none at or after its start.

    The wall-clock time is kept when the clocks change: "the day before" is a date, not 24 hours.

    Source: usual cadence of 7, 3 and 1 days, K; trials support reminding (P55).
    """
    if starts_at.tzinfo is None:
        raise ValueError("a visit starts at an instant with a time zone")
    visit_on = starts_at.astimezone(zone).date()
    times = {wall_time(visit_on - timedelta(days=days), send_at, zone) for days in offsets_days}
    return tuple(sorted(at for at in times if at < starts_at))
