"""Nonsense around a dose is refused with a sentence at its field; so is a product that a patient must not have."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from core import clock
from core.errors import BadInput
from core.npi import is_npi
from patients.models import RiskFlag
from regimens.models import Indication, Product, Reaction, TreatmentOrder
from regimens.services import orders
from tests import factories
from tests.regimens.scenes import accepted, drug, ivig, today

pytestmark = pytest.mark.usefixtures("catalogue")
LAB = {
    "code": "creatinine",
    "name": "Creatinine",
    "valid_days": 90,
    "low": None,
    "high": "1.5",
    "unit": "mg/dL",
    "is_minor": False,
    "source": "usual practice",
    "confidence": "K",
}


def refusals(facts: dict[str, Any], **patient: Any) -> list[tuple[str | None, str]]:
    """The (field, code) of each reason against entering an order."""
    clinic = facts.pop("clinic")
    with pytest.raises(BadInput) as caught:
        orders.enter(
            clinic=clinic,
            patient=factories.make_patient(clinic, **patient),
            by=factories.scheduler(clinic),
            **facts,
        )
    assert TreatmentOrder.objects.count() == 0
    assert all(reason.sentence.endswith(".") for reason in caught.value.reasons)
    return [(reason.field, reason.code) for reason in caught.value.reasons]


def of_ivig(**changes: Any) -> dict[str, Any]:
    clinic = factories.make_clinic()
    return {"clinic": clinic, **ivig(clinic, **changes)}


def of_drug(product: str, **changes: Any) -> dict[str, Any]:
    clinic = factories.make_clinic()
    return {"clinic": clinic, **drug(clinic, product, **changes)}


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("dosing_weight_kg", {"dosing_weight_kg": Decimal(700)}),
        ("measured_weight_kg", {"measured_weight_kg": Decimal(700)}),
        ("measured_weight_kg", {"measured_weight_kg": Decimal("NaN")}),
        ("weight_basis", {"weight_basis": "guessed"}),
        ("dose_amount", {"dose_amount": None}),
        ("dose_amount", {"dose_amount": Decimal(-1)}),
        ("max_dose_mg", {"max_dose_mg": Decimal(0)}),
        ("max_dose_mg", {"max_dose_mg": Decimal("0.001")}),
        ("induction_days", {"induction_offsets_days": (0,), "induction_days": 6}),
        ("induction_days", {"induction_offsets_days": (0,), "induction_days": 0}),
        ("induction_days", {"induction_days": 5}),
        ("induction_offsets_days", {"induction_offsets_days": (0, 4), "induction_days": 5}),
        (
            "first_maintenance_offset_days",
            {"induction_offsets_days": (0,), "induction_days": 5, "first_maintenance_offset_days": 4},
        ),
        ("interval_days", {"interval_days": 0}),
        ("interval_days", {"interval_days": None, "course_limit": 6}),
        (
            "window_late_days",
            {"interval_days": 7, "days_per_course": 3, "window_early_days": 2, "window_late_days": 3},
        ),
        ("hydration_minutes", {"hydration_minutes": 241}),
        ("observation_minutes", {"observation_minutes": -1}),
        ("titration", {"titration": "fast"}),
        ("max_rate_ml_per_kg_per_hour", {"max_rate_ml_per_kg_per_hour": Decimal(0)}),
        ("max_rate_ml_per_kg_per_hour", {"max_rate_ml_per_kg_per_hour": Decimal(21)}),
        ("max_rate_ml_per_kg_per_hour", {"max_rate_ml_per_kg_per_hour": Decimal("1.234")}),
        ("max_rate_ml_per_kg_per_hour", {"max_rate_ml_per_kg_per_hour": Decimal("NaN")}),
        ("premedication", {"premedication": "x" * 301}),
        ("instructions", {"instructions": "nul\x00"}),
        ("prescriber_npi", {"prescriber_npi": "1234567890"}),
        ("prescriber_npi", {"prescriber_npi": "12345"}),
        ("dose_basis", {"dose_basis": "weight_band", "dose_amount": None}),
    ],
)
def test_nonsense_names_its_field(field: str, changes: dict[str, Any]) -> None:
    assert field in {named for named, _ in refusals(of_ivig(**changes))}


def test_dates_that_cannot_be_are_refused_at_their_field() -> None:
    clinic = factories.make_clinic()
    now = today(clinic)
    wrong: list[tuple[str, dict[str, Any]]] = [
        ("weighed_on", {"measured_weight_kg": Decimal(80), "weighed_on": now + timedelta(days=1)}),
        ("prior_dose_on", {"prior_dose_on": now + timedelta(days=1)}),
        ("prior_dose_on", {"starts_on": now - timedelta(days=9), "prior_dose_on": now - timedelta(days=2)}),
        ("signed_on", {"signed_on": now - timedelta(days=367)}),
        ("starts_on", {"minimum_interval_days": 18, "prior_dose_on": now}),
    ]
    for field, changes in wrong:
        assert field in {named for named, _ in refusals({"clinic": clinic, **ivig(clinic, **changes)})}


@pytest.mark.parametrize(
    "labs",
    [
        [{}],
        ["creatinine"],
        [LAB | {"code": ""}],
        [LAB | {"name": " "}],
        [LAB | {"valid_days": 0}],
        [LAB | {"valid_days": True}],
        [LAB | {"valid_days": "90"}],
        [LAB | {"low": "2", "high": "1"}],
        [LAB | {"high": "a lot"}],
        [LAB | {"low": "Infinity"}],
        [LAB, LAB],
        [LAB | {"code": f"test_{number}"} for number in range(31)],
    ],
)
def test_a_test_that_cannot_be_read_is_refused(labs: list[Any]) -> None:
    assert refusals(of_ivig(labs_required=labs)) == [("labs_required", "bad_labs")]


def test_tests_are_kept_on_the_order_as_they_were_asked_for() -> None:
    clinic = factories.make_clinic()
    by, patient = factories.scheduler(clinic), factories.make_patient(clinic)
    wanted = [LAB, LAB | {"code": "iga", "name": "IgA", "valid_days": None, "high": None}]
    order = orders.enter(clinic=clinic, patient=patient, by=by, **ivig(clinic, labs_required=wanted))
    order.refresh_from_db()
    assert order.labs_required == wanted


@pytest.mark.parametrize(("number", "is_good"), [("1234567893", True), ("1245319599", True), ("1234567894", False)])
def test_a_provider_number_has_a_check_digit(number: str, is_good: bool) -> None:
    assert is_npi(number) is is_good
    assert not is_npi(f"{number[:-1]}x")


def test_two_grams_per_kilogram_each_day_is_stopped_in_loading_and_in_maintenance() -> None:
    each_day = {"induction_offsets_days": (0,), "induction_days": 5, "induction_doses": (Decimal(10),)}
    assert ("induction_doses", "course_dose_exceeds_limit") in refusals(of_ivig(**each_day))
    assert ("dose_amount", "course_dose_exceeds_limit") in refusals(
        of_ivig(dose_amount=Decimal(4), days_per_course=2, dose_basis="g_per_kg")
    )
    fixed = refusals(of_ivig(dose_basis="fixed_mg", dose_amount=Decimal(320_000), days_per_course=5))
    assert ("dose_amount", "course_dose_exceeds_limit") in fixed


def test_a_dosing_weight_that_is_not_its_basis_is_refused_with_the_right_number() -> None:
    tall: dict[str, Any] = {"height_cm": Decimal(170), "sex": "female"}
    facts = of_ivig(dosing_weight_kg=Decimal(100), measured_weight_kg=Decimal(100), weight_basis="adjusted")
    clinic = facts.pop("clinic")
    by, patient = factories.scheduler(clinic), factories.make_patient(clinic, **tall)
    with pytest.raises(BadInput, match=r"76\.9 kg, not 100 kg") as caught:
        orders.enter(clinic=clinic, patient=patient, by=by, **facts)
    assert caught.value.reasons[0].field == "dosing_weight_kg"
    kept = orders.enter(clinic=clinic, patient=patient, by=by, **facts | {"dosing_weight_kg": Decimal("76.8")})
    assert (kept.dosing_weight_kg, kept.weight_basis) == (Decimal("76.8"), "adjusted")


def test_an_ideal_weight_needs_height_and_sex_and_an_actual_one_must_be_the_measured_one() -> None:
    measured = {"measured_weight_kg": Decimal(80)}
    assert ("weight_basis", "weight_basis_unknown") in refusals(of_ivig(weight_basis="ideal", **measured))
    other = of_ivig(dosing_weight_kg=Decimal(75), **measured)
    assert refusals(other) == [("dosing_weight_kg", "weight_not_of_basis")]


def test_a_personal_rate_makes_no_sense_for_a_drug_that_runs_for_set_minutes() -> None:
    facts = of_drug(
        "vedolizumab",
        hcpcs="J3380",
        dose_basis="fixed_mg",
        dose_amount=Decimal(300),
        interval_days=56,
        max_rate_ml_per_kg_per_hour=Decimal(2),
    )
    assert refusals(facts) == [("max_rate_ml_per_kg_per_hour", "rate_not_used")]


def test_doses_of_a_weight_band_are_the_labels_own() -> None:
    banded = of_drug(
        "abatacept",
        indication=Indication.objects.get(id="RA"),
        icd10="M06.9",
        hcpcs="J0129",
        dose_basis="weight_band",
        dose_amount=None,
        interval_days=28,
        induction_offsets_days=(0, 14, 28),
        induction_doses=(Decimal(500), Decimal(500), Decimal(500)),
    )
    assert refusals(banded) == [("induction_doses", "bands_decide")]


@pytest.mark.parametrize(
    ("flag", "product", "hcpcs"),
    [("anaphylaxis_to_ig", "gammagard_liquid", "J1569"), ("hyperprolinaemia", "privigen", "J1459")],
)
def test_a_contraindicated_product_is_refused_at_the_product(flag: str, product: str, hcpcs: str) -> None:
    clinic = factories.make_clinic()
    by, patient = factories.scheduler(clinic), factories.make_patient(clinic)
    RiskFlag.objects.create(patient=patient, code=flag, since_on=today(clinic))
    facts = ivig(clinic, product=Product.objects.get(id=product), hcpcs=hcpcs)
    with pytest.raises(BadInput) as caught:
        orders.enter(clinic=clinic, patient=patient, by=by, **facts)
    assert [(reason.field, reason.code) for reason in caught.value.reasons] == [("product", "contraindicated")]


def test_iga_deficiency_alone_is_no_prohibition() -> None:
    clinic = factories.make_clinic()
    patient = factories.make_patient(clinic)
    RiskFlag.objects.create(patient=patient, code="iga_deficiency", since_on=today(clinic))
    assert orders.enter(clinic=clinic, patient=patient, by=factories.scheduler(clinic), **ivig(clinic)).pk


def test_a_product_that_caused_a_life_threatening_reaction_is_not_ordered_again_but_another_is() -> None:
    clinic = factories.make_clinic()
    by, patient = factories.scheduler(clinic), factories.make_patient(clinic)
    order = accepted(patient, by, ivig(clinic))
    reaction = Reaction.objects.create(
        patient=patient,
        order=order,
        product=order.product,
        kind="anaphylaxis",
        grade=4,
        occurred_at=clock.now(),
        recorded_at=clock.now(),
        recorded_by_label="Nurse",
    )
    with pytest.raises(BadInput) as caught:
        orders.enter(clinic=clinic, patient=patient, by=by, **ivig(clinic))
    assert [(reason.field, reason.code) for reason in caught.value.reasons] == [("product", "product_blocked")]
    other = ivig(clinic, product=Product.objects.get(id="privigen"), hcpcs="J1459")
    assert orders.enter(clinic=clinic, patient=patient, by=by, **other).pk
    Reaction.objects.filter(pk=reaction.pk).update(voided_at=clock.now())
    assert orders.enter(clinic=clinic, patient=patient, by=by, **ivig(clinic)).pk


def test_a_dosing_weight_far_from_the_last_one_on_file_must_say_where_it_comes_from() -> None:
    clinic = factories.make_clinic()
    patient = factories.make_patient(clinic)
    patient.weights.create(kg=Decimal(80), measured_on=clock.today(clinic.zone))
    facts = ivig(clinic, dosing_weight_kg=Decimal(250), measured_weight_kg=None)
    with pytest.raises(BadInput, match="The last weight on file is 80 kg") as caught:
        orders.enter(clinic=clinic, patient=patient, by=factories.scheduler(clinic), **facts)
    assert caught.value.reasons[0].field == "dosing_weight_kg"
    near = ivig(clinic, dosing_weight_kg=Decimal(84), measured_weight_kg=None)
    assert orders.enter(clinic=clinic, patient=patient, by=factories.scheduler(clinic), **near).pk
