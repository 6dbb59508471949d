"""What is held or offered is booked only as it was promised: in a place that is still there, at the time told."""

from collections.abc import Callable

import pytest

from accounts.domain.policy import Role
from core.actor import Actor
from core.errors import Conflict
from messaging.models import OutboxMessage
from scheduling.domain.statuses import VisitStatus
from scheduling.models import OfferState
from scheduling.queries import visits
from scheduling.services import booking, offers, outages, setup_calendar, setup_chairs
from tests import factories
from tests.factories import at
from tests.scheduling.conftest import TUESDAY, World
from tests.scheduling.waiting.conftest import live, offer, state_of, wait
from tests.scheduling.waiting.test_offers import patient_of

pytestmark = pytest.mark.django_db


def out_of_use(world: World, by: Actor) -> None:
    outages.add(chair=world.chairs[0], starts_at=at(TUESDAY, 8), ends_at=at(TUESDAY, 18), reason="Pump broken", by=by)


def retired(world: World, by: Actor) -> None:
    setup_chairs.retire(chair=world.chairs[0], by=by)


def closed(world: World, by: Actor) -> None:
    setup_calendar.close(clinic=world.clinic, on=TUESDAY, reason="Staff training", by=by)


@pytest.mark.parametrize("happens", [out_of_use, retired, closed])
def test_nobody_is_booked_into_a_held_place_that_went_meanwhile(
    world: World, happens: Callable[[World, Actor], None]
) -> None:
    entry = wait(world)
    made = offer(world, entry)
    happens(world, factories.actor(factories.make_staff(world.clinic, Role.MANAGER)))
    with pytest.raises(Conflict, match=r"out of use|not open"):
        offers.accept(offer=made, by=patient_of(entry))
    assert (state_of(made), live(world)[0].status) == (OfferState.OPEN, VisitStatus.HELD)
    assert not OutboxMessage.objects.filter(kind="visit.booked").exists()


def test_a_place_that_was_offered_changes_its_time_only_when_the_offer_is_taken_back(world: World) -> None:
    entry = wait(world)
    made = offer(world, entry)
    held = visits.get(world.clinic, made.held_visit_id)  # type: ignore[arg-type]

    with pytest.raises(Conflict, match=r"was offered Tue 3 Mar 15:00 and has not answered yet"):
        booking.move(
            visit=held, chair=held.chair, start=at(TUESDAY, 9), expected_version=held.version, by=world.scheduler
        )
    moved = booking.move(
        visit=held, chair=world.chairs[1], start=made.starts_at, expected_version=held.version, by=world.scheduler
    )
    assert (moved.chair, moved.period.lower) == (world.chairs[1], made.starts_at)
    booked = offers.accept(offer=made, by=patient_of(entry))
    assert booked.period.lower == made.starts_at
