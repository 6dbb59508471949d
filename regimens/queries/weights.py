"""A patient's weights for dosing, side by side, and whether the weight an order was dosed by still holds."""

from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

from core.errors import Refusal
from patients.models import Patient
from regimens.domain.settings import CLINICAL_DEFAULTS
from regimens.domain.weight import Sex, WeightBasis, body_mass_index, dosing_weight, has_weight_changed
from regimens.models import Product, TreatmentOrder

TENTH = Decimal("0.1")


@dataclass(frozen=True)
class WeightChoice:
    """One of the weights a dose may be calculated from; `kg` is None where the record lacks what its formula needs."""

    basis: WeightBasis
    kg: Decimal | None
    is_usual: bool


@dataclass(frozen=True)
class WeightChoices:
    """The weights to choose from, the usual one marked, and why it is the usual one."""

    measured_kg: Decimal
    measured_on: date
    bmi: Decimal | None
    choices: tuple[WeightChoice, ...]
    why: str

    @property
    def usual(self) -> WeightChoice:
        return next(choice for choice in self.choices if choice.is_usual)


@dataclass(frozen=True)
class WeightChange:
    """The last weight measured against the one the order was dosed by, where they differ by more than the clinic's
    limit."""

    was_kg: Decimal
    now_kg: Decimal
    measured_on: date

    @property
    def percent(self) -> int:
        """The change in per cent, to the nearest whole one; negative for a loss."""
        return int(((self.now_kg - self.was_kg) * 100 / self.was_kg).to_integral_value(ROUND_HALF_UP))


def weight_choices(patient: Patient, product: Product) -> WeightChoices | None:
    """The weights that `patient` could be dosed by; None when nobody weighed them. One SQL statement.

    Immune globulin goes by the adjusted weight above the clinic's BMI limit; other drugs by the actual weight.
    """
    last = patient.weights.first()
    if last is None:
        return None
    bmi = None if patient.height_cm is None else _bmi(last.kg, patient.height_cm)
    is_above = bmi is not None and bmi > CLINICAL_DEFAULTS.bmi_threshold and product.is_immune_globulin
    kg = {basis: _kg(patient, last.kg, basis) for basis in WeightBasis}
    usual = WeightBasis.ADJUSTED if is_above and kg[WeightBasis.ADJUSTED] is not None else WeightBasis.ACTUAL
    return WeightChoices(
        measured_kg=last.kg,
        measured_on=last.measured_on,
        bmi=None if bmi is None else _decimal(bmi),
        choices=tuple(WeightChoice(basis, kg[basis], basis is usual) for basis in WeightBasis),
        why=_why(product, bmi, usual, is_above=is_above),
    )


def weight_change(order: TreatmentOrder) -> WeightChange | None:
    """The patient's last weight where it has moved too far from the order's; None else. One SQL statement.

    Like is compared with like: an order dosed by an ideal or adjusted weight keeps the weight that was measured.
    """
    reference = order.measured_weight_kg
    if reference is None and order.weight_basis == WeightBasis.ACTUAL.value:
        reference = order.dosing_weight_kg
    last = order.patient.weights.first() if reference is not None else None
    if reference is None or last is None:
        return None
    if order.weighed_on is not None and last.measured_on < order.weighed_on:
        return None
    has_changed = has_weight_changed(reference_kg=Fraction(reference), current_kg=Fraction(last.kg))
    return WeightChange(reference, last.kg, last.measured_on) if has_changed else None


def _kg(patient: Patient, measured_kg: Decimal, basis: WeightBasis) -> Decimal | None:
    sex = Sex(patient.sex) if patient.sex in set(Sex) else None
    height = None if patient.height_cm is None else Fraction(patient.height_cm)
    try:
        found = dosing_weight(actual_kg=Fraction(measured_kg), height_cm=height, sex=sex, basis=basis)
    except Refusal:
        return None
    return _decimal(found.kg) if found.kg > 0 else None


def _bmi(kg: Decimal, height_cm: Decimal) -> Fraction:
    return body_mass_index(weight_kg=Fraction(kg), height_cm=Fraction(height_cm))


def _why(product: Product, bmi: Fraction | None, usual: WeightBasis, *, is_above: bool) -> str:
    limit = CLINICAL_DEFAULTS.bmi_threshold
    if not product.is_immune_globulin:
        return f"{product.name.capitalize()} is dosed by the actual weight."
    if bmi is None:
        return "Without a height on record the actual weight is used."
    if is_above and usual is WeightBasis.ACTUAL:
        return f"BMI {_decimal(bmi)} is above {limit}, but the adjusted weight needs the patient's sex on record."
    if is_above:
        return f"BMI {_decimal(bmi)} is above {limit}, so the adjusted weight is usual."
    return f"BMI {_decimal(bmi)} is not above {limit}, so the actual weight is usual."


def _decimal(value: Fraction) -> Decimal:
    return (Decimal(value.numerator) / Decimal(value.denominator)).quantize(TENTH, ROUND_HALF_UP)
