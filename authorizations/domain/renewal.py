"""When to start renewing: a lead time before the end date or before the first course that nothing covers."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from authorizations.domain.settings import AUTHORIZATION_DEFAULTS


class RenewalDriver(StrEnum):
    """What runs out first."""

    END_DATE = "end_date"
    UNITS = "units"
    VISITS = "visits"


@dataclass(frozen=True)
class Renewal:
    """Which coming courses are covered, the first that is not, and the day to start; None when nothing runs out."""

    covered_on: tuple[date, ...]
    first_uncovered_on: date | None
    starts_on: date | None
    driver: RenewalDriver | None


def plan_renewal(
    *,
    planned_on: Iterable[date],
    units_left: int,
    units_per_course: int,
    ends_on: date | None,
    visits_left: int | None = None,
    visits_per_course: int = 1,
    lead_days: int = AUTHORIZATION_DEFAULTS.renewal_lead,
) -> Renewal:
    """Walk the coming courses while the authorization covers them; renew the lead time before it first does not.

    The end date counts even if no course is planned after it, since an authorization is easier to extend than to ask
    for again. `planned_on` is read up to the first uncovered course.

    Source: one payer takes renewals within 60 days of the end (P46), P; the lead of 30 to 60 days K.
    """
    covered: list[date] = []
    uncovered: date | None = None
    driver = RenewalDriver.END_DATE
    for day in planned_on:
        needed = len(covered) + 1
        if ends_on is not None and day > ends_on:
            uncovered = day
        elif needed * units_per_course > units_left:
            uncovered, driver = day, RenewalDriver.UNITS
        elif visits_left is not None and needed * visits_per_course > visits_left:
            uncovered, driver = day, RenewalDriver.VISITS
        if uncovered is not None:
            break
        covered.append(day)
    runs_out = min((day for day in (ends_on, uncovered) if day is not None), default=None)
    if runs_out is None:
        return Renewal(tuple(covered), None, None, None)
    return Renewal(tuple(covered), uncovered, runs_out - timedelta(days=lead_days), driver)
