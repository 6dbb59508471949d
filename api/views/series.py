"""A whole regimen at once: places for every course to come, and booking them all or none."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response

from accounts.domain.policy import Permission
from api.endpoint import Endpoint
from api.permissions import Needs
from api.schema import operation
from api.shapes.series import SeriesBody, SeriesShape
from api.views.visits import override_of
from core.errors import NotFound
from regimens.models import TreatmentOrder
from regimens.queries import orders
from scheduling.domain.openings import Opening
from scheduling.domain.series import Liking
from scheduling.models import Chair, Visit
from scheduling.queries import series as reading
from scheduling.queries import visits
from scheduling.queries.series import Range, SeriesPlan, SeriesRow
from scheduling.services import series
from scheduling.services.series import Pick, Series

EXAMPLE = {"dry_run": True, "until": "2027-03-01", "weekday": 1, "time": "09:00"}


@dataclass(frozen=True)
class Offered:
    """A place with its chair."""

    chair: Chair
    opening: Opening


class OrderSeries(Endpoint):
    permission_classes = [Needs(Permission.VISIT_BOOK)]

    @operation(
        "orders_series",
        "Propose places for all courses of an order, or book them all or none",
        tag="orders",
        answer=SeriesShape,
        body=SeriesBody,
        repeats=True,
        refuses=["not_found", "conflict", "needs_reason"],
        example=EXAMPLE,
    )
    def post(self, request: Request, order_id: UUID) -> Response:  # noqa: ARG002
        order = orders.get(self.clinic, order_id)
        wanted = self.body(SeriesBody)
        if wanted["dry_run"]:
            self.looked_at("order", order, order.patient_id)
            plan = self.proposed(order, wanted)
            rows = [_proposed(row, plan) for row in plan.rows]
            return self.shown_as(SeriesShape, {"id": None, "order": order.id, "visits": rows}, version_of=None)
        done = self.once(lambda: self.booked(order, wanted))
        rows = [_booked(visit) for visit in reading.visits_of(self.clinic, done.id)]
        data = {"id": done.id, "order": order.id, "visits": rows}
        return self.shown_as(SeriesShape, data, version_of=None, done=done)

    def proposed(self, order: TreatmentOrder, wanted: dict[str, Any]) -> SeriesPlan:
        """The best places under the wishes of the request."""
        usual = reading.usual(self.clinic, order.patient)
        liking = usual
        if wanted["weekday"] is not None or wanted["time"] is not None:
            weekday = usual.weekday if wanted["weekday"] is None else wanted["weekday"]
            at = usual.at if wanted["time"] is None else wanted["time"]
            liking = Liking(weekday=weekday, at=at, chair_id=usual.chair_id, said="as asked for")
        within = Range(courses=wanted["courses"], until=wanted["until"])
        return reading.plan(self.clinic, order.id, within=within, liking=liking)

    def booked(self, order: TreatmentOrder, wanted: dict[str, Any]) -> Series:
        """Book what was chosen, or what is proposed now."""
        picks = self.chosen(order, wanted) if wanted["visits"] else _all(self.proposed(order, wanted))
        return series.book_series(order=order, picks=picks, by=self.actor, override=override_of(wanted))

    def chosen(self, order: TreatmentOrder, wanted: dict[str, Any]) -> list[Pick]:
        """The places that the request names."""
        _, days = reading.waiting(self.clinic, order.id, Range())
        by_id, chairs = {day.id: day for day in days}, visits.chairs_by_id(self.clinic)
        picks = []
        for row in wanted["visits"]:
            day = by_id.get(row["course_day"]) or self.named("visits", visits.get_course_day, row["course_day"])
            if (chair := chairs.get(row["chair"])) is None:
                raise NotFound("chair")
            picks.append(Pick(course_day=day, chair=chair, start=row["start"]))
        return picks


def _all(plan: SeriesPlan) -> list[Pick]:
    placed = ((row.course_day, row.choice.opening) for row in plan.rows)
    return [
        Pick(course_day=day, chair=plan.chairs[opening.chair_id], start=opening.interval.start)
        for day, opening in placed
        if opening is not None
    ]


def _proposed(row: SeriesRow, plan: SeriesPlan) -> dict[str, Any]:
    day, choice, opening = row.course_day, row.choice, row.choice.opening
    return {
        "course_day": day.id,
        "course": day.course.number,
        "day_number": day.day_number,
        "due_on": day.due_on,
        "units": day.units,
        "visit": None,
        "chair": plan.chairs[opening.chair_id] if opening else None,
        "start": opening.interval.start if opening else None,
        "end": opening.interval.end if opening else None,
        "is_covered": row.coverage is not None and row.coverage.is_covered,
        "needs_override_for": opening.soft if opening else (),
        "reasons": choice.reasons,
        "problem": choice.problem.value if choice.problem else None,
        "others": [Offered(plan.chairs[one.chair_id], one) for one in choice.others],
    }


def _booked(visit: Visit) -> dict[str, Any]:
    day = visit.course_day
    return {
        "course_day": day.id,
        "course": day.course.number,
        "day_number": day.day_number,
        "due_on": day.due_on,
        "units": visit.units,
        "visit": visit.id,
        "chair": visit.chair,
        "start": visit.period.lower,
        "end": visit.period.upper,
        "is_covered": visit.authorization_id is not None,
        "needs_override_for": [override["code"] for override in visit.overrides],
        "reasons": [override["reason"] for override in visit.overrides],
        "problem": None,
        "others": [],
    }
