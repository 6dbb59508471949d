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
from scheduling.models import Chair, ChairKind, ClinicRules, WaitlistEntry
from scheduling.queries import visits
from scheduling.services import booking, held_places, offers, requests, series, waitlist
from scheduling.services.booking import Override
from scheduling.services.offers import FreedPlace
from scheduling.services.series import Pick
from tests import factories

START = datetime(2026, 3, 2, 14, 0, tzinfo=UTC)
"""Monday, eight in the morning in Chicago; the clocks go forward on the Sunday after."""
DAYS = [date(2026, 3, 2), date(2026, 3, 3), date(2026, 3, 9)]
TIMES = [time(8), time(9), time(9, 30), time(10, 15), time(13), time(13, 30), time(16, 30)]
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
    _open(ward)
    return ward


def _open(ward: Ward) -> None:
    """The clinic has been at work: a series, two single visits side by side, a hold, an offer, a request and a wait."""
    by, why = ward.scheduler, Override("How the week began.")
    days = [visits.get_course_day(ward.clinic, key) for key in ward.days]
    mornings = [start for start in ward.starts if start.astimezone(ward.clinic.zone).hour == 8]
    picks = [Pick(course_day=days[n], chair=ward.chairs[0], start=mornings[n]) for n in range(3)]
    series.book_series(order=ward.orders[0], picks=picks, by=by, override=why)
    for number, day in ((1, days[3]), (3, days[12])):
        booking.book(course_day=day, chair=ward.chairs[number], start=mornings[0], by=by, override=why)
    asked = booking.book(course_day=days[7], chair=ward.chairs[2], start=mornings[1], by=by, override=why)
    held_places.hold(course_day=days[9], chair=ward.chairs[2], start=mornings[0], by=by, override=why)
    for number in (4, 13):
        waitlist.add(course_day=days[number], earliest_on=DAYS[0], latest_on=DAYS[-1], notice_hours=0, by=by)
    first = WaitlistEntry.objects.order_by("created_at").select_related("course_day__course__order__patient").first()
    assert first is not None
    offers.make(
        entry=first,
        place=FreedPlace(chair=ward.chairs[1], start=clock.instant(DAYS[1], time(13), ward.clinic.zone)),
        by=by,
    )
    requests.ask(visit=asked, wish="later", half_days=[], note="", by=patient_actor(ward.patients[2]))


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
