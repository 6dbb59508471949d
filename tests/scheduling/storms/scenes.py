"""People, visits and places for storms, and what a loser's visit must still look like."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Any

from accounts.models import Clinic
from core.actor import Actor
from regimens.models import CourseDay
from scheduling.models import Chair, Offer, Visit
from scheduling.queries import visits
from scheduling.services import booking
from scheduling.services.booking import Override
from tests import factories
from tests.factories import at
from tests.scheduling.conftest import TUESDAY, World
from tests.scheduling.invariants import rows
from tests.scheduling.storms.crowd import Act, rounds

NINE, ONE = at(TUESDAY, 9), at(TUESDAY, 13)
ROUNDS = rounds(3)
WHY = Override("The only place there is.")


def covered_day(world: World) -> CourseDay:
    """A course day of a new patient who signs in, with an authorization."""
    order = factories.make_order(factories.make_patient(world.clinic, signs_in=True))
    factories.make_authorization(order)
    return visits.get_course_day(world.clinic, factories.make_course_day(order, TUESDAY).id)


def seated(world: World, chairs: Sequence[Chair], start: datetime = NINE) -> list[Visit]:
    """A visit in each of `chairs`, all at the same time."""
    return [
        fresh(
            world.clinic,
            booking.book(course_day=covered_day(world), chair=chair, start=start, by=world.scheduler, override=WHY),
        )
        for chair in chairs
    ]


def fresh(clinic: Clinic, visit: Visit) -> Visit:
    """The visit as it is now, with everything the services read."""
    return visits.get(clinic, visit.id)


def move(world: World, visit: Visit, chair: Chair, start: datetime) -> Act:
    return partial(
        booking.move,
        visit=visit,
        chair=chair,
        start=start,
        expected_version=visit.version,
        by=world.scheduler,
        override=WHY,
    )


def book(world: World, day: CourseDay, chair: Chair, start: datetime) -> Act:
    return partial(booking.book, course_day=day, chair=chair, start=start, by=world.scheduler, override=WHY)


def cancel(world: World, visit: Visit) -> Act:
    return partial(booking.cancel, visit=visit, reason="Ill.", expected_version=visit.version, by=world.scheduler)


def clear_day(world: World) -> None:
    """Cancel whatever can still be cancelled, for the next round."""
    for visit in Visit.objects.filter(status__in=["booked", "confirmed", "held"]):
        cancel(world, fresh(world.clinic, visit))()


def whole(*found: Visit) -> dict[Any, Any]:
    """Every column of these visits and what they hold of their authorizations, in plain SQL."""
    sql = """
        SELECT visit.id, to_jsonb(visit),
               (SELECT sum(reserved_change) FROM authorizations_ledgerentry entry WHERE entry.visit_id = visit.id),
               (SELECT count(*) FROM scheduling_visitevent event WHERE event.visit_id = visit.id)
          FROM scheduling_visit visit WHERE id = ANY(%s)
    """
    return {key: facts for key, *facts in rows(sql, [visit.id for visit in found])}


def patient_of(offer: Offer) -> Actor:
    """Who was offered a place, signed in."""
    user = offer.entry.course_day.course.order.patient.user
    assert user is not None
    return factories.actor(user)
