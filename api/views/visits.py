"""Visits: list, read, book, move, cancel, confirm, and the day's steps; the openings, the chairs and the nurses."""

from typing import Any
from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response

from accounts.domain.policy import Permission
from api import queries
from api.endpoint import Endpoint, check_fresh
from api.permissions import Needs
from api.reading import Nothing, PageQuery
from api.schema import operation
from api.shapes.references import PersonRef
from api.shapes.visits import (
    BookBody,
    CancelBody,
    ChairShape,
    MoveBody,
    OpeningQuery,
    OpeningShape,
    StatusBody,
    VisitQuery,
    VisitShape,
)
from patients.queries import records as patients
from scheduling.domain.statuses import VisitStatus
from scheduling.models import Visit as VisitModel
from scheduling.queries import openings, visits
from scheduling.services import booking, flow, held_places
from scheduling.services.booking import Override

MOST_OPENING_DAYS = 92
PLACE = {"chair": "01936d2e-7c1a-7000-8000-0123456789ab", "start": "2026-11-20T09:00:00-06:00"}
EXAMPLE = {"course_day": "01936d2e-7c1a-7000-8000-ba9876543210"} | PLACE
GO_AHEAD = {"override": {"reason": "The physician agreed on the phone."}}


def override_of(wanted: dict[str, Any]) -> Override | None:
    """The reason to go ahead, if one was sent."""
    return Override(wanted["override"]["reason"]) if wanted.get("override") else None


class Visits(Endpoint):
    permission_classes = [Needs(Permission.VISIT_VIEW, POST=Permission.VISIT_BOOK)]

    @operation(
        "visits_list",
        "List visits",
        tag="visits",
        answer=VisitShape,
        is_list=True,
        query=VisitQuery,
        refuses=["not_found"],
    )
    def get(self, request: Request) -> Response:  # noqa: ARG002
        wanted = self.query(VisitQuery)
        if "patient" in wanted:
            self.named("patient", patients.get, wanted["patient"])
        if "chair" in wanted:
            self.named("chair", visits.get_chair, wanted["chair"])
        found = queries.clinic_visits(
            self.clinic,
            first_on=wanted.get("from"),
            last_on=wanted.get("to"),
            patient_id=wanted.get("patient"),
            chair_id=wanted.get("chair"),
            status=wanted.get("status"),
        )
        return self.listed(VisitShape, found, audit="visit")

    @operation(
        "visits_book",
        "Book a course day into a chair, or only hold it",
        tag="visits",
        answer=VisitShape,
        status=201,
        body=BookBody,
        repeats=True,
        refuses=["not_found", "conflict", "needs_reason"],
        example=EXAMPLE | GO_AHEAD,
    )
    def post(self, request: Request) -> Response:  # noqa: ARG002
        wanted = self.body(BookBody)
        act = held_places.hold if wanted["hold"] else booking.book
        done = self.once(
            lambda: act(
                course_day=self.named("course_day", visits.get_course_day, wanted["course_day"]),
                chair=self.named("chair", visits.get_chair, wanted["chair"]),
                start=wanted["start"],
                by=self.actor,
                override=override_of(wanted),
            ),
            status=201,
        )
        visit = visits.get(self.clinic, done.id)
        return self.shown(VisitShape, visit, done=done)


class Visit(Endpoint):
    permission_classes = [Needs(Permission.VISIT_VIEW)]

    @operation("visits_get", "Read a visit", tag="visits", answer=VisitShape, refuses=["not_found"])
    def get(self, request: Request, visit_id: UUID) -> Response:  # noqa: ARG002
        visit = visits.get(self.clinic, visit_id)
        self.looked_at("visit", visit, visit.patient_id)
        return self.shown(VisitShape, visit)


class VisitMove(Endpoint):
    permission_classes = [Needs(Permission.VISIT_CHANGE)]

    @operation(
        "visits_move",
        "Move a visit; refused, it keeps its place",
        tag="visits",
        answer=VisitShape,
        body=MoveBody,
        sees_version=True,
        repeats=True,
        refuses=["not_found", "conflict", "needs_reason"],
        example=PLACE | GO_AHEAD,
    )
    def post(self, request: Request, visit_id: UUID) -> Response:  # noqa: ARG002
        seen, wanted = self.version_seen(), self.body(MoveBody)
        done = self.once(
            lambda: booking.move(
                visit=visits.get(self.clinic, visit_id),
                chair=self.named("chair", visits.get_chair, wanted["chair"]),
                start=wanted["start"],
                expected_version=seen,
                by=self.actor,
                override=override_of(wanted),
            )
        )
        return self.shown(VisitShape, visits.get(self.clinic, done.id), done=done)


class VisitCancel(Endpoint):
    permission_classes = [Needs(Permission.VISIT_CHANGE)]

    @operation(
        "visits_cancel",
        "Cancel a visit",
        tag="visits",
        answer=VisitShape,
        body=CancelBody,
        sees_version=True,
        repeats=True,
        refuses=["not_found", "conflict"],
        example={"reason": "The patient has a cold."},
    )
    def post(self, request: Request, visit_id: UUID) -> Response:  # noqa: ARG002
        seen, wanted = self.version_seen(), self.body(CancelBody)
        done = self.once(
            lambda: booking.cancel(
                visit=visits.get(self.clinic, visit_id),
                reason=wanted["reason"],
                expected_version=seen,
                by=self.actor,
            )
        )
        return self.shown(VisitShape, visits.get(self.clinic, done.id), done=done)


class VisitStatusChange(Endpoint):
    permission_classes = [Needs(Permission.VISIT_STATUS)]

    @operation(
        "visits_status",
        "Take a visit one step on",
        tag="visits",
        answer=VisitShape,
        body=StatusBody,
        sees_version=True,
        repeats=True,
        refuses=["not_found", "conflict"],
        example={"to": "arrived"},
    )
    def post(self, request: Request, visit_id: UUID) -> Response:  # noqa: ARG002
        seen, wanted = self.version_seen(), self.body(StatusBody)
        done = self.once(
            lambda: flow.advance(
                visit=visits.get(self.clinic, visit_id),
                to=VisitStatus(wanted["to"]),
                expected_version=seen,
                by=self.actor,
                reason=wanted["reason"],
                at=wanted["at"],
            )
        )
        return self.shown(VisitShape, visits.get(self.clinic, done.id), done=done)


class VisitConfirm(Endpoint):
    permission_classes = [Needs(Permission.VISIT_STATUS)]

    @operation(
        "visits_confirm",
        "Confirm a visit for the patient",
        tag="visits",
        answer=VisitShape,
        body=Nothing,
        sees_version=True,
        repeats=True,
        refuses=["not_found", "conflict"],
    )
    def post(self, request: Request, visit_id: UUID) -> Response:  # noqa: ARG002
        seen = self.version_seen()
        self.body()

        def confirm() -> VisitModel:
            visit = visits.get(self.clinic, visit_id)
            check_fresh(visit, seen)
            return flow.confirm(visit=visit, by=self.actor)

        done = self.once(confirm)
        return self.shown(VisitShape, visits.get(self.clinic, done.id), done=done)


class Openings(Endpoint):
    permission_classes = [Needs(Permission.VISIT_BOOK)]

    @operation(
        "openings_find",
        "Find openings for a course day, best first",
        tag="visits",
        answer=OpeningShape,
        is_list=True,
        is_paged=False,
        query=OpeningQuery,
        refuses=["not_found"],
    )
    def get(self, request: Request) -> Response:  # noqa: ARG002
        wanted = self.query(OpeningQuery)
        first_on, last_on = wanted.get("from"), wanted.get("to")
        if first_on and last_on:
            queries.check_span(first_on, last_on, most_days=MOST_OPENING_DAYS)
        found = openings.find(
            clinic=self.clinic,
            course_day=self.named("course_day", visits.get_course_day, wanted["course_day"]),
            first_on=first_on,
            last_on=last_on,
            part_of_day=wanted.get("part_of_day"),
            limit=wanted["limit"],
        )
        return Response(OpeningShape(found, many=True, context={"zone": self.clinic.zone}).data)


class Chairs(Endpoint):
    permission_classes = [Needs(Permission.BOARD_VIEW)]

    @operation("chairs_list", "List chairs", tag="visits", answer=ChairShape, is_list=True, query=PageQuery)
    def get(self, request: Request) -> Response:  # noqa: ARG002
        self.query(PageQuery)
        return self.listed(ChairShape, queries.chairs(self.clinic), audit=None)


class Nurses(Endpoint):
    permission_classes = [Needs(Permission.BOARD_VIEW)]

    @operation("nurses_list", "List nurses", tag="visits", answer=PersonRef, is_list=True, query=PageQuery)
    def get(self, request: Request) -> Response:  # noqa: ARG002
        self.query(PageQuery)
        return self.listed(PersonRef, queries.nurses(self.clinic), audit=None)
