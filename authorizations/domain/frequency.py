"""A payer's limit of units in any run of days ("180 units per 21 days"), as a rolling window."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

Dose = tuple[date, int]


@dataclass(frozen=True)
class FrequencyLimit:
    """At most `units` in any `days` consecutive days, both ends counted."""

    units: int
    days: int

    def __post_init__(self) -> None:
        if self.units < 1 or self.days < 1:
            raise ValueError("a frequency limit has units and days above zero")


def units_in_fullest_window(*, limit: FrequencyLimit, doses: Iterable[Dose], service_on: date, units: int) -> int:
    """The most units in any window that holds the new dose; doses after it count as well."""
    around = [(on, taken) for on, taken in doses if abs((on - service_on).days) < limit.days]
    around.append((service_on, units))
    ends = [on for on, _ in around if on >= service_on]
    return max(sum(taken for on, taken in around if 0 <= (end - on).days < limit.days) for end in ends)


def fits_limit(*, limit: FrequencyLimit | None, doses: Iterable[Dose], service_on: date, units: int) -> bool:
    """Whether a dose on a date keeps every window that holds it within the limit.

    Source: payer policy, primary immunodeficiency 180 units per 21 days (P13), P; the window's definition K.
    """
    if limit is None:
        return True
    return units_in_fullest_window(limit=limit, doses=doses, service_on=service_on, units=units) <= limit.units


def earliest_within_limit(
    *, limit: FrequencyLimit | None, doses: Sequence[Dose], not_before: date, units: int
) -> date | None:
    """The first date on or after `not_before` that fits the limit, or None when the dose alone is above it.

    Source: payer policy, "not sooner than" (P13); confidence P.
    """
    if limit is None:
        return not_before
    if units > limit.units:
        return None
    leaving = (on + timedelta(days=limit.days) for on, _ in doses)
    candidates = sorted({not_before, *(day for day in leaving if day > not_before)})
    return next(day for day in candidates if fits_limit(limit=limit, doses=doses, service_on=day, units=units))
