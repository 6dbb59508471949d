"""Closing on public holidays: the days a manager ticked, and whose holidays they chose from, kept for the next time."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

from accounts.models import Clinic, Closure
from core import clock
from core.actor import Actor
from core.errors import BadInput, Conflict
from core.transactions import business_act
from scheduling.models import ClinicRules
from scheduling.queries import public_holidays
from scheduling.services.clinic_rules import rules_of
from scheduling.services.setup_calendar import closed, lock_days, may_change


@dataclass(frozen=True, kw_only=True)
class Calendar:
    """Whose public holidays, and of which year; `part` is a state, or empty."""

    country: str
    part: str
    year: int


def chosen(clinic: Clinic) -> Calendar:
    """What `clinic` chose last, for the year that is planned next."""
    rules, today = rules_of(clinic), clock.today(clinic.zone)
    year = today.year + (1 if today.month >= 10 else 0)
    return Calendar(country=rules.holidays_country, part=rules.holidays_part, year=year)


@business_act
def close_on(*, clinic: Clinic, calendar: Calendar, days: Collection[date], by: Actor) -> Sequence[Closure]:
    """Close `clinic` on `days`, public holidays of `calendar`, each with its name as the reason.

    Raises `BadInput` for none, for a day that is over or no holiday, `Conflict` for one that is closed already.
    """
    may_change(clinic, by)
    names = _names(calendar)
    wanted = sorted(set(days))
    if not wanted:
        raise BadInput("no_days", "Tick at least one day to close on.", field="days")
    if any(on not in names or on < clock.today(clinic.zone) for on in wanted):
        raise BadInput("not_a_holiday", "Choose holidays to come from the list.", field="days")
    lock_days(clinic, wanted)
    taken = Closure.objects.filter(clinic=clinic, on__in=wanted).order_by("on").values_list("on", flat=True)
    if taken:
        raise Conflict("closed_already", f"The clinic is closed on {taken[0]:%a %-d %b %Y} already.", field="days")
    rows = [Closure(clinic=clinic, on=on, reason=names[on][:80]) for on in wanted]
    Closure.objects.bulk_create(rows)
    keep = {"holidays_country": calendar.country, "holidays_part": calendar.part}
    ClinicRules.objects.update_or_create(clinic=clinic, defaults=keep)
    closed(clinic, rows, by)
    return rows


def _names(calendar: Calendar) -> dict[date, str]:
    found = public_holidays.of_year(country=calendar.country, part=calendar.part, year=calendar.year)
    return {holiday.on: f"{holiday.name}{public_holidays.OBSERVED if holiday.is_observed else ''}" for holiday in found}
