"""The weight a dose is calculated from, and when a new weight asks for a new dose."""

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from core.errors import Refusal
from regimens.domain.quantities import exact, round_half_up
from regimens.domain.settings import CLINICAL_DEFAULTS

CM_PER_INCH = Fraction(254, 100)


class Sex(StrEnum):
    FEMALE = "female"
    MALE = "male"


class WeightBasis(StrEnum):
    """Which weight the dose is calculated from."""

    ACTUAL = "actual"
    IDEAL = "ideal"
    ADJUSTED = "adjusted"


@dataclass(frozen=True)
class DosingWeight:
    """The weight to dose by, to 0.1 kg, with what it was chosen from (exact)."""

    kg: Fraction
    basis: WeightBasis
    bmi: Fraction | None
    ideal_kg: Fraction | None


def body_mass_index(*, weight_kg: Fraction, height_cm: Fraction) -> Fraction:
    """Kilograms by square metres, exact."""
    return weight_kg / (height_cm / 100) ** 2


def ideal_weight(*, height_cm: Fraction, sex: Sex) -> Fraction:
    """Ideal body weight in kg by Devine's formula, exact.

    Source: IG dosing-weight calculator (P14); confidence P.
    """
    base = Fraction(50) if sex is Sex.MALE else Fraction(91, 2)
    return base + Fraction(23, 10) * (height_cm / CM_PER_INCH - 60)


def dosing_weight(
    *,
    actual_kg: Fraction,
    height_cm: Fraction | None = None,
    sex: Sex | None = None,
    bmi_threshold: Fraction = CLINICAL_DEFAULTS.bmi_threshold,
    ideal_pct_threshold: Fraction | None = None,
    adjusted_factor: Fraction = CLINICAL_DEFAULTS.adjusted_weight_factor,
    basis: WeightBasis | None = None,
) -> DosingWeight:
    """The dosing weight: actual, unless BMI is above the threshold, then adjusted. `basis` overrides the
    choice.

    With `ideal_pct_threshold` the cut-off is that percentage of ideal weight instead of BMI, as some policies
    say. Without a height the actual weight is used. Raises Refusal when the sex or height a formula needs is
    missing.

    Source: IG dosing-weight calculator (P14), payer IG policies (P16, P37); confidence P, the cut-off is a
    setting.
    """
    if actual_kg <= 0 or (height_cm is not None and height_cm <= 0):
        raise Refusal("bad_weight", "Weight and height must be above zero.", field="weight_kg")
    bmi = None if height_cm is None else body_mass_index(weight_kg=actual_kg, height_cm=height_cm)
    ideal = None if height_cm is None or sex is None else ideal_weight(height_cm=height_cm, sex=sex)
    if ideal_pct_threshold is None:
        is_above = bmi is not None and bmi > bmi_threshold
    else:
        is_above = ideal is not None and actual_kg > ideal * ideal_pct_threshold / 100
    chosen = basis or (WeightBasis.ADJUSTED if is_above else WeightBasis.ACTUAL)
    if chosen is WeightBasis.ACTUAL:
        return DosingWeight(round_half_up(actual_kg, places=1), chosen, bmi, ideal)
    if ideal is None:
        raise Refusal(
            "weight_basis_unknown",
            f"The {chosen} weight needs the patient's height and sex. Record them, or dose by actual weight.",
            field="height_cm",
        )
    kg = ideal if chosen is WeightBasis.IDEAL else ideal + adjusted_factor * (actual_kg - ideal)
    return DosingWeight(round_half_up(kg, places=1), chosen, bmi, ideal)


def has_weight_changed(
    *,
    reference_kg: Fraction,
    current_kg: Fraction,
    threshold_pct: Fraction = CLINICAL_DEFAULTS.weight_change_pct,
) -> bool:
    """Whether the weight moved by more than the threshold from the ordered one, up or down: time to look at
    the dose.

    The payer's quantity may then be too small, so the authorization is looked at again as well.

    Source: belatacept label (P27); confidence K as a general rule.
    """
    return abs(exact(current_kg) - exact(reference_kg)) * 100 > threshold_pct * reference_kg
