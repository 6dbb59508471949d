"""Patients: find, read, register, change."""

from dataclasses import replace
from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response

from accounts.domain.policy import Permission
from api.endpoint import Endpoint
from api.permissions import Needs
from api.schema import operation
from api.shapes.patients import PatientBody, PatientQuery, PatientShape
from patients.domain.details import Details
from patients.queries import records as reading
from patients.queries.search import matching
from patients.services import records

EXAMPLE = {
    "record_number": "MR204117",
    "given_name": "Ada",
    "family_name": "Quill",
    "birth_date": "1970-05-17",
    "email": "ada@example.org",
    "agrees_to_email": True,
}


class Patients(Endpoint):
    permission_classes = [Needs(Permission.PATIENT_VIEW, POST=Permission.PATIENT_CHANGE)]

    @operation("patients_list", "Find patients", tag="patients", answer=PatientShape, is_list=True, query=PatientQuery)
    def get(self, request: Request) -> Response:  # noqa: ARG002
        wanted = self.query(PatientQuery)
        found = matching(self.clinic, wanted.get("q", ""))
        return self.listed(PatientShape, found.order_by("family_name", "given_name", "id"), audit="patient")

    @operation(
        "patients_register",
        "Register a patient",
        tag="patients",
        answer=PatientShape,
        status=201,
        body=PatientBody,
        repeats=True,
        refuses=["conflict"],
        example=EXAMPLE,
    )
    def post(self, request: Request) -> Response:  # noqa: ARG002
        details = Details(**self.body(PatientBody))
        done = self.once(lambda: records.register(clinic=self.clinic, details=details, by=self.actor), status=201)
        patient = reading.get(self.clinic, done.id)
        return self.shown(PatientShape, patient, done=done)


class Patient(Endpoint):
    permission_classes = [Needs(Permission.PATIENT_VIEW, PATCH=Permission.PATIENT_CHANGE)]

    @operation("patients_get", "Read a patient", tag="patients", answer=PatientShape, refuses=["not_found"])
    def get(self, request: Request, patient_id: UUID) -> Response:  # noqa: ARG002
        patient = reading.get(self.clinic, patient_id)
        self.looked_at("patient", patient, patient.pk)
        return self.shown(PatientShape, patient)

    @operation(
        "patients_change",
        "Change a patient's details",
        tag="patients",
        answer=PatientShape,
        body=PatientBody,
        sees_version=True,
        refuses=["not_found", "conflict"],
        example={"phone": "+1 312 555 0142", "agrees_to_sms": True},
    )
    def patch(self, request: Request, patient_id: UUID) -> Response:  # noqa: ARG002
        seen = self.version_seen()
        changes = self.body(PatientBody, partial=True)
        patient = reading.get(self.clinic, patient_id)
        details = replace(records.details_of(patient), **changes)
        records.update(patient=patient, details=details, expected_version=seen, by=self.actor)
        return self.shown(PatientShape, reading.get(self.clinic, patient_id))
