"""A small clinic on a fixed morning, and callers of its API: programs with keys, people with sessions."""

import json
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import pytest
import time_machine
from django.test import Client

from accounts.domain.policy import GRANTS, Permission, Role
from accounts.models import Clinic
from accounts.services import api_keys
from authorizations.models import Authorization
from core.actor import Actor
from patients.models import Patient
from regimens.models import CourseDay, TreatmentOrder
from scheduling.models import Chair
from tests import factories

MONDAY, TUESDAY = date(2026, 3, 2), date(2026, 3, 3)
NINE = "2026-03-03T09:00:00-06:00"
UNCOVERED = {"reason": "The authorization is on its way."}


@dataclass
class Answered:
    """What came back."""

    status: int
    data: Any
    headers: Any

    @property
    def fields(self) -> set[str | None]:
        return {error["field"] for error in self.data["errors"]}

    @property
    def etag(self) -> str:
        return str(self.headers["ETag"])


class Caller:
    """Calls the API as a program would: JSON in, JSON out, a new Idempotency-Key for each POST."""

    def __init__(self, client: Client, secret: str | None = None) -> None:
        self.client = client
        self.headers = {"Authorization": f"Bearer {secret}"} if secret else {}

    def get(self, path: str, **query: Any) -> Answered:
        return self._answered(self.client.get(f"/api/v1/{path}", query, headers=self.headers))

    def post(
        self, path: str, body: Any = None, *, key: str | None = "new", etag: str | None = None, **headers: str
    ) -> Answered:
        sent = self.headers | headers
        if key is not None:
            sent["Idempotency-Key"] = str(uuid.uuid4()) if key == "new" else key
        if etag is not None:
            sent["If-Match"] = etag
        return self.send("POST", path, json.dumps({} if body is None else body), sent)

    def patch(self, path: str, body: Any, *, etag: str | None = None) -> Answered:
        sent = self.headers | ({"If-Match": etag} if etag is not None else {})
        return self.send("PATCH", path, json.dumps(body), sent)

    def put(self, path: str, body: Any, *, etag: str | None = None) -> Answered:
        sent = self.headers | ({"If-Match": etag} if etag is not None else {})
        return self.send("PUT", path, json.dumps(body), sent)

    def send(
        self, method: str, path: str, raw: str | bytes, headers: dict[str, str], kind: str = "application/json"
    ) -> Answered:
        response = self.client.generic(method, f"/api/v1/{path}", raw, content_type=kind, headers=headers)
        return self._answered(response)

    def _answered(self, response: Any) -> Answered:
        data = json.loads(response.content) if response.content else None
        return Answered(response.status_code, data, response.headers)


@dataclass
class World:
    """A clinic open on the five days from Monday 2 March 2026, with one covered patient to book."""

    clinic: Clinic
    chairs: list[Chair]
    manager: Actor
    patient: Patient
    order: TreatmentOrder
    authorization: Authorization
    course_day: CourseDay
    caller: Caller

    def program(self, *permissions: Permission) -> Caller:
        """A program whose key may do only `permissions`."""
        issued = api_keys.issue(clinic=self.clinic, name="Test program", permissions=permissions, by=self.manager)
        return Caller(Client(), issued.secret)

    def person(self, role: Role, **client: Any) -> Caller:
        """Somebody with a browser's session."""
        browser = Client(**client)
        browser.force_login(factories.make_staff(self.clinic, role), backend=ALLAUTH)
        return Caller(browser)

    def another_day(self, due_on: date = TUESDAY, **fields: Any) -> CourseDay:
        """A course day of a new patient without an authorization."""
        order = factories.make_order(factories.make_patient(self.clinic, **fields))
        return factories.make_course_day(order, due_on)

    def book_body(self, **changes: Any) -> dict[str, Any]:
        return {"course_day": str(self.course_day.pk), "chair": str(self.chairs[0].pk), "start": NINE} | changes

    def booked(self, **changes: Any) -> Answered:
        answered = self.caller.post("visits/", self.book_body(**changes))
        assert answered.status == 201, answered.data
        return answered


ALLAUTH = "allauth.account.auth_backends.AuthenticationBackend"
WORKING = sorted(
    GRANTS[Role.SCHEDULER]
    | {
        Permission.AUTHORIZATION_CHANGE,
        Permission.AUTHORIZATION_VIEW,
        Permission.ADMINISTRATION_RECORD,
        Permission.CLEARANCE_OVERRIDE,
    },
    key=lambda p: p.value,
)


def build() -> World:
    clinic = factories.make_clinic(chairs=3)
    factories.make_shifts(clinic, MONDAY, days=5, nurses=4)
    patient = factories.make_patient(clinic)
    order = factories.make_order(patient)
    authorization = factories.make_authorization(order)
    manager = factories.actor(factories.make_staff(clinic, Role.MANAGER))
    issued = api_keys.issue(clinic=clinic, name="Hospital records", permissions=WORKING, by=manager)
    return World(
        clinic=clinic,
        chairs=list(Chair.objects.select_related("clinic").filter(clinic=clinic)),
        manager=manager,
        patient=patient,
        order=order,
        authorization=authorization,
        course_day=factories.make_course_day(order, TUESDAY),
        caller=Caller(Client(), issued.secret),
    )


@pytest.fixture
def morning() -> Iterator[None]:
    with time_machine.travel(datetime(2026, 3, 2, 14, 0, tzinfo=UTC), tick=True):
        yield


@pytest.fixture
def world(db: None, morning: None) -> World:
    return build()


@pytest.fixture
def committed_world(transactional_db: None, morning: None) -> World:
    """The same, really committed, for tests with several connections."""
    return build()


@pytest.fixture
def elsewhere(world: World) -> World:
    """Another clinic of another organization, with a patient, an order and an authorization of its own."""
    return build()


Attempt = Callable[[], Answered]
