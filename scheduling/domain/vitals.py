"""When a patient's vital signs are taken during a visit, and which numbers cannot be right. Pure.

The cadence is a clinic's setting with its source; it says when to look at the patient, never what to make of it.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Annotated

from core.errors import Reason
from core.sourced import Confidence, Sourced
from scheduling.domain.running import MINUTE, Run

NURSING = "infusion nursing references of low authority that agree; the clinic's own policy goes first"


@dataclass(frozen=True)
class VitalsCadence:
    """When vital signs are due, in minutes. Besides: before the start, with every increase, at the end of each part."""

    after_start: Annotated[int, Sourced(NURSING, Confidence.PUBLISHED)] = 15
    at_maximum_every: Annotated[int, Sourced(NURSING, Confidence.PUBLISHED)] = 60
    early: Annotated[int, Sourced("usual practice: a set counts so long before it is due", Confidence.CLINIC)] = 5
    late: Annotated[int, Sourced("usual practice: overdue so long after", Confidence.CLINIC)] = 5


CADENCE = VitalsCadence()
HOUR = 60
CADENCE_LIMITS: Mapping[str, tuple[int, int]] = {
    "after_start": (5, 60),
    "at_maximum_every": (15, 240),
    "early": (0, 30),
    "late": (0, 60),
}
"""Fewest and most minutes that can be meant; outside is a slip of the hand. Usual practice, K."""


def check_cadence(cadence: VitalsCadence) -> list[Reason]:
    """What makes no sense about a clinic's own times, each reason at its field."""
    found = [
        Reason("out_of_range", f"Enter a whole number from {low} to {high}.", field=name)
        for name, (low, high) in CADENCE_LIMITS.items()
        if not low <= getattr(cadence, name) <= high
    ]
    if not found and cadence.early >= cadence.after_start:
        sentence = "A set that counts so early would stand for the start itself. Enter less than the first time."
        found.append(Reason("early_too_long", sentence, field="early"))
    if not found and cadence.late >= cadence.at_maximum_every:
        sentence = "The next set would be due before this one is overdue. Enter less than the time between sets."
        found.append(Reason("late_too_long", sentence, field="late"))
    return found


class Occasion(StrEnum):
    """Why a set of vital signs is due."""

    BASELINE = "baseline"
    AFTER_START = "after_start"
    INCREASE = "increase"
    AT_MAXIMUM = "at_maximum"
    END = "end"
    OBSERVED = "observed"

    def words(self, cadence: VitalsCadence = CADENCE) -> str:
        """The occasion inside a sentence, with the clinic's own minutes."""
        every = "hour" if cadence.at_maximum_every == HOUR else f"{cadence.at_maximum_every} min"
        return {
            Occasion.BASELINE: "before the start",
            Occasion.AFTER_START: f"{cadence.after_start} min after the start",
            Occasion.INCREASE: "with the rate increase",
            Occasion.AT_MAXIMUM: f"every {every} at the full rate",
            Occasion.END: "end of the infusion",
            Occasion.OBSERVED: "end of observation",
        }[self]


@dataclass(frozen=True)
class VitalsDue:
    """A set that is due, and why. `is_overdue` says that it should have been taken by now."""

    occasion: Occasion
    at: datetime
    is_overdue: bool
    words: str


@dataclass(frozen=True, kw_only=True)
class Measured:
    """One set of vital signs: °C, beats and breaths a minute, mmHg, per cent, mL/h. What was not taken is None."""

    temperature_c: Decimal | None = None
    heart_rate: int | None = None
    systolic: int | None = None
    diastolic: int | None = None
    respiratory_rate: int | None = None
    spo2: int | None = None
    ml_per_hour: Decimal | None = None


BOUNDS: Mapping[str, tuple[int, int, str]] = {
    "temperature_c": (30, 45, "°C"),
    "heart_rate": (20, 250, "beats a minute"),
    "systolic": (40, 280, "mmHg"),
    "diastolic": (20, 180, "mmHg"),
    "respiratory_rate": (4, 80, "breaths a minute"),
    "spo2": (40, 100, "per cent"),
    "ml_per_hour": (0, 2000, "mL/h"),
}
"""Lowest and highest number that can be meant: outside is a slip of the hand. Not what is normal; usual practice, K."""


def next_vitals(
    run: Run, taken: Collection[datetime], now: datetime, *, cadence: VitalsCadence = CADENCE
) -> VitalsDue | None:
    """The set that is due next, or has been for longest; None before the chair and when all are taken.

    Source: baseline, 15 minutes after the start, with every increase, hourly at the maximum, at the end and at the end
    of observation (P32); confidence P.
    """
    covered = max(taken) + cadence.early * MINUTE if taken else None
    due = [
        (at, occasion)
        for at, occasion in schedule(run, now, cadence=cadence)
        if covered is None or (occasion is not Occasion.BASELINE and at > covered)
    ]
    if not due:
        return None
    at, occasion = min(due)
    return VitalsDue(occasion, at, now > at + cadence.late * MINUTE, occasion.words(cadence))


def schedule(run: Run, now: datetime, *, cadence: VitalsCadence = CADENCE) -> tuple[tuple[datetime, Occasion], ...]:
    """Every moment at which a set is due, in order, as far as it can be known from what was stamped."""
    return tuple(sorted(_moments(run, now, cadence)))


def _moments(run: Run, now: datetime, cadence: VitalsCadence) -> Iterator[tuple[datetime, Occasion]]:
    if run.seated_at is not None:
        yield run.seated_at, Occasion.BASELINE
    if run.started_at is None:
        return
    planned_end = run.started_at + run.infusion
    end = planned_end if run.observing_at is None else run.observing_at
    during = [(run.started_at + cadence.after_start * MINUTE, Occasion.AFTER_START)]
    top_at, rate = run.started_at, None
    for step in run.steps:
        at = run.step_at(step, now) or run.started_at
        if rate is not None and step.ml_per_hour > rate:
            top_at = at
            during.append((at, Occasion.INCREASE))
        rate = step.ml_per_hour
    until = end if run.observing_at is not None else max(end, now)
    every = timedelta(minutes=cadence.at_maximum_every)
    hours = max(0, (until - top_at) // every)
    during += [(top_at + count * every, Occasion.AT_MAXIMUM) for count in range(1, hours + 1)]
    yield from ((at, occasion) for at, occasion in during if at < until and at != end)
    yield end, Occasion.END
    if run.observing_at is not None:
        yield run.observing_at + run.observation, Occasion.OBSERVED


def check_measured(measured: Measured) -> list[Reason]:
    """What cannot be right about a set, each reason at its field; nothing measured is refused too."""
    values = {name: getattr(measured, name) for name in BOUNDS}
    if all(value is None for name, value in values.items() if name != "ml_per_hour"):
        return [Reason("nothing_measured", "Enter at least one vital sign.", field="temperature_c")]
    found = [
        Reason("not_plausible", f"Enter a number from {low} to {high} {unit}.", field=name)
        for name, (low, high, unit) in BOUNDS.items()
        if (value := values[name]) is not None and not low <= value <= high
    ]
    high, low = measured.systolic, measured.diastolic
    if (high is None) != (low is None):
        missing = "systolic" if high is None else "diastolic"
        found.append(Reason("half_a_pressure", "Enter both numbers of the blood pressure.", field=missing))
    elif high is not None and low is not None and low >= high:
        found.append(Reason("pressure_swapped", "The lower number must be below the upper one.", field="diastolic"))
    return found
