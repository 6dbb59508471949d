"""Days that are upset: a booked clinic, what happens to it, and a person who takes every proposal as it is."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from accounts.models import User
from core.actor import Actor
from core.intervals import Interval
from messaging.models import OutboxMessage
from regimens.models import CourseDay
from scheduling.domain.upset import MOVES, Act
from scheduling.models import Disruption, DisruptionKind, Shift, Visit
from scheduling.queries import disruptions as reading
from scheduling.queries import visits
from scheduling.queries.disruptions import Proposal, Row
from scheduling.services import booking, disruptions
from scheduling.services.decisions import Decision, Do
from scheduling.services.disruption_facts import Happening
from tests import factories
from tests.factories import at
from tests.scheduling.conftest import TUESDAY, World
from tests.scheduling.test_storm import UNCOVERED

SNOW, PUMP, SICK = "Snow", "Pump broken", "Nurse sick"


def covered_day(world: World, due_on: date = TUESDAY, **fields: Any) -> CourseDay:
    """A course day of a new patient, with an authorization."""
    order = factories.make_order(factories.make_patient(world.clinic, **fields))
    factories.make_authorization(order)
    return visits.get_course_day(world.clinic, factories.make_course_day(order, due_on).id)


def book(
    world: World, hour: int, *, chair: int = 0, day: CourseDay | None = None, on: date = TUESDAY, minute: int = 0
) -> Visit:
    """A visit of a new patient, two hours long, unless `day` says whose."""
    visit = booking.book(
        course_day=day or covered_day(world, on),
        chair=world.chairs[chair],
        start=at(on, hour, minute),
        by=world.scheduler,
        override=UNCOVERED,
    )
    OutboxMessage.objects.all().delete()  # the news of the booking has left long ago
    return visit


def chair_down(world: World, *, hours: tuple[int, int] = (7, 18), chair: int = 0) -> Happening:
    return Happening(
        clinic=world.clinic,
        kind=DisruptionKind.CHAIR,
        away=Interval(at(TUESDAY, hours[0]), at(TUESDAY, hours[1])),
        reason=PUMP,
        chair=world.chairs[chair],
    )


def closed(world: World, *, hours: tuple[int, int] = (7, 18), on: date = TUESDAY) -> Happening:
    return Happening(
        clinic=world.clinic,
        kind=DisruptionKind.CLOSED,
        away=Interval(at(on, hours[0]), at(on, hours[1])),
        reason=SNOW,
    )


def nurses(world: World, on: date = TUESDAY) -> list[User]:
    """The nurses on shift, by name."""
    start, end = at(on, 0), at(on, 23)
    shifts = Shift.objects.filter(clinic=world.clinic, starts_at__gte=start, ends_at__lte=end)
    return sorted((shift.nurse for shift in shifts.select_related("nurse")), key=lambda nurse: nurse.name)


def nurse_away(world: World, nurse: User, *, hours: tuple[int, int] = (7, 18)) -> Happening:
    return Happening(
        clinic=world.clinic,
        kind=DisruptionKind.NURSE,
        away=Interval(at(TUESDAY, hours[0]), at(TUESDAY, hours[1])),
        reason=SICK,
        nurse=nurse,
    )


def decided(row: Row) -> Decision:
    """The proposal of one row, taken as it is."""
    act, place = row.line.act, row.line.place
    do = {Act.STAY: Do.STAY, Act.CALL: Do.CALL, Act.LET_GO: Do.LET_GO}.get(act, Do.MOVE)
    return Decision(
        visit_id=row.visit.id,
        version=row.visit.version,
        do=do,
        chair_id=place.chair_id if place else None,
        start=place.interval.start if place else None,
        accepts=frozenset(row.line.asks) if place is None else frozenset(row.needs(place)),
    )


def decisions(proposal: Proposal) -> list[Decision]:
    return [decided(row) for row in proposal.rows if row.line.act is not Act.BEGUN]


def apply(happening: Happening, by: Actor, *, proposal: Proposal | None = None, reason: str = "") -> Disruption:
    """Everything as proposed."""
    seen = proposal or reading.propose(happening)
    return disruptions.apply(
        happening=happening,
        decisions=decisions(seen),
        by=by,
        reason=reason,
        seen_over=[over.at for over in seen.repair.over],
    )


def acts(proposal: Proposal) -> dict[str, str]:
    """What is proposed, by the family name of the patient."""
    return {row.visit.patient.family_name: row.line.act.value for row in proposal.rows}


def place(visit: Visit) -> tuple[str, datetime]:
    """Where the visit is now."""
    fresh = Visit.objects.select_related("chair").get(pk=visit.pk)
    return fresh.chair.name, fresh.period.lower


def moved(row: Row) -> bool:
    return row.line.act in MOVES


def messages() -> list[OutboxMessage]:
    """What is still to be sent."""
    return list(OutboxMessage.objects.filter(state="pending").order_by("created_at"))


def changed(happening: Happening, **fields: Any) -> Happening:
    return replace(happening, **fields)


def replace_day(happening: Happening, on: date) -> Happening:
    """The same on another day."""
    by = on - TUESDAY
    return replace(happening, away=Interval(happening.away.start + by, happening.away.end + by))


def longer(happening: Happening, *, days: int) -> Happening:
    """The same over so many days."""
    away = happening.away
    return replace(happening, away=Interval(away.start, away.end + timedelta(days=days - 1)))


def fetched(world: World, day: CourseDay) -> CourseDay:
    return visits.get_course_day(world.clinic, day.id)


def narrow_day(world: World) -> CourseDay:
    """A covered course day that may be on Tuesday alone."""
    order = factories.make_order(factories.make_patient(world.clinic))
    factories.make_authorization(order)
    return fetched(world, factories.make_course_day(order, TUESDAY, window=0))


def second_day(day: CourseDay, on: date) -> CourseDay:
    """The next day of the same course."""
    values = {"dose_mg": day.dose_mg, "units": day.units, "phases": day.phases, "chair_minutes": day.chair_minutes}
    return CourseDay.objects.create(course=day.course, day_number=2, due_on=on, **values)


def leave_only(world: World, count: int) -> None:
    """So many nurses are left on Tuesday, before anybody is sick."""
    for nurse in nurses(world)[count:]:
        apply(nurse_away(world, nurse), world.scheduler)
