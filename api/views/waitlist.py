"""Who waits for a place, and the answers to what they were offered."""

from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response

from accounts.domain.policy import Permission
from api.endpoint import Endpoint
from api.permissions import Needs
from api.reading import Nothing
from api.schema import operation
from api.shapes.visits import VisitShape
from api.shapes.waitlist import OfferShape, WaitBody, WaitQuery, WaitShape
from scheduling.queries import visits
from scheduling.queries import waitlist as queries
from scheduling.services import offers, waitlist

EXAMPLE = {
    "course_day": "01936d2e-7c1a-7000-8000-ba9876543210",
    "earliest_on": "2026-11-20",
    "latest_on": "2026-11-27",
    "parts_of_day": ["morning"],
    "notice_hours": 24,
}


class Waitlist(Endpoint):
    permission_classes = [Needs(Permission.REQUEST_VIEW, POST=Permission.VISIT_BOOK)]

    @operation("waitlist_list", "List who waits", tag="waitlist", answer=WaitShape, is_list=True, query=WaitQuery)
    def get(self, request: Request) -> Response:  # noqa: ARG002
        wanted = self.query(WaitQuery)
        return self.listed(WaitShape, queries.of_state(self.clinic, wanted["state"]), audit="waitlist_entry")

    @operation(
        "waitlist_add",
        "Let a course day wait for a place",
        tag="waitlist",
        answer=WaitShape,
        status=201,
        body=WaitBody,
        repeats=True,
        refuses=["not_found", "conflict"],
        example=EXAMPLE,
    )
    def post(self, request: Request) -> Response:  # noqa: ARG002
        wanted = self.body(WaitBody)
        done = self.once(
            lambda: waitlist.add(
                **wanted
                | {
                    "course_day": self.named("course_day", visits.get_course_day, wanted["course_day"]),
                    "by": self.actor,
                }
            ),
            status=201,
        )
        return self.shown(WaitShape, queries.get(self.clinic, done.id), done=done)


class OfferAccept(Endpoint):
    permission_classes = [Needs(Permission.VISIT_BOOK)]

    @operation(
        "offers_accept",
        "Accept an offer for the patient: the visit that is then booked or moved",
        tag="waitlist",
        answer=VisitShape,
        body=Nothing,
        repeats=True,
        refuses=["not_found", "conflict"],
    )
    def post(self, request: Request, offer_id: UUID) -> Response:  # noqa: ARG002
        queries.get_offer(self.clinic, offer_id)
        self.body()
        done = self.once(lambda: offers.accept(offer=queries.get_offer(self.clinic, offer_id), by=self.actor))
        return self.shown(VisitShape, visits.get(self.clinic, done.id), done=done)


class OfferDecline(Endpoint):
    permission_classes = [Needs(Permission.VISIT_BOOK)]

    @operation(
        "offers_decline",
        "Decline an offer for the patient: its place is free again",
        tag="waitlist",
        answer=OfferShape,
        body=Nothing,
        repeats=True,
        refuses=["not_found", "conflict"],
    )
    def post(self, request: Request, offer_id: UUID) -> Response:  # noqa: ARG002
        queries.get_offer(self.clinic, offer_id)
        self.body()
        done = self.once(lambda: offers.decline(offer=queries.get_offer(self.clinic, offer_id), by=self.actor))
        return self.shown(OfferShape, queries.get_offer(self.clinic, done.id), done=done)
