"""A regimen of several courses at a small clinic whose nurses are rostered far ahead."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from accounts.models import Clinic
from core.actor import Actor
from patients.models import Patient
from regimens.models import Course, CourseDay, TreatmentOrder
from scheduling.models import Chair
from scheduling.queries import series as reading
from scheduling.queries.series import SeriesPlan
from scheduling.services.series import Pick
from tests import factories

MONDAY = date(2026, 3, 2)


@dataclass
class Regimen:
    clinic: Clinic
    chairs: list[Chair]
    scheduler: Actor
    patient: Patient
    order: TreatmentOrder

    def plan(self) -> SeriesPlan:
        return reading.plan(self.clinic, self.order.id)

    def day(self, course: int, day: int = 1) -> CourseDay:
        return CourseDay.objects.get(course__order=self.order, course__number=course, day_number=day)


def make_regimen(
    clinic: Clinic | None = None, *, courses: int = 4, days: int = 1, interval: int = 7, units: int = 600
) -> Regimen:
    """An order with `courses` of `days`, due every `interval` days from Tuesday 10 March on, and a rota for all."""
    rostered = clinic is not None
    clinic = clinic or factories.make_clinic(chairs=3)
    if not rostered:
        factories.make_shifts(clinic, MONDAY, days=courses * interval + 28, nurses=4)
    patient = factories.make_patient(clinic, family_name="Sand")
    order = factories.make_order(patient, interval_days=interval, days_per_course=days)
    factories.make_authorization(order, units_requested=units, units_approved=units)
    for number in range(courses):
        lay_out(order, number + 1, MONDAY + timedelta(days=8 + interval * number), days)
    chairs = list(Chair.objects.select_related("clinic").filter(clinic=clinic).order_by("position"))
    return Regimen(clinic, chairs, factories.scheduler(clinic), patient, order)


def lay_out(order: TreatmentOrder, number: int, due_on: date, days: int = 1, window: int = 2) -> Course:
    course = Course.objects.create(
        order=order,
        number=number,
        phase="maintenance",
        due_on=due_on,
        earliest_on=due_on - timedelta(days=window),
        latest_on=due_on + timedelta(days=window),
    )
    for day in range(days):
        CourseDay.objects.create(
            course=course,
            day_number=day + 1,
            due_on=due_on + timedelta(days=day),
            dose_mg=Decimal(30_000),
            units=60,
            phases=factories.PHASES,
            chair_minutes=120,
        )
    return course


def picks(plan: SeriesPlan) -> list[Pick]:
    """What a person presses without looking: every place as it is proposed."""
    return [
        Pick(
            course_day=row.course_day,
            chair=plan.chairs[row.choice.opening.chair_id],
            start=row.choice.opening.interval.start,
        )
        for row in plan.rows
        if row.choice.opening is not None
    ]


def local(start: datetime, clinic: Clinic) -> datetime:
    return start.astimezone(clinic.zone)
