"""Where the machine works: three chairs and a room, two nurses, six patients, and too little of everything."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from django.db import connection

from accounts.domain.policy import Role
from accounts.models import Clinic, User
from core import clock
from core.actor import Actor
from patients.models import Patient
from regimens.models import TreatmentOrder
from scheduling.models import Chair, ChairKind, ClinicRules
from tests import factories

START = datetime(2026, 3, 2, 14, 0, tzinfo=UTC)
"""Monday, eight in the morning in Chicago; the clocks go forward on the Sunday after."""
DAYS = [date(2026, 3, 2), date(2026, 3, 3), date(2026, 3, 9)]
TIMES = [time(8), time(9), time(9, 30), time(10, 15), time(13), time(16, 30), time(6, 30)]
LONG: list[dict[str, Any]] = [
    {"kind": "intake", "minutes": 15},
    {"kind": "iv_start", "minutes": 15},
    {"kind": "infusion", "minutes": 195},
    {"kind": "turnover", "minutes": 15},
]
UNITS = [600, 600, 120, 60, 600, None]
"""What is approved for each patient; nothing for the last."""


@dataclass
class Ward:
    clinic: Clinic
    scheduler: Actor
    manager: Actor
    nurses: list[User]
    chairs: list[Chair]
    patients: list[Patient] = field(default_factory=list)
    orders: list[TreatmentOrder] = field(default_factory=list)
    days: list[UUID] = field(default_factory=list)
    """Course days, three for each patient."""

    @property
    def starts(self) -> list[datetime]:
        """Every start that anybody asks for."""
        return [clock.instant(day, at, self.clinic.zone) for day in DAYS for at in TIMES]


def build() -> Ward:
    clinic = factories.make_clinic(chairs=3)
    Chair.objects.create(clinic=clinic, name="P1", kind=ChairKind.PRIVATE_ROOM, position=4)
    ClinicRules.objects.create(clinic=clinic, turnover_minutes=15, notice_hours=0, offer_minutes=60)
    factories.make_shifts(clinic, DAYS[0], days=10, nurses=2)
    ward = Ward(
        clinic=clinic,
        scheduler=factories.scheduler(clinic),
        manager=factories.actor(factories.make_staff(clinic, Role.MANAGER)),
        nurses=list(User.objects.filter(memberships__clinic=clinic, memberships__role=Role.NURSE).order_by("id")),
        chairs=list(Chair.objects.select_related("clinic").filter(clinic=clinic).order_by("position")),
    )
    for number, units in enumerate(UNITS):
        _admit(ward, number, units)
    return ward


def _admit(ward: Ward, number: int, units: int | None) -> None:
    patient = factories.make_patient(ward.clinic, signs_in=True, needs_private_room=number == 4)
    order = factories.make_order(patient, interval_days=7)
    if units is not None:
        factories.make_authorization(order, units_requested=units, units_approved=units)
    for due_on in DAYS:
        day = factories.make_course_day(order, due_on, window=number, phases=LONG if number % 3 == 1 else None)
        ward.days.append(day.id)
    ward.patients.append(patient)
    ward.orders.append(order)


def patient_actor(patient: Patient) -> Actor:
    """The patient, signed in."""
    assert patient.user is not None
    return factories.actor(patient.user)


def empty() -> None:
    """Throw everything away, as fast as PostgreSQL can."""
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE accounts_organization, accounts_user CASCADE")


def later(moment: datetime, quarters: int) -> datetime:
    return moment + timedelta(minutes=15 * quarters)
