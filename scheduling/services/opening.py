"""Opening a clinic: the rows without which nobody can sign in or book, and a first rota."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta

from django.core.exceptions import ValidationError

from accounts.domain.policy import Role
from accounts.models import Clinic, Membership, OpeningHours, Organization, User
from audit.services.record import record
from core.actor import system
from core.errors import BadInput
from core.intervals import floor_quarter
from core.transactions import business_act
from scheduling.models import Chair, ChairKind, LoadWeight, Shift
from scheduling.services import capacity

LUNCH = timedelta(minutes=30)


@dataclass(frozen=True, kw_only=True)
class NewClinic:
    """What a clinic needs to open; times on its own wall clock, weekdays 0 (Monday) to 6."""

    organization: str
    name: str
    public_name: str
    time_zone: str
    phone: str
    address: str
    opens: time
    closes: time
    weekdays: Sequence[int]
    chairs: int
    private_rooms: int


@business_act
def open_clinic(*, plan: NewClinic) -> Clinic:
    """Create the organization (unless one has that name), the clinic, its hours, chairs and starting load weights."""
    if plan.closes <= plan.opens:
        raise BadInput("hours", "The clinic must close after it opens.", field="closes")
    if not 1 <= plan.chairs + plan.private_rooms <= 200:
        raise BadInput("chairs", "A clinic has between 1 and 200 chairs and rooms.", field="chairs")
    organization, _ = Organization.objects.get_or_create(name=plan.organization)
    clinic = Clinic(
        organization=organization,
        name=plan.name,
        public_name=plan.public_name,
        time_zone=plan.time_zone,
        phone=plan.phone,
        address=plan.address,
    )
    try:
        clinic.full_clean()
    except ValidationError as problem:
        raise BadInput("clinic", " ".join(problem.messages)) from problem
    clinic.save()
    OpeningHours.objects.bulk_create(
        OpeningHours(clinic=clinic, weekday=weekday, opens=plan.opens, closes=plan.closes) for weekday in plan.weekdays
    )
    add_chairs(clinic, recliners=plan.chairs, private_rooms=plan.private_rooms)
    add_load_weights(clinic)
    record(
        action="clinic.open", entity_type="clinic", entity_id=clinic.id, by=system("open_clinic", clinic_id=clinic.id)
    )
    return clinic


def add_chairs(clinic: Clinic, *, recliners: int, private_rooms: int) -> None:
    """Chairs A1, A2, … and private rooms P1, P2, …"""
    names = [(f"A{number}", ChairKind.RECLINER) for number in range(1, recliners + 1)]
    names += [(f"P{number}", ChairKind.PRIVATE_ROOM) for number in range(1, private_rooms + 1)]
    Chair.objects.bulk_create(
        Chair(clinic=clinic, name=name, kind=kind, position=position) for position, (name, kind) in enumerate(names, 1)
    )


def add_load_weights(clinic: Clinic) -> None:
    """The project's starting weights as the clinic's own rows, with their source and confidence."""
    starting = capacity.default_weights()
    LoadWeight.objects.bulk_create(
        LoadWeight(
            clinic=clinic,
            phase=phase,
            hundredths=hundredths,
            source=starting["source"],
            confidence=starting["confidence"],
        )
        for phase, hundredths in starting["weights"].items()
    )


@business_act
def add_member(*, clinic: Clinic, email: str, name: str, role: Role, password: str | None) -> User:
    """Give a person a role at `clinic`, creating their account if the address is new."""
    user = User.objects.filter(email__iexact=email).first()
    if user is None:
        user = User.objects.create_user(email=email, name=name, password=password)
    Membership.objects.get_or_create(user=user, clinic=clinic, role=role)
    by = system("add_member", organization_id=clinic.organization_id, clinic_id=clinic.id)
    record(action="member.add", entity_type="user", entity_id=user.id, by=by, detail={"role": role.value})
    return user


@business_act
def plan_rota(*, clinic: Clinic, first_on: date, last_on: date) -> int:
    """Put every nurse of `clinic` on shift for all opening hours of days without a rota; returns how many shifts.

    Lunches of half an hour follow each other from the middle of the day, so that never more than one nurse is away.
    """
    nurses = list(User.objects.filter(memberships__clinic=clinic, memberships__role=Role.NURSE).order_by("name"))
    planned = 0
    for hours in capacity.open_times(clinic, first_on, last_on):
        if Shift.objects.filter(clinic=clinic, starts_at__lt=hours.end, ends_at__gt=hours.start).exists():
            continue
        middle = hours.start + (hours.end - hours.start) / 2
        first_lunch = middle - LUNCH * (len(nurses) / 2)
        for number, nurse in enumerate(nurses):
            lunch = floor_quarter(first_lunch + number * LUNCH)
            Shift.objects.create(
                clinic=clinic,
                nurse=nurse,
                starts_at=hours.start,
                ends_at=hours.end,
                lunch_starts_at=lunch,
                lunch_ends_at=lunch + LUNCH,
            )
            planned += 1
    capacity.rebuild(clinic=clinic, first_on=first_on, last_on=last_on)
    return planned
