"""Templates of orders: what the catalogue suggests for a product and an indication, ready to be made the prescriber's.

Promises that each template is a whole order but for the patient's weight, the dates and the signature, and says where
it comes from. What the prescriber signed decides.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Any
from uuid import UUID

from regimens.domain.dose import DoseBasis
from regimens.domain.settings import CARE_DEFAULTS
from regimens.models import Indication, Product
from regimens.queries import requirements
from regimens.queries.therapies import Brand, Therapy, UsualDose, therapy, therapy_book

LONGEST_INTERVAL = 182
USUAL_LOADING_DAYS = CARE_DEFAULTS.usual_loading_days
WEEK = 7
ONE_DOSE = 1
COUNTED_INFUSIONS = re.compile(r"(\d+) infusions")

Entry = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Suggestion:
    """What the catalogue suggests for an order, under the names of `OrderFacts`; None where a prescriber must say."""

    icd10: str
    hcpcs: str
    dose_basis: str
    dose_amount: Decimal | None
    days_per_course: int = 1
    interval_days: int | None = None
    induction_offsets_days: tuple[int, ...] = ()
    induction_doses: tuple[Decimal, ...] = ()
    induction_days: int | None = None
    first_maintenance_offset_days: int | None = None
    course_limit: int | None = None
    max_dose_mg: Decimal | None = None
    window_early_days: int
    window_late_days: int
    minimum_interval_days: int | None
    late_dose_policy: str
    needs_premedication: bool
    premedication: str = ""
    hydration: str = ""
    hydration_minutes: int | None = None
    observation_minutes: int | None = None
    labs_required: tuple[dict[str, Any], ...] = ()


@dataclass(frozen=True)
class Template:
    """A named way to give a product for an indication. `id` stays the same from day to day; `why` is where it is from.

    `is_for_new` marks those that begin with loading or induction: for a patient new to the product.
    """

    id: str
    name: str
    why: str
    suggestion: Suggestion
    is_for_new: bool = False


def templates(
    product: Product,
    indication: Indication,
    *,
    on: date,
    weight_kg: Decimal | None = None,
    is_at_risk: bool = False,
    organization_id: UUID | None = None,
) -> tuple[Template, ...]:
    """Every usual way to give `product` for `indication` in orders that begin on `on`; never empty.

    Those that begin with loading or induction come first. A weight for which the label lists no dose leaves the dose
    to the prescriber. An organization's own changes to the catalogue count.
    """
    treatment = _on(product, indication, on=on, organization_id=organization_id)
    common = _common(treatment, product, indication, on=on, is_at_risk=is_at_risk)
    if treatment.is_immune_globulin:
        found = _immune_globulin(treatment, common, product)
    else:
        found = _other(treatment, replace(common, **_usual_dose(treatment, weight_kg)), _infusions(product))
    by_id: dict[str, Template] = {}
    for template in found:
        by_id.setdefault(template.id, template)
    return tuple(sorted(by_id.values(), key=lambda template: not template.is_for_new)) or (_blank(common),)


def suggestion(
    product: Product,
    indication: Indication,
    *,
    on: date,
    weight_kg: Decimal | None = None,
    organization_id: UUID | None = None,
) -> Suggestion:
    """A starting point for an order when nobody chose a template: immune globulin as maintenance where there is any,
    other drugs from their induction on.
    """
    found = templates(product, indication, on=on, weight_kg=weight_kg, organization_id=organization_id)
    wanted = [template for template in found if not (product.is_immune_globulin and template.is_for_new)]
    return (wanted or found)[0].suggestion


def _on(product: Product, indication: Indication, *, on: date, organization_id: UUID | None) -> Therapy:
    if organization_id is None:
        return therapy(product, indication)
    return therapy_book(product, indication, organization_id=organization_id).on(on)


def _common(treatment: Therapy, product: Product, indication: Indication, *, on: date, is_at_risk: bool) -> Suggestion:
    """What every template of a therapy shares."""
    brands = treatment.brands_on(on)
    words, minutes = requirements.hydration(product, is_at_risk=is_at_risk)
    is_premedicated = treatment.premed_minutes is not None
    return Suggestion(
        icd10=next(iter(indication.data.get("icd10", ())), ""),
        hcpcs=_usual_code(product, brands),
        dose_basis=(DoseBasis.G_PER_KG if product.is_immune_globulin else DoseBasis.FIXED).value,
        dose_amount=None,
        window_early_days=treatment.early_days,
        window_late_days=treatment.late_days,
        minimum_interval_days=treatment.min_interval_days,
        late_dose_policy=treatment.late_policy.value,
        needs_premedication=is_premedicated,
        premedication=requirements.premedication(product) if is_premedicated else "",
        hydration=words,
        hydration_minutes=minutes,
        labs_required=requirements.labs(product, indication, is_at_risk=is_at_risk),
    )


def _usual_code(product: Product, brands: Sequence[Brand]) -> str:
    """The code that the catalogue lists first, when it is in force; else any that is."""
    in_force = [brand.code.hcpcs for brand in brands]
    rows: list[Entry] = [] if product.is_immune_globulin else product.data.get("hcpcs") or []
    listed = (str(row["code"]) for row in rows)
    return next((code for code in listed if code in in_force), in_force[0] if in_force else "")


def _blank(common: Suggestion) -> Template:
    return Template("blank", "Without a template", "The catalogue lists no usual dose: the prescriber says.", common)


# Immune globulin: the indication's regimens


def _immune_globulin(treatment: Therapy, common: Suggestion, product: Product) -> Iterator[Template]:
    first_time: dict[str, Any] = {"needs_premedication": True, "premedication": requirements.premedication(product)}
    for regimen in treatment.regimens:
        loading, maintenance = regimen.get("loading") or {}, regimen.get("maintenance") or {}
        why = f"Usual regimen of the indication ({_tag(regimen)})."
        for weeks in _each(maintenance.get("interval_weeks")):
            course = _course(common, maintenance, interval_days=int(weeks * WEEK))
            every = f"every {_weeks(int(weeks * WEEK))}"
            if loading:
                loaded = replace(_loaded(course, loading), **first_time)
                yield Template(f"loading_{weeks}w", f"Loading, then {every}", why, loaded, is_for_new=True)
            name = f"Maintenance only, {every}" if loading else every.capitalize()
            yield Template(f"every_{weeks}w", name, why, course)
        days = _each(loading.get("days"))
        for many in days if not maintenance else days[-1:]:
            once = replace(_course(common, loading), days_per_course=int(many), interval_days=None)
            name = "Single dose" if many == ONE_DOSE else f"Single course over {many} days"
            yield Template(f"single_{many}d", name, why, replace(once, **first_time), is_for_new=not maintenance)


def _course(common: Suggestion, course: Entry, *, interval_days: int | None = None) -> Suggestion:
    """A course as an indication's regimen writes it; of a range the lower end."""
    basis, amount = "g_per_kg", None
    for key in ("total_g_per_kg", "g_per_kg", "g_per_kg_per_month", "mg_per_kg"):
        if course.get(key) is not None:
            basis, amount = ("mg_per_kg" if key == "mg_per_kg" else "g_per_kg"), _each(course[key])[0]
            break
    days = _each(course.get("days"))
    return replace(
        common,
        dose_basis=basis,
        dose_amount=amount,
        days_per_course=int(days[0]) if days else 1,
        interval_days=interval_days,
        minimum_interval_days=_minimum(common, interval_days),
    )


def _loaded(course: Suggestion, loading: Entry) -> Suggestion:
    """The same maintenance after a loading course, given over as many days as the indication allows (at most five)."""
    amount, days = _each(loading.get("total_g_per_kg")), _each(loading.get("days"))
    same_basis = course.dose_basis == "g_per_kg"
    return replace(
        course,
        induction_offsets_days=(0,),
        induction_doses=(amount[0],) if amount and same_basis and amount[0] != course.dose_amount else (),
        induction_days=min(USUAL_LOADING_DAYS, int(days[-1])) if days else None,
    )


def _tag(regimen: Entry) -> str:
    tag = (regimen.get("loading") or {}).get("tag")
    return "loading is usual practice; check with the prescriber" if tag == "K" else "label or guideline"


# Other drugs: the product's own rhythm


def _other(treatment: Therapy, base: Suggestion, infusions: int | None) -> Iterator[Template]:
    interval, offsets = treatment.interval_days, treatment.induction_offsets_days
    if interval is None:
        yield _finite(base, offsets)
        return
    if interval > LONGEST_INTERVAL:
        yield _once(base, f"Given every {_weeks(interval)}: ordered one dose at a time.")
        return
    why = "The product's label, as the catalogue has it."
    every = f"every {_weeks(interval)}"
    minimum = _minimum(base, interval)
    steady = replace(base, interval_days=interval, induction_doses=(), minimum_interval_days=minimum)
    if offsets:
        begun = replace(
            steady,
            induction_offsets_days=offsets,
            induction_doses=base.induction_doses,
            first_maintenance_offset_days=treatment.first_maintenance_offset_days,
            course_limit=infusions,
        )
        start = _at(offsets) if len(offsets) > ONE_DOSE else "Starting dose"
        yield Template("induction", f"{start}, then {every}", why, begun, is_for_new=True)
    yield Template("every", f"Maintenance only, {every}" if offsets else every.capitalize(), why, steady)


def _finite(base: Suggestion, offsets: tuple[int, ...]) -> Template:
    why = "The product's label: the order ends by itself."
    if len(offsets) <= ONE_DOSE:
        return _once(base, why)
    wanted = replace(base, induction_offsets_days=offsets)
    return Template("series", f"{len(offsets)} doses: {_at(offsets).lower()}", why, wanted, is_for_new=True)


def _once(base: Suggestion, why: str) -> Template:
    return Template("single_1d", "Single dose", why, replace(base, minimum_interval_days=None, induction_doses=()))


def _usual_dose(treatment: Therapy, weight_kg: Decimal | None) -> dict[str, Any]:
    usual = treatment.usual_dose
    if usual is None or not _has_band(usual, weight_kg):
        return {}
    return {
        "dose_basis": usual.basis.value,
        "dose_amount": None if usual.amount is None else _decimal(usual.amount),
        "induction_doses": tuple(_decimal(amount) for amount in usual.loading_amounts),
        "max_dose_mg": None if treatment.max_mg is None else _decimal(treatment.max_mg),
    }


def _has_band(usual: UsualDose, weight_kg: Decimal | None) -> bool:
    """Whether the label lists a dose for the weight, as far as the dose goes by bands and the weight is known."""
    if usual.basis is not DoseBasis.BAND or weight_kg is None:
        return True
    return any(band.holds(Fraction(weight_kg)) for band in usual.bands)


def _infusions(product: Product) -> int | None:
    """How many infusions the label gives in all, where it says so."""
    found = COUNTED_INFUSIONS.match(product.data.get("finite_course") or "")
    return int(found.group(1)) if found else None


def _minimum(common: Suggestion, interval_days: int | None) -> int | None:
    minimum = common.minimum_interval_days
    return None if minimum is None or (interval_days is not None and minimum > interval_days) else minimum


def _each(value: object) -> list[Decimal]:
    """A number or a list of them, in rising order; nothing for nothing."""
    values = value if isinstance(value, list) else [] if value is None else [value]
    return sorted(Decimal(str(each)) for each in values)


def _weeks(days: int) -> str:
    number, word = (days // WEEK, "week") if days % WEEK == 0 else (days, "day")
    return word if number == 1 else f"{number} {word}s"


def _at(offsets: tuple[int, ...]) -> str:
    in_weeks = all(day % WEEK == 0 for day in offsets)
    numbers = [str(day // WEEK if in_weeks else day) for day in offsets]
    word = f"{'Week' if in_weeks else 'Day'}{'' if len(numbers) == 1 else 's'}"
    return f"{word} {' and '.join([', '.join(numbers[:-1]), numbers[-1]] if len(numbers) > 1 else numbers)}"


def _decimal(value: Fraction) -> Decimal:
    exact = (Decimal(value.numerator) / Decimal(value.denominator)).quantize(Decimal("0.001"), ROUND_HALF_UP)
    return Decimal(f"{exact.normalize():f}")
