"""Facts on the patient's page: what each shows, what follows from writing one down, and who may."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.domain.policy import Role
from accounts.models import Clinic
from audit.models import AuditEvent
from core import clock
from core.errors import BadInput, Conflict, NotAllowed, NotFound
from patients.domain.diary import Entry
from patients.domain.risks import must_not_have, risk_label
from patients.models import Coverage, DiaryEntry, Patient, RiskFlag, TreatmentConsent
from patients.queries.lab_tests import lab_name, lab_tests
from patients.services import diary, papers, records
from regimens.domain.elsewhere import Elsewhere
from regimens.models import Administration, ElsewhereTherapy, Reaction, SafetyEnrolment, TreatmentOrder
from regimens.services import elsewhere
from scheduling.models import VisitClearance
from scheduling.presenters.patient_safety import vaccine_wait
from scheduling.services import gate
from tests import factories
from tests.portal.conftest import FRIDAY, MONDAY, Home, home, morning  # noqa: F401 (fixtures)

pytestmark = pytest.mark.django_db


def page(patient: Patient, role: Role = Role.NURSE) -> str:
    client = Client()
    client.force_login(factories.make_staff(patient.clinic, role))
    answer = client.get(reverse("scheduling:patient", args=[patient.id]))
    assert answer.status_code == 200
    return answer.content.decode()


def post(patient: Patient, name: str, **fields: Any) -> Any:
    client = Client()
    client.force_login(factories.make_staff(patient.clinic, Role.NURSE))
    return client.post(reverse(f"scheduling:{name}", args=[patient.id]), fields)


@pytest.fixture
def clinic() -> Clinic:
    return factories.make_clinic()


@pytest.fixture
def patient(clinic: Clinic) -> Patient:
    return factories.make_patient(clinic)


def given(order: TreatmentOrder, on: date, dose_mg: int, kg: int = 100) -> None:
    day = factories.make_course_day(order, on)
    Administration.objects.create(
        order=order,
        course_day=day,
        visit_id=day.id,
        product=order.product,
        started_at=factories.at(on, 9),
        dosing_weight_kg=kg,
        weight_basis="actual",
        planned_dose_mg=dose_mg,
        planned_minutes=120,
    )


def test_a_prohibition_is_said_first_and_in_words(patient: Patient) -> None:
    by = factories.scheduler(patient.clinic)
    records.add_risk_flag(patient=patient, code="fall_risk", by=by)
    records.add_risk_flag(patient=patient, code="anaphylaxis_to_ig", by=by)
    text = page(patient)
    assert "<b>Must not have any immune globulin.</b>" in text
    assert text.index("Anaphylaxis to immune globulin") < text.index("May fall")


def test_somebody_over_65_is_at_risk_without_a_flag(clinic: Clinic) -> None:
    assert "Older than 65" in page(factories.make_patient(clinic, birth_date=date(1940, 1, 1)))
    assert "Older than 65" not in page(factories.make_patient(clinic, birth_date=date(1990, 1, 1)))


def test_old_words_for_risks_are_gone_and_an_unknown_code_still_has_words(patient: Patient) -> None:
    RiskFlag.objects.create(patient=patient, code="left_handed", since_on=date(2026, 1, 1))
    assert "Left handed" in page(patient)
    assert (must_not_have("left_handed"), risk_label("prior_thrombosis")) == ("", "Earlier blood clot")


def test_a_weight_that_moved_by_more_than_a_tenth_asks_for_the_dose_to_be_looked_at(patient: Patient) -> None:
    by, today = factories.scheduler(patient.clinic), clock.today(patient.clinic.zone)
    factories.make_order(patient, dosing_weight_kg=Decimal(75))
    records.record_weight(patient=patient, kg=Decimal("82.5"), measured_on=today, by=by)
    assert "Dose to be looked at" not in page(patient)
    records.record_weight(patient=patient, kg=Decimal("82.6"), measured_on=today, by=by)
    assert "Dose to be looked at" in page(patient)


def test_an_adjusted_weight_is_not_compared_with_an_actual_one(patient: Patient) -> None:
    by, today = factories.scheduler(patient.clinic), clock.today(patient.clinic.zone)
    factories.make_order(patient, dosing_weight_kg=80, weight_basis="adjusted", measured_weight_kg=Decimal(110))
    records.record_weight(patient=patient, kg=Decimal(112), measured_on=today, by=by)
    text = page(patient)
    assert "adjusted weight for 110.0 kg" in text
    assert "Dose to be looked at" not in text


def test_the_three_weights_stand_where_height_and_sex_are_known(clinic: Clinic, patient: Patient) -> None:
    by, today = factories.scheduler(clinic), clock.today(clinic.zone)
    tall = factories.make_patient(clinic, height_cm=Decimal(180), sex="male")
    for each in (tall, patient):
        records.record_weight(patient=each, kg=Decimal(110), measured_on=today, by=by)
    text = page(tall)
    for words in ("<dd>34.0</dd>", "<dd>75.0 kg</dd>", "<dd>89.0 kg</dd>"):
        assert words in text
    assert "Add height and sex to the details" in page(patient)


@pytest.mark.parametrize(
    ("days", "value", "word"),
    [
        (None, None, "Missing"),
        (10, "1.0", "Valid"),
        (80, "1.0", "Expires soon"),
        (91, "1.0", "Expired"),
        (10, "2.4", "Out of range"),
    ],
)
def test_a_test_that_an_order_asks_for_says_how_it_stands(
    patient: Patient, days: int | None, value: str | None, word: str
) -> None:
    test = {"code": "creatinine", "name": "Creatinine", "valid_days": 90, "low": None, "high": "2.0", "unit": "mg/dL"}
    factories.make_order(patient, labs_required=[test])
    by, today = factories.scheduler(patient.clinic), clock.today(patient.clinic.zone)
    if days is not None and value is not None:
        on = today - timedelta(days=days)
        records.record_lab(patient=patient, code="creatinine", taken_on=on, value=Decimal(value), by=by)
    text = page(patient)
    assert f"{word}</span>" in text
    assert "wanted at most 2.0 mg/dL" in text


def test_kidney_tests_of_somebody_at_risk_count_for_thirty_days(patient: Patient) -> None:
    by, today = factories.scheduler(patient.clinic), clock.today(patient.clinic.zone)
    factories.make_order(patient, labs_required=[{"code": "creatinine", "name": "Creatinine", "valid_days": 90}])
    on = today - timedelta(days=31)
    records.record_lab(patient=patient, code="creatinine", taken_on=on, value=Decimal(1), by=by)
    assert "Expired</span>" not in page(patient)
    records.add_risk_flag(patient=patient, code="diabetes", by=by)
    assert "Expired</span>" in page(patient)


def test_the_last_three_results_show_where_a_test_is_going(patient: Patient) -> None:
    by, today = factories.scheduler(patient.clinic), clock.today(patient.clinic.zone)
    factories.make_order(patient, labs_required=[{"code": "creatinine", "name": "Creatinine", "valid_days": 90}])
    for days, value in ((90, "0.7"), (60, "0.8"), (30, "0.9"), (1, "1.1")):
        on = today - timedelta(days=days)
        records.record_lab(patient=patient, code="creatinine", taken_on=on, value=Decimal(value), by=by)
    assert "0.8 → 0.9 → 1.1, rising" in page(patient)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"lab-taken_on": "2999-01-01"}, "in the future"),
        ({"lab-value": "90"}, "Creatinine is between 0.1 and 30 mg/dL"),
        ({"lab-value": "-1"}, "below zero"),
        ({"lab-code": ""}, "Choose which test it is."),
        ({"lab-taken_on": "1900-01-01"}, "Check the year"),
    ],
)
def test_a_result_that_cannot_be_is_refused_in_its_form(patient: Patient, changes: dict[str, str], field: str) -> None:
    fields = {"lab-code": "creatinine", "lab-value": "1.0", "lab-taken_on": "2026-01-02"} | changes
    answer = post(patient, "patient-lab", **fields)
    assert answer.status_code == 422
    assert field in answer.content.decode()
    assert not patient.labs.exists()


def test_a_test_off_the_list_goes_by_its_own_name_and_a_listed_one_gets_its_unit(patient: Patient) -> None:
    post(patient, "patient-lab", **{"lab-other": "ferritin", "lab-value": "90", "lab-taken_on": "2026-01-02"})
    post(patient, "patient-lab", **{"lab-code": "bun", "lab-value": "14", "lab-taken_on": "2026-01-02"})
    assert set(patient.labs.values_list("code", "unit")) == {("ferritin", ""), ("bun", "mg/dL")}
    text = page(patient)
    assert "Ferritin" in text
    assert "14 mg/dL" in text
    assert lab_name("igg_trough") == "IgG trough"


def test_every_listed_test_says_where_it_comes_from() -> None:
    assert all(test.source and test.confidence in {"P", "S", "K"} for test in lab_tests().values())


def test_a_large_course_makes_vaccines_wait_longer_than_a_later_small_one(patient: Patient) -> None:
    order = factories.make_order(patient)
    given(order, date(2026, 1, 5), 200_000)
    given(order, date(2026, 2, 2), 40_000)
    assert "No live vaccine before 5 Dec 2026" in page(patient) or "ended on 5 Dec 2026" in page(patient)
    assert vaccine_wait((), (), date(2026, 1, 1)) is None


def test_a_reaction_shows_its_grade_in_words_and_whether_it_is_open(patient: Patient) -> None:
    order = factories.make_order(patient)
    fields = {"patient": patient, "order": order, "product": order.product, "recorded_at": clock.now()}
    Reaction.objects.create(kind="rash", grade=3, occurred_at=clock.now(), **fields)
    Reaction.objects.create(kind="fever", grade=1, occurred_at=clock.now(), voided_at=clock.now(), **fields)
    text = page(patient)
    assert "Prolonged, came back after it had improved, or led to a hospital stay." in text
    assert "Open</span>" in text
    assert "Fever" not in text


def test_consents_are_recorded_and_withdrawn(patient: Patient) -> None:
    assert "No consent is on file." in page(patient)
    assert post(patient, "patient-consent", **{"consent-signed_on": "2999-01-01"}).status_code == 422
    assert not TreatmentConsent.objects.exists()
    today = clock.today(patient.clinic.zone)
    post(patient, "patient-consent", **{"consent-signed_on": today.isoformat()})
    consent = TreatmentConsent.objects.get()
    assert "counts until" in page(patient)
    for _ in range(2):
        post(patient, "patient-consent-withdraw", consent=str(consent.pk))
    consent.refresh_from_db()
    assert consent.withdrawn_on == today
    assert AuditEvent.objects.filter(action="patient.consent_withdraw").count() == 1
    assert "Withdrawn</span>" in page(patient)
    assert post(patient, "patient-consent-withdraw", consent="nonsense").status_code == 404


def test_insurance_is_checked_today_only_while_it_is_in_force(clinic: Clinic, patient: Patient) -> None:
    today, payer = clock.today(clinic.zone), factories.make_payer(clinic)
    fields: dict[str, Any] = {"patient": patient, "payer": payer, "member_id": "M"}
    held = Coverage.objects.create(starts_on=date(2025, 1, 1), **fields)
    post(patient, "patient-coverage-verify", coverage=str(held.id))
    held.refresh_from_db()
    assert held.verified_on == today
    over = Coverage.objects.create(starts_on=date(2020, 1, 1), ends_on=date(2020, 12, 31), **fields)
    with pytest.raises(Conflict):
        papers.verify_coverage(coverage=over, by=factories.scheduler(clinic))
    assert post(patient, "patient-coverage-verify", coverage="x").status_code == 404


def test_an_enrolment_that_a_drug_asks_for_is_missing_until_it_is_recorded(patient: Patient) -> None:
    product = factories.make_product(id="test_rems", data={"rems": "TOUCH"})
    factories.make_order(patient, product=product)
    assert "Not enrolled</span>" in page(patient)
    fields = {"enrolment-programme": "touch", "enrolment-enrolled_on": "2026-01-02"}
    assert post(patient, "patient-enrolment", **fields | {"enrolment-valid_until": "2025-01-01"}).status_code == 422
    assert post(patient, "patient-enrolment", **fields | {"enrolment-programme": "TOU"}).status_code == 422
    assert post(patient, "patient-enrolment", **fields | {"enrolment-programme": "tyruko"}).status_code == 302
    assert "Not enrolled</span>" in page(patient)
    SafetyEnrolment.objects.all().delete()
    assert post(patient, "patient-enrolment", **fields).status_code == 302
    assert SafetyEnrolment.objects.get().programme == "touch"
    assert "Enrolled</span>" in page(patient)


THERAPY = {
    "elsewhere-kind": "scig",
    "elsewhere-name": "Hizentra 8 g",
    "elsewhere-every_days": "7",
    "elsewhere-starts_on": "2026-01-05",
}


def test_a_therapy_elsewhere_is_added_changed_and_ended(patient: Patient) -> None:
    bad = post(patient, "patient-elsewhere", **THERAPY | {"elsewhere-ends_on": "2025-01-01"})
    assert (bad.status_code, ElsewhereTherapy.objects.count()) == (422, 0)
    assert "The end date is before the start." in bad.content.decode()
    assert post(patient, "patient-elsewhere", **THERAPY).status_code == 302
    held = ElsewhereTherapy.objects.get()
    text = page(patient)
    assert "every week" in text
    assert "books no chair" in text
    client = Client()
    client.force_login(factories.make_staff(patient.clinic, Role.NURSE))
    edit = reverse("scheduling:patient-elsewhere-edit", args=[patient.id, held.id])
    assert 'value="Hizentra 8 g"' in client.get(edit).content.decode()
    assert client.post(edit, THERAPY | {"elsewhere-name": " "}).status_code == 422
    assert client.post(edit, THERAPY | {"elsewhere-every_days": "14"}).status_code == 302
    client.post(reverse("scheduling:patient-elsewhere-end", args=[patient.id, held.id]))
    held.refresh_from_db()
    assert (held.every_days, held.ends_on) == (14, clock.today(patient.clinic.zone))
    other = factories.make_patient(patient.clinic)
    assert client.get(reverse("scheduling:patient-elsewhere-edit", args=[other.id, held.id])).status_code == 404


def test_only_people_who_may_change_records_write_facts_and_only_at_their_clinic(patient: Patient) -> None:
    auditor = factories.actor(factories.make_staff(patient.clinic, Role.AUDITOR))
    stranger = factories.scheduler(factories.make_clinic())
    therapy = Elsewhere(kind="scig", name="Hizentra", starts_on=date(2026, 1, 5))
    now = clock.now()
    entry = DiaryEntry.objects.create(patient=patient, happened_at=now, created_at=now, symptom="headache")
    for by, refusal in ((auditor, NotAllowed), (stranger, NotFound)):
        for act in (
            lambda by: papers.record_consent(patient=patient, signed_on=date(2026, 1, 5), by=by),
            lambda by: elsewhere.add(patient=patient, therapy=therapy, by=by),
            lambda by: elsewhere.enrol(patient=patient, programme="X", enrolled_on=date(2026, 1, 5), by=by),
            lambda by: diary.mark_seen(entry=entry, by=by),
        ):
            with pytest.raises(refusal):
                act(by)


def test_a_diary_entry_is_seen_from_the_page_and_only_the_patient_s_own(clinic: Clinic, patient: Patient) -> None:
    now = clock.now()
    entry = DiaryEntry.objects.create(
        patient=patient, happened_at=now, created_at=now, symptom="breathing", is_red_flag=True
    )
    assert "Red flag in the diary" in page(patient)
    assert post(factories.make_patient(clinic), "patient-diary-seen", entry=str(entry.id)).status_code == 404
    assert post(patient, "patient-diary-seen", entry="x").status_code == 404
    assert post(patient, "patient-diary-seen", entry=str(entry.id)).status_code == 302
    entry.refresh_from_db()
    assert entry.seen_at is not None
    assert "Red flag in the diary" not in page(patient)


def test_an_entry_with_a_mistake_is_refused_by_the_service_too(clinic: Clinic) -> None:
    own = factories.make_patient(clinic, signs_in=True)
    assert own.user is not None
    entry = Entry(symptoms=(), happened_at=clock.now())
    with pytest.raises(BadInput):
        diary.write(patient=own, entry=entry, by=factories.actor(own.user))


def test_a_fact_on_the_page_changes_the_light_of_a_coming_visit(home: Home) -> None:  # noqa: F811
    """The consent turns the gate's own reason off without anybody asking it to look."""
    gate.look([home.fresh()])
    codes = {reason["code"] for reason in VisitClearance.objects.get(visit=home.visit).reasons}
    assert "consent_missing" in codes
    post(home.patient, "patient-consent", **{"consent-signed_on": MONDAY.isoformat()})
    codes = {reason["code"] for reason in VisitClearance.objects.get(visit=home.visit).reasons}
    assert "consent_missing" not in codes
    assert home.visit.period.lower.date() == FRIDAY
