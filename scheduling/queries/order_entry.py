"""What the order form starts from: the catalogue's templates, the patient's weights, tests, and the last dose."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from accounts.models import Clinic
from authorizations.queries.coverage import Need, find_many
from core.errors import Reason
from patients.models import Patient
from patients.queries.lab_tests import lab_tests
from regimens.models import Indication, Product, TreatmentOrder
from regimens.queries import catalogue, requirements
from regimens.queries.catalogue import Template
from regimens.queries.catalogue_pages import IndicationPage, ProductPage, indication_page, product_page
from regimens.queries.patient_facts import patient_facts
from regimens.queries.weights import WeightChoices, weight_choices
from regimens.services.planning import LaidOutCourse
from scheduling.queries.cover_of_days import in_turn
from scheduling.queries.order_page import last_given_of


@dataclass(frozen=True)
class OrderStart:
    """A product for an indication, and everything known before the prescriber's own words.

    `labs` are all tests that may be asked for, those the catalogue asks for first; `product_page` and
    `indication_page` hold the catalogue's numbers, each with its source.
    """

    product: Product
    indication: Indication
    weights: WeightChoices | None
    templates: tuple[Template, ...]
    template: Template
    prior_dose_on: date | None
    labs: tuple[Mapping[str, Any], ...]
    product_page: ProductPage
    indication_page: IndicationPage


@dataclass(frozen=True)
class PreviewCover:
    """How far the patient's authorization reaches: to the end of course `last_covered`, and why no further."""

    last_covered: int
    units_left: int | None
    reference: str
    reason: Reason | None
    is_required: bool


def order_start(
    patient: Patient,
    product: Product,
    indication: Indication,
    *,
    today: date,
    template: str = "",
    draft: TreatmentOrder | None = None,
) -> OrderStart:
    """Where an order of `product` for `patient` begins: from the template of that id, else from the usual one."""
    weights = weight_choices(patient, product)
    known = patient_facts(patient)
    organization_id = patient.organization_id
    found = catalogue.templates(
        product,
        indication,
        on=today,
        weight_kg=weights.usual.kg if weights else None,
        is_at_risk=known.is_at_risk_on(today),
        organization_id=organization_id,
    )
    prior_dose_on = last_given_of(patient, product)
    chosen = next((each for each in found if each.id == template), None) or _usual(found, product, prior_dose_on)
    return OrderStart(
        product=product,
        indication=indication,
        weights=weights,
        templates=found,
        template=chosen,
        prior_dose_on=prior_dose_on,
        labs=labs_to_choose(draft.labs_required if draft else (), chosen.suggestion.labs_required),
        product_page=product_page(product.id, organization_id=organization_id, today=today),
        indication_page=indication_page(indication.id, organization_id=organization_id, today=today),
    )


def _usual(found: Sequence[Template], product: Product, prior_dose_on: date | None) -> Template:
    """Who had the product goes on with it; who is new begins where the label begins, immune globulin where it stays."""
    wants_start = prior_dose_on is None and not product.is_immune_globulin
    return next((each for each in found if each.is_for_new is wants_start), found[0])


def labs_of(
    patient: Patient, product: Product, indication: Indication, *, today: date, draft: TreatmentOrder | None = None
) -> tuple[Mapping[str, Any], ...]:
    """Every test that an order of `product` may ask for. One SQL statement."""
    is_at_risk = patient_facts(patient).is_at_risk_on(today)
    suggested = requirements.labs(product, indication, is_at_risk=is_at_risk)
    return labs_to_choose(draft.labs_required if draft else (), suggested)


def labs_to_choose(*held: Any) -> tuple[Mapping[str, Any], ...]:
    """Every test an order may ask for: those in `held` first, then the others that records know."""
    found: dict[str, Mapping[str, Any]] = {}
    for rows in held:
        for lab in rows:
            found.setdefault(lab["code"], lab)
    for code, name in ((test.code, test.name) for test in lab_tests().values()):
        found.setdefault(code, {"code": code, "name": name, "valid_days": None, "low": None, "high": None})
    return tuple(found.values())


def days_to_come(courses: Iterable[LaidOutCourse], *, today: date) -> list[date]:
    """The days from `today` on of courses that are not saved."""
    return [day.due_on for course in courses for day in course.days if day.due_on >= today]


def preview_cover(
    clinic: Clinic, patient: Patient, product: Product, hcpcs: str, courses: tuple[LaidOutCourse, ...], *, today: date
) -> PreviewCover | None:
    """How far the patient's authorizations reach into `courses`, which are not saved; None without courses to come.

    One SQL statement.
    """
    order = TreatmentOrder(clinic=clinic, patient=patient, product=product, hcpcs=hcpcs)
    asked = [(course.number, day) for course in courses for day in course.days if day.due_on >= today]
    if not asked:
        return None
    found = find_many(clinic=clinic, needs=[Need(order, day.units, day.due_on) for _, day in asked])
    answers = in_turn([day.units for _, day in asked], found)
    first_short = next((at for at, answer in enumerate(answers) if not answer.is_covered), None)
    held = next((answer.authorization for answer in found if answer.authorization is not None), None)
    stop = courses[-1].number + 1 if first_short is None else asked[first_short][0]
    return PreviewCover(
        last_covered=stop - 1,
        units_left=held.units_left if held else None,
        reference=held.reference if held else "",
        reason=None if first_short is None else answers[first_short].reasons[0],
        is_required=any(answer.is_required for answer in found),
    )
