"""The order pages: choose, see the year before saving, accept, and follow every course."""

from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from accounts.domain.policy import Role
from accounts.models import Clinic
from audit.models import AuditEvent
from patients.models import Patient
from regimens.models import CourseDay, Product, TreatmentOrder
from regimens.services import orders
from scheduling.queries.order_page import order_page
from tests import factories
from tests.regimens.scenes import accepted, ivig, today

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalogue")]


def signed_in(clinic: Clinic, role: Role = Role.SCHEDULER) -> Client:
    client = Client()
    client.force_login(factories.make_staff(clinic, role))
    return client


def entered(patient: Patient, **changes: Any) -> dict[str, Any]:
    """The order form as a browser sends it: Gammagard 1 g/kg over two days every three weeks at 80 kg."""
    return {
        "patient": str(patient.id),
        "product": "gammagard_liquid",
        "indication": "CIDP",
        "icd10": "G61.81",
        "hcpcs": "J1569",
        "dose_amount": "1",
        "dose_basis": "g_per_kg",
        "dosing_weight_kg": "80",
        "days_per_course": "2",
        "interval_days": "3",
        "interval_unit": "weeks",
        "weight_basis": "actual",
        "titration": "by_rule",
        "starts_on": (today(patient.clinic) + timedelta(days=7)).isoformat(),
        "signed_on": today(patient.clinic).isoformat(),
        "late_dose_policy": "hybrid",
        "prescriber_name": "Dr. Invented",
        **changes,
    }


NEW = "scheduling:order-new"


def test_an_order_is_entered_in_three_steps_filled_from_the_catalogue() -> None:
    clinic = factories.make_clinic()
    patient = factories.make_patient(clinic, given_name="Ann", sex="male", height_cm=Decimal(175))
    patient.weights.create(measured_on=today(clinic), kg=Decimal(110))
    client = signed_in(clinic)
    assert str(patient.id) in client.get(reverse(NEW), {"q": "ann"}).content.decode()
    assert "Gammagard" in client.get(reverse(NEW), {"patient": str(patient.id)}).content.decode()
    chosen = {"patient": str(patient.id), "product": "gammagard_liquid", "indication": "CIDP"}
    text = client.get(reverse(NEW), chosen).content.decode()
    assert 'name="hcpcs" value="J1569"' in text
    assert 'name="interval_days" value="3"' in text
    assert '<option value="weeks" selected>weeks</option>' in text
    assert 'value="86.3"' in text
    assert "BMI 35.9 is above 30, so the adjusted weight is usual." in text
    for basis, kg in (("actual", "110.0"), ("ideal", "70.5"), ("adjusted", "86.3")):
        assert f'name="weight_basis" value="{basis}"' in text
        assert f"{kg} kg" in text
    infliximab = client.get(reverse(NEW), chosen | {"product": "infliximab", "indication": "CD"}).content.decode()
    assert 'value="0, 14, 42"' in infliximab


def test_the_preview_shows_the_year_and_saves_nothing() -> None:
    clinic = factories.make_clinic()
    patient = factories.make_patient(clinic)
    client = signed_in(clinic)
    answer = client.post(reverse(NEW), entered(patient, action="preview"))
    text = answer.content.decode()
    assert answer.status_code == 200
    for words in (
        "18 courses, 1440 g in all",
        "2 days of 40 g",
        "1 × 30 g, 1 × 10 g",
        ">4 h</span>",
        ">3 h 30</span>",
        ">2880<",
    ):
        assert words in text
    assert 'value="Dr. Invented"' in text
    assert not TreatmentOrder.objects.exists()
    part = client.post(
        reverse(NEW), entered(patient, action="preview"), headers={"HX-Request": "true"}
    ).content.decode()
    assert part.lstrip().startswith('<div id="entry"')


def test_bad_input_stays_in_the_form_with_the_sentence_at_its_field() -> None:
    clinic = factories.make_clinic()
    patient = factories.make_patient(clinic)
    client = signed_in(clinic)
    answer = client.post(reverse(NEW), entered(patient, action="accept", dose_amount="10", dosing_weight_kg="700"))
    text = answer.content.decode()
    assert answer.status_code == 422
    assert "The dosing weight must be between 1 and 400 kg." in text
    assert 'href="#id_dosing_weight_kg"' in text
    assert 'value="700"' in text
    over = client.post(reverse(NEW), entered(patient, action="accept", dose_amount="10", days_per_course="5"))
    assert "2 g/kg on each of 5 days is 10 g/kg in one course" in over.content.decode()
    assert not TreatmentOrder.objects.exists()


@pytest.mark.parametrize(
    "changes",
    [
        {"product": "snake_oil"},
        {"indication": ""},
        {"dose_amount": "NaN"},
        {"dose_amount": "1e99"},
        {"dosing_weight_kg": "heavy"},
        {"days_per_course": "9" * 40},
        {"interval_days": "-21", "interval_unit": "days"},
        {"interval_days": "9" * 30},
        {"interval_unit": "moons"},
        {"weight_basis": "guessed"},
        {"prescriber_npi": "12"},
        {"max_dose_mg": "-1"},
        {"measured_weight_kg": "700"},
        {"weighed_on": "2999-01-01"},
        {"hydration_minutes": "-5"},
        {"max_rate_ml_per_kg_per_hour": "0"},
        {"lab_creatinine": "on", "lab_creatinine_days": "-3"},
        {"course_limit": "9" * 30},
        {"induction_offsets_days": "now, later"},
        {"induction_offsets_days": "0, 1e400"},
        {"induction_doses": "NaN"},
        {"starts_on": "2026-02-30"},
        {"starts_on": "0001-01-01"},
        {"ends_on": "9999-12-31", "starts_on": "9999-12-31"},
        {"late_dose_policy": "whenever"},
        {"prescriber_name": "\x00"},
        {"prior_dose_on": "2999-01-01"},
        {"action": "explode", "signed_on": "2999-01-01"},
        {"first_maintenance_offset_days": "99999"},
        {"window_early_days": "-5"},
    ],
)
@pytest.mark.parametrize("action", ["preview", "accept"])
def test_nonsense_never_breaks_the_page_and_saves_nothing(changes: dict[str, Any], action: str) -> None:
    clinic = factories.make_clinic()
    patient = factories.make_patient(clinic)
    answer = signed_in(clinic).post(reverse(NEW), entered(patient, **{"action": action, **changes}))
    assert answer.status_code == 422
    assert "There is a problem" in answer.content.decode()
    assert not TreatmentOrder.objects.exists()


def test_an_order_is_saved_as_a_draft_and_accepted_once() -> None:
    clinic = factories.make_clinic()
    patient = factories.make_patient(clinic)
    client = signed_in(clinic)
    client.post(reverse(NEW), entered(patient, action="save"))
    order = TreatmentOrder.objects.get()
    assert (order.status, CourseDay.objects.count()) == ("draft", 0)
    listed = client.get(reverse("scheduling:orders")).content.decode()
    assert str(order.id) in listed
    assert "To accept <b>1</b>" in listed
    accept = reverse("scheduling:order-accept", args=[order.id])
    assert client.post(accept).status_code == 302
    assert CourseDay.objects.count() == 36
    again = client.post(accept)
    assert again.status_code == 409
    assert "accepted already" in again.content.decode()
    assert CourseDay.objects.count() == 36


def test_accepting_at_once_leaves_no_draft_behind_when_it_is_refused() -> None:
    clinic = factories.make_clinic()
    patient = factories.make_patient(clinic)
    client = signed_in(clinic)
    posted = entered(patient, action="accept", product="yimmugo", indication="PI", icd10="D83.9", hcpcs="J1553")
    refused = client.post(reverse(NEW), posted)
    assert refused.status_code == 422
    assert "have not been checked against its label" in refused.content.decode()
    assert not TreatmentOrder.objects.exists()
    assert client.post(reverse(NEW), posted | {"action": "save"}).status_code == 302
    assert TreatmentOrder.objects.get().status == "draft"


def test_the_order_says_why_each_course_is_due_and_what_can_be_booked() -> None:
    clinic = factories.make_clinic()
    patient, by = factories.make_patient(clinic), factories.scheduler(clinic)
    order = accepted(patient, by, ivig(clinic))
    factories.make_authorization(order, units_approved=200, units_requested=200)
    text = signed_in(clinic).get(reverse("scheduling:order", args=[order.id])).content.decode()
    first = order.courses.get(number=1).days.get(day_number=1)
    for words in (
        f"/find/?course_day={first.id}",
        "The first course: the day the order starts.",
        "3 weeks after course 1 is due",
        "1 g/kg for 80 kg, in all, over 2 days, every 3 weeks",
        "Covered",
        "Not booked",
    ):
        assert words in text
    assert AuditEvent.objects.filter(action="order.view", entity_id=str(order.id)).count() == 1


def test_units_cover_the_earliest_visits_and_the_later_ones_say_what_is_missing() -> None:
    clinic = factories.make_clinic()
    order = accepted(factories.make_patient(clinic), factories.scheduler(clinic), ivig(clinic))
    factories.make_authorization(order, units_approved=200, units_requested=200, reference="PA-7")
    page = order_page(clinic, order.id, today=today(clinic))
    found = [day.coverage for course in page.courses for day in course.days]
    assert [answer is not None and answer.is_covered for answer in found[:4]] == [True, True, False, False]
    assert found[2] is not None
    assert found[2].reasons[0].sentence == "The visits before this one leave 40 units of PA-7; it needs 80."


def test_a_draft_s_page_shows_the_year_it_would_lay_out() -> None:
    clinic = factories.make_clinic()
    by, patient = factories.scheduler(clinic), factories.make_patient(clinic)
    client = signed_in(clinic)
    draft = orders.enter(clinic=clinic, patient=patient, by=by, **ivig(clinic))
    assert "18 courses, 1440 g in all" in client.get(reverse("scheduling:order", args=[draft.id])).content.decode()
    unchecked = ivig(clinic, product=Product.objects.get(id="yimmugo"), hcpcs="J1553")
    stuck = orders.enter(clinic=clinic, patient=patient, by=by, **unchecked)
    shown = client.get(reverse("scheduling:order", args=[stuck.id])).content.decode()
    assert "This draft cannot be accepted as it is." in shown


def test_the_order_takes_the_same_number_of_statements_for_one_course_or_many(
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    clinic = factories.make_clinic()
    order = accepted(factories.make_patient(clinic), factories.scheduler(clinic), ivig(clinic))
    factories.make_authorization(order)
    client = signed_in(clinic)
    client.get(reverse("scheduling:order", args=[order.id]))
    with django_assert_max_num_queries(18):
        assert client.get(reverse("scheduling:order", args=[order.id])).status_code == 200
    with django_assert_max_num_queries(12):
        assert client.get(reverse("scheduling:orders"), {"show": "active", "q": "ada"}).status_code == 200


def test_a_search_goes_through_all_orders_and_can_be_narrowed() -> None:
    clinic = factories.make_clinic()
    by = factories.scheduler(clinic)
    order = accepted(factories.make_patient(clinic, family_name="Novak"), by, ivig(clinic))
    orders.enter(clinic=clinic, patient=factories.make_patient(clinic, family_name="Other"), by=by, **ivig(clinic))
    client = signed_in(clinic)
    page = client.get(reverse("scheduling:orders"), {"show": "draft"}).content.decode()
    assert 'name="show"' not in page
    found = client.get(reverse("scheduling:orders"), {"q": "novak"}).content.decode()
    assert str(order.id) in found
    assert "?show=draft&amp;q=novak" in found
    narrowed = client.get(reverse("scheduling:orders"), {"q": "novak", "show": "draft"}).content.decode()
    assert str(order.id) not in narrowed


def test_orders_that_end_within_sixty_days_are_listed() -> None:
    clinic = factories.make_clinic()
    by = factories.scheduler(clinic)
    soon = accepted(
        factories.make_patient(clinic, family_name="Soonest"),
        by,
        ivig(clinic, ends_on=today(clinic) + timedelta(days=59)),
    )
    accepted(factories.make_patient(clinic, family_name="Latest"), by, ivig(clinic))
    text = signed_in(clinic).get(reverse("scheduling:orders"), {"show": "ending"}).content.decode()
    assert str(soon.id) in text
    assert "Latest" not in text


def test_another_clinic_s_orders_and_patients_are_not_found() -> None:
    here, there = factories.make_clinic(), factories.make_clinic()
    order = accepted(factories.make_patient(there), factories.scheduler(there), ivig(there))
    client = signed_in(here, Role.MANAGER)
    for id_ in (order.id, uuid4()):
        assert client.get(reverse("scheduling:order", args=[id_])).status_code == 404
        assert client.post(reverse("scheduling:order-accept", args=[id_])).status_code == 404
        assert client.post(reverse("scheduling:order-extend", args=[id_])).status_code == 404
    assert client.get(reverse(NEW), {"patient": str(order.patient_id)}).status_code == 404
    assert client.post(reverse(NEW), entered(order.patient, action="save")).status_code == 404
    assert str(order.id) not in client.get(reverse("scheduling:orders"), {"show": "all"}).content.decode()
    assert client.get(reverse(NEW), {"patient": "not an id"}).status_code == 200


@pytest.mark.parametrize(
    ("role", "writes"),
    [
        (Role.SCHEDULER, True),
        (Role.NURSE, True),
        (Role.MANAGER, True),
        (Role.AUTHORIZATION_ADMIN, False),
        (Role.AUDITOR, False),
    ],
)
def test_every_role_reads_orders_and_some_enter_them(role: Role, writes: bool) -> None:
    clinic = factories.make_clinic()
    order = accepted(factories.make_patient(clinic), factories.scheduler(clinic), ivig(clinic))
    client = signed_in(clinic, role)
    assert client.get(reverse("scheduling:orders")).status_code == 200
    shown = client.get(reverse("scheduling:order", args=[order.id]))
    assert shown.status_code == 200
    assert ("/find/?course_day=" in shown.content.decode()) is writes
    assert client.get(reverse(NEW)).status_code == (200 if writes else 403)
    accept = client.post(reverse("scheduling:order-accept", args=[order.id]))
    assert accept.status_code == (409 if writes else 403)
