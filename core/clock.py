"""The one place that knows what time it is, and how wall-clock times become instants.

Only services and adapters ask; domain rules are given `now` or `today`. A demo may shift the clock (never production).
"""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings

from core.errors import BadInput


def now() -> datetime:
    """The current instant, in UTC."""
    return datetime.now(UTC) + timedelta(seconds=settings.DEMO_CLOCK_OFFSET_SECONDS)


def today(zone: ZoneInfo) -> date:
    """Today's date on the wall in `zone`."""
    return now().astimezone(zone).date()


def instant(day: date, wall: time, zone: ZoneInfo, *, field: str = "start") -> datetime:
    """The instant at which the wall clock in `zone` shows `wall` on `day`.

    A time that the spring change skips is refused, naming `field`; one that the autumn change repeats means its
    first occurrence (write the offset in the API to mean the second).
    """
    local = datetime.combine(day, wall, tzinfo=zone)
    moment = local.astimezone(UTC)
    if moment.astimezone(zone).replace(tzinfo=None) != local.replace(tzinfo=None):
        raise BadInput(
            "nonexistent_time",
            f"{wall:%H:%M} does not exist on {day:%A %-d %B %Y}: the clocks go forward then. Choose another time.",
            field=field,
        )
    return moment


def day_bounds(day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """The instants between which `zone` shows `day`: 23, 24 or 25 hours apart."""
    start = datetime.combine(day, time.min, tzinfo=zone).astimezone(UTC)
    end = datetime.combine(day + timedelta(days=1), time.min, tzinfo=zone).astimezone(UTC)
    return start, end
