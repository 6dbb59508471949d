"""Counting business days: weekdays that are no holiday."""

from collections.abc import Iterable
from datetime import date, timedelta

from regimens.domain.open_days import MONDAY_TO_FRIDAY, OpenDays


def business_days(holidays: Iterable[date] = ()) -> OpenDays:
    """Monday to Friday without the holidays."""
    return OpenDays(MONDAY_TO_FRIDAY, frozenset(holidays))


def add_business_days(start_on: date, days: int, *, calendar: OpenDays) -> date:
    """The date that many business days after the start; the start itself never counts.

    Source: a state Medicaid manual's timelines (P46), P; holiday handling K.
    """
    if not calendar.weekdays:
        raise ValueError("a calendar of business days has an open weekday")
    reached, left = start_on, days
    while left > 0:
        reached += timedelta(days=1)
        left -= calendar.is_open(reached)
    return reached
