"""For each operation of the API one request that works, as the schema names them: what bad input starts from."""

import copy
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from accounts.domain.policy import Role
from api.presenters import described
from core import clock
from core.actor import system
from core.intervals import Interval
from regimens.models import OrderStatus, TreatmentOrder
from regimens.services import administrations, catalogue
from scheduling.models import Disruption, DisruptionKind, Offer, Visit
from scheduling.queries import visits
from scheduling.services import disruptions, offers, waitlist
from scheduling.services.disruption_facts import Happening
from scheduling.services.offers import FreedPlace
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
    role: Role | None = None

    def send(self, world: World, body: Any = None) -> Answered:
        """Send it as it is, or with another body; as a person where no program may."""
        sent = self.body if body is None else body
        if self.role is not None:
            return world.person(self.role).post(self.path, sent, etag=self.etag)
        if self.method == "GET":
            return world.caller.get(self.path, **self.query)
        if self.method == "PATCH":
            return world.caller.patch(self.path, sent, etag=self.etag)
        if self.method == "PUT":
            return world.caller.put(self.path, sent, etag=self.etag)
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
    "may_substitute": False,
    "max_dose_mg": "90000",
    "weight_basis": "actual",
    "measured_weight_kg": "75.0",
    "weighed_on": "2026-03-01",
    "induction_days": 2,
    "premedication": "Acetaminophen 650 mg by mouth.",
    "hydration": "Water, 500 mL by mouth.",
    "hydration_minutes": 30,
    "observation_minutes": 30,
    "titration": "by_rule",
    "max_rate_ml_per_kg_per_hour": "4.0",
    "labs_required": [
        {
            "code": "creatinine",
            "name": "Creatinine",
            "valid_days": 90,
            "low": None,
            "high": "1.5",
            "unit": "mg/dL",
            "is_minor": False,
            "source": "usual practice",
            "confidence": "K",
        }
    ],
    "instructions": "Call Dr. Invented when the pulse is above 110.",
    "prior_dose_on": "2026-02-10",
    "prescriber_npi": "1234567893",
}
ESTIMATE = {
    "product": "gammagard_liquid",
    "indication": "CIDP",
    "on": "2026-03-09",
    "dose_basis": "g_per_kg",
    "dose_amount": "1.0",
    "days": 2,
    "weight_kg": "75.0",
    "height_cm": "171.5",
    "sex": "female",
    "weight_basis": "actual",
    "max_dose_mg": "90000",
    "hcpcs": "J1569",
    "days_since_last": 21,
    "last_reaction_grade": 0,
    "is_at_risk": True,
    "needs_premedication": True,
    "hydration_minutes": 30,
    "observation_minutes": 30,
    "max_rate_ml_per_kg_per_hour": "4.0",
    "pump_cap_ml_per_hour": "300",
}
GIVEN = {
    "dose_mg": "40000",
    "started_at": "2026-03-02T06:00:00-06:00",
    "stopped_at": "2026-03-02T07:30:00-06:00",
    "is_complete": True,
    "volume_ml": None,
    "lots": [{"lot_number": "LX204A", "expires_on": "2027-08-31", "vial_mg": "10000", "vials": 4}],
    "rates": [{"at": "2026-03-02T06:00:00-06:00", "ml_per_hour": "35"}],
    "stop_reason": "As the prescriber said.",
    "note": "Well tolerated.",
}
REACTION = {
    "kind": "headache",
    "grade": 1,
    "occurred_at": "2026-03-02T06:30:00-06:00",
    "description": "Better after water.",
    "treatment": "Acetaminophen.",
    "is_over": True,
}
CHECK = {
    "is_drug_on_hand": True,
    "concerns": ["vaccine"],
    "temperature_c": "36.8",
    "weight_kg": "75.0",
    "note": "Feels well.",
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
    place_of_all = {"course_day": str(world.course_day.pk), "chair": place["chair"], "start": place["start"]}
    if operation in {"orders_enter", "orders_preview", "estimates_visit"}:
        catalogue.load(by=system("test"))
    tomorrow = {"from": "2026-03-03T07:00:00-06:00", "until": "2026-03-03T18:00:00-06:00", "reason": "Pump broken"}
    down = tomorrow | {"kind": "chair", "chair": str(world.chairs[0].pk), "nurse": None}
    bodies: dict[str, Shape] = {
        "patients_register": PERSON,
        "patients_change": PERSON,
        "orders_enter": ORDER | {"patient": str(world.patient.pk)},
        "orders_preview": ORDER | {"patient": str(world.patient.pk)},
        "orders_hold": {"reason": "Waiting for the kidney tests."},
        "orders_release": {"note": "The kidney tests are normal."},
        "orders_end": {"on": "2026-03-02", "reason": "Another treatment."},
        "estimates_visit": ESTIMATE,
        "visits_administration_record": GIVEN,
        "reactions_record": REACTION,
        "reactions_release": {"note": "Slower, with a steroid."},
        "visits_check": CHECK,
        "visits_override": {"code": "consent_missing", "reason": "It is signed and on its way."},
        "visits_book": place | {"course_day": str(world.course_day.pk), "hold": False},
        "visits_move": place,
        "waitlist_add": {"course_day": str(world.course_day.pk), "earliest_on": "2026-03-03", "latest_on": "2026-03-06"}
        | {"parts_of_day": ["morning"], "notice_hours": 24, "note": "Any day."},
        "orders_series": {"weekday": 1, "time": "09:30", "courses": 1, "until": "2026-12-31", "override": override}
        | {"dry_run": False, "visits": [place_of_all]},
        "disruptions_preview": down,
        "disruptions_apply": down
        | {"decisions": [], "seen_over": ["2026-03-03T09:00:00-06:00"], "override": {"reason": "No other day."}},
        "disruptions_undo": {"leave": []},
        "visits_cancel": {"reason": "A cold."},
        "visits_status": {"to": "confirmed", "reason": "On the phone.", "at": "2026-03-02T07:30:00-06:00"},
        "authorizations_answer": ANSWER,
        "authorizations_log_call": CALL,
        "authorizations_follow_up": {"on": "2026-03-09", "next_step": "Call again"},
    }
    queries = {
        "openings_find": {"course_day": str(world.course_day.pk), "from": "2026-03-03", "to": "2026-03-05"},
        "course_days_list": {"order": str(world.order.pk)},
    }
    body = copy.deepcopy(bodies.get(operation, {})) if method != "GET" else None
    if operation == "reactions_record":
        body = REACTION | {"visit": begun(world)}
    return Working(
        operation=operation,
        method=method,
        path=_filled(world, operation, path),
        body=body,
        query=queries.get(operation, {}),
        etag='"v1"' if any(each["name"] == "If-Match" for each in found.get("parameters", [])) else None,
        role=Role.PRESCRIBER if operation == "reactions_release" else None,
    )


def offered(world: World) -> Offer:
    """A place that is offered to the world's patient and waits for an answer."""
    day = visits.get_course_day(world.clinic, world.course_day.pk)
    wish = {"earliest_on": date(2026, 3, 3), "latest_on": date(2026, 3, 3), "notice_hours": 0}
    entry = waitlist.add(course_day=day, by=world.manager, **wish)  # type: ignore[arg-type]
    place = FreedPlace(chair=world.chairs[2], start=datetime(2026, 3, 3, 20, tzinfo=UTC))
    return offers.make(entry=entry, place=place, by=world.manager)


def upset(world: World) -> Disruption:
    """Tomorrow the first chair is out of use; nobody is in the way."""
    away = Interval(datetime(2026, 3, 3, 13, tzinfo=UTC), datetime(2026, 3, 4, tzinfo=UTC))
    broken = Happening(
        clinic=world.clinic, kind=DisruptionKind.CHAIR, away=away, reason="Pump broken", chair=world.chairs[0]
    )
    return disruptions.apply(happening=broken, decisions=[], by=world.manager)


def begun(world: World) -> str:
    """The id of a visit of tomorrow whose infusion began this morning all the same: nothing needs the day to come."""
    visit = Visit.objects.get(pk=world.booked().data["id"])
    at = datetime(2026, 3, 2, 12, tzinfo=UTC)
    administrations.begin(course_day=visit.course_day, visit_id=visit.pk, at=at, by=system("test"))
    return str(visit.pk)


def _filled(world: World, operation: str, path: str) -> str:
    path = path.removeprefix("/api/v1/")
    if operation.startswith("visits_administration"):
        path = path.replace("{visit_id}", begun(world))
    if operation == "visits_check":
        path = path.replace("{visit_id}", world.booked(start="2026-03-02T11:00:00-06:00").data["id"])
    if operation in {"reactions_get", "reactions_release"}:
        made = world.caller.post("reactions/", REACTION | {"visit": begun(world), "grade": 3})
        path = path.replace("{reaction_id}", made.data["id"])
    if operation == "orders_release":
        TreatmentOrder.objects.filter(pk=world.order.pk).update(status=OrderStatus.ON_HOLD, status_reason="Waiting.")
    made_of = {"{disruption_id}": upset, "{offer_id}": offered}
    for name, make in made_of.items():
        path = path.replace(name, str(make(world).pk)) if name in path else path
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
