"""A chair that one visit leaves, and people who would take its place."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from threading import Barrier
from typing import Any

from django.db import connection

from regimens.models import CourseDay
from scheduling.models import Offer, OfferState, Visit, WaitlistEntry
from scheduling.queries import visits
from scheduling.services import booking, offers, waitlist
from scheduling.services.offers import FreedPlace
from tests import factories
from tests.factories import at
from tests.scheduling.conftest import TUESDAY, World

NINE = at(TUESDAY, 15)
"""More than a day after the morning on which the tests stand: notice is kept."""


def waiting_patient(world: World, **fields: Any) -> CourseDay:
    """A covered course day of a new patient who signs in."""
    patient = factories.make_patient(world.clinic, signs_in=True, **fields)
    order = factories.make_order(patient)
    factories.make_authorization(order)
    return visits.get_course_day(world.clinic, factories.make_course_day(order, TUESDAY).id)


def wait(world: World, day: CourseDay | None = None, **fields: Any) -> WaitlistEntry:
    """An entry for Tuesday."""
    values: dict[str, Any] = {"earliest_on": TUESDAY, "latest_on": TUESDAY, "notice_hours": 0}
    return waitlist.add(course_day=day or waiting_patient(world), by=world.scheduler, **values | fields)


def offer(world: World, entry: WaitlistEntry, *, chair: int = 0, start: datetime = NINE) -> Offer:
    place = FreedPlace(chair=world.chairs[chair], start=start)
    return offers.make(entry=entry, place=place, by=world.scheduler)


def book(world: World, day: CourseDay, *, chair: int = 1, start: datetime = NINE) -> Visit:
    booked = booking.book(course_day=day, chair=world.chairs[chair], start=start, by=world.scheduler)
    return visits.get(world.clinic, booked.id)


def live(world: World) -> list[Visit]:
    """Visits that hold a place."""
    return list(Visit.objects.for_clinic(world.clinic).occupying())


def state_of(given: Offer) -> OfferState:
    return OfferState(Offer.objects.get(pk=given.pk).state)


def at_once(*acts: Callable[[], Any]) -> list[Any]:
    """Run the acts at the same moment, each on its own connection; what each gave or raised."""
    barrier = Barrier(len(acts))

    def run(act: Callable[[], Any]) -> Any:
        try:
            barrier.wait()
            return act()
        except Exception as problem:  # the outcome is what the test looks at
            return problem
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))
