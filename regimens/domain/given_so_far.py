"""What was really infused of an order. Dates may count a missed course as given; the choice of a ramp must not.

A ramp looks back to the last real infusion, or to the planned one before it that may still come. Source: labels ask
for the first ramp again after more than 8 weeks (P9), whatever had been planned in between. A day that is booked later
than planned looks back from the date it is booked for, so that its chair time is known before that date comes.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

Place = tuple[int, int]
"""Course number and day number."""


@dataclass(frozen=True)
class GivenSoFar:
    """The clinic-local date of every course day that was given, as it is known `today`, and of those booked."""

    days: Mapping[Place, date]
    today: date
    booked: Mapping[Place, date] = field(default_factory=dict)

    def infused_on(self, place: Place, *, planned_on: date, latest_on: date) -> date | None:
        """When a course day was or will be infused, None when it was missed.

        It was missed when a later day was given, or when the last date of its window has passed and it is not booked
        for a date to come.
        """
        if place in self.days:
            return self.days[place]
        coming_on = max(planned_on, self.booked.get(place, planned_on))
        is_overtaken = place < max(self.days, default=place)
        return None if is_overtaken or max(latest_on, coming_on) < self.today else coming_on

    def soonest_on(self, place: Place, *, planned_on: date) -> date:
        """The date from which a course day looks back: one that was not given yet cannot be given in the past."""
        return self.days.get(place) or max(planned_on, self.today, self.booked.get(place, planned_on))
