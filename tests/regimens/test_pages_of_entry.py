"""The year as one types an order, templates, where numbers come from, and the treatment plan on paper."""

import re
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.domain.policy import Role
from accounts.models import Clinic
from audit.models import AuditEvent
from core.actor import Actor
from patients.models import Patient
from regimens.models import ElsewhereKind, TreatmentOrder
from regimens.services import holding
from tests import factories
from tests.regimens.scenes import accepted, drug, ivig, today
from tests.regimens.test_pages import entered, signed_in
from tests.regimens.test_pages_of_acts import by, clinic, patient, to

__all__ = ["by", "clinic", "patient"]  # fixtures
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalogue")]


# The preview that follows what is typed


def live(client: Client, patient: Patient, **changes: Any) -> str:
    answer = client.post(
        reverse("scheduling:order-preview"), entered(patient, **changes), headers={"HX-Request": "true"}
    )
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_live_preview_shows_the_year_with_units_adding_up(clinic: Clinic, patient: Patient, by: Actor) -> None:
    order = accepted(patient, by, ivig(clinic))
    factories.make_authorization(order, units_approved=400, units_requested=400, reference="PA-7")
    text = live(signed_in(clinic), patient)
    for words in (
        "18 courses, 1440 g in all. Nothing is saved yet.",
        "Covered to course 2 of 18: PA-7 has 400 units left, 2880 are needed.",
        "Slow ramp",
        "400 mL",
        ">320<",
    ):
        assert words in text
    assert TreatmentOrder.objects.count() == 1


def test_the_live_preview_points_out_another_order_of_the_same_kind(
    clinic: Clinic, patient: Patient, by: Actor
) -> None:
    assert "is active already" not in live(signed_in(clinic), patient)
    order = accepted(patient, by, ivig(clinic))
    text = live(signed_in(clinic), patient)
    assert "is active already" in text
    assert reverse("scheduling:order", args=[order.id]) in text


def test_the_live_preview_tells_waste_and_shows_weight_bands(clinic: Clinic, patient: Patient) -> None:
    facts = {"product": "infliximab", "indication": "CD", "icd10": "K50.90", "hcpcs": "Q5103", "dose_amount": "5"}
    text = live(signed_in(clinic), patient, dose_basis="mg_per_kg", days_per_course="1", dosing_weight_kg="71", **facts)
    assert "355 mg" in text
    assert "4 × 100 mg" in text
    assert "waste" in text


def test_the_live_preview_says_quietly_what_is_missing(clinic: Clinic, patient: Patient) -> None:
    client = signed_in(clinic)
    text = live(client, patient, prescriber_name="", signed_on="")
    assert "Still to fill in: Prescriber, Signed on." in text
    assert "alert" not in text
    assert "data-autofocus" not in text
    assert "2 g/kg on each of 5 days is 10 g/kg" in live(client, patient, dose_amount="10", days_per_course="5")
    assert "The next 12 months" in live(client, patient, product="snake_oil")
    assert not TreatmentOrder.objects.exists()


def test_a_template_fills_the_order_in_one_click(clinic: Clinic, patient: Patient) -> None:
    chosen = {"patient": str(patient.id), "product": "gammagard_liquid", "indication": "CIDP"}
    client = signed_in(clinic)
    usual = client.get(reverse("scheduling:order-new"), chosen).content.decode()
    assert 'name="apply" value="loading_3w"' in usual
    loading = client.get(reverse("scheduling:order-new"), chosen | {"template": "loading_3w"}).content.decode()
    assert 'name="induction_days" value="5"' in loading
    assert 'name="induction_doses" value="2"' in loading
    assert client.get(reverse("scheduling:order-new"), chosen | {"template": "nothing"}).status_code == 200


def value_of(page: str, name: str) -> str:
    tag = re.search(rf'<input[^>]*name="{name}"[^>]*>', page)
    assert tag, name
    found = re.search(r'value="([^"]*)"', tag[0])
    return found[1] if found else ""


def test_a_template_applied_later_keeps_what_was_typed_and_fills_the_rest(clinic: Clinic, patient: Patient) -> None:
    client = signed_in(clinic)
    chosen = {"patient": str(patient.id), "product": "gammagard_liquid", "indication": "CIDP"}
    page = client.get(reverse("scheduling:order-new"), chosen)
    form = page.context["form"]
    untouched = {
        bound.name: bound.value()
        for bound in form
        if bound.value() not in {None, "", False} and not isinstance(bound.value(), date)
    }
    typed = {"prescriber_name": "Dr. Vega", "dose_amount": "0.8", "starts_on": "not a day"}
    sent = untouched | chosen | typed | {"template": page.context["template_code"], "apply": "loading_3w"}
    for headers in ({}, {"HX-Request": "true"}):
        answer = client.post(reverse("scheduling:order-new"), sent, headers=headers)
        assert answer.status_code == 200
        text = answer.content.decode()
        assert {name: value_of(text, name) for name in typed} == typed
        assert (value_of(text, "induction_days"), value_of(text, "induction_doses")) == ("5", "2")
        assert value_of(text, "template") == "loading_3w"
        assert "Kept as you typed it: Dose for the whole course." in text
    assert not TreatmentOrder.objects.exists()
    back = sent | {"template": "loading_3w", "apply": sent["template"], "induction_days": "5", "induction_doses": "2"}
    text = client.post(reverse("scheduling:order-new"), back).content.decode()
    assert (value_of(text, "induction_doses"), value_of(text, "prescriber_name")) == ("", "Dr. Vega")


def test_every_number_of_the_catalogue_says_its_source_and_confidence(clinic: Clinic, patient: Patient) -> None:
    chosen = {"patient": str(patient.id), "product": "gammagard_liquid", "indication": "CIDP"}
    page = signed_in(clinic).get(reverse("scheduling:order-new"), chosen).content.decode()
    for words in (
        "Catalogue: 1 g/kg. Labels; confidence: high.",
        "Catalogue: 3 weeks. Labels; confidence: high.",
        "Catalogue: 3 days. ",
        "Catalogue: 5.4 mL/kg/h.",
        "IG dosing-weight calculator (P14); confidence: published.",
        "kidney function before the start",
    ):
        assert words.lower() in page.lower()


# On paper


def test_the_plan_on_paper_has_the_order_its_dates_and_what_is_given_elsewhere(
    clinic: Clinic, patient: Patient, by: Actor
) -> None:
    order = accepted(patient, by, ivig(clinic))
    factories.make_authorization(order, reference="PA-7")
    patient.therapies_elsewhere.create(
        kind=ElsewhereKind.PLASMA_EXCHANGE,
        name="Plasma exchange",
        place="County Hospital",
        every_days=14,
        starts_on=today(clinic) - timedelta(days=28),
        created_at=datetime.now(tz=clinic.zone),
        created_by_label="K. Marsh",
    )
    client = signed_in(clinic)
    for path in (to("plan-print", order), reverse("scheduling:patient-plan-print", args=[patient.id])):
        page = client.get(path).content.decode()
        for words in (
            "Novak, Mia",
            "Gammagard Liquid",
            "1 g/kg for 80 kg",
            "Course 18",
            "2 days of 40 g",
            "PA-7",
            "every 2 weeks from",
            "elsewhere: County Hospital",
            "This sheet does not prescribe",
            "Printed ",
        ):
            assert words in page
        assert "<button" not in page.split('<main id="main"')[1].split("</main>")[0]
    assert AuditEvent.objects.filter(action="order.print", entity_id=str(order.id)).count() == 1
    assert AuditEvent.objects.filter(action="patient.print_plan", entity_id=str(patient.id)).count() == 1


def test_a_patients_paper_has_all_that_is_active_and_nothing_that_ended(
    clinic: Clinic, patient: Patient, by: Actor
) -> None:
    accepted(patient, by, ivig(clinic))
    accepted(patient, by, drug(clinic, "infliximab", dose_basis="mg_per_kg", dose_amount=Decimal(5), hcpcs="Q5103"))
    gone = accepted(
        patient,
        by,
        drug(
            clinic,
            "vedolizumab",
            dose_basis="fixed_mg",
            dose_amount=Decimal(300),
            hcpcs="J3380",
            starts_on=today(clinic),
        ),
    )
    holding.end(order=gone, on=today(clinic), reason="Switched", by=by)
    page = signed_in(clinic).get(reverse("scheduling:patient-plan-print", args=[patient.id])).content.decode()
    assert "Gammagard Liquid, course 1" in page
    assert "infliximab, course 1" in page
    assert "edolizumab" not in page
    stranger = signed_in(factories.make_clinic(), Role.MANAGER)
    assert stranger.get(reverse("scheduling:patient-plan-print", args=[patient.id])).status_code == 404
