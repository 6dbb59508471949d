"""The dose an order asks for: exact from its basis, held to the course limit, split over the days of a
course.

All masses are milligrams unless the name says grams per kilogram. Nothing here rounds to vials: see `vials`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from core.errors import Reason, Refusal
from regimens.domain.quantities import plain
from regimens.domain.settings import CLINICAL_DEFAULTS


class DoseBasis(StrEnum):
    """How an order states its dose."""

    G_PER_KG = "g_per_kg"
    MG_PER_KG = "mg_per_kg"
    FIXED = "fixed_mg"
    BAND = "weight_band"


@dataclass(frozen=True)
class WeightBand:
    """A dose for a range of weights; a missing edge is open."""

    dose_mg: Fraction
    at_least_kg: Fraction | None = None
    above_kg: Fraction | None = None
    below_kg: Fraction | None = None
    at_most_kg: Fraction | None = None

    def holds(self, weight_kg: Fraction) -> bool:
        """Whether a weight falls in this band."""
        return (
            (self.at_least_kg is None or weight_kg >= self.at_least_kg)
            and (self.above_kg is None or weight_kg > self.above_kg)
            and (self.below_kg is None or weight_kg < self.below_kg)
            and (self.at_most_kg is None or weight_kg <= self.at_most_kg)
        )


@dataclass(frozen=True)
class DoseRule:
    """What the order says: `amount` is g/kg, mg/kg or mg by basis, for the whole course and never for each
    day.
    """

    basis: DoseBasis
    amount: Fraction | None = None
    bands: tuple[WeightBand, ...] = ()
    max_mg: Fraction | None = None


@dataclass(frozen=True)
class ExactDose:
    """The dose of a course before rounding: what the arithmetic gave, and what the maximum leaves of it."""

    exact_mg: Fraction
    dose_mg: Fraction
    is_capped: bool


def exact_dose(rule: DoseRule, *, weight_kg: Fraction) -> ExactDose:
    """The dose of one course in mg for a dosing weight, held to the rule's maximum.

    Raises Refusal when no band holds the weight or the order has no amount.

    Source: product labels (tocilizumab maximum, ravulizumab bands P26); confidence by product in the
    catalogue.
    """
    if weight_kg <= 0:
        raise Refusal("bad_weight", "The dosing weight must be above zero.", field="weight_kg")
    exact_mg = _before_maximum(rule, weight_kg)
    if rule.max_mg is not None and exact_mg > rule.max_mg:
        return ExactDose(exact_mg, rule.max_mg, is_capped=True)
    return ExactDose(exact_mg, exact_mg, is_capped=False)


def _before_maximum(rule: DoseRule, weight_kg: Fraction) -> Fraction:
    if rule.basis is DoseBasis.BAND:
        return band_dose(rule.bands, weight_kg=weight_kg)
    if rule.amount is None or rule.amount <= 0:
        raise Refusal("dose_missing", "The order states no dose. Ask the prescriber.", field="amount")
    if rule.basis is DoseBasis.FIXED:
        return rule.amount
    return rule.amount * weight_kg * (1000 if rule.basis is DoseBasis.G_PER_KG else 1)


def band_dose(bands: Sequence[WeightBand], *, weight_kg: Fraction) -> Fraction:
    """The dose in mg of the first band that holds the weight. Raises Refusal when none does.

    Source: product labels, e.g. ravulizumab (P26); confidence P.
    """
    for band in bands:
        if band.holds(weight_kg):
            return band.dose_mg
    raise Refusal(
        "no_weight_band",
        f"No dose is listed for {plain(weight_kg)} kg. Ask the prescriber for a dose in mg.",
        field="weight_kg",
    )


def check_course_limit(
    *,
    per_day_g_per_kg: Fraction,
    days: int,
    max_course_g_per_kg: Fraction = CLINICAL_DEFAULTS.max_course_g_per_kg,
) -> tuple[Reason, ...]:
    """Why a course of immune globulin may not be ordered: its total over all days is above the limit.

    Labels divide 2 g/kg over 2 to 5 days. An order of 2 g/kg *each* day is a several-fold overdose and stops
    here.

    Source: labels of Privigen, Gammagard, Octagam (P1-P4); confidence P.
    """
    course = per_day_g_per_kg * days
    if course <= max_course_g_per_kg:
        return ()
    return (
        Reason(
            "course_dose_exceeds_limit",
            f"{_each_day(per_day_g_per_kg, days)}{plain(course)} g/kg in one course; "
            f"the limit is {plain(max_course_g_per_kg)} g/kg in total, divided over the days. "
            "A pharmacist must review the order.",
            field="amount",
        ),
    )


def _each_day(per_day_g_per_kg: Fraction, days: int) -> str:
    return f"{plain(per_day_g_per_kg)} g/kg on each of {days} days is " if days > 1 else "This is "


def split_over_days(*, total_mg: Fraction, days: int, increment_mg: Fraction) -> tuple[Fraction, ...]:
    """A course total in mg as one dose for each day, in whole increments, larger days first.

    What is left below one increment goes on the first day. Raises Refusal when there is not an increment for
    each day.

    Source: usual practice; confidence K.
    """
    if days < 1 or increment_mg <= 0:
        raise ValueError("a course has at least one day and an increment above zero")
    increments = int(total_mg / increment_mg)
    if increments < days:
        raise Refusal(
            "too_many_days",
            f"{plain(total_mg / 1000)} g cannot be divided over {days} days in steps of "
            f"{plain(increment_mg / 1000)} g. Choose fewer days.",
            field="days",
        )
    each, more = divmod(increments, days)
    split = [(each + (1 if day < more else 0)) * increment_mg for day in range(days)]
    split[0] += total_mg - increments * increment_mg
    return tuple(split)
