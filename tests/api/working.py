"""For each operation of the API one request that works, as the schema names them: what bad input starts from."""

import copy
from dataclasses import dataclass
from typing import Any

from api.presenters import described
from core import clock
from core.actor import system
from regimens.services import catalogue
from tests import factories
from tests.api.conftest import Answered, World

Shape = dict[str, Any]


@dataclass
class Working:
    """A request that works. `body` is None for a GET."""

    operation: str
    method: str
    path: str
    body: Shape | None
    query: dict[str, str]
    etag: str | None = None

    def send(self, world: World, body: Any = None) -> Answered:
        """Send it as it is, or with another body."""
        sent = self.body if body is None else body
        if self.method == "GET":
            return world.caller.get(self.path, **self.query)
        if self.method == "PATCH":
            return world.caller.patch(self.path, sent, etag=self.etag)
        return world.caller.post(self.path, sent, etag=self.etag)

    def with_value(self, field: str, value: Any) -> Shape:
        """The body with one field, named by its path, replaced."""
        changed = copy.deepcopy(self.body) or {}
        *outer, last = field.split(".")
        inner = changed
        for name in outer:
            inner = inner[name]
        inner[last] = value
        return changed


OPERATIONS: dict[str, tuple[str, str, Shape]] = {
    found["operationId"]: (method.upper(), path, found)
    for path, operations in described()["paths"].items()
    for method, found in operations.items()
}
READING = sorted(name for name, (method, _, _) in OPERATIONS.items() if method == "GET")
WRITING = sorted(set(OPERATIONS) - set(READING))

PERSON = {
    "record_number": "MR77",
    "given_name": "Zoë",
    "family_name": "O’Neil-Łukasz",
    "birth_date": "1970-05-17",
    "sex": "female",
    "height_cm": "171.5",
    "email": "zoe@example.org",
    "phone": "+1 312 555 0142",
    "time_zone": "America/Denver",
    "language": "es",
    "needs_private_room": False,
    "needs_interpreter": True,
    "prefers_weekday": 2,
    "prefers_time": "09:30",
    "agrees_to_email": True,
    "agrees_to_sms": True,
}
ORDER = {
    "product": "gammagard_liquid",
    "indication": "CIDP",
    "icd10": "G61.81",
    "hcpcs": "J1569",
    "dose_basis": "g_per_kg",
    "dose_amount": "1.0",
    "dosing_weight_kg": "75.0",
    "days_per_course": 2,
    "interval_days": 21,
    "starts_on": "2026-03-09",
    "signed_on": "2026-03-02",
    "prescriber_name": "Dr. Invented",
    "induction_offsets_days": [0, 14],
    "induction_doses": ["1.0", "1.0"],
    "first_maintenance_offset_days": 35,
    "window_early_days": 3,
    "window_late_days": 3,
    "minimum_interval_days": 14,
    "late_dose_policy": "hybrid",
    "ends_on": "2026-12-31",
    "course_limit": 10,
    "needs_premedication": False,
}
ANSWER = {
    "outcome": "approved_partial",
    "units": 500,
    "visits": 10,
    "starts_on": "2026-03-02",
    "ends_on": "2026-09-01",
    "reference": "PA-9",
    "hcpcs": "J1569",
    "limit_units": 120,
    "limit_days": 21,
    "reason": "",
    "appeal_due_on": "2026-06-01",
    "follow_up_on": "2026-03-09",
}
CALL = {
    "person": "Rosa",
    "text": "In review.",
    "call_reference": "C-1",
    "follow_up_on": "2026-03-09",
    "next_step": "Call again",
}


def working(world: World, operation: str) -> Working:
    """The request that works for `operation` in this world, with everything it needs made ready."""
    method, path, found = OPERATIONS[operation]
    override = {"reason": "The physician agreed."}
    place = {"chair": str(world.chairs[1].pk), "start": "2026-03-03T11:00:00-06:00", "override": override}
    if operation == "orders_enter":
        catalogue.load(by=system("test"))
    bodies: dict[str, Shape] = {
        "patients_register": PERSON,
        "patients_change": PERSON,
        "orders_enter": ORDER | {"patient": str(world.patient.pk)},
        "visits_book": place | {"course_day": str(world.course_day.pk)},
        "visits_move": place,
        "visits_cancel": {"reason": "A cold."},
        "visits_status": {"to": "confirmed", "reason": "On the phone."},
        "authorizations_answer": ANSWER,
        "authorizations_log_call": CALL,
        "authorizations_follow_up": {"on": "2026-03-09", "next_step": "Call again"},
    }
    queries = {
        "openings_find": {"course_day": str(world.course_day.pk), "from": "2026-03-03", "to": "2026-03-05"},
        "course_days_list": {"order": str(world.order.pk)},
    }
    return Working(
        operation=operation,
        method=method,
        path=_filled(world, operation, path),
        body=copy.deepcopy(bodies.get(operation, {})) if method != "GET" else None,
        query=queries.get(operation, {}),
        etag='"v1"' if any(each["name"] == "If-Match" for each in found.get("parameters", [])) else None,
    )


def _filled(world: World, operation: str, path: str) -> str:
    path = path.removeprefix("/api/v1/")
    if "{visit_id}" in path:
        path = path.replace("{visit_id}", world.booked().data["id"])
    if operation == "authorizations_answer":
        waiting = factories.make_authorization(
            world.order, status="in_review", units_approved=0, submitted_at=clock.now(), reference=""
        )
        path = path.replace("{authorization_id}", str(waiting.pk))
    if operation == "orders_accept":
        catalogue.load(by=system("test"))
        draft = world.caller.post("orders/", ORDER | {"patient": str(world.patient.pk)})
        assert draft.status == 201, draft.data
        path = path.replace("{order_id}", draft.data["id"])
    ids = {"patient_id": world.patient.pk, "order_id": world.order.pk, "authorization_id": world.authorization.pk}
    for name, value in ids.items():
        path = path.replace(f"{{{name}}}", str(value))
    return path
