"""How long an infusion takes: a ramp of rates walked exactly, under every cap that applies.

For planning chair time only. These tables must not be used to program a pump.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from math import ceil

from core.errors import Refusal
from regimens.domain.reactions import SLOWING
from regimens.domain.settings import CLINICAL_DEFAULTS


class Profile(StrEnum):
    """Which ramp an infusion follows."""

    FIRST = "first"
    SUBSEQUENT = "subsequent"


@dataclass(frozen=True)
class RateStep:
    """A rate held for some minutes; `minutes` None means until the infusion is done."""

    ml_per_kg_per_hour: Fraction
    minutes: Fraction | None


@dataclass(frozen=True)
class Ramp:
    """A ramp table for an indication (None: any), with the label's maximum in mL/kg/h where it prints one."""

    first: tuple[RateStep, ...]
    subsequent: tuple[RateStep, ...] | None = None
    max_ml_per_kg_per_hour: Fraction | None = None
    indication: str | None = None

    def steps(self, profile: Profile) -> tuple[RateStep, ...]:
        """The steps of a profile; a label with one table uses it for both."""
        return self.first if profile is Profile.FIRST or self.subsequent is None else self.subsequent


@dataclass(frozen=True)
class RateSegment:
    """A stretch of the infusion at one pump rate. Minutes from the start, exact."""

    starts_at_minute: Fraction
    minutes: Fraction
    ml_per_hour: Fraction


@dataclass(frozen=True)
class InfusionTime:
    """How long the infusion takes, and the rates it runs through (equal neighbours joined)."""

    exact_minutes: Fraction
    minutes: int
    segments: tuple[RateSegment, ...]

    @property
    def rate_changes_at(self) -> tuple[int, ...]:
        """Whole minutes after the start at which a nurse raises the rate."""
        return tuple(ceil(segment.starts_at_minute) for segment in self.segments[1:])


def ml_per_kg_per_hour(*, mg_per_kg_per_min: Fraction, mg_per_ml: Fraction) -> Fraction:
    """A label's mg/kg/min as mL/kg/h: times 60, by the concentration.

    Source: label rate pairs, e.g. 9 mg/kg/min printed beside 5.4 mL/kg/h (P1); confidence P.
    """
    return mg_per_kg_per_min * 60 / mg_per_ml


def profile_for(
    *,
    prior_infusions_of_product: int,
    days_since_last: int | None,
    gap_threshold_days: int = CLINICAL_DEFAULTS.first_ramp_after_days,
    last_reaction_grade: int = 0,
) -> Profile:
    """First ramp for a product new to the patient, after a longer gap than the threshold, or after a grade 2
    reaction.

    Source: Gammagard (product switch, P1) and Bivigam (more than 8 weeks, P9) labels, P; after a reaction K.
    """
    is_first = (
        prior_infusions_of_product == 0
        or days_since_last is None
        or days_since_last > gap_threshold_days
        or last_reaction_grade >= SLOWING
    )
    return Profile.FIRST if is_first else Profile.SUBSEQUENT


def choose_ramp(ramps: Sequence[Ramp], *, indication: str | None) -> Ramp:
    """The ramp of the indication, else the product's general one. Raises Refusal when the clinic has entered
    none.

    Source: labels give maxima by product and indication (P1-P12); confidence by product in the catalogue.
    """
    for wanted in (indication, None):
        for ramp in ramps:
            if ramp.indication == wanted and ramp.first:
                return ramp
    raise Refusal(
        "rates_unknown",
        "No infusion rates are entered for this product, so its chair time is unknown. "
        "Ask the pharmacist to enter them.",
    )


def lowest_cap(*caps: Fraction | None) -> Fraction | None:
    """The lowest of the caps that apply (label maximum, at-risk, the patient's own), or None."""
    given = [cap for cap in caps if cap is not None]
    return min(given) if given else None


def infusion_time(
    *,
    volume_ml: Fraction,
    weight_kg: Fraction,
    steps: Sequence[RateStep],
    cap_ml_per_kg_per_hour: Fraction | None = None,
    pump_cap_ml_per_hour: Fraction | None = None,
) -> InfusionTime:
    """Walk the ramp until the volume is in. A cap replaces any higher step; the last step runs until done.

    Exact, then rounded up to whole minutes. Raises Refusal for a ramp without steps or with a rate of nought.

    Source: product rate tables (P1-P12), reproduced by the manufacturer's own 2 h 15 min example (P8);
    confidence P.
    """
    _check_ramp(volume_ml, weight_kg, steps)
    left, elapsed = volume_ml, Fraction(0)
    segments: list[RateSegment] = []
    remaining = list(steps)
    while left > 0:
        step = remaining.pop(0)
        rate = step.ml_per_kg_per_hour
        if cap_ml_per_kg_per_hour is not None:
            rate = min(rate, cap_ml_per_kg_per_hour)
        rate *= weight_kg
        if pump_cap_ml_per_hour is not None:
            rate = min(rate, pump_cap_ml_per_hour)
        if rate <= 0:
            raise Refusal("bad_rate", "An infusion rate or cap must be above zero.", field="rate")
        needed = left * 60 / rate
        spent = needed if step.minutes is None or not remaining else min(needed, step.minutes)
        _append(segments, RateSegment(elapsed, spent, rate))
        elapsed += spent
        left -= rate * spent / 60
    return InfusionTime(elapsed, ceil(elapsed), tuple(segments))


def _check_ramp(volume_ml: Fraction, weight_kg: Fraction, steps: Sequence[RateStep]) -> None:
    if volume_ml <= 0 or weight_kg <= 0:
        raise Refusal("bad_volume", "The volume and the dosing weight must be above zero.", field="volume_ml")
    if not steps:
        raise Refusal("rates_unknown", "No infusion rates are entered for this product. Ask the pharmacist.")


def _append(segments: list[RateSegment], new: RateSegment) -> None:
    """Add a stretch, joined to the one before when the rate did not change."""
    if segments and segments[-1].ml_per_hour == new.ml_per_hour:
        last = segments.pop()
        new = RateSegment(last.starts_at_minute, last.minutes + new.minutes, new.ml_per_hour)
    segments.append(new)
