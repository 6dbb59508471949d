"""Nonsense in an order is refused with a sentence at the field, and nothing is saved."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from accounts.domain.policy import Role
from core.errors import BadInput, NotAllowed, NotFound, Refusal
from regimens.models import TreatmentOrder
from regimens.queries import catalogue
from regimens.services import orders, replanning
from tests import factories
from tests.regimens.scenes import accepted, drug, ivig, today

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalogue")]

NONSENSE: list[tuple[str, dict[str, Any]]] = [
    ("dosing_weight_kg", {"dosing_weight_kg": Decimal(700)}),
    ("dosing_weight_kg", {"dosing_weight_kg": Decimal("0.4")}),
    ("dosing_weight_kg", {"dosing_weight_kg": Decimal("NaN")}),
    ("dose_amount", {"dose_amount": Decimal(0)}),
    ("dose_amount", {"dose_amount": Decimal(-1)}),
    ("dose_amount", {"dose_amount": Decimal("Infinity")}),
    ("dose_amount", {"dose_amount": Decimal("0.0001")}),
    ("dose_amount", {"dose_amount": Decimal("2.1")}),
    ("dose_amount", {"dose_basis": "mg_per_kg", "dose_amount": Decimal(2001)}),
    ("dose_amount", {"dose_basis": "fixed_mg", "dose_amount": Decimal(160_001)}),
    ("dose_basis", {"dose_basis": "drops"}),
    ("interval_days", {"interval_days": 0}),
    ("interval_days", {"interval_days": 6, "window_early_days": 0, "window_late_days": 0}),
    ("interval_days", {"interval_days": 183}),
    ("days_per_course", {"days_per_course": 0}),
    ("days_per_course", {"days_per_course": 6}),
    ("course_limit", {"course_limit": 0}),
    ("minimum_interval_days", {"minimum_interval_days": 22}),
    ("window_early_days", {"window_early_days": -1}),
    ("window_late_days", {"window_early_days": 10, "window_late_days": 11}),
    ("induction_offsets_days", {"induction_offsets_days": (0, 14, 14)}),
    ("induction_offsets_days", {"induction_offsets_days": (7, 14)}),
    ("induction_offsets_days", {"induction_offsets_days": (0, 1, 5), "days_per_course": 3}),
    ("induction_offsets_days", {"induction_offsets_days": (0, 400)}),
    ("induction_doses", {"induction_offsets_days": (0, 14), "induction_doses": (Decimal(1),)}),
    ("induction_doses", {"induction_offsets_days": (0, 14), "induction_doses": (Decimal(1), Decimal(5))}),
    (
        "first_maintenance_offset_days",
        {"induction_offsets_days": (0, 14), "first_maintenance_offset_days": 14},
    ),
    ("first_maintenance_offset_days", {"first_maintenance_offset_days": 99_999}),
    ("induction_doses", {"induction_doses": (Decimal(1),)}),
    ("icd10", {"icd10": "nerves"}),
    ("hcpcs", {"hcpcs": "J1459"}),
    ("hcpcs", {"hcpcs": ""}),
    ("prescriber_name", {"prescriber_name": "  "}),
    ("late_dose_policy", {"late_dose_policy": "whenever"}),
]


@pytest.mark.parametrize(("field", "changes"), NONSENSE)
def test_nonsense_names_its_field_and_saves_nothing(field: str, changes: dict[str, Any]) -> None:
    clinic = factories.make_clinic()
    by, patient = factories.scheduler(clinic), factories.make_patient(clinic)
    with pytest.raises(BadInput) as caught:
        orders.enter(clinic=clinic, patient=patient, by=by, **ivig(clinic) | changes)
    assert [reason.field for reason in caught.value.reasons] == [field]
    assert caught.value.sentence.endswith(".")
    assert not TreatmentOrder.objects.exists()


@pytest.mark.parametrize(
    ("field", "days"),
    [("signed_on", 1), ("starts_on", 367), ("starts_on", -367)],
)
def test_dates_that_cannot_be_are_refused(field: str, days: int) -> None:
    clinic = factories.make_clinic()
    changes = {field: today(clinic) + timedelta(days=days)}
    with pytest.raises(BadInput) as caught:
        orders.enter(
            clinic=clinic,
            patient=factories.make_patient(clinic),
            by=factories.scheduler(clinic),
            **ivig(clinic) | changes,
        )
    assert [reason.field for reason in caught.value.reasons] == [field]


def test_an_end_before_the_start_is_refused() -> None:
    clinic = factories.make_clinic()
    facts = ivig(clinic)
    facts["ends_on"] = facts["starts_on"] - timedelta(days=1)
    with pytest.raises(BadInput) as caught:
        orders.enter(clinic=clinic, patient=factories.make_patient(clinic), by=factories.scheduler(clinic), **facts)
    assert caught.value.reasons[0].field == "ends_on"


def test_two_grams_per_kilogram_each_day_is_stopped_as_an_overdose() -> None:
    clinic = factories.make_clinic()
    facts = ivig(clinic, dose_amount=Decimal(10), days_per_course=5)
    with pytest.raises(BadInput) as caught:
        orders.enter(clinic=clinic, patient=factories.make_patient(clinic), by=factories.scheduler(clinic), **facts)
    assert caught.value.code == "course_dose_exceeds_limit"
    assert "2 g/kg on each of 5 days is 10 g/kg in one course; the limit is 2 g/kg in total" in caught.value.sentence


def test_several_faults_are_all_named_at_once() -> None:
    clinic = factories.make_clinic()
    facts = ivig(clinic, dosing_weight_kg=Decimal(0), interval_days=1, icd10="")
    with pytest.raises(BadInput) as caught:
        orders.enter(clinic=clinic, patient=factories.make_patient(clinic), by=factories.scheduler(clinic), **facts)
    assert {reason.field for reason in caught.value.reasons} >= {"dosing_weight_kg", "interval_days", "icd10"}


def test_a_drug_ordered_in_the_wrong_unit_is_stopped() -> None:
    clinic = factories.make_clinic()
    by, patient = factories.scheduler(clinic), factories.make_patient(clinic)
    order = drug(clinic, "infliximab", hcpcs="J1745", interval_days=56, dose_amount=Decimal(5))
    with pytest.raises(BadInput) as caught:
        orders.enter(clinic=clinic, patient=patient, by=by, **order | {"dose_basis": "g_per_kg"})
    assert caught.value.reasons[0].field == "dose_basis"
    with pytest.raises(BadInput) as caught:
        orders.enter(
            clinic=clinic,
            patient=patient,
            by=by,
            **order | {"dose_basis": "mg_per_kg", "dose_amount": Decimal(5000)},
        )
    assert (caught.value.code, caught.value.reasons[0].field) == ("dose_too_large", "dose_amount")


def test_a_day_too_long_for_a_chair_asks_for_more_days() -> None:
    clinic = factories.make_clinic()
    patient = factories.make_patient(clinic)
    patient.risk_flags.create(code="renal_insufficiency", since_on=today(clinic))
    facts = ivig(clinic, dose_amount=Decimal(2), days_per_course=1)
    by = factories.scheduler(clinic)
    order = orders.enter(clinic=clinic, patient=patient, by=by, **facts)
    with pytest.raises(BadInput) as caught:
        orders.accept(order=order, by=by)
    assert (caught.value.code, caught.value.reasons[0].field) == ("day_too_long", "days_per_course")


def test_an_unknown_product_is_bad_input_at_the_field() -> None:
    with pytest.raises(BadInput) as caught:
        catalogue.product("snake_oil")
    assert caught.value.reasons[0].field == "product"


def test_another_clinic_s_patient_and_order_are_not_found() -> None:
    here, there = factories.make_clinic(), factories.make_clinic()
    by, stranger = factories.scheduler(here), factories.make_patient(there)
    with pytest.raises(NotFound):
        orders.enter(clinic=here, patient=stranger, by=by, **ivig(here))
    order = accepted(stranger, factories.scheduler(there), ivig(there))
    for act in (orders.accept, replanning.extend):
        with pytest.raises(NotFound):
            act(order=order, by=by)


@pytest.mark.parametrize("role", [Role.AUTHORIZATION_ADMIN, Role.AUDITOR])
def test_roles_without_the_permission_may_not_enter_orders(role: Role) -> None:
    clinic = factories.make_clinic()
    by = factories.actor(factories.make_staff(clinic, role))
    with pytest.raises(NotAllowed) as caught:
        orders.enter(clinic=clinic, patient=factories.make_patient(clinic), by=by, **ivig(clinic))
    assert isinstance(caught.value, Refusal)
    assert not TreatmentOrder.objects.exists()
