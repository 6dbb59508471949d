"""Two invented days for pages to show: a busy Friday of sixteen chairs at half past ten, and a quiet one of three.

Visits are booked by the service itself on the day before, so that load, units and history are real; then their
statuses are walked forward to where they stand at half past ten.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import F
from django.db.models.functions import Lower

from accounts.domain.policy import Role
from accounts.models import Clinic, User
from core import clock
from core.actor import Actor
from regimens.models import CourseDay
from scheduling.domain.statuses import VisitStatus
from scheduling.models import Chair, ChairKind, Shift, Visit
from scheduling.services import booking, capacity
from scheduling.services.booking import Override
from tests import factories

FRIDAY = date(2026, 11, 20)
NOW = datetime(2026, 11, 20, 16, 31, tzinfo=UTC)
"""Friday, 10:31 in Chicago."""

WAY = [
    VisitStatus.CONFIRMED,
    VisitStatus.ARRIVED,
    VisitStatus.SEATED,
    VisitStatus.INFUSING,
    VisitStatus.OBSERVING,
    VisitStatus.COMPLETED,
]
REASON = Override("same-day need")

BUSY = {
    "A1": "Sato Nora ocre 07:15 10:45 o,Soto Paul abat 11:15 12:15 c!,Yang Nils iron 13:00 14:00 c,"
    "Ulrich Rosa iron 14:15 15:15 b,Hollis Nat iron 15:45 16:45 c",
    "A2": "Kovac Rob ritu 07:00 10:45 o,Keller Dora infl 11:30 13:30 c,Varga Kai iron 13:45 14:45 b,"
    "Eklund Maj infl 15:00 17:00 c",
    "A3": "Novak Nell vedo 07:00 08:00 d,Alvez Mia ocre 08:30 12:00 i,Okoro Moses ocre 12:45 16:15 c",
    "A4": "Olsen Ann ivig 08:00 12:00 i,Quill Jo nata 12:15 14:15 b,Ude Dan vedo 15:00 16:00 c",
    "A5": "Zahn Axel ocre 08:00 11:30 o,Kamau Joy iron 12:00 13:00 c,Castel Eve ivig3 13:15 16:15 c",
    "A6": "Dhar Milo vedo 07:30 08:30 d,Parry Una iron4 08:45 09:30 d,Sand Rita abat 09:45 10:45 i,"
    "Lindqvist Elsa ritu 11:00 14:45 c!,Voss Karl abat 15:00 16:00 c!",
    "A7": "Zito Sam iron 08:00 09:00 d,Brandt Kim infl 09:45 11:45 i,Halim Nur iron 12:15 13:15 c,"
    "Jarvi Reet ivig3 13:30 16:30 b",
    "A8": "Yusuf Noor nata 07:00 09:00 n,Wade Mary ivig3 09:15 12:15 i,Silva Tom ivig3 12:45 15:45 c!,"
    "Zeller Ina iron4 16:00 16:45 c",
    "B1": "Dacosta Flor vedo 08:00 09:00 d,Yates Jim infl 10:15 12:15 a,Cole Nick ivig 12:45 16:45 c",
    "B2": "Meyer Jan ritu 08:00 11:45 i,Farro Ada nata 12:15 14:15 b,Bakker Mees iron 14:30 15:30 c",
    "B3": "Reyes Joan infl 07:00 09:00 d,Tamm Dina iron 09:15 10:15 d,Vance Lou ivig 11:00 15:00 c,"
    "Lowe Cy iron4 15:15 16:00 c",
    "B4": "Nadar Tess iron 07:30 08:30 d,Rossi Max infl 08:45 10:45 o,Rahal Nina iron 11:15 12:15 c,"
    "Gallo Al iron 13:30 14:30 b,Tran Hue abat 15:15 16:15 c",
    "B5": "Fenn Kit ivig 08:00 12:00 i,Ivers Hal iron 12:15 13:15 c,Moss Abe ocre 13:30 17:00 c",
    "B6": "Greer Rae iron 07:30 08:30 d,Iqbal Jam abat 08:45 09:45 d,Arden Kay ivig 10:00 14:00 a,"
    "Zuniga Eli iron4 14:15 15:00 c",
    "P1": "Weiss Kai vedo 07:15 08:15 d,Quist Vera vedo 09:30 10:30 s,Marsh Hope nata 11:45 13:45 c,"
    "Bello Joy infl 14:00 16:00 c",
    "P2": "Petrov Sol iron 07:00 08:00 d,Abara Nia iron4 09:15 10:00 d,Jonas Mel ivig 11:15 15:15 c",
}
"""Per chair: family name, given name, drug, start, end, status (first letters); `!` has no authorization."""

DRUGS = {
    "ocre": ("Ocrelizumab", 600),
    "abat": ("Abatacept", 750),
    "iron": ("Iron", 1000),
    "iron4": ("Iron", 500),
    "ritu": ("Rituximab", 1000),
    "infl": ("Infliximab", 400),
    "vedo": ("Vedolizumab", 300),
    "nata": ("Natalizumab", 300),
    "ivig": ("IVIG", 40_000),
    "ivig3": ("IVIG", 30_000),
}
SHIFTS = [(7, 15), (7, 15), (7, 16), (7, 17), (8, 17), (9, 17), (9, 17)]


@dataclass
class Day:
    """A clinic on FRIDAY, and people who work there."""

    clinic: Clinic
    nurse: User
    scheduler: User
    by: Actor

    def chair(self, name: str) -> Chair:
        return Chair.objects.select_related("clinic").get(clinic=self.clinic, name=name)

    def visit(self, family_name: str) -> Visit:
        return Visit.objects.select_related("chair__clinic", "patient", "clinic").get(patient__family_name=family_name)

    def due(self, family: str, given: str = "Eve", *, minutes: int = 60, is_covered: bool = True) -> CourseDay:
        """A patient who is due today and not booked."""
        return _due(self.clinic, family, given, "Abatacept", minutes, is_covered=is_covered)

    def book(self, course_day: CourseDay, chair: str, hour: int, minute: int = 0, *, is_checked: bool = True) -> Visit:
        start = factories.at(FRIDAY, hour, minute)
        visit = booking.book(course_day=course_day, chair=self.chair(chair), start=start, by=self.by, override=REASON)
        if is_checked:
            factories.make_check(visit)
        return visit


def set_clock(now: datetime) -> None:
    """Let the clinic's clock show `now` and run on from there."""
    settings.DEMO_CLOCK_OFFSET_SECONDS = int((now - datetime.now(UTC)).total_seconds())


def quiet_day() -> Day:
    """Three chairs with three visits: Soto in A1 at 11:15, Keller in A2 at 11:30, Olsen infusing in A3 since 9."""
    set_clock(NOW - timedelta(days=1))
    clinic = factories.make_clinic(chairs=3, name="Lakeside Infusion")
    day = _day(clinic)
    factories.make_shifts(clinic, FRIDAY, days=4, nurses=4)
    day.book(day.due("Soto", "Paul"), "A1", 11, 15)
    day.book(day.due("Keller", "Dora", minutes=120), "A2", 11, 30)
    olsen = day.book(day.due("Olsen", "Ann", minutes=180), "A3", 9)
    _walk({olsen.id: VisitStatus.INFUSING})
    set_clock(NOW)
    return day


def busy_day() -> Day:
    """Sixteen chairs and sixty visits in every status."""
    set_clock(NOW - timedelta(days=1))
    clinic = factories.make_clinic(chairs=0, name="Lakeside Infusion")
    Chair.objects.bulk_create(
        Chair(
            clinic=clinic,
            name=name,
            position=position,
            kind=ChairKind.PRIVATE_ROOM if name.startswith("P") else ChairKind.RECLINER,
        )
        for position, name in enumerate(BUSY)
    )
    day = _day(clinic)
    _staggered_shifts(clinic)
    reached = {}
    for chair, line in BUSY.items():
        for word in line.split(","):
            family, given, drug, start, end, mark = word.split()
            begins, ends = time.fromisoformat(start), time.fromisoformat(end)
            minutes = (ends.hour - begins.hour) * 60 + ends.minute - begins.minute
            board_name, dose = DRUGS[drug]
            course_day = _due(
                clinic, family, given, board_name, minutes, is_covered=not mark.endswith("!"), dose_mg=dose
            )
            visit = day.book(course_day, chair, begins.hour, begins.minute)
            reached[visit.id] = _STATUS[mark[0]]
    _walk(reached)
    set_clock(NOW)
    return day


_STATUS = {
    "b": VisitStatus.BOOKED,
    "c": VisitStatus.CONFIRMED,
    "a": VisitStatus.ARRIVED,
    "s": VisitStatus.SEATED,
    "i": VisitStatus.INFUSING,
    "o": VisitStatus.OBSERVING,
    "d": VisitStatus.COMPLETED,
    "n": VisitStatus.NO_SHOW,
}


def _day(clinic: Clinic) -> Day:
    scheduler = factories.make_staff(clinic, Role.SCHEDULER, name="K. Marsh")
    nurse = factories.make_staff(clinic, Role.NURSE, name="T. Brook")
    return Day(clinic, nurse, scheduler, factories.actor(scheduler))


def _staggered_shifts(clinic: Clinic) -> None:
    nurses = [factories.make_staff(clinic, Role.NURSE) for _ in SHIFTS]
    for nurse, (begins, ends) in zip(nurses, SHIFTS, strict=True):
        Shift.objects.create(
            clinic=clinic, nurse=nurse, starts_at=factories.at(FRIDAY, begins), ends_at=factories.at(FRIDAY, ends)
        )
    capacity.rebuild(clinic=clinic, first_on=FRIDAY, last_on=FRIDAY)


def _due(
    clinic: Clinic,
    family_name: str,
    given_name: str,
    drug: str,
    minutes: int,
    *,
    is_covered: bool,
    dose_mg: int = 750,
) -> CourseDay:
    patient = factories.make_patient(clinic, family_name=family_name, given_name=given_name)
    product = factories.make_product(
        id=f"test_{drug.lower()}", name=drug, board_name=drug, is_immune_globulin=drug == "IVIG"
    )
    order = factories.make_order(patient, product=product)
    if is_covered:
        factories.make_authorization(order)
    factories.make_papers(order, FRIDAY)
    phases = [
        {"kind": "intake", "minutes": 10},
        {"kind": "iv_start", "minutes": 5},
        {"kind": "infusion", "minutes": minutes - 30},
        {"kind": "observation", "minutes": 10},
        {"kind": "turnover", "minutes": 5},
    ]
    course_day = factories.make_course_day(order, FRIDAY, phases=phases)
    CourseDay.objects.filter(pk=course_day.pk).update(dose_mg=dose_mg)
    return course_day


def _walk(reached: dict[UUID, VisitStatus]) -> None:
    """Take visits step by step to the status each has reached; every step is stamped as if it had gone to plan."""
    no_shows = [key for key, status in reached.items() if status is VisitStatus.NO_SHOW]
    Visit.objects.filter(pk__in=no_shows).update(status=VisitStatus.NO_SHOW)
    start = Lower("period")
    stamps: dict[VisitStatus, dict[str, Any]] = {
        VisitStatus.CONFIRMED: {"confirmed_at": clock.now()},
        VisitStatus.ARRIVED: {"arrived_at": start},
        VisitStatus.SEATED: {"seated_at": start},
        VisitStatus.INFUSING: {"infusion_started_at": start + timedelta(minutes=15)},
        VisitStatus.OBSERVING: {"observation_started_at": NOW - timedelta(minutes=4)},
        VisitStatus.COMPLETED: {},
    }
    for at, step in enumerate(WAY):
        further = [key for key, status in reached.items() if status in WAY[at:]]
        Visit.objects.filter(pk__in=further).update(status=step, version=F("version") + 1, **stamps[step])
