"""Products and indications to choose from, and what the catalogue suggests for an order."""

from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Any

from core.errors import BadInput, Refusal
from patients.models import Patient
from regimens.domain.dose import DoseBasis, band_dose
from regimens.domain.weight import Sex, WeightBasis, dosing_weight
from regimens.models import Indication, Product
from regimens.queries.therapies import Therapy, UsualDose, therapy

LONGEST_INTERVAL = 182
USUAL_INTERVAL = 28


def products() -> list[Product]:
    """Every product, by name."""
    return list(Product.objects.order_by("name"))


def indications() -> list[Indication]:
    """Every indication, by name."""
    return list(Indication.objects.order_by("name"))


def product(product_id: str) -> Product:
    """The product, with its codes. Raises BadInput (field "product") when the catalogue has none of that id."""
    found = Product.objects.prefetch_related("codes").filter(pk=product_id[:40]).first()
    if found is None:
        raise BadInput("unknown_product", f"The catalogue has no product “{product_id[:40]}”.", field="product")
    return found


def indication(indication_id: str) -> Indication:
    """The indication. Raises BadInput (field "indication") when the catalogue has none of that id."""
    found = Indication.objects.filter(pk=indication_id[:20]).first()
    if found is None:
        sentence = f"The catalogue has no indication “{indication_id[:20]}”."
        raise BadInput("unknown_indication", sentence, field="indication")
    return found


@dataclass(frozen=True)
class SuggestedWeight:
    """A weight to dose by, how it was chosen ("actual", "adjusted"), and when the patient was weighed."""

    kg: Decimal
    basis: str
    measured_kg: Decimal
    measured_on: date


def dosing_weight_of(patient: Patient, product: Product) -> SuggestedWeight | None:
    """The weight to dose by, from the last measured one; immune globulin goes by adjusted weight above BMI 30.

    None when nobody weighed the patient. One SQL statement.
    """
    last = patient.weights.first()
    if last is None:
        return None
    measured = SuggestedWeight(last.kg, WeightBasis.ACTUAL.value, last.kg, last.measured_on)
    if not product.is_immune_globulin or patient.height_cm is None or patient.sex not in set(Sex):
        return measured
    chosen = dosing_weight(actual_kg=Fraction(last.kg), height_cm=Fraction(patient.height_cm), sex=Sex(patient.sex))
    return SuggestedWeight(_decimal(chosen.kg), chosen.basis.value, last.kg, last.measured_on)


@dataclass(frozen=True)
class Suggestion:
    """What the catalogue suggests for an order, in the order's own units; None where a prescriber must say."""

    icd10: str
    hcpcs: str
    dose_basis: str
    dose_amount: Decimal | None
    days_per_course: int
    interval_days: int
    induction_offsets_days: tuple[int, ...]
    induction_doses: tuple[Decimal, ...]
    first_maintenance_offset_days: int | None
    course_limit: int | None
    window_early_days: int
    window_late_days: int
    minimum_interval_days: int | None
    late_dose_policy: str
    needs_premedication: bool


def suggestion(product: Product, indication: Indication, *, weight_kg: Decimal | None, on: date) -> Suggestion:
    """A starting point for an order of `product` that begins on `on`; what the prescriber signed decides."""
    treatment = therapy(product, indication)
    brands = treatment.brands_on(on)
    dose = _immune_globulin_dose(indication) if treatment.is_immune_globulin else _usual_dose(treatment, weight_kg)
    interval = treatment.interval_days or dose.interval_days or USUAL_INTERVAL
    is_finite = not treatment.is_immune_globulin and treatment.interval_days is None
    return Suggestion(
        icd10=next(iter(indication.data.get("icd10", ())), ""),
        hcpcs=brands[0].code.hcpcs if brands else "",
        dose_basis=dose.basis,
        dose_amount=dose.amount,
        days_per_course=dose.days,
        interval_days=min(interval, LONGEST_INTERVAL),
        induction_offsets_days=treatment.induction_offsets_days,
        induction_doses=dose.induction_doses,
        first_maintenance_offset_days=treatment.first_maintenance_offset_days,
        course_limit=_course_limit(treatment, is_finite=is_finite, interval=interval),
        window_early_days=treatment.early_days,
        window_late_days=treatment.late_days,
        minimum_interval_days=treatment.min_interval_days if interval <= LONGEST_INTERVAL else None,
        late_dose_policy=treatment.late_policy.value,
        needs_premedication=treatment.premed_minutes is not None,
    )


@dataclass(frozen=True)
class _Dose:
    basis: str
    amount: Decimal | None
    days: int = 1
    induction_doses: tuple[Decimal, ...] = ()
    interval_days: int | None = None


def _course_limit(treatment: Therapy, *, is_finite: bool, interval: int) -> int | None:
    """A drug given once or only as induction ends there; one given yearly is ordered one dose at a time."""
    if is_finite:
        return max(1, len(treatment.induction_offsets_days))
    return 1 if interval > LONGEST_INTERVAL else None


def _usual_dose(treatment: Therapy, weight_kg: Decimal | None) -> _Dose:
    usual = treatment.usual_dose
    if usual is None:
        return _Dose(DoseBasis.FIXED.value, None)
    if usual.basis is DoseBasis.BAND:
        return _banded(usual, weight_kg, inductions=len(treatment.induction_offsets_days))
    loading = tuple(_decimal(amount) for amount in usual.loading_amounts)
    return _Dose(usual.basis.value, _decimal(usual.amount) if usual.amount else None, induction_doses=loading)


def _banded(usual: UsualDose, weight_kg: Decimal | None, *, inductions: int) -> _Dose:
    """A dose by weight band becomes milligrams; the loading band is for the first induction course only."""
    if weight_kg is None:
        return _Dose(DoseBasis.FIXED.value, None)
    try:
        amount = _decimal(band_dose(usual.bands, weight_kg=Fraction(weight_kg)))
        if not usual.loading_bands or not inductions:
            return _Dose(DoseBasis.FIXED.value, amount)
        first = _decimal(band_dose(usual.loading_bands, weight_kg=Fraction(weight_kg)))
    except Refusal:
        return _Dose(DoseBasis.FIXED.value, None)
    return _Dose(DoseBasis.FIXED.value, amount, induction_doses=(first, *[amount] * (inductions - 1)))


def _immune_globulin_dose(indication: Indication) -> _Dose:
    """The usual maintenance course, else the loading course; of a range, the lower end."""
    regimen: dict[str, Any] = next(iter(indication.data.get("regimens", ())), {})
    course: dict[str, Any] = regimen.get("maintenance") or regimen.get("loading") or {}
    days = _least(course.get("days")) or 1
    weeks = _least(course.get("interval_weeks"))
    interval = None if weeks is None else int(weeks * 7)
    for key in ("total_g_per_kg", "g_per_kg", "g_per_kg_per_month"):
        if course.get(key) is not None:
            return _Dose("g_per_kg", _least(course[key]), int(days), interval_days=interval)
    if course.get("mg_per_kg") is not None:
        return _Dose("mg_per_kg", _least(course["mg_per_kg"]), int(days), interval_days=interval)
    return _Dose("g_per_kg", None, int(days), interval_days=interval)


def _least(value: object) -> Decimal | None:
    if isinstance(value, list):
        return min((Decimal(str(each)) for each in value), default=None)
    return None if value is None else Decimal(str(value))


def _decimal(value: Fraction) -> Decimal:
    return (Decimal(value.numerator) / Decimal(value.denominator)).quantize(Decimal("0.001"), ROUND_HALF_UP).normalize()
