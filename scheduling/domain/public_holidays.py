"""The federal holidays of the United States, on the days on which they are observed. Pure.

Source: 5 U.S.C. 6103(a) for the days; (b) for Saturday to the Friday before; Executive Order 11582 for Sunday to the
Monday after. States and clinics keep others as well: those are entered by hand.
"""

from collections.abc import Iterator
from datetime import date, timedelta

MONDAY, THURSDAY, SATURDAY, SUNDAY = 0, 3, 5, 6


def federal_holidays(year: int) -> list[tuple[date, str]]:
    """The holidays of `year` in order, with their names, each on the day on which it is observed."""
    found = [(_observed(day), name) for day, name in _days(year)]
    return sorted((day, name) for day, name in found if day.year == year)


def _days(year: int) -> Iterator[tuple[date, str]]:
    yield date(year, 1, 1), "New Year’s Day"
    yield _nth(year, 1, MONDAY, 3), "Martin Luther King Jr. Day"
    yield _nth(year, 2, MONDAY, 3), "Washington’s Birthday"
    yield _nth(year, 6, MONDAY, 1) - timedelta(days=7), "Memorial Day"
    yield date(year, 6, 19), "Juneteenth"
    yield date(year, 7, 4), "Independence Day"
    yield _nth(year, 9, MONDAY, 1), "Labor Day"
    yield _nth(year, 10, MONDAY, 2), "Columbus Day"
    yield date(year, 11, 11), "Veterans Day"
    yield _nth(year, 11, THURSDAY, 4), "Thanksgiving Day"
    yield date(year, 12, 25), "Christmas Day"
    yield date(year + 1, 1, 1), "New Year’s Day"


def _nth(year: int, month: int, weekday: int, number: int) -> date:
    first = date(year, month, 1)
    return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (number - 1))


def _observed(day: date) -> date:
    shift = {SATURDAY: -1, SUNDAY: 1}.get(day.weekday(), 0)
    return day + timedelta(days=shift)
