"""A patient's weight against what each order was dosed by, and the three weights a dose may be calculated from."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

from patients.models import Patient
from patients.queries.records import PatientRecord
from regimens.domain.weight import Sex, body_mass_index, has_weight_changed, ideal_weight
from regimens.domain.weight import WeightBasis as Basis
from regimens.domain.weight import dosing_weight as weigh
from regimens.models import TreatmentOrder, WeightBasis

TENTH = Decimal("0.1")
TALLER_THAN_CM = Decimal("152.4")
"""Devine's formula starts at five feet; below it no ideal weight is shown."""


@dataclass(frozen=True, kw_only=True)
class DosedBy:
    """The weight that an order was dosed by, and how far the last one is from it. `change_pct` None: not comparable."""

    order: TreatmentOrder
    kg: Decimal
    basis: str
    measured_kg: Decimal | None
    change_pct: Decimal | None
    is_to_look_at: bool


@dataclass(frozen=True, kw_only=True)
class Weights:
    """The last weight measured, with what is calculated from it where height and sex are known."""

    actual_kg: Decimal
    bmi: Decimal | None
    ideal_kg: Decimal | None
    adjusted_kg: Decimal | None
    missing: str


def weights(patient: Patient, record: PatientRecord) -> Weights | None:
    """The three weights today; None for somebody never weighed."""
    last = record.last_weight
    if last is None:
        return None
    height = patient.height_cm
    bmi = body_mass_index(weight_kg=Fraction(last.kg), height_cm=Fraction(height)) if height else None
    sex = Sex(patient.sex) if patient.sex in set(Sex) else None
    ideal = adjusted = None
    if height is not None and sex is not None and height >= TALLER_THAN_CM:
        ideal = ideal_weight(height_cm=Fraction(height), sex=sex)
        facts = {"actual_kg": Fraction(last.kg), "height_cm": Fraction(height)}
        adjusted = weigh(**facts, sex=sex, basis=Basis.ADJUSTED).kg
    unknown = [name for name, known in (("height", height is not None), ("sex", sex is not None)) if not known]
    return Weights(
        actual_kg=last.kg,
        bmi=_tenth(bmi),
        ideal_kg=_tenth(ideal),
        adjusted_kg=_tenth(adjusted),
        missing=" and ".join(unknown),
    )


def dosed_by(orders: Sequence[TreatmentOrder], record: PatientRecord) -> list[DosedBy]:
    """For each live order, whether the weight has moved too far from the one that was measured for it."""
    return [_dosed_by(order, record) for order in orders]


def _dosed_by(order: TreatmentOrder, record: PatientRecord) -> DosedBy:
    """Like is compared with like: an ideal or adjusted weight only by the weight measured for it."""
    reference = order.measured_weight_kg
    if reference is None and order.weight_basis == WeightBasis.ACTUAL:
        reference = order.dosing_weight_kg
    last = record.last_weight
    change, has_changed = None, False
    is_newer = last is not None and (order.weighed_on is None or last.measured_on >= order.weighed_on)
    if reference is not None and last is not None and is_newer:
        change = ((last.kg - reference) * 100 / reference).quantize(TENTH, ROUND_HALF_UP)
        has_changed = has_weight_changed(reference_kg=Fraction(reference), current_kg=Fraction(last.kg))
    return DosedBy(
        order=order,
        kg=order.dosing_weight_kg,
        basis=WeightBasis(order.weight_basis).label,
        measured_kg=order.measured_weight_kg,
        change_pct=change,
        is_to_look_at=has_changed,
    )


def _tenth(value: Fraction | None) -> Decimal | None:
    if value is None:
        return None
    return (Decimal(value.numerator) / Decimal(value.denominator)).quantize(TENTH, ROUND_HALF_UP)
