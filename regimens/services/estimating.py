"""One course of a product, worked out from plain inputs: so that anybody can check this clinic's arithmetic.

No patient and no order is needed, and nothing is saved. The rules are those of order entry and planning; here inputs
only become the facts that those rules ask for. It estimates chair time and units; it does not prescribe.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from uuid import UUID

from core.errors import BadInput, Reason, Refusal
from core.sourced import sourced_settings
from patients.domain.details import SHORTEST_CM, TALLEST_CM
from regimens.domain.catalogue_fields import Group
from regimens.domain.catalogue_sources import confidence_words
from regimens.domain.catalogue_values import words
from regimens.domain.reactions import SLOWING
from regimens.domain.settings import CLINICAL_DEFAULTS
from regimens.domain.units import BillingCode, code_on
from regimens.domain.weight import DosingWeight, Sex, WeightBasis, dosing_weight
from regimens.models import Indication, Product
from regimens.queries.catalogue_pages import Number, product_page
from regimens.queries.patient_facts import PatientFacts
from regimens.queries.therapies import Therapy, therapy_book
from regimens.services.courses import to_decimal
from regimens.services.facts import OrderFacts, completed
from regimens.services.order_checks import check_label, check_order
from regimens.services.planning import LaidOutCourse, lay_out_courses

SHOWN = frozenset({Group.STRENGTH, Group.RATES, Group.TIME})
ASKED: dict[str | None, str | None] = {
    None: None,
    "product": "product",
    "hcpcs": "hcpcs",
    "dosing_weight_kg": "weight_kg",
    "measured_weight_kg": "weight_kg",
    "weight_kg": "weight_kg",
    "height_cm": "height_cm",
    "days_per_course": "days",
    "dose_basis": "dose_basis",
    "dose_amount": "dose_amount",
    "max_dose_mg": "max_dose_mg",
    "hydration_minutes": "hydration_minutes",
    "observation_minutes": "observation_minutes",
    "max_rate_ml_per_kg_per_hour": "max_rate_ml_per_kg_per_hour",
}
"""The fields of an order that an estimate asks for, by its own names; what an order asks besides is left out."""
HEAVIEST = Decimal(400)


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What an estimate is made from. `dose_amount` is for the whole course, all its days together.

    `weight_kg` is the measured weight; with height and sex, immune globulin is dosed by adjusted weight above BMI 30
    unless `weight_basis` says otherwise. `days_since_last` None: the product was never given. `caps` are mL/kg/h for
    the patient and mL/h for the pump.
    """

    product: Product
    indication: Indication
    on: date
    weight_kg: Decimal
    dose_basis: str
    dose_amount: Decimal | None
    days: int = 1
    height_cm: Decimal | None = None
    sex: str | None = None
    weight_basis: str | None = None
    max_dose_mg: Decimal | None = None
    hcpcs: str = ""
    days_since_last: int | None = None
    last_reaction_grade: int = 0
    is_at_risk: bool = False
    needs_premedication: bool = False
    hydration_minutes: int | None = None
    observation_minutes: int | None = None
    max_rate_ml_per_kg_per_hour: Decimal | None = None
    pump_cap_ml_per_hour: Decimal | None = None


@dataclass(frozen=True)
class Source:
    """A number that went into an estimate: what it is, its value in words, where it is from, how sure we are."""

    name: str
    value: str
    source: str
    confidence: str


@dataclass(frozen=True)
class Estimate:
    """A course with what it was worked out from."""

    weight: DosingWeight
    course: LaidOutCourse
    code: BillingCode
    sources: tuple[Source, ...]


def estimate(wanted: Wanted, *, organization_id: UUID, today: date) -> Estimate:
    """The course that `wanted` makes by the catalogue as it stands on its date for an organization.

    Raises BadInput with every reason at its field, among them that a product's rates were not checked yet.
    """
    book = therapy_book(wanted.product, wanted.indication, organization_id=organization_id)
    therapy = book.on(wanted.on)
    unchecked = check_label(therapy)
    if unchecked:
        raise BadInput.of(unchecked)
    weight = _weight(wanted)
    facts = completed(_facts(wanted, therapy, weight), therapy)
    patient = _patient(wanted)
    reasons = [*_limits(wanted, therapy), *_named(check_order(facts, therapy, today=today, patient=patient))]
    if reasons:
        raise BadInput.of(_once_each(reasons))
    try:
        (course,) = lay_out_courses(facts, book, through_on=wanted.on, patient=patient)
    except BadInput as refusal:
        raise BadInput.of(tuple(_named(refusal.reasons))) from refusal
    code = code_on(therapy.codes_of(facts.hcpcs), on=wanted.on)
    return Estimate(weight, course, code, _sources(wanted, organization_id))


def _weight(wanted: Wanted) -> DosingWeight:
    """The weight to dose by. Other drugs than immune globulin go by the measured weight unless told otherwise."""
    basis = None if wanted.weight_basis is None else WeightBasis(wanted.weight_basis)
    if basis is None and not wanted.product.is_immune_globulin:
        basis = WeightBasis.ACTUAL
    try:
        return dosing_weight(
            actual_kg=Fraction(wanted.weight_kg),
            height_cm=None if wanted.height_cm is None else Fraction(wanted.height_cm),
            sex=None if wanted.sex is None else Sex(wanted.sex),
            basis=basis,
        )
    except Refusal as refusal:
        raise BadInput.of(tuple(_named(refusal.reasons))) from refusal


def _facts(wanted: Wanted, therapy: Therapy, weight: DosingWeight) -> OrderFacts:
    """An order for this one course; who signed it does not matter here."""
    since = wanted.days_since_last
    return OrderFacts(
        product=wanted.product,
        indication=wanted.indication,
        icd10="",
        hcpcs=wanted.hcpcs or _usual_code(wanted.product, therapy, wanted.on),
        dose_basis=wanted.dose_basis,
        dose_amount=wanted.dose_amount,
        dosing_weight_kg=to_decimal(weight.kg),
        days_per_course=wanted.days,
        interval_days=None,
        starts_on=wanted.on,
        signed_on=wanted.on,
        prescriber_name="",
        needs_premedication=wanted.needs_premedication,
        max_dose_mg=wanted.max_dose_mg,
        weight_basis=weight.basis.value,
        measured_weight_kg=wanted.weight_kg,
        hydration_minutes=wanted.hydration_minutes,
        observation_minutes=wanted.observation_minutes,
        max_rate_ml_per_kg_per_hour=wanted.max_rate_ml_per_kg_per_hour,
        pump_cap_ml_per_hour=wanted.pump_cap_ml_per_hour,
        prior_dose_on=None if since is None else wanted.on - timedelta(days=since),
    )


def _usual_code(product: Product, therapy: Therapy, on: date) -> str:
    """The code in force that day which the catalogue lists first: the original brand's, where there are several."""
    rows = product.data.get("hcpcs") or ()
    listed = [row["code"] for row in rows] if isinstance(rows, list) else [rows]
    held = [brand.code.hcpcs for brand in therapy.brands_on(on)]
    return min(held, key=lambda code: listed.index(code) if code in listed else len(listed), default="")


def _patient(wanted: Wanted) -> PatientFacts:
    """A patient of whom only the inputs are known. A reaction of grade 2 or more was to the dose before this one."""
    is_slowed = wanted.last_reaction_grade >= SLOWING and wanted.days_since_last is not None
    last_on = wanted.on - timedelta(days=wanted.days_since_last or 0)
    return PatientFacts(is_at_risk=wanted.is_at_risk, slow_after=last_on if is_slowed else None)


def _limits(wanted: Wanted, therapy: Therapy) -> Iterator[Reason]:
    """What makes no sense in the inputs that an order does not have, or keeps without a look."""
    if not 1 <= wanted.weight_kg <= HEAVIEST:
        yield Reason("bad_weight", "The weight must be between 1 and 400 kg.", field="weight_kg")
    if wanted.height_cm is not None and not SHORTEST_CM <= wanted.height_cm <= TALLEST_CM:
        yield Reason("bad_height", "The height must be between 30 and 260 cm.", field="height_cm")
    for field in ("max_dose_mg", "max_rate_ml_per_kg_per_hour", "pump_cap_ml_per_hour"):
        value = getattr(wanted, field)
        if value is not None and value <= 0:
            yield Reason("bad_cap", "A limit must be above zero; leave it out for none.", field=field)
    if not therapy.ramps and wanted.pump_cap_ml_per_hour is not None:
        sentence = "The label gives minutes for this product and no rates, so a pump's limit changes nothing."
        yield Reason("no_rates", sentence, field="pump_cap_ml_per_hour")


def _named(reasons: tuple[Reason, ...]) -> list[Reason]:
    """The reasons that concern an estimate, at the names of its own fields."""
    return [
        Reason(each.code, each.sentence, ASKED[each.field], each.is_hard) for each in reasons if each.field in ASKED
    ]


def _once_each(reasons: list[Reason]) -> list[Reason]:
    """One reason for each code and field: a weight may be refused as measured and as dosed by."""
    return list({(each.code, each.field): each for each in reversed(reasons)}.values())[::-1]


def _sources(wanted: Wanted, organization_id: UUID) -> tuple[Source, ...]:
    """What the catalogue and the clinic's settings say of the numbers that an estimate is made from."""
    page = product_page(wanted.product.pk, organization_id=organization_id, today=wanted.on)
    own = [_of_number(number) for number in page.numbers if number.field.group in SHOWN and number.value is not None]
    settings = [
        Source(each.name, _plain(each.value), each.source, confidence_words(each.confidence))
        for each in sourced_settings(CLINICAL_DEFAULTS)
    ]
    return (*own, *settings)


def _of_number(number: Number) -> Source:
    return Source(number.field.name, words(number.field, number.value), number.source, number.confidence)


def _plain(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
