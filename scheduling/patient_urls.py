"""Addresses of the patient pages; `scheduling.urls` includes them."""

from django.urls import path

from scheduling.views import patients

urlpatterns = [
    path("patients/", patients.patients, name="patients"),
    path("patients/new/", patients.patient_new, name="patient-new"),
    path("patients/<uuid:patient_id>/", patients.patient, name="patient"),
    path("patients/<uuid:patient_id>/edit/", patients.patient_edit, name="patient-edit"),
    path("patients/<uuid:patient_id>/weights/", patients.patient_weight, name="patient-weight"),
    path("patients/<uuid:patient_id>/labs/", patients.patient_lab, name="patient-lab"),
    path("patients/<uuid:patient_id>/risks/", patients.patient_risk, name="patient-risk"),
    path("patients/<uuid:patient_id>/risks/end/", patients.patient_risk_end, name="patient-risk-end"),
    path("patients/<uuid:patient_id>/coverages/", patients.patient_coverage, name="patient-coverage"),
]
