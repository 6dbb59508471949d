"""A year's public holidays as a list to tick: what each day is, and why some can't be chosen."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from accounts.models import Closure
from scheduling.queries.public_holidays import PublicHoliday
from scheduling.services.setup_calendar import WORDS


@dataclass(frozen=True, kw_only=True)
class HolidayRow:
    """One holiday. `why_not` is empty for a day that can be ticked; `note` says more about one that can."""

    on: date
    value: str
    name: str
    note: str
    why_not: str
    is_ticked: bool


def rows(
    found: Iterable[PublicHoliday],
    *,
    closures: Iterable[Closure],
    open_weekdays: Collection[int],
    today: date,
    ticked: Collection[str],
) -> list[HolidayRow]:
    """Every holiday in order; nothing is ticked but what somebody ticked."""
    closed = {closure.on: closure.reason for closure in closures}
    return [
        HolidayRow(
            on=holiday.on,
            value=holiday.on.isoformat(),
            name=holiday.name,
            note="Observed on this day" if holiday.is_observed else "",
            why_not=_why_not(holiday.on, holiday.name, closed, open_weekdays, today),
            is_ticked=holiday.on.isoformat() in ticked,
        )
        for holiday in found
    ]


def _why_not(on: date, name: str, closed: Mapping[date, str], open_weekdays: Collection[int], today: date) -> str:
    if on < today:
        return "Over"
    if on in closed:
        why = closed[on].replace("'", "’")
        return "Closed already" if why.startswith(name) else f"Closed already: {why}"
    if on.weekday() not in open_weekdays:
        return f"Closed on {WORDS[on.weekday()]}s anyway"
    return ""
