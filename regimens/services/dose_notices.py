"""What stands out about an order's doses beside what the catalogue lists: notices for a person, never refusals.

Immune globulin is compared with the indication's usual regimens, other drugs with the product's own doses; each notice
names the catalogue's source and its confidence.
"""

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any
from uuid import UUID

from regimens.domain.catalogue_fields import indication_fields
from regimens.domain.catalogue_overlay import value_at
from regimens.domain.catalogue_sources import confidence_words, dose_confidence, origin, references
from regimens.domain.dose import DoseBasis, band_dose
from regimens.domain.quantities import exact, plain
from regimens.domain.usual_doses import UsualRange, outside, said
from regimens.models import CatalogueEdit, TreatmentOrder
from regimens.queries.therapies import Entry, edits_of, entry_on, therapy
from regimens.services.facts import OrderFacts, facts_of

UNITS = {DoseBasis.G_PER_KG: "g/kg", DoseBasis.MG_PER_KG: "mg/kg", DoseBasis.FIXED: "mg"}
REGIMEN_DOSES = {"total_g_per_kg": 1000, "g_per_kg": 1000, "mg_per_kg": 1, "g_per_kg_per_month": 1000}
A_MONTH = Fraction(365, 12)
LOADING, MAINTENANCE = "loading", "maintenance"


def dose_notices(facts: OrderFacts, *, organization_id: UUID) -> tuple[str, ...]:
    """A sentence for each dose far outside the listed ones. The facts have passed `check_order`. One SQL statement.

    A dose by weight band is the catalogue's own, and of what the catalogue does not list nothing is said.
    """
    if facts.dose_basis == DoseBasis.BAND:
        return ()
    usual = _usual(facts, organization_id)
    found: list[str] = []
    for phase, amount in _amounts(facts):
        listed = usual.get(phase)
        where = outside(_mg(facts, amount), listed) if listed is not None else ""
        if listed is not None and where:
            unit = UNITS[DoseBasis(facts.dose_basis)]
            found.append(said(f"{plain(Fraction(amount))} {unit}", listed, where))
    return tuple(dict.fromkeys(found))


def of_order(order: TreatmentOrder) -> tuple[str, ...]:
    """The notices of a saved order."""
    return dose_notices(facts_of(order), organization_id=order.clinic.organization_id)


def _amounts(facts: OrderFacts) -> Iterator[tuple[str, Decimal]]:
    for dose in facts.induction_doses or ():
        yield LOADING, dose
    if facts.dose_amount is not None:
        yield LOADING if facts.is_single else MAINTENANCE, facts.dose_amount


def _mg(facts: OrderFacts, amount: Decimal) -> Fraction:
    if facts.dose_basis == DoseBasis.FIXED:
        return Fraction(amount)
    return Fraction(amount) * _weight(facts) * (1000 if facts.dose_basis == DoseBasis.G_PER_KG else 1)


def _weight(facts: OrderFacts) -> Fraction:
    return Fraction(facts.dosing_weight_kg)


def _usual(facts: OrderFacts, organization_id: UUID) -> dict[str, UsualRange]:
    """The listed doses of loading and of maintenance; a phase without its own takes the other's, loading both."""
    if facts.product.is_immune_globulin:
        edits = edits_of(organization_id=organization_id, indication=facts.indication)
        own = {phase: list(_of_regimens(facts, phase, edits)) for phase in (LOADING, MAINTENANCE)}
    else:
        entry = entry_on(facts.product.data, (), facts.starts_on)
        own = {LOADING: list(_of_drug(facts, entry, "induction_")), MAINTENANCE: list(_of_drug(facts, entry, ""))}
    both = [*own[LOADING], *own[MAINTENANCE]]
    wanted = {LOADING: both, MAINTENANCE: own[MAINTENANCE] or both}
    return {phase: _joined(ranges) for phase, ranges in wanted.items() if ranges}


def _joined(ranges: Iterable[UsualRange]) -> UsualRange:
    held = list(ranges)
    return UsualRange(
        low_mg=min(each.low_mg for each in held),
        high_mg=max(each.high_mg for each in held),
        words=" or ".join(dict.fromkeys(each.words for each in held)),
        source=held[0].source,
        confidence=held[0].confidence,
    )


def _of_regimens(facts: OrderFacts, phase: str, edits: Sequence[CatalogueEdit]) -> Iterator[UsualRange]:
    """The doses of a phase in the indication's usual regimens, under the organization's own changes."""
    data = facts.indication.data
    entry = entry_on(data, edits, facts.starts_on)
    by_field = {edit.field: edit for edit in edits if edit.effective_from <= facts.starts_on}
    for field in indication_fields(data):
        place = field.name.split(".")
        value = value_at(entry, field.name)
        if place[0] != "regimens" or place[2:3] != [phase] or place[-1] not in REGIMEN_DOSES or value is None:
            continue
        low, high = _ends(value)
        edit, listed = by_field.get(field.name), origin(field, data)
        factor = REGIMEN_DOSES[place[-1]] * _weight(facts) * _months(facts, place[-1])
        yield UsualRange(
            low_mg=low * factor,
            high_mg=high * factor,
            words=f"{_span(low, high)} {field.unit}{' a month' if place[-1].endswith('month') else ''}",
            source=edit.source if edit else listed.source,
            confidence=confidence_words(edit.confidence) if edit else listed.confidence,
        )


def _months(facts: OrderFacts, unit: str) -> Fraction:
    """How many months a course counts for, where the catalogue states a dose for each month."""
    return Fraction(facts.interval_days or A_MONTH) / A_MONTH if unit.endswith("month") else Fraction(1)


def _of_drug(facts: OrderFacts, entry: Entry, prefix: str) -> Iterator[UsualRange]:
    """The doses that a product other than immune globulin lists for itself."""
    dose: Entry = entry.get("dose") or {}
    note = f" ({dose['note']})" if dose.get("note") and not prefix else ""
    bands = _bands_mg(facts) if not prefix and dose.get("bands") else []
    per_kg = _numbers(dose, f"{prefix}mg_per_kg", *(() if prefix else ("start_mg_per_kg", "range")))
    fixed = [*_numbers(dose, f"{prefix}mg", *(() if prefix else ("alt_mg",))), *bands]
    for numbers, unit, factor in ((per_kg, "mg/kg", _weight(facts)), (fixed, "mg", Fraction(1))):
        if numbers:
            maximum = exact(str(dose["max_mg"])) if dose.get("max_mg") else None
            low, high = (_at_most(number * factor, maximum) for number in (min(numbers), max(numbers)))
            yield UsualRange(
                low_mg=low,
                high_mg=high,
                words=f"{_span(min(numbers), max(numbers))} {unit}{note}",
                source=", ".join(each.words for each in references(entry)[:1]),
                confidence=dose_confidence(entry),
            )


def _bands_mg(facts: OrderFacts) -> list[Fraction]:
    usual = therapy(facts.product, facts.indication).usual_dose
    held = [band for band in (usual.bands if usual else ()) if band.holds(_weight(facts))]
    return [band_dose(held, weight_kg=_weight(facts))] if held else []


def _numbers(dose: Entry, *names: str) -> list[Fraction]:
    found: list[Fraction] = []
    for name in names:
        value: Any = dose.get(name)
        found += [exact(str(each)) for each in (value if isinstance(value, list) else [value]) if each is not None]
    return found


def _ends(value: Any) -> tuple[Fraction, Fraction]:
    numbers = [exact(str(each)) for each in (value if isinstance(value, list) else [value])]
    return min(numbers), max(numbers)


def _at_most(value: Fraction, maximum: Fraction | None) -> Fraction:
    return value if maximum is None else min(value, maximum)


def _span(low: Fraction, high: Fraction) -> str:
    return plain(low) if low == high else f"{plain(low)} to {plain(high)}"
