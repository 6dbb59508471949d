"""Authorizations: list, read, record what the payer said, log a call, set the next follow-up."""

from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response

from accounts.domain.policy import Permission
from api import queries
from api.endpoint import Endpoint
from api.permissions import Needs
from api.schema import operation
from api.shapes.authorizations import AnswerBody, AuthorizationQuery, AuthorizationShape, CallBody, FollowUpBody
from authorizations.domain.answers import Answer, Outcome
from authorizations.queries import records
from authorizations.services import answers, follow_ups
from patients.queries import records as patients

ANSWER = {
    "outcome": "approved",
    "units": 720,
    "starts_on": "2026-12-01",
    "ends_on": "2027-05-31",
    "reference": "PA-448120",
}


class Authorizations(Endpoint):
    permission_classes = [Needs(Permission.AUTHORIZATION_VIEW)]

    @operation(
        "authorizations_list",
        "List authorizations",
        tag="authorizations",
        answer=AuthorizationShape,
        is_list=True,
        query=AuthorizationQuery,
        refuses=["not_found"],
    )
    def get(self, request: Request) -> Response:  # noqa: ARG002
        wanted = self.query(AuthorizationQuery)
        if "patient" in wanted:
            self.named("patient", patients.get, wanted["patient"])
        found = queries.clinic_authorizations(
            self.clinic,
            patient_id=wanted.get("patient"),
            status=wanted.get("status"),
            follow_up_by=wanted.get("follow_up_by"),
        )
        return self.listed(AuthorizationShape, found, audit="authorization")


class Authorization(Endpoint):
    permission_classes = [Needs(Permission.AUTHORIZATION_VIEW)]

    @operation(
        "authorizations_get",
        "Read an authorization",
        tag="authorizations",
        answer=AuthorizationShape,
        refuses=["not_found"],
    )
    def get(self, request: Request, authorization_id: UUID) -> Response:  # noqa: ARG002
        found = records.get(self.clinic, authorization_id)
        self.looked_at("authorization", found, found.patient_id)
        return self.shown(AuthorizationShape, found)


class AuthorizationAnswer(Endpoint):
    permission_classes = [Needs(Permission.AUTHORIZATION_CHANGE)]

    @operation(
        "authorizations_answer",
        "Record what the payer said",
        tag="authorizations",
        answer=AuthorizationShape,
        body=AnswerBody,
        sees_version=True,
        repeats=True,
        refuses=["not_found", "conflict"],
        example=ANSWER,
    )
    def post(self, request: Request, authorization_id: UUID) -> Response:  # noqa: ARG002
        seen, wanted = self.version_seen(), self.body(AnswerBody)
        follow_up_on = wanted.pop("follow_up_on")
        answer = Answer(**(wanted | {"outcome": Outcome(wanted["outcome"])}))
        done = self.once(
            lambda: (
                answers.record_answer(
                    authorization=records.get(self.clinic, authorization_id),
                    answer=answer,
                    follow_up_on=follow_up_on,
                    expected_version=seen,
                    by=self.actor,
                ).authorization
            )
        )
        return self.shown(AuthorizationShape, records.get(self.clinic, done.id), done=done)


class AuthorizationCall(Endpoint):
    permission_classes = [Needs(Permission.AUTHORIZATION_CHANGE)]

    @operation(
        "authorizations_log_call",
        "Log a call with the payer",
        tag="authorizations",
        answer=AuthorizationShape,
        body=CallBody,
        sees_version=True,
        repeats=True,
        refuses=["not_found"],
        example={
            "person": "Rosa at the payer",
            "text": "In review; they answer by Friday.",
            "call_reference": "C-1177",
        },
    )
    def post(self, request: Request, authorization_id: UUID) -> Response:  # noqa: ARG002
        seen, wanted = self.version_seen(), self.body(CallBody)
        done = self.once(
            lambda: follow_ups.log_call(
                authorization=records.get(self.clinic, authorization_id),
                **wanted,
                expected_version=seen,
                by=self.actor,
            )
        )
        return self.shown(AuthorizationShape, records.get(self.clinic, done.id), done=done)


class AuthorizationFollowUp(Endpoint):
    permission_classes = [Needs(Permission.AUTHORIZATION_CHANGE)]

    @operation(
        "authorizations_follow_up",
        "Set the next follow-up",
        tag="authorizations",
        answer=AuthorizationShape,
        body=FollowUpBody,
        sees_version=True,
        repeats=True,
        refuses=["not_found"],
        example={"on": "2026-11-27", "next_step": "Call again about the missing weight"},
    )
    def post(self, request: Request, authorization_id: UUID) -> Response:  # noqa: ARG002
        seen, wanted = self.version_seen(), self.body(FollowUpBody)
        done = self.once(
            lambda: follow_ups.set_follow_up(
                authorization=records.get(self.clinic, authorization_id),
                on=wanted["on"],
                next_step=wanted["next_step"],
                expected_version=seen,
                by=self.actor,
            )
        )
        return self.shown(AuthorizationShape, records.get(self.clinic, done.id), done=done)
