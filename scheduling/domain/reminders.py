"""Which reminders a visit gets, and when staff are asked instead: pure arithmetic on the clinic's wall clock."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from messaging.domain.reminders import OFFSETS_DAYS, wall_time
from regimens.domain.open_days import OpenDays

SEND_AT = time(9)
"""Usual practice; confidence K."""
CONFIRM_DAYS_BEFORE = 3
REVIEW_BUSINESS_DAYS_BEFORE = 2
AHEAD = timedelta(days=2)
"""How long before it is due a reminder is written: a sweep may fail for two days and no reminder is missed."""
LATE = timedelta(hours=6)
"""How long after it was due a missing reminder is still worth writing."""
NOT_LATER_THAN = timedelta(minutes=30)
"""Before the start, after which a reminder helps nobody."""


@dataclass(frozen=True)
class Reminder:
    """A reminder so many days before the visit, due at an instant (UTC)."""

    days_before: int
    due_at: datetime

    @property
    def asks_to_confirm(self) -> bool:
        """Whether this is the one that asks the patient to confirm."""
        return self.days_before == CONFIRM_DAYS_BEFORE


def all_reminders(*, starts_at: datetime, zone: ZoneInfo) -> tuple[Reminder, ...]:
    """Seven, three and one days before the date of the visit, at 9:00 where the clinic is, earliest first.

    "The day before" is a date, not 24 hours, so the hour stays when the clocks change.

    Source: usual cadence; confidence K; trials support reminding (P55).
    """
    visit_on = starts_at.astimezone(zone).date()
    days = sorted(OFFSETS_DAYS, reverse=True)
    return tuple(Reminder(n, wall_time(visit_on - timedelta(days=n), SEND_AT, zone)) for n in days)


def reminders_to_write(
    *, starts_at: datetime, placed_at: datetime, now: datetime, zone: ZoneInfo
) -> tuple[Reminder, ...]:
    """The reminders that should exist now, for a visit put at its time at `placed_at`.

    Those that were due before the visit had its place are skipped: a late booking is not reminded of at once.
    """
    return tuple(
        reminder
        for reminder in all_reminders(starts_at=starts_at, zone=zone)
        if placed_at < reminder.due_at < starts_at - NOT_LATER_THAN and now - LATE <= reminder.due_at <= now + AHEAD
    )


def review_on(visit_on: date, open_days: OpenDays, *, business_days: int = REVIEW_BUSINESS_DAYS_BEFORE) -> date:
    """The business day on which staff are asked about a visit that is not cleared.

    Source: clinic practice; confidence K.
    """
    reached, left = visit_on, business_days
    for _ in range(60):
        if left == 0:
            break
        reached -= timedelta(days=1)
        left -= open_days.is_open(reached)
    return reached
