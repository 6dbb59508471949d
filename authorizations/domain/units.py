"""The arithmetic of units: ledger movements, what is left, how many infusions that is, how many to ask for."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from fractions import Fraction
from math import ceil

from authorizations.domain.frequency import Dose, FrequencyLimit, fits_limit
from authorizations.domain.settings import AUTHORIZATION_DEFAULTS
from core.errors import Reason


class Movement(StrEnum):
    """Why units move. Reserved at booking, released on cancel, posted when given, reversed when that was wrong."""

    RESERVE = "reserve"
    RELEASE = "release"
    POST = "post"
    REVERSE = "reverse"


@dataclass(frozen=True)
class UnitTotals:
    """Where an authorization's units are."""

    approved: int
    reserved: int = 0
    used: int = 0

    @property
    def left(self) -> int:
        """Units neither reserved nor used."""
        return self.approved - self.reserved - self.used


@dataclass(frozen=True)
class LedgerChange:
    """What one ledger line adds to the reserved and the used units."""

    reserved: int
    used: int


def movement(kind: Movement, *, units: int, reserved_for_visit: int = 0, used_by_visit: int = 0) -> LedgerChange:
    """The change a movement makes for one visit. Posting what was given frees all that was reserved for the visit.

    Raises ValueError for units below one, a release above the reserve or a reverse above the use.

    Source: consumption ledger, reserve at booking and post at administration; confidence K.
    """
    if units < 1:
        raise ValueError("a movement is of at least one unit")
    if kind is Movement.RESERVE:
        return LedgerChange(reserved=units, used=0)
    if kind is Movement.POST:
        return LedgerChange(reserved=-reserved_for_visit, used=units)
    held = reserved_for_visit if kind is Movement.RELEASE else used_by_visit
    if units > held:
        raise ValueError(f"cannot {kind} {units} units: the visit has {held}")
    return LedgerChange(-units, 0) if kind is Movement.RELEASE else LedgerChange(0, -units)


def check_change(totals: UnitTotals, change: LedgerChange) -> tuple[Reason, ...]:
    """Why a movement would overdraw the authorization: reserved and used never exceed what was approved.

    Source: claim adjustment code 198, authorization exceeded (P51); confidence P.
    """
    short = change.reserved + change.used - totals.left
    if short <= 0:
        return ()
    needed = change.reserved + change.used
    sentence = (
        f"This needs {needed} units and {totals.left} of {totals.approved} are left: {short} short. "
        "Ask the payer for more units, or renew the authorization."
    )
    return (Reason("auth_units_short", sentence, field="units"),)


def units_per_course(*, admin_units: int, jw_units: int, counts_wastage: bool) -> int:
    """Units a course takes; by default a billed waste line counts too, payers differ.

    Source: JW is a billed line (P53), P; whether it counts is the payer's rule, K.
    """
    return admin_units + (jw_units if counts_wastage else 0)


@dataclass(frozen=True)
class InfusionsLeft:
    """How many more courses an authorization covers, by each limit; None where there is no such limit."""

    units_left: int
    by_units: int
    by_visits: int | None
    by_end_date: int | None
    by_frequency: int | None
    short_by: int

    @property
    def count(self) -> int:
        """The fewest that any limit allows."""
        limits = (self.by_units, self.by_visits, self.by_end_date, self.by_frequency)
        return min(limit for limit in limits if limit is not None)


def infusions_left(
    *,
    units_left: int,
    units_per_infusion: int,
    visits_left: int | None = None,
    visits_per_course: int = 1,
    planned_on: Sequence[date] | None = None,
    ends_on: date | None = None,
    limit: FrequencyLimit | None = None,
    doses: Sequence[Dose] = (),
) -> InfusionsLeft:
    """Courses left by units, visits, end date and frequency. The last two need the dates of the coming courses.

    `short_by` is what the next course lacks in units (0 when it is covered).

    Source: payer quantity limits (P13, P49), claim adjustment code 198 (P51); confidence P.
    """
    if units_per_infusion < 1 or visits_per_course < 1:
        raise ValueError("a course takes at least one unit and one visit")
    inside = frequent = None
    if planned_on is not None and ends_on is not None:
        inside = sum(day <= ends_on for day in planned_on)
    if planned_on is not None and limit is not None:
        frequent = _within_frequency(planned_on, limit, doses, units_per_infusion)
    return InfusionsLeft(
        units_left=units_left,
        by_units=max(0, units_left) // units_per_infusion,
        by_visits=None if visits_left is None else max(0, visits_left) // visits_per_course,
        by_end_date=inside,
        by_frequency=frequent,
        short_by=max(0, units_per_infusion - units_left),
    )


def _within_frequency(planned_on: Sequence[date], limit: FrequencyLimit, doses: Sequence[Dose], units: int) -> int:
    taken = list(doses)
    for count, day in enumerate(sorted(planned_on)):
        if not fits_limit(limit=limit, doses=taken, service_on=day, units=units):
            return count
        taken.append((day, units))
    return len(planned_on)


@dataclass(frozen=True)
class UnitsToRequest:
    """What to ask the payer for."""

    courses: int
    units: int


def units_to_request(
    *,
    units_per_course: int,
    interval_weeks: Fraction | int,
    months: int,
    overage_pct: Fraction | int = 0,
    weeks_in_year: int = AUTHORIZATION_DEFAULTS.weeks_in_year,
) -> UnitsToRequest:
    """Courses and units in a period of months, the course on its first day included.

    Source: arithmetic of a yearly request, 160 units every 3 weeks; confidence K.
    """
    if interval_weeks <= 0 or months < 1:
        raise ValueError("a period has months and an interval above zero")
    courses = ceil(Fraction(weeks_in_year * months, 12) / Fraction(interval_weeks))
    units = ceil(Fraction(courses * units_per_course) * (100 + Fraction(overage_pct)) / 100)
    return UnitsToRequest(courses, units)
