"""The patient pages: found by typing, complete, kept to their clinic and to the roles that may."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from accounts.domain.policy import Role
from accounts.models import Clinic
from audit.models import AuditEvent
from core import clock
from patients.models import DiaryEntry, Patient
from patients.services import papers, records
from regimens.domain.elsewhere import Elsewhere
from regimens.services import elsewhere
from tests import factories

pytestmark = pytest.mark.django_db


def signed_in(clinic: Clinic, role: Role = Role.SCHEDULER) -> Client:
    client = Client()
    client.force_login(factories.make_staff(clinic, role))
    return client


def page_of(patient: Patient, name: str = "patient") -> str:
    return reverse(f"scheduling:{name}", args=[patient.id])


def test_typing_finds_patients_and_records_whom_was_shown() -> None:
    clinic = factories.make_clinic()
    ann = factories.make_patient(clinic, given_name="Ann", family_name="Smith")
    factories.make_patient(clinic, given_name="Bob", family_name="Jones")
    client = signed_in(clinic)
    answer = client.get(reverse("scheduling:patients"), {"q": "ann sm"})
    assert "Smith, Ann" in answer.content.decode()
    assert "Jones, Bob" not in answer.content.decode()
    assert AuditEvent.objects.get(action="patient.search").detail == {"ids": [str(ann.id)]}
    headers = {"HX-Request": "true", "HX-Target": "results"}
    part = client.get(reverse("scheduling:patients"), {"q": "smith"}, headers=headers).content.decode()
    assert "Smith, Ann" in part
    assert "<html" not in part
    everybody = client.get(reverse("scheduling:patients")).content.decode()
    assert "Smith, Ann" in everybody
    assert "Jones, Bob" in everybody


@pytest.mark.parametrize("q", ["nobody at all", "%%%", "\x00", "漢字", "x" * 81, "1970-99-99", "'; DROP TABLE"])
def test_strange_searches_get_a_page(q: str) -> None:
    clinic = factories.make_clinic()
    answer = signed_in(clinic).get(reverse("scheduling:patients"), {"q": q, "page": "x"})
    assert answer.status_code in {200, 422}


def test_the_page_shows_everything_and_is_recorded_once_per_opening() -> None:
    clinic = factories.make_clinic()
    by, patient = factories.scheduler(clinic), factories.make_patient(clinic, birth_date=date(1970, 5, 17))
    order = factories.make_order(patient)
    authorization = factories.make_authorization(order)
    day = factories.make_course_day(order, clock.today(clinic.zone) + timedelta(days=9))
    today = clock.today(clinic.zone)
    records.add_risk_flag(patient=patient, code="renal_insufficiency", by=by)
    for days, kg in ((60, "70"), (0, "75.5")):
        records.record_weight(patient=patient, kg=Decimal(kg), measured_on=today - timedelta(days=days), by=by)
    records.record_lab(patient=patient, code="creatinine", taken_on=today, value=Decimal("0.90"), unit="mg/dL", by=by)
    text = signed_in(clinic).get(page_of(patient)).content.decode()
    for words in (
        patient.record_number,
        "born 17 May 1970",
        "Reduced kidney function",
        "75.5 kg, 5.5 kg up since",
        "0.9 mg/dL",
        authorization.payer.name,
        "600 of 600 units left",
        f"/find/?course_day={day.id}",
        f"/orders/new/?patient={patient.id}",
    ):
        assert words in text
    assert AuditEvent.objects.filter(action="patient.view", patient_id=patient.id).count() == 1


def test_the_page_takes_the_same_number_of_statements_however_much_there_is(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    clinic = factories.make_clinic()
    alone, patient = factories.make_patient(clinic), factories.make_patient(clinic)
    client = signed_in(clinic)
    client.get(page_of(alone))
    with CaptureQueriesContext(connection) as little:
        client.get(page_of(alone))
    for number in range(4):
        test = {"code": "creatinine", "name": "Creatinine", "valid_days": 90}
        order = factories.make_order(patient, labs_required=[test, test | {"code": "bun"}])
        for week in range(4):
            factories.make_course_day(order, clock.today(clinic.zone) + timedelta(weeks=week + number))
    fill(patient)
    with django_assert_num_queries(len(little)):
        assert client.get(page_of(patient)).status_code == 200
    assert len(little) <= 27


def fill(patient: Patient) -> None:
    """Some of everything that the page shows."""
    by, today = factories.scheduler(patient.clinic), clock.today(patient.clinic.zone)
    for days in range(4):
        on = today - timedelta(days=days)
        records.record_weight(patient=patient, kg=Decimal(70 + days), measured_on=on, by=by)
        records.record_lab(patient=patient, code="creatinine", taken_on=on, value=Decimal(1), by=by)
        records.record_lab(patient=patient, code="iga", taken_on=on, text="normal", by=by)
        papers.record_consent(patient=patient, signed_on=on, by=by)
        elsewhere.enrol(patient=patient, programme=f"REMS {days}", enrolled_on=on, by=by)
        therapy = Elsewhere(kind="scig", name=f"Hizentra {days}", starts_on=on, every_days=7)
        elsewhere.add(patient=patient, therapy=therapy, by=by)
        DiaryEntry.objects.create(
            patient=patient, happened_at=clock.now(), created_at=clock.now(), symptom="headache", severity=days
        )
    for code in ("diabetes", "anaphylaxis_to_ig", "fall_risk"):
        records.add_risk_flag(patient=patient, code=code, by=by)


def test_another_clinic_s_patient_is_not_found_on_any_address() -> None:
    here, there = factories.make_clinic(), factories.make_clinic()
    stranger = factories.make_patient(there)
    client = signed_in(here, Role.MANAGER)
    for name in ("patient", "patient-edit"):
        assert client.get(page_of(stranger, name)).status_code == 404
    for name in ("patient-weight", "patient-lab", "patient-risk", "patient-coverage"):
        assert client.post(page_of(stranger, name)).status_code == 404
    assert client.get(reverse("scheduling:patient", args=[uuid4()])).status_code == 404
    assert client.get(reverse("scheduling:patients"), {"q": stranger.family_name}).content.find(b"Ada") == -1


@pytest.mark.parametrize(
    ("role", "reads", "writes"),
    [
        (Role.SCHEDULER, 200, 200),
        (Role.NURSE, 200, 200),
        (Role.AUTHORIZATION_ADMIN, 200, 200),
        (Role.MANAGER, 200, 200),
        (Role.AUDITOR, 200, 403),
    ],
)
def test_roles_open_what_the_table_says(role: Role, reads: int, writes: int) -> None:
    clinic = factories.make_clinic()
    patient = factories.make_patient(clinic)
    client = signed_in(clinic, role)
    assert client.get(reverse("scheduling:patients")).status_code == reads
    answer = client.get(page_of(patient))
    assert answer.status_code == reads
    assert ("Record a weight" in answer.content.decode()) is (writes == 200)
    assert client.get(reverse("scheduling:patient-new")).status_code == writes
    assert client.get(page_of(patient, "patient-edit")).status_code == writes


def test_patients_and_visitors_stay_out() -> None:
    clinic = factories.make_clinic()
    patient = factories.make_patient(clinic, signs_in=True)
    client = Client()
    assert client.get(page_of(patient)).status_code == 302
    assert patient.user is not None
    client.force_login(patient.user)
    assert client.get(page_of(patient)).status_code == 403


DETAILS = {
    "given_name": "Ada",
    "family_name": "Quill",
    "birth_date": "1970-05-17",
    "record_number": "MR1",
    "sex": "female",
    "language": "en",
}


def test_a_patient_is_registered_and_a_mistake_keeps_the_form_filled() -> None:
    clinic = factories.make_clinic()
    client = signed_in(clinic)
    bad = client.post(reverse("scheduling:patient-new"), DETAILS | {"height_cm": "3", "email": "x"})
    assert bad.status_code == 422
    assert "The height must be between 30 and 260 cm." in bad.content.decode()
    assert 'value="Quill"' in bad.content.decode()
    assert not Patient.objects.exists()
    good = client.post(reverse("scheduling:patient-new"), DETAILS)
    assert good["Location"] == page_of(Patient.objects.get())
    twice = client.post(reverse("scheduling:patient-new"), DETAILS)
    assert (twice.status_code, Patient.objects.count()) == (422, 1)
    assert "belongs to another patient" in twice.content.decode()


def test_an_edit_of_a_stale_page_is_refused_and_keeps_what_was_typed() -> None:
    clinic = factories.make_clinic()
    patient = factories.make_patient(clinic)
    client = signed_in(clinic)
    edit = page_of(patient, "patient-edit")
    assert client.post(edit, DETAILS | {"version": "1"}).status_code == 302
    stale = client.post(edit, DETAILS | {"version": "1", "family_name": "Other"})
    assert stale.status_code == 409
    assert 'value="Other"' in stale.content.decode()
    assert "changed by somebody else" in stale.content.decode()
    patient.refresh_from_db()
    assert (patient.family_name, patient.version) == ("Quill", 2)
    assert client.post(edit, DETAILS).status_code == 400


@pytest.mark.parametrize(
    ("name", "good", "bad", "sentence"),
    [
        (
            "patient-weight",
            {"weight-kg": "71.25", "weight-measured_on": "2026-01-02"},
            {"weight-kg": "700", "weight-measured_on": "2026-01-02"},
            "between 1 and 400 kg",
        ),
        (
            "patient-lab",
            {"lab-code": "iga", "lab-taken_on": "2026-01-02", "lab-text": "normal"},
            {"lab-code": "iga", "lab-taken_on": "2026-01-02"},
            "Enter the result",
        ),
        ("patient-risk", {"risk-code": "diabetes"}, {"risk-code": "mystery"}, "Choose one from the list."),
    ],
)
def test_small_forms_save_or_say_what_is_wrong(
    name: str, good: dict[str, Any], bad: dict[str, Any], sentence: str
) -> None:
    clinic = factories.make_clinic()
    patient = factories.make_patient(clinic)
    client = signed_in(clinic)
    refused = client.post(page_of(patient, name), bad)
    assert refused.status_code == 422
    assert sentence in refused.content.decode()
    assert client.post(page_of(patient, name), good).status_code == 302
    assert client.get(page_of(patient, name)).status_code == 405


def test_insurance_is_added_only_with_the_organization_s_own_insurers() -> None:
    clinic = factories.make_clinic()
    patient, payer = factories.make_patient(clinic), factories.make_payer(clinic)
    client = signed_in(clinic)
    posted = {"coverage-payer": payer.id, "coverage-member_id": "M 1", "coverage-starts_on": "2026-01-01"}
    stranger = factories.make_payer(factories.make_clinic())
    refused = client.post(page_of(patient, "patient-coverage"), posted | {"coverage-payer": stranger.id})
    assert (refused.status_code, patient.coverages.count()) == (422, 0)
    assert client.post(page_of(patient, "patient-coverage"), posted).status_code == 302
    assert payer.name in client.get(page_of(patient)).content.decode()


def test_a_risk_is_ended_from_the_page_and_only_the_patient_s_own() -> None:
    clinic = factories.make_clinic()
    by, patient, other = factories.scheduler(clinic), factories.make_patient(clinic), factories.make_patient(clinic)
    flag = records.add_risk_flag(patient=patient, code="diabetes", by=by)
    client = signed_in(clinic)
    for wrong in ({"flag": flag.pk}, {"flag": "²"}, {"flag": "9" * 30}, {}):
        assert client.post(page_of(other, "patient-risk-end"), wrong).status_code == 404
    assert client.post(page_of(patient, "patient-risk-end"), {"flag": flag.pk}).status_code == 302
    flag.refresh_from_db()
    assert flag.ended_on is not None
