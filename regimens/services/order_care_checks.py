"""Why an order's words around the dose make no sense: its weight, its minutes, its tests, who signed, and the patient.

The other half of `order_checks`. A product that must not be given to this patient is refused here, at "product".
"""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Any

from core.errors import Reason, Refusal
from core.npi import why_no_npi
from patients.domain.cautions import contraindications
from patients.domain.risks import risk_label
from regimens.domain.quantities import plain
from regimens.domain.reactions import BLOCKING
from regimens.domain.weight import Sex, dosing_weight, has_weight_changed
from regimens.domain.weight import WeightBasis as Basis
from regimens.models import Titration, WeightBasis
from regimens.queries.patient_facts import PatientFacts
from regimens.queries.therapies import Therapy
from regimens.services.facts import OrderFacts

LIGHTEST_KG, HEAVIEST_KG = 1, 400
LONGEST_WAIT_MINUTES = 240
FASTEST_ML_PER_KG_PER_HOUR = 20
MOST_TESTS = 30
LONGEST_VALIDITY_DAYS = 3650
SIGNATURE_COUNTS = timedelta(days=366)
LENGTHS = {
    "prescriber_name": 120,
    "premedication": 300,
    "hydration": 300,
    "instructions": 500,
}

Reasons = Iterator[Reason]


def weight(facts: OrderFacts, patient: PatientFacts, today: date) -> Reasons:
    """Weights that cannot be, and a dosing weight that is not what its own basis gives."""
    kilograms = f"between {LIGHTEST_KG} and {HEAVIEST_KG} kg"
    if not _is_weight(facts.dosing_weight_kg):
        yield Reason("bad_weight", f"The dosing weight must be {kilograms}.", field="dosing_weight_kg")
    if facts.weight_basis not in WeightBasis.values:
        yield Reason("unknown_weight_basis", "Choose which weight the dose is calculated from.", field="weight_basis")
        return
    measured = facts.measured_weight_kg
    if facts.weighed_on is not None and facts.weighed_on > today:
        yield Reason("weighed_later", "The patient cannot have been weighed in the future.", field="weighed_on")
    if measured is None:
        yield from _weight_on_file(facts, patient)
        return
    if not _is_weight(measured):
        yield Reason("bad_weight", f"The measured weight must be {kilograms}.", field="measured_weight_kg")
    elif _is_weight(facts.dosing_weight_kg):
        yield from _weight_by_basis(facts, measured, patient)


def _weight_on_file(facts: OrderFacts, patient: PatientFacts) -> Reasons:
    """A dosing weight that is far from the last one measured, when the order does not say what it is based on."""
    on_file, dosing = patient.weighed_kg, facts.dosing_weight_kg
    if on_file is None or not _is_weight(dosing) or facts.weight_basis != WeightBasis.ACTUAL:
        return
    if has_weight_changed(reference_kg=Fraction(on_file), current_kg=Fraction(dosing)):
        sentence = (
            f"The last weight on file is {on_file.normalize():f} kg. Enter the measured weight that a dosing weight of "
            f"{dosing.normalize():f} kg comes from."
        )
        yield Reason("weight_disagrees", sentence, field="dosing_weight_kg")


def _is_weight(kg: Decimal) -> bool:
    return kg.is_finite() and LIGHTEST_KG <= kg <= HEAVIEST_KG


def _weight_by_basis(facts: OrderFacts, measured: Decimal, patient: PatientFacts) -> Reasons:
    basis = Basis(facts.weight_basis)
    try:
        chosen = dosing_weight(
            actual_kg=Fraction(measured),
            height_cm=None if patient.height_cm is None else Fraction(patient.height_cm),
            sex=Sex(patient.sex) if patient.sex in set(Sex) else None,
            basis=basis,
        )
    except Refusal:
        if patient.organization_id is not None:
            sentence = (
                f"The {basis.value} weight needs the patient's height and sex. Record them, or dose by actual weight."
            )
            yield Reason("weight_basis_unknown", sentence, field="weight_basis")
        return
    if abs(Fraction(facts.dosing_weight_kg) - chosen.kg) > Fraction(1, 10):
        yield Reason(
            "weight_not_of_basis",
            f"The {basis.value} weight of a patient of {plain(Fraction(measured))} kg is {plain(chosen.kg)} kg, "
            f"not {plain(Fraction(facts.dosing_weight_kg))} kg. Correct it, or choose another weight.",
            field="dosing_weight_kg",
        )


def around_the_infusion(facts: OrderFacts, therapy: Therapy) -> Reasons:
    """Minutes and rates of a visit that cannot be."""
    named = {"hydration_minutes": "Hydration", "observation_minutes": "Observation"}
    for field, word in named.items():
        minutes: int | None = getattr(facts, field)
        if minutes is not None and not 0 <= minutes <= LONGEST_WAIT_MINUTES:
            yield Reason("bad_minutes", f"{word} takes 0 to {LONGEST_WAIT_MINUTES} minutes.", field=field)
    if facts.titration not in Titration.values:
        yield Reason("unknown_titration", "Choose which rate steps the infusions follow.", field="titration")
    yield from _personal_rate(facts, therapy)


def _personal_rate(facts: OrderFacts, therapy: Therapy) -> Reasons:
    rate, field = facts.max_rate_ml_per_kg_per_hour, "max_rate_ml_per_kg_per_hour"
    if rate is None:
        return
    if not (rate.is_finite() and 0 < rate <= FASTEST_ML_PER_KG_PER_HOUR and rate == rate.quantize(Decimal("0.01"))):
        yield Reason(
            "bad_rate",
            f"The patient's own maximum rate is above 0 and at most {FASTEST_ML_PER_KG_PER_HOUR} mL/kg/h, "
            "with at most two decimals.",
            field=field,
        )
    elif not therapy.ramps:
        sentence = f"{therapy.name} runs for set minutes, not by mL/kg/h. Leave the maximum rate empty."
        yield Reason("rate_not_used", sentence, field=field)


def words_and_signature(facts: OrderFacts, today: date) -> Reasons:
    """Texts too long to keep, and a signature that does not count."""
    for field, most in LENGTHS.items():
        text: str = getattr(facts, field)
        if len(text) > most or "\x00" in text:
            yield Reason("too_long", f"Use at most {most} letters and no control characters.", field=field)
    if sentence := why_no_npi(facts.prescriber_npi):
        yield Reason("bad_npi", sentence, field="prescriber_npi")
    if facts.signed_on is None:
        yield Reason("not_signed", "Enter the day on which the prescriber signed this order.", field="signed_on")
    elif facts.signed_on > today:
        yield Reason("signed_later", "The order cannot be signed in the future.", field="signed_on")
    elif today - facts.signed_on > SIGNATURE_COUNTS:
        yield Reason(
            "signed_long_ago",
            f"An order counts for 12 months and this one was signed on {facts.signed_on:%-d %B %Y}. "
            "Ask the prescriber for a new one.",
            field="signed_on",
        )


def tests_required(facts: OrderFacts) -> Reasons:
    """Tests whose lines cannot be read; all of them name the field "labs_required"."""
    if len(facts.labs_required) > MOST_TESTS:
        yield _test_reason(f"Ask for at most {MOST_TESTS} tests.")
        return
    seen: set[str] = set()
    for test in facts.labs_required:
        sentence = _what_is_wrong(test)
        code = str(test.get("code", "")) if isinstance(test, Mapping) else ""
        if sentence is None and code in seen:
            sentence = f"{test['name']} is asked for twice."
        seen.add(code)
        if sentence is not None:
            yield _test_reason(sentence)


def _test_reason(sentence: str) -> Reason:
    return Reason("bad_labs", sentence, field="labs_required")


def _what_is_wrong(test: Any) -> str | None:
    if not isinstance(test, Mapping) or not _is_text(test.get("code"), 32) or not _is_text(test.get("name"), 120):
        return "Every test has a code and a name."
    name = test["name"]
    days = test.get("valid_days")
    if days is not None and (isinstance(days, bool) or not isinstance(days, int) or not _in_days(days)):
        return f"{name}: a result counts for 1 to {LONGEST_VALIDITY_DAYS} days, or for ever when that is empty."
    low, high = _limit(test.get("low")), _limit(test.get("high"))
    if not (low.is_finite() or low.is_nan()) or not (high.is_finite() or high.is_nan()):
        return f"{name}: the limits are numbers."
    if low.is_finite() and high.is_finite() and low > high:
        return f"{name}: the lower limit is above the upper one."
    return None


def _is_text(value: Any, most: int) -> bool:
    return isinstance(value, str) and 0 < len(value.strip()) <= most and "\x00" not in value


def _in_days(days: int) -> bool:
    return 1 <= days <= LONGEST_VALIDITY_DAYS


def _limit(value: Any) -> Decimal:
    """A limit as a number; NaN for none, infinity for what is no number."""
    if value is None or value == "":
        return Decimal("NaN")
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return Decimal("Infinity")
    return number if number.is_finite() and abs(number) < 10_000_000 else Decimal("Infinity")


def patient_may_have_it(facts: OrderFacts, therapy: Therapy, patient: PatientFacts) -> Reasons:
    """Why this patient must not have the product: a contraindication on record, or a reaction that blocks it."""
    if therapy.is_immune_globulin:
        for flag in contraindications(product=facts.product.id, flags=patient.flags):
            yield Reason(
                "contraindicated",
                f"{therapy.name} must not be given to this patient: {risk_label(flag)} is on record. "
                "Choose another product, or ask the prescriber to correct the record.",
                field="product",
            )
    if patient.blocked_on is not None:
        yield Reason(
            "product_blocked",
            f"{therapy.name} caused a reaction of grade {BLOCKING} or more on "
            f"{patient.blocked_on:%-d %B %Y}, so it is not ordered again. Choose another product.",
            field="product",
        )
