"""A plan that wants to change what is booked: course 1 was given six days late, and later courses are booked."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from accounts.models import Clinic
from core.actor import Actor, system
from regimens.models import CourseDay, Reaction, TreatmentOrder
from regimens.services import catalogue
from regimens.services.plan_difference import CourseDifference
from scheduling.models import Chair, Visit
from scheduling.queries import planned_days
from scheduling.services import booking, reanchoring
from scheduling.services.plan_changes import Target
from tests import factories
from tests.regimens.scenes import accepted, give, ivig, today

MONDAY_MORNING = datetime(2026, 3, 2, 14, 0, tzinfo=UTC)
FREELY = booking.Override("a test")


@dataclass
class Scene:
    clinic: Clinic
    by: Actor
    order: TreatmentOrder
    visits: list[Visit]
    chairs: list[Chair]

    @property
    def visit(self) -> Visit:
        """The first booked visit, as it is now."""
        return fresh(self.visits[0])

    def difference(self, number: int = 2) -> CourseDifference:
        """What the plan would do to a course."""
        found = planned_days.difference(self.order).of(number)
        assert found is not None
        return found

    def target(self, visit: Visit | None = None, **place: Any) -> Target:
        """A visit as it is seen now, and where it goes."""
        seen = visit or self.visit
        return Target(visit_id=seen.id, version=seen.version, **place)


def fresh(visit: Visit) -> Visit:
    return Visit.objects.select_related(
        "clinic", "chair__clinic", "patient", "course_day__course__order__patient", "authorization"
    ).get(pk=visit.pk)


def scene(*, booked: tuple[int, ...] = (2,), hour: int = 9, **facts: Any) -> Scene:
    """An order that began six days ago, with visits of the courses `booked` on their due dates; nothing given yet."""
    catalogue.load(by=system("test"))
    clinic = factories.make_clinic()
    by = factories.scheduler(clinic)
    factories.make_shifts(clinic, today(clinic), days=75)
    start = today(clinic) - timedelta(days=6)
    usual = {"starts_on": start, "signed_on": start, "days_per_course": 1, "dose_amount": Decimal("0.5")}
    order = accepted(factories.make_patient(clinic), by, ivig(clinic, **usual | facts))
    chairs = list(Chair.objects.select_related("clinic").filter(clinic=clinic).order_by("position"))
    visits = [
        book(day, chairs[0], factories.at(day.due_on, hour), by)
        for number in booked
        for day in order.courses.get(number=number).days.order_by("day_number")
    ]
    return Scene(clinic, by, order, visits, chairs)


def book(course_day: CourseDay, chair: Chair, start: datetime, by: Actor) -> Visit:
    return booking.book(course_day=course_day, chair=chair, start=start, by=by, override=FREELY)


def give_late(found: Scene) -> None:
    """Course 1 is given today, six days late: later courses would move by six days."""
    give(found.order, {1: 6})
    reanchoring.follow_order(found.order, cause="what was given")


def react(found: Scene, grade: int = 2) -> None:
    """The patient reacts to course 1, given on time: the next infusion would be slow."""
    give(found.order, {1: 0})
    reacted = found.order.administrations.latest("started_at")
    Reaction.objects.create(
        patient=found.order.patient,
        order=found.order,
        product=found.order.product,
        kind="chills",
        grade=grade,
        occurred_at=reacted.started_at,
        recorded_at=reacted.started_at,
        recorded_by_label="Nurse",
    )
    reanchoring.follow_order(found.order, cause="a reaction")
