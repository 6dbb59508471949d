"""What was given at visits, and reactions to it: read, record, trace by lot."""

from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response

from accounts.domain.policy import Permission
from api import queries
from api.endpoint import Endpoint
from api.permissions import Needs
from api.schema import operation
from api.shapes.given import (
    AdministrationBody,
    AdministrationQuery,
    AdministrationShape,
    ReactionBody,
    ReactionQuery,
    ReactionReleaseBody,
    ReactionShape,
    facts_of,
)
from patients.queries import records as patients
from regimens.queries import orders as orders_reading
from scheduling.queries import visits
from scheduling.services import giving

GIVEN = {
    "dose_mg": "30000",
    "started_at": "2026-11-24T09:45:00-06:00",
    "stopped_at": "2026-11-24T12:01:00-06:00",
    "is_complete": True,
    "volume_ml": "300",
    "lots": [{"lot_number": "LE12X034", "expires_on": "2027-08-31", "vial_mg": "10000", "vials": 3}],
    "rates": [{"at": "2026-11-24T09:45:00-06:00", "ml_per_hour": "35"}],
}
REACTION = {
    "visit": "01936d2e-7c1a-7000-8000-0123456789ab",
    "kind": "headache",
    "grade": 1,
    "occurred_at": "2026-11-24T10:30:00-06:00",
}


class Administrations(Endpoint):
    permission_classes = [Needs(Permission.ORDER_VIEW)]

    @operation(
        "administrations_list",
        "List what was given, by patient, order or lot",
        tag="administrations",
        answer=AdministrationShape,
        is_list=True,
        query=AdministrationQuery,
        refuses=["not_found"],
    )
    def get(self, request: Request) -> Response:  # noqa: ARG002
        wanted = self.query(AdministrationQuery)
        if "patient" in wanted:
            self.named("patient", patients.get, wanted["patient"])
        if "order" in wanted:
            self.named("order", orders_reading.get, wanted["order"])
        found = queries.administrations(
            self.clinic, patient_id=wanted.get("patient"), order_id=wanted.get("order"), lot=wanted.get("lot")
        )
        return self.listed(AdministrationShape, found, audit="administration")


class VisitAdministration(Endpoint):
    permission_classes = [Needs(Permission.ORDER_VIEW, PUT=Permission.ADMINISTRATION_RECORD)]

    @operation(
        "visits_administration",
        "Read what was given at a visit",
        tag="administrations",
        answer=AdministrationShape,
        refuses=["not_found"],
    )
    def get(self, request: Request, visit_id: UUID) -> Response:  # noqa: ARG002
        given = queries.administration_of(visits.get(self.clinic, visit_id))
        self.looked_at("administration", given, given.order.patient_id)
        return self.shown(AdministrationShape, given)

    @operation(
        "visits_administration_record",
        "Record what was given at a visit, or correct it; units and plan follow",
        tag="administrations",
        answer=AdministrationShape,
        body=AdministrationBody,
        sees_version=True,
        refuses=["not_found", "conflict"],
        example=GIVEN,
    )
    def put(self, request: Request, visit_id: UUID) -> Response:  # noqa: ARG002
        seen, wanted = self.version_seen(), self.body(AdministrationBody)
        visit = visits.get(self.clinic, visit_id)
        giving.record(visit=visit, facts=facts_of(wanted), expected_version=seen, by=self.actor)
        return self.shown(AdministrationShape, queries.administration_of(visit))


class Reactions(Endpoint):
    permission_classes = [Needs(Permission.ORDER_VIEW, POST=Permission.ADMINISTRATION_RECORD)]

    @operation(
        "reactions_list",
        "List reactions",
        tag="administrations",
        answer=ReactionShape,
        is_list=True,
        query=ReactionQuery,
        refuses=["not_found"],
    )
    def get(self, request: Request) -> Response:  # noqa: ARG002
        wanted = self.query(ReactionQuery)
        if "patient" in wanted:
            self.named("patient", patients.get, wanted["patient"])
        if "order" in wanted:
            self.named("order", orders_reading.get, wanted["order"])
        found = queries.reactions(self.clinic, patient_id=wanted.get("patient"), order_id=wanted.get("order"))
        return self.listed(ReactionShape, found, audit="reaction")

    @operation(
        "reactions_record",
        "Record a reaction; from grade 3 the order is held until a prescriber releases it",
        tag="administrations",
        answer=ReactionShape,
        status=201,
        body=ReactionBody,
        repeats=True,
        refuses=["not_found", "conflict"],
        example=REACTION,
    )
    def post(self, request: Request) -> Response:  # noqa: ARG002
        wanted = self.body(ReactionBody)
        visit_id = wanted.pop("visit")
        done = self.once(
            lambda: giving.react(visit=self.named("visit", visits.get, visit_id), **wanted, by=self.actor), status=201
        )
        return self.shown(ReactionShape, queries.reaction(self.clinic, done.id), done=done)


class Reaction(Endpoint):
    permission_classes = [Needs(Permission.ORDER_VIEW)]

    @operation(
        "reactions_get",
        "Read a reaction",
        tag="administrations",
        answer=ReactionShape,
        refuses=["not_found"],
    )
    def get(self, request: Request, reaction_id: UUID) -> Response:  # noqa: ARG002
        reaction = queries.reaction(self.clinic, reaction_id)
        self.looked_at("reaction", reaction, reaction.patient_id)
        return self.shown(ReactionShape, reaction)


class ReactionRelease(Endpoint):
    permission_classes = [Needs(Permission.ORDER_VIEW)]

    @operation(
        "reactions_release",
        "Release a reaction that holds the patient's infusions; an order on hold is released on its own",
        tag="administrations",
        answer=ReactionShape,
        body=ReactionReleaseBody,
        repeats=True,
        refuses=["not_found", "conflict"],
        example={"note": "Serum sickness excluded; slower with a steroid."},
    )
    def post(self, request: Request, reaction_id: UUID) -> Response:  # noqa: ARG002
        found = queries.reaction(self.clinic, reaction_id)
        wanted = self.body(ReactionReleaseBody)
        done = self.once(lambda: giving.release_reaction(reaction=found, note=wanted["note"], by=self.actor))
        return self.shown(ReactionShape, queries.reaction(self.clinic, done.id), done=done)
