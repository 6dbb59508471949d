"""A patient's record is written by people who may, with sentences for mistakes and a line in the audit."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from accounts.domain.policy import Role
from audit.models import AuditEvent
from core import clock
from core.errors import BadInput, Conflict, NotAllowed, NotFound, Stale
from patients.domain.details import Details
from patients.models import Patient
from patients.queries import records as reading
from patients.services import records
from tests import factories

pytestmark = pytest.mark.django_db

ADA = Details(
    record_number="MR7",
    given_name="Ada",
    family_name="Quill",
    birth_date=date(1970, 5, 17),
    email="ada@example.org",
    agrees_to_email=True,
)


def test_a_registered_patient_can_be_found_with_their_consent() -> None:
    clinic = factories.make_clinic()
    patient = records.register(clinic=clinic, details=ADA, by=factories.scheduler(clinic))
    assert reading.get(clinic, patient.id).email_consent_at is not None
    assert AuditEvent.objects.get(action="patient.register").patient_id == patient.id


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("given_name", {"given_name": " "}),
        ("family_name", {"family_name": "x" * 61}),
        ("record_number", {"record_number": ""}),
        ("birth_date", {"birth_date": date(1899, 12, 31)}),
        ("birth_date", {"birth_date": date(2999, 1, 1)}),
        ("sex", {"sex": "other words"}),
        ("height_cm", {"height_cm": Decimal(2)}),
        ("height_cm", {"height_cm": Decimal("NaN")}),
        ("email", {"email": "not an address"}),
        ("email", {"email": ""}),
        ("phone", {"phone": "call me"}),
        ("phone", {"agrees_to_sms": True}),
        ("time_zone", {"time_zone": "Moon/Base"}),
        ("language", {"language": "klingon language"}),
        ("prefers_weekday", {"prefers_weekday": 9}),
    ],
)
def test_details_that_make_no_sense_name_their_field(field: str, changes: dict[str, Any]) -> None:
    clinic = factories.make_clinic()
    with pytest.raises(BadInput) as caught:
        records.register(clinic=clinic, details=replace(ADA, **changes), by=factories.scheduler(clinic))
    assert [reason.field for reason in caught.value.reasons] == [field]
    assert not Patient.objects.exists()


def test_a_record_number_belongs_to_one_patient() -> None:
    clinic = factories.make_clinic()
    by = factories.scheduler(clinic)
    records.register(clinic=clinic, details=ADA, by=by)
    with pytest.raises(Conflict) as caught:
        records.register(clinic=clinic, details=ADA, by=by)
    assert (caught.value.reasons[0].field, Patient.objects.count()) == ("record_number", 1)


def test_an_update_says_which_fields_changed_and_refuses_a_stale_one() -> None:
    clinic = factories.make_clinic()
    by = factories.scheduler(clinic)
    patient = records.register(clinic=clinic, details=ADA, by=by)
    changed = records.update(patient=patient, details=replace(ADA, phone="+1 312 555 0100"), expected_version=1, by=by)
    assert (changed.version, changed.phone) == (2, "+1 312 555 0100")
    assert AuditEvent.objects.get(action="patient.update").detail == {"fields": ["phone"]}
    with pytest.raises(Stale):
        records.update(patient=patient, details=replace(ADA, language="es"), expected_version=1, by=by)


def test_an_update_without_a_change_writes_nothing() -> None:
    clinic = factories.make_clinic()
    by = factories.scheduler(clinic)
    patient = records.register(clinic=clinic, details=ADA, by=by)
    assert records.update(patient=patient, details=ADA, expected_version=1, by=by).version == 1
    assert not AuditEvent.objects.filter(action="patient.update").exists()


def test_consent_keeps_its_first_date_and_can_be_taken_back() -> None:
    clinic = factories.make_clinic()
    by = factories.scheduler(clinic)
    patient = records.register(clinic=clinic, details=ADA, by=by)
    given_at = patient.email_consent_at
    again = records.update(patient=patient, details=replace(ADA, language="es"), expected_version=1, by=by)
    assert again.email_consent_at == given_at
    taken = records.update(patient=patient, details=replace(ADA, agrees_to_email=False), expected_version=2, by=by)
    assert taken.email_consent_at is None


@pytest.mark.parametrize(
    ("kg", "days", "field"), [("700", 0, "kg"), ("0", 0, "kg"), ("NaN", 0, "kg"), ("70", 1, "measured_on")]
)
def test_a_weight_that_cannot_be_is_refused(kg: str, days: int, field: str) -> None:
    clinic = factories.make_clinic()
    patient = factories.make_patient(clinic)
    on = clock.today(clinic.zone) + timedelta(days=days)
    with pytest.raises(BadInput) as caught:
        records.record_weight(patient=patient, kg=Decimal(kg), measured_on=on, by=factories.scheduler(clinic))
    assert [reason.field for reason in caught.value.reasons] == [field]
    assert not patient.weights.exists()


def test_a_lab_needs_a_result_and_no_future_date() -> None:
    clinic = factories.make_clinic()
    patient, by = factories.make_patient(clinic), factories.scheduler(clinic)
    today = clock.today(clinic.zone)
    with pytest.raises(BadInput) as caught:
        records.record_lab(patient=patient, code="creatinine", taken_on=today + timedelta(days=1), by=by)
    assert {reason.field for reason in caught.value.reasons} == {"taken_on", "value"}
    records.record_lab(patient=patient, code="creatinine", taken_on=today, value=Decimal("0.9"), unit="mg/dL", by=by)
    assert patient.labs.get().unit == "mg/dL"


def test_a_risk_counts_until_it_is_ended() -> None:
    clinic = factories.make_clinic()
    patient, by = factories.make_patient(clinic), factories.scheduler(clinic)
    flag = records.add_risk_flag(patient=patient, code="renal_insufficiency", by=by)
    with pytest.raises(Conflict):
        records.add_risk_flag(patient=patient, code="renal_insufficiency", by=by)
    assert [risk.label for risk in reading.record(clinic, patient.id).risks] == ["Reduced kidney function"]
    records.end_risk_flag(flag=flag, by=by)
    shown = reading.record(clinic, patient.id)
    assert (shown.risks, len(shown.past_risks)) == ((), 1)


def test_a_plan_of_another_organization_s_insurer_is_refused() -> None:
    here, there = factories.make_clinic(), factories.make_clinic()
    patient, by = factories.make_patient(here), factories.scheduler(here)
    starts_on = date(2026, 1, 1)
    with pytest.raises(NotFound):
        records.add_coverage(
            patient=patient, payer=factories.make_payer(there), member_id="M1", starts_on=starts_on, by=by
        )
    payer = factories.make_payer(here)
    records.add_coverage(patient=patient, payer=payer, member_id="M1", starts_on=starts_on, is_verified=True, by=by)
    found = reading.record(here, patient.id).coverage_on(date(2026, 6, 1))
    assert found is not None
    assert (found.payer, found.verified_on) == (payer, clock.today(here.zone))


def test_a_record_is_read_in_five_statements_and_only_at_its_clinic(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    here, there = factories.make_clinic(), factories.make_clinic()
    patient, by = factories.make_patient(here), factories.scheduler(here)
    today = clock.today(here.zone)
    for days in range(6):
        records.record_weight(patient=patient, kg=Decimal(70 + days), measured_on=today - timedelta(days=days), by=by)
    with django_assert_num_queries(5):
        shown = reading.record(here, patient.id)
    assert shown.weight_change_pct == Decimal("-1.4")
    with pytest.raises(NotFound):
        reading.record(there, patient.id)
    with pytest.raises(NotFound):
        records.record_weight(patient=patient, kg=Decimal(70), measured_on=today, by=factories.scheduler(there))


def test_an_auditor_reads_and_never_writes() -> None:
    clinic = factories.make_clinic()
    by = factories.actor(factories.make_staff(clinic, Role.AUDITOR))
    with pytest.raises(NotAllowed):
        records.register(clinic=clinic, details=ADA, by=by)


def test_age_counts_whole_years() -> None:
    assert reading.age(date(1970, 5, 17), date(2026, 5, 16)) == 55
    assert reading.age(date(1970, 5, 17), date(2026, 5, 17)) == 56


def test_only_a_prescriber_ends_a_contraindication_and_says_why() -> None:
    clinic = factories.make_clinic()
    patient = factories.make_patient(clinic)
    by = factories.actor(factories.make_staff(clinic, Role.NURSE))
    flag = records.add_risk_flag(patient=patient, code="anaphylaxis_to_ig", by=by)
    with pytest.raises(NotAllowed, match="end a contraindication"):
        records.end_risk_flag(flag=flag, reason="A mistake.", by=by)
    prescriber = factories.actor(factories.make_staff(clinic, Role.PRESCRIBER))
    with pytest.raises(BadInput, match="Say why"):
        records.end_risk_flag(flag=flag, by=prescriber)
    ended = records.end_risk_flag(flag=flag, reason="Allergy work-up was negative.", by=prescriber)
    assert ended.ended_on is not None
    assert "Ended: Allergy work-up was negative." in ended.note
