"""A clinic of 16 chairs with eight weeks of rota, two thirds full: what the measures run on."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from accounts.models import Clinic
from core import clock
from core.actor import Actor
from regimens.models import CourseDay
from scheduling.models import CapacitySlot, Chair, Visit
from scheduling.services import booking
from tests import factories

WEEKS = 8
CHAIRS = 16
RAW_VISIT = """
    INSERT INTO scheduling_visit (id, organization_id, clinic_id, patient_id, course_day_id, chair_id, period,
        planned_minutes, status, load_profile, start_quarter, overrides, is_over_capacity, is_exception, held_by_label,
        units, cancel_reason, version, created_at, updated_at)
    VALUES (gen_random_uuid(), %s, %s, %s, %s, %s, tstzrange(%s, %s, '[)'), 120, 'booked', %s, 1, '[]', false, false,
        '', 60, '', 1, now(), now())
    ON CONFLICT DO NOTHING
"""


@dataclass
class World:
    clinic: Clinic
    chairs: list[Chair]
    scheduler: Actor
    first_on: date

    def days(self) -> list[date]:
        """The clinic's working days in the eight weeks."""
        every = (self.first_on + timedelta(days=offset) for offset in range(WEEKS * 7))
        return [day for day in every if day.weekday() < 5]

    def at(self, day: date, quarter: int) -> datetime:
        """The instant of a quarter hour after seven o'clock."""
        minutes = 7 * 60 + quarter * 15
        return clock.instant(day, time(minutes // 60, minutes % 60), self.clinic.zone)

    def course_days(self, count: int, due_on: date, *, window: int = 40) -> list[CourseDay]:
        """Course days of `count` new patients, each with an authorization."""
        made = []
        for _ in range(count):
            order = factories.make_order(factories.make_patient(self.clinic))
            factories.make_authorization(
                order, starts_on=due_on - timedelta(days=90), ends_on=due_on + timedelta(days=270)
            )
            made.append(factories.make_course_day(order, due_on, window=window))
        return made


def build() -> World:
    clinic = factories.make_clinic(chairs=CHAIRS)
    today = clock.today(clinic.zone)
    first_on = today + timedelta(days=7 - today.weekday())
    factories.make_shifts(clinic, first_on, days=WEEKS * 7, nurses=7)
    CapacitySlot.objects.filter(clinic=clinic).update(load_cap=10_000, starts_cap=100)
    chairs = list(Chair.objects.select_related("clinic").filter(clinic=clinic).order_by("position"))
    return World(clinic, chairs, factories.scheduler(clinic), first_on)


def fill(world: World, day: date, visits: int) -> list[Visit]:
    """Book `visits` two-hour visits on `day`, chair after chair; those there are already count."""
    start, end = clock.day_bounds(day, world.clinic.zone)
    found = Visit.objects.filter(clinic=world.clinic, period__overlap=(start, end)).count()
    for number, course_day in enumerate(world.course_days(visits - found, day), start=found):
        chair = world.chairs[number % CHAIRS]
        booking.book(
            course_day=course_day, chair=chair, start=world.at(day, 10 * (number // CHAIRS)), by=world.scheduler
        )
    there = Visit.objects.filter(clinic=world.clinic, period__overlap=(start, end)).order_by(
        "period", "chair__position"
    )
    return list(there.select_related("clinic", "chair__clinic", "authorization"))
