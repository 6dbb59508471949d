"""The clearance gate of a visit: what holds it, the nurse's check, and going ahead by permission with a reason."""

from typing import Any
from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response

from accounts.domain.policy import Permission
from api.endpoint import Done, Endpoint, check_fresh
from api.permissions import Needs
from api.schema import operation
from api.shapes.clearance import CheckBody, ClearanceShape, OverrideBody
from core import clock
from scheduling.domain.clearance import authority, level
from scheduling.models import Visit
from scheduling.queries import visits
from scheduling.queries.clearance import check_of, clearances, service_day
from scheduling.services import gate


class VisitClearance(Endpoint):
    permission_classes = [Needs(Permission.VISIT_VIEW)]

    @operation(
        "visits_clearance",
        "Ask the gate whether a visit may start, with every reason",
        tag="clearance",
        answer=ClearanceShape,
        refuses=["not_found"],
    )
    def get(self, request: Request, visit_id: UUID) -> Response:  # noqa: ARG002
        visit = visits.get(self.clinic, visit_id)
        self.looked_at("clearance", visit, visit.patient_id)
        return _answered(self, visit)


class VisitCheck(Endpoint):
    permission_classes = [Needs(Permission.ADMINISTRATION_RECORD)]

    @operation(
        "visits_check",
        "Write down what the nurse asked and found before the infusion",
        tag="clearance",
        answer=ClearanceShape,
        body=CheckBody,
        sees_version=True,
        repeats=True,
        refuses=["not_found", "conflict"],
        example={"is_drug_on_hand": True, "concerns": [], "temperature_c": "36.8"},
    )
    def post(self, request: Request, visit_id: UUID) -> Response:  # noqa: ARG002
        seen, wanted = self.version_seen(), self.body(CheckBody)
        done = self.once(lambda: gate.check(visit=_fresh(self, visit_id, seen), **wanted, by=self.actor))
        return _answered(self, visits.get(self.clinic, visit_id), done)


class VisitOverride(Endpoint):
    permission_classes = [Needs(Permission.VISIT_VIEW)]

    @operation(
        "visits_override",
        "Go ahead against a reason that holds a visit; who may depends on the reason",
        tag="clearance",
        answer=ClearanceShape,
        body=OverrideBody,
        sees_version=True,
        repeats=True,
        refuses=["not_found", "conflict"],
        example={"code": "weight_outdated", "reason": "Weighed at the ward this morning: unchanged."},
    )
    def post(self, request: Request, visit_id: UUID) -> Response:  # noqa: ARG002
        seen, wanted = self.version_seen(), self.body(OverrideBody)
        done = self.once(lambda: gate.override(visit=_fresh(self, visit_id, seen), **wanted, by=self.actor))
        return _answered(self, visits.get(self.clinic, visit_id), done)


def _fresh(endpoint: Endpoint, visit_id: UUID, seen: int) -> Visit:
    visit = visits.get(endpoint.clinic, visit_id)
    check_fresh(visit, seen)
    return visit


def _answered(endpoint: Endpoint, visit: Visit, done: Done | None = None) -> Response:
    """The gate's answer now; its ETag is the visit's, which a check or an override has to name."""
    on = service_day(visit)
    found = clearances([visit], on_the_day=on == clock.today(endpoint.clinic.zone))[visit.id]
    shown: dict[str, Any] = {
        "visit": visit.id,
        "service_on": on,
        "light": found.light.value,
        "is_cleared": found.is_cleared,
        "reasons": [
            {
                "code": str(each.code),
                "sentence": each.sentence,
                "level": level(each).value,
                "who_may_override": authority(each).value,
                "may_override": gate.may_override(each, endpoint.actor),
            }
            for each in found.reasons
        ],
        "overridden": [vars(each) for each in found.overridden],
        "check": check_of(visit),
    }
    return endpoint.shown_as(ClearanceShape, shown, version_of=visit, done=done)
