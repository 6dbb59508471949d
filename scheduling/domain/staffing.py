"""Simple counts of nurses: how many patients a shift can hold, and when patients due together can be started.

The day board's quarter-hour load is finer (`load`); these answer "would the day fit at all?".
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True)
class Capacity:
    """Patients that may be infused at once, in a normal hour and while nurses are at lunch, and what the load is."""

    normal: int
    at_lunch: int
    weighted_load: int

    @property
    def fits(self) -> bool:
        return self.weighted_load <= self.normal

    @property
    def fits_at_lunch(self) -> bool:
        return self.weighted_load <= self.at_lunch


def concurrent_capacity(
    *, nurses: int, patients_per_nurse: int, nurses_at_lunch: int, first_doses: int, others: int, first_dose_weight: int
) -> Capacity:
    """Whether a load of patients fits the nurses, a first dose counting for several; the ratio must hold over lunch.

    Source: no official ratio exists; published benchmarks range from 1.7 to 3.6 chairs a nurse (P40); confidence K.
    """
    return Capacity(
        normal=nurses * patients_per_nurse,
        at_lunch=max(0, nurses - nurses_at_lunch) * patients_per_nurse,
        weighted_load=first_doses * first_dose_weight + others,
    )


def staggered_starts(*, opens_at: datetime, patients: int, nurses: int, slot_minutes: int) -> tuple[datetime, ...]:
    """When each of the patients due at opening is started: every nurse starts one at a time. Raises ValueError without.

    Source: usual practice, an IV start ties a nurse for a quarter hour; confidence K.
    """
    if nurses < 1 or slot_minutes < 1:
        raise ValueError("starting patients takes at least one nurse and a minute")
    return tuple(opens_at + timedelta(minutes=slot_minutes * (n // nurses)) for n in range(patients))


def has_second_nurse(*, nurses_on_floor: int, infusing: Collection[object]) -> bool:
    """Whether a second nurse is on the floor while anyone infuses.

    Source: usual practice; confidence K.
    """
    return not infusing or nurses_on_floor >= 2
