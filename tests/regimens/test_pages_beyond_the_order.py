"""What lies beyond an order, or far from the usual, is marked on every page that lists its courses."""

import re
from datetime import timedelta
from decimal import Decimal

import pytest
from django.urls import reverse

from accounts.models import Clinic
from core.actor import Actor
from patients.models import Patient
from regimens.models import CourseDay, TreatmentOrder
from tests import factories
from tests.regimens.scenes import accepted, drug, ivig, today
from tests.regimens.test_pages import NEW, entered, signed_in
from tests.scheduling.pages.reading import words

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalogue")]
MARK = re.compile("after the order ends on", re.IGNORECASE)


@pytest.fixture
def clinic() -> Clinic:
    return factories.make_clinic()


@pytest.fixture
def patient(clinic: Clinic) -> Patient:
    return factories.make_patient(clinic)


@pytest.fixture
def by(clinic: Clinic) -> Actor:
    return factories.scheduler(clinic)


def running_out(clinic: Clinic, patient: Patient, by: Actor) -> TreatmentOrder:
    """Signed 330 days ago, given every three weeks: 35 days of it are left."""
    signed = today(clinic) - timedelta(days=330)
    return accepted(patient, by, ivig(clinic, signed_on=signed, days_per_course=1, dose_amount=Decimal("0.5")))


def beyond(order: TreatmentOrder) -> int:
    last_on = today(order.clinic) + timedelta(days=35)
    return CourseDay.objects.filter(course__order=order, due_on__gt=last_on).count()


def test_courses_after_the_order_ends_are_marked_on_its_page_and_on_paper(
    clinic: Clinic, patient: Patient, by: Actor
) -> None:
    order = running_out(clinic, patient, by)
    client = signed_in(clinic)
    assert beyond(order) > 10
    for name in ("order", "order-plan-print", "order-series"):
        page = words(client.get(reverse(f"scheduling:{name}", args=[order.id])))
        assert len(MARK.findall(page)) == beyond(order), name
        assert "needs a renewed order" in page
    full = accepted(factories.make_patient(clinic), by, ivig(clinic, ends_on=today(clinic) + timedelta(days=300)))
    assert not MARK.search(words(client.get(reverse("scheduling:order", args=[full.id]))))


def test_the_preview_marks_them_before_anything_is_saved(clinic: Clinic, patient: Patient) -> None:
    signed = (today(clinic) - timedelta(days=330)).isoformat()
    page = words(signed_in(clinic).post(reverse(NEW), entered(patient, signed_on=signed, action="preview")))
    assert len(MARK.findall(page)) > 10


def test_each_day_of_a_course_shows_its_own_window(clinic: Clinic, patient: Patient, by: Actor) -> None:
    order = accepted(patient, by, ivig(clinic))
    first, second = order.courses.get(number=1).days.order_by("day_number")
    assert second.earliest_on - first.earliest_on == second.latest_on - first.latest_on == timedelta(days=1)
    page = words(signed_in(clinic).get(reverse("scheduling:order", args=[order.id])))
    for day in (first, second):
        assert f"{day.earliest_on:%a %-d %b} to {day.latest_on:%a %-d %b}" in page


def test_a_dose_far_from_the_usual_is_noticed_before_and_after_it_is_saved(
    clinic: Clinic, patient: Patient, by: Actor
) -> None:
    client = signed_in(clinic)
    page = words(client.post(reverse(NEW), entered(patient, dose_amount="0.3", action="preview")))
    assert "0.3 g/kg for a course is below what the catalogue lists: 1 g/kg." in page
    order = accepted(patient, by, ivig(clinic, dose_amount=Decimal("0.3")))
    page = words(client.get(reverse("scheduling:order", args=[order.id])))
    assert "A dose far from the usual. 0.3 g/kg for a course is below" in page
    assert "confidence: high" in page


def test_a_drug_without_a_ramp_is_marked_with_none(clinic: Clinic, patient: Patient, by: Actor) -> None:
    client = signed_in(clinic)
    facts = {"hcpcs": "J3380", "dose_basis": "fixed_mg", "dose_amount": Decimal(300), "interval_days": 56}
    order = accepted(patient, by, drug(clinic, "vedolizumab", **facts))
    for name in ("order", "order-plan-print"):
        assert "slow" not in words(client.get(reverse(f"scheduling:{name}", args=[order.id]))).lower()
    ramped = accepted(factories.make_patient(clinic), by, ivig(clinic))
    assert "slow ramp" in words(client.get(reverse("scheduling:order", args=[ramped.id])))
