"""Treatment orders: list, read, enter, accept; and the course days that wait for a visit."""

from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response

from accounts.domain.policy import Permission
from api import queries
from api.endpoint import Endpoint, check_fresh
from api.permissions import Needs
from api.reading import Nothing, PageQuery
from api.schema import operation
from api.shapes.orders import (
    CourseDayQuery,
    CourseDayShape,
    EndBody,
    HoldBody,
    OrderBody,
    OrderEventShape,
    OrderQuery,
    OrderShape,
    ReleaseBody,
    RenewBody,
)
from patients.queries import records as patients
from regimens.models import TreatmentOrder
from regimens.queries import catalogue
from regimens.queries import orders as reading
from regimens.services import orders, renewal
from scheduling.services import order_standing

EXAMPLE = {
    "patient": "01936d2e-7c1a-7000-8000-0123456789ab",
    "product": "gammagard_liquid",
    "indication": "CIDP",
    "icd10": "G61.81",
    "hcpcs": "J1569",
    "dose_basis": "g_per_kg",
    "dose_amount": "1.0",
    "dosing_weight_kg": "75.0",
    "days_per_course": 2,
    "interval_days": 21,
    "starts_on": "2026-11-23",
    "signed_on": "2026-11-16",
    "prescriber_name": "Dr. Invented",
}


class Orders(Endpoint):
    permission_classes = [Needs(Permission.ORDER_VIEW, POST=Permission.ORDER_CHANGE)]

    @operation(
        "orders_list",
        "List treatment orders",
        tag="orders",
        answer=OrderShape,
        is_list=True,
        query=OrderQuery,
        refuses=["not_found"],
    )
    def get(self, request: Request) -> Response:  # noqa: ARG002
        wanted = self.query(OrderQuery)
        if "patient" in wanted:
            self.named("patient", patients.get, wanted["patient"])
        found = queries.orders(self.clinic, patient_id=wanted.get("patient"), status=wanted.get("status"))
        return self.listed(OrderShape, found, audit="order")

    @operation(
        "orders_enter",
        "Enter a treatment order as a draft",
        tag="orders",
        answer=OrderShape,
        status=201,
        body=OrderBody,
        repeats=True,
        refuses=["not_found"],
        example=EXAMPLE,
    )
    def post(self, request: Request) -> Response:  # noqa: ARG002
        wanted = self.body(OrderBody)

        def enter() -> TreatmentOrder:
            named = {
                "patient": self.named("patient", patients.get, wanted["patient"]),
                "product": catalogue.product(wanted["product"]),
                "indication": catalogue.indication(wanted["indication"]),
            }
            return orders.enter(clinic=self.clinic, **(wanted | named), by=self.actor)

        done = self.once(enter, status=201)
        order = reading.get(self.clinic, done.id)
        return self.shown(OrderShape, order, done=done)


class Order(Endpoint):
    permission_classes = [Needs(Permission.ORDER_VIEW)]

    @operation("orders_get", "Read a treatment order", tag="orders", answer=OrderShape, refuses=["not_found"])
    def get(self, request: Request, order_id: UUID) -> Response:  # noqa: ARG002
        order = reading.get(self.clinic, order_id)
        self.looked_at("order", order, order.patient_id)
        return self.shown(OrderShape, order)


class OrderAccept(Endpoint):
    permission_classes = [Needs(Permission.ORDER_CHANGE)]

    @operation(
        "orders_accept",
        "Accept an order: its courses are laid out a year ahead",
        tag="orders",
        answer=OrderShape,
        body=Nothing,
        sees_version=True,
        repeats=True,
        refuses=["not_found", "conflict"],
    )
    def post(self, request: Request, order_id: UUID) -> Response:  # noqa: ARG002
        seen = self.version_seen()
        self.body()

        def accept() -> TreatmentOrder:
            return order_standing.accept(order=_fresh(self, order_id, seen), by=self.actor)

        done = self.once(accept)
        return self.shown(OrderShape, reading.get(self.clinic, done.id), done=done)


class OrderHold(Endpoint):
    permission_classes = [Needs(Permission.ORDER_CHANGE)]

    @operation(
        "orders_hold",
        "Put an order on hold: nothing of it is given",
        tag="orders",
        answer=OrderShape,
        body=HoldBody,
        sees_version=True,
        repeats=True,
        refuses=["not_found", "conflict"],
        example={"reason": "Waiting for the kidney tests."},
    )
    def post(self, request: Request, order_id: UUID) -> Response:  # noqa: ARG002
        seen, wanted = self.version_seen(), self.body(HoldBody)
        done = self.once(
            lambda: order_standing.hold(order=_fresh(self, order_id, seen), reason=wanted["reason"], by=self.actor)
        )
        return self.shown(OrderShape, reading.get(self.clinic, done.id), done=done)


class OrderRelease(Endpoint):
    permission_classes = [Needs(Permission.ORDER_VIEW)]

    @operation(
        "orders_release",
        "Let an order on hold go on; after a reaction only a prescriber may",
        tag="orders",
        answer=OrderShape,
        body=ReleaseBody,
        sees_version=True,
        repeats=True,
        refuses=["not_found", "conflict"],
        example={"note": "Kidney tests are normal."},
    )
    def post(self, request: Request, order_id: UUID) -> Response:  # noqa: ARG002
        seen, wanted = self.version_seen(), self.body(ReleaseBody)
        done = self.once(
            lambda: order_standing.release(order=_fresh(self, order_id, seen), note=wanted["note"], by=self.actor)
        )
        return self.shown(OrderShape, reading.get(self.clinic, done.id), done=done)


class OrderEnd(Endpoint):
    permission_classes = [Needs(Permission.ORDER_CHANGE)]

    @operation(
        "orders_end",
        "End an order; its courses stay as a record of what was planned",
        tag="orders",
        answer=OrderShape,
        body=EndBody,
        sees_version=True,
        repeats=True,
        refuses=["not_found", "conflict"],
        example={"on": "2026-11-20", "reason": "The prescriber changed the treatment."},
    )
    def post(self, request: Request, order_id: UUID) -> Response:  # noqa: ARG002
        seen, wanted = self.version_seen(), self.body(EndBody)
        done = self.once(lambda: order_standing.end(order=_fresh(self, order_id, seen), **wanted, by=self.actor))
        return self.shown(OrderShape, reading.get(self.clinic, done.id), done=done)


class OrderRenew(Endpoint):
    permission_classes = [Needs(Permission.ORDER_CHANGE)]

    @operation(
        "orders_renew",
        "Renew an order: a draft that carries on where it ends",
        tag="orders",
        answer=OrderShape,
        body=RenewBody,
        sees_version=True,
        repeats=True,
        refuses=["not_found", "conflict"],
        example={"signed_on": "2026-11-16"},
    )
    def post(self, request: Request, order_id: UUID) -> Response:  # noqa: ARG002
        seen, signed_on = self.version_seen(), self.body(RenewBody)["signed_on"]
        done = self.once(lambda: renewal.renew(order=_fresh(self, order_id, seen), signed_on=signed_on, by=self.actor))
        return self.shown(OrderShape, reading.get(self.clinic, done.id), done=done)


class OrderEvents(Endpoint):
    permission_classes = [Needs(Permission.ORDER_VIEW)]

    @operation(
        "orders_events",
        "Read the history of an order, the latest first",
        tag="orders",
        answer=OrderEventShape,
        is_list=True,
        query=PageQuery,
        refuses=["not_found"],
    )
    def get(self, request: Request, order_id: UUID) -> Response:  # noqa: ARG002
        self.query(PageQuery)
        order = reading.get(self.clinic, order_id)
        self.looked_at("order", order, order.patient_id)
        return self.listed(OrderEventShape, queries.order_events(order), audit=None)


def _fresh(endpoint: Endpoint, order_id: UUID, seen: int) -> TreatmentOrder:
    """The order at the version that was seen; `NotFound` or `Stale` else."""
    order = reading.get(endpoint.clinic, order_id)
    check_fresh(order, seen)
    return order


class CourseDays(Endpoint):
    permission_classes = [Needs(Permission.ORDER_VIEW)]

    @operation(
        "course_days_list",
        "List the course days of an order that wait for a visit",
        tag="orders",
        answer=CourseDayShape,
        is_list=True,
        query=CourseDayQuery,
        refuses=["not_found"],
    )
    def get(self, request: Request) -> Response:  # noqa: ARG002
        wanted = self.query(CourseDayQuery)
        order = self.named("order", reading.get, wanted["order"])
        return self.listed(CourseDayShape, queries.unbooked_days(order), audit="course_day")
