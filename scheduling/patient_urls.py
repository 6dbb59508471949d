"""Addresses of the patient pages; `scheduling.urls` includes them."""

from django.urls import path

from scheduling.views import patient_elsewhere, patient_facts, patients, reactions

urlpatterns = [
    path("patients/", patients.patients, name="patients"),
    path("patients/new/", patients.patient_new, name="patient-new"),
    path("patients/<uuid:patient_id>/", patients.patient, name="patient"),
    path("patients/<uuid:patient_id>/edit/", patients.patient_edit, name="patient-edit"),
    path("patients/<uuid:patient_id>/weights/", patient_facts.patient_weight, name="patient-weight"),
    path("patients/<uuid:patient_id>/labs/", patient_facts.patient_lab, name="patient-lab"),
    path("patients/<uuid:patient_id>/risks/", patient_facts.patient_risk, name="patient-risk"),
    path("patients/<uuid:patient_id>/risks/end/", patient_facts.patient_risk_end, name="patient-risk-end"),
    path("patients/<uuid:patient_id>/coverages/", patient_facts.patient_coverage, name="patient-coverage"),
    path(
        "patients/<uuid:patient_id>/coverages/verify/",
        patient_facts.patient_coverage_verify,
        name="patient-coverage-verify",
    ),
    path("patients/<uuid:patient_id>/consents/", patient_facts.patient_consent, name="patient-consent"),
    path(
        "patients/<uuid:patient_id>/consents/withdraw/",
        patient_facts.patient_consent_withdraw,
        name="patient-consent-withdraw",
    ),
    path("patients/<uuid:patient_id>/enrolments/", patient_facts.patient_enrolment, name="patient-enrolment"),
    path(
        "patients/<uuid:patient_id>/reactions/<uuid:reaction_id>/release/",
        reactions.patient_reaction_release,
        name="patient-reaction-release",
    ),
    path("patients/<uuid:patient_id>/diary/seen/", patient_facts.patient_diary_seen, name="patient-diary-seen"),
    path("patients/<uuid:patient_id>/elsewhere/", patient_elsewhere.elsewhere_add, name="patient-elsewhere"),
    path(
        "patients/<uuid:patient_id>/elsewhere/<uuid:therapy_id>/",
        patient_elsewhere.elsewhere_edit,
        name="patient-elsewhere-edit",
    ),
    path(
        "patients/<uuid:patient_id>/elsewhere/<uuid:therapy_id>/end/",
        patient_elsewhere.elsewhere_end,
        name="patient-elsewhere-end",
    ),
]
