"""The clinic itself: chairs, hours, holidays, staff, and a rota from twelve weeks back to a year ahead."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from accounts.domain.policy import Role
from accounts.models import Clinic, Closure, Membership, OpeningHours, Organization, User
from core.intervals import QUARTER
from scheduling.demo.names import NURSES, PRESCRIBERS
from scheduling.demo.stage import ZONE, Stage
from scheduling.models import Chair, ChairKind, Shift
from scheduling.queries import public_holidays
from scheduling.services.capacity import nurses_present

OPENS, CLOSES = 7, 18
RECLINER, BED, PRIVATE = ChairKind.RECLINER, ChairKind.BED, ChairKind.PRIVATE_ROOM
CHAIRS = (
    *((f"A{number}", RECLINER) for number in range(1, 9)),
    *((f"B{number}", RECLINER) for number in range(1, 5)),
    *((f"B{number}", BED) for number in range(5, 7)),
    ("P1", PRIVATE),
    ("P2", PRIVATE),
)
TURNS = (
    (time(7), time(15, 30), time(11)),
    (time(7), time(15, 30), time(11, 30)),
    (time(7), time(15, 30), time(12)),
    (time(7), time(15, 30), time(12, 30)),
    (time(8), time(16, 30), time(12)),
    (time(9), time(18), time(13)),
    (time(9, 30), time(18), time(13, 30)),
)
"""Start, end and lunch of each turn; nurses rotate through them week by week. Lunch is half an hour."""


CLOSED_ON = {
    "New Year’s Day",
    "Memorial Day",
    "Independence Day",
    "Labor Day",
    "Thanksgiving Day",
    "Christmas Day",
}
"""Of the public holidays, those on which the clinic is closed."""


@dataclass(frozen=True)
class SignIn:
    """Somebody who can sign in. Without a password they are a patient, who is sent a code."""

    role: str
    user: User
    password: str = ""
    note: str = ""


@dataclass
class House:
    """The clinic and who works there."""

    organization: Organization
    clinic: Clinic
    chairs: list[Chair]
    nurses: list[User]
    scheduler: User
    desk: User
    manager: User
    auditor: User
    prescriber: User
    shifts: list[Shift]
    closed_on: set[date]

    @property
    def sign_ins(self) -> list[SignIn]:
        """Staff who sign in with an invented passphrase."""
        return [
            SignIn("Scheduler", self.scheduler, "teal heron over harbor", "opens the day board"),
            SignIn("Nurse", self.nurses[0], "quiet maple lantern", "runs the day"),
            SignIn("Prescriber", self.prescriber, "seven white herons rising", "releases plans that are on hold"),
            SignIn("Authorization admin", self.desk, "seven brass compasses", "who is at the top of the queue?"),
            SignIn("Manager", self.manager, "north pier at daybreak", "may do everything"),
            SignIn("Auditor", self.auditor, "patient ledger of rain", "reads, changes nothing"),
        ]

    def nurses_at(self, moment: datetime) -> list[User]:
        """Who is on shift."""
        return [shift.nurse for shift in self.shifts if shift.starts_at <= moment < shift.ends_at]


def build(stage: Stage) -> House:
    """The clinic's rows. The clinic is never closed today."""
    rows = stage.rows
    organization = rows.add(Organization(id=stage.new_id(), name="Lakeside Health"))
    clinic = rows.add(
        Clinic(
            id=stage.new_id(),
            organization=organization,
            name="Lakeside Infusion",
            public_name="Lakeside Clinic",
            time_zone=ZONE.key,
            phone="+1 312 555 0100",
            address="400 Harbor Walk, Suite 2, Chicago, IL",
            npi="2000000101",
            place_of_service="49",
        )
    )
    for weekday in range(5):
        rows.add(OpeningHours(clinic=clinic, weekday=weekday, opens=time(OPENS), closes=time(CLOSES)))
    closed = {}
    for year in range(stage.first_on.year, stage.rota_until.year + 1):
        closed.update({day: reason for day, reason in holidays(year) if day != stage.today and day.weekday() < 5})
    for day, reason in sorted(closed.items()):
        rows.add(Closure(clinic=clinic, on=day, reason=reason))
    chairs = [
        rows.add(Chair(id=stage.new_id(), clinic=clinic, name=name, kind=kind, position=position))
        for position, (name, kind) in enumerate(CHAIRS, start=1)
    ]
    nurses = [_staff(stage, clinic, name, Role.NURSE) for name in NURSES]
    scheduler = _staff(stage, clinic, "Keiko Marshall", Role.SCHEDULER)
    desk = _staff(stage, clinic, "Priya Vandermeer", Role.AUTHORIZATION_ADMIN)
    manager = _staff(stage, clinic, "Dagny Oyelaran", Role.MANAGER)
    auditor = _staff(stage, clinic, "Piet Sandoval", Role.AUDITOR)
    prescriber = _staff(stage, clinic, PRESCRIBERS[0].removeprefix("Dr. "), Role.PRESCRIBER)
    shifts = rota(stage, clinic, nurses, open_days(stage.first_on, stage.rota_until, set(closed)))
    for shift in shifts:
        rows.add(shift)
    return House(
        organization, clinic, chairs, nurses, scheduler, desk, manager, auditor, prescriber, shifts, set(closed)
    )


def _staff(stage: Stage, clinic: Clinic, name: str, role: Role) -> User:
    email = f"{name.lower().replace(' ', '.')}@example.org"
    user = stage.rows.add(
        User(id=stage.new_id(), email=email, name=name, password=f"!{stage.rng.getrandbits(128):032x}")
    )
    stage.rows.add(Membership(user=user, clinic=clinic, role=role.value))
    return user


def rota(stage: Stage, clinic: Clinic, nurses: list[User], days: Iterable[date]) -> list[Shift]:
    """Shifts of every nurse on each of `days`; now and then one is on leave, but never today."""
    shifts = []
    for day in days:
        week = (day - date(2024, 1, 1)).days // 7
        away = week % len(nurses) if week % 3 == 0 and day.weekday() >= 3 and day != stage.today else None
        for place, nurse in enumerate(nurses):
            if place == away:
                continue
            starts, ends, lunch = TURNS[(place + week) % len(TURNS)]
            lunch_at = stage.at(day, lunch.hour, lunch.minute)
            shifts.append(
                Shift(
                    clinic=clinic,
                    nurse=nurse,
                    starts_at=stage.at(day, starts.hour, starts.minute),
                    ends_at=stage.at(day, ends.hour, ends.minute),
                    lunch_starts_at=lunch_at,
                    lunch_ends_at=lunch_at + timedelta(minutes=30),
                )
            )
    return shifts


def open_days(first_on: date, last_on: date, closed_on: set[date]) -> Iterator[date]:
    """Weekdays from `first_on` to `last_on` that are no holiday."""
    for offset in range((last_on - first_on).days + 1):
        day = first_on + timedelta(days=offset)
        if day.weekday() < 5 and day not in closed_on:
            yield day


def nurses_by_quarter(stage: Stage, day: date, shifts: list[Shift]) -> list[int]:
    """Nurses present in each quarter hour of an open day; `shifts` are that day's."""
    opens = stage.at(day, OPENS)
    return [nurses_present(shifts, opens + quarter * QUARTER) for quarter in range((CLOSES - OPENS) * 4)]


def holidays(year: int) -> Iterator[tuple[date, str]]:
    """Weekdays on which a clinic in Chicago is usually closed; for a holiday on a weekend, the day it is observed."""
    for holiday in public_holidays.of_year(country="US", part="IL", year=year):
        if holiday.name in CLOSED_ON and holiday.on.weekday() < 5:
            yield holiday.on, holiday.name
