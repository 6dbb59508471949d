"""Undoing what ended a wait lets the patient wait again; a wish never comes back twice, or after its days."""

from datetime import timedelta

import pytest
import time_machine

from audit.models import AuditEvent
from core import clock
from core.errors import Conflict
from scheduling.models import OfferState, StaffTask, Visit, WaitlistEntry, WaitState
from scheduling.queries import visits
from scheduling.services import booking, offers, undo, waitlist
from tests.factories import at
from tests.scheduling.conftest import TUESDAY, World
from tests.scheduling.waiting.conftest import NINE, book, live, offer, state_of, wait, waiting_patient

pytestmark = pytest.mark.django_db


def waits(entry: WaitlistEntry) -> WaitState:
    return WaitState(WaitlistEntry.objects.get(pk=entry.pk).state)


def take_back(world: World, visit: Visit) -> Visit:
    """Undo the newest change of `visit`."""
    current = visits.get(world.clinic, visit.id)
    return undo.undo(visit=current, by=world.scheduler, expected_version=current.version)


def cancel(world: World, visit: Visit) -> Visit:
    current = visits.get(world.clinic, visit.id)
    return booking.cancel(visit=current, reason="ill", expected_version=current.version, by=world.scheduler)


def test_undoing_a_booking_lets_the_patient_wait_again(world: World) -> None:
    day = waiting_patient(world)
    entry = wait(world, day)
    visit = book(world, day)
    assert waits(entry) is WaitState.BOOKED
    take_back(world, visit)
    assert waits(entry) is WaitState.WAITING
    again = WaitlistEntry.objects.get(pk=entry.pk)
    assert (again.closed_at, again.closed_by_label, again.closed_with) == (None, "", None)
    assert AuditEvent.objects.filter(action="waitlist.reopen", entity_id=str(entry.id)).count() == 1


def test_undoing_an_accepted_offer_lets_the_patient_wait_again_and_the_offer_counts_no_more(world: World) -> None:
    entry = wait(world)
    given = offer(world, entry)
    visit = offers.accept(offer=given, by=world.scheduler)
    assert (waits(entry), state_of(given)) == (WaitState.BOOKED, OfferState.ACCEPTED)
    take_back(world, visit)
    assert (waits(entry), state_of(given)) == (WaitState.WAITING, OfferState.WITHDRAWN)
    assert live(world) == []
    assert state_of(offer(world, WaitlistEntry.objects.get(pk=entry.pk), chair=2)) is OfferState.OPEN


def test_undoing_a_move_that_an_offer_brought_lets_the_patient_wait_again(world: World) -> None:
    day = waiting_patient(world)
    visit = book(world, day, start=at(TUESDAY, 9))
    entry = wait(world, day, parts_of_day=["afternoon"])
    given = offer(world, entry)
    moved = offers.accept(offer=given, by=world.scheduler)
    assert waits(entry) is WaitState.BOOKED
    take_back(world, moved)
    assert (waits(entry), state_of(given)) == (WaitState.WAITING, OfferState.WITHDRAWN)
    assert visits.get(world.clinic, visit.id).period.lower == at(TUESDAY, 9)


def test_undoing_a_cancellation_brings_back_the_wish_for_a_better_time(world: World) -> None:
    day = waiting_patient(world)
    visit = book(world, day)
    entry = wait(world, day, parts_of_day=["morning"])
    cancel(world, visit)
    assert waits(entry) is WaitState.WITHDRAWN
    take_back(world, visit)
    assert waits(entry) is WaitState.WAITING
    assert WaitlistEntry.objects.get(pk=entry.pk).visit_id == visit.id


def test_a_cancelled_visit_that_comes_back_ends_the_wait_for_a_place(world: World) -> None:
    day = waiting_patient(world)
    visit = book(world, day)
    cancel(world, visit)
    entry = wait(world, day)
    take_back(world, visit)
    assert waits(entry) is WaitState.BOOKED


def test_the_booking_that_closed_the_wish_is_still_known_after_a_cancellation_was_undone(world: World) -> None:
    day = waiting_patient(world)
    entry = wait(world, day)
    visit = book(world, day)
    cancel(world, visit)
    take_back(world, visit)
    assert waits(entry) is WaitState.BOOKED
    take_back(world, visit)
    assert waits(entry) is WaitState.WAITING


def test_an_entry_taken_off_the_list_by_hand_stays_off_it(world: World) -> None:
    day = waiting_patient(world)
    visit = book(world, day)
    entry = wait(world, day, parts_of_day=["morning"])
    waitlist.withdraw(entry=entry, by=world.scheduler)
    cancel(world, visit)
    take_back(world, visit)
    assert waits(entry) is WaitState.WITHDRAWN


def test_nobody_waits_twice_for_one_day(world: World) -> None:
    day = waiting_patient(world)
    entry = wait(world, day)
    visit = book(world, day)
    better = wait(world, day, parts_of_day=["morning"])
    take_back(world, visit)
    assert waits(better) is WaitState.WITHDRAWN
    assert waits(entry) is WaitState.WAITING
    with pytest.raises(Conflict, match="on the waitlist for this already"):
        wait(world, day)


def test_a_wish_whose_days_are_over_stays_closed(world: World) -> None:
    day = waiting_patient(world)
    entry = wait(world, day, earliest_on=TUESDAY - timedelta(days=1), latest_on=TUESDAY - timedelta(days=1))
    visit = book(world, day)
    with time_machine.travel(clock.now() + timedelta(days=1), tick=False):
        take_back(world, visit)
    assert waits(entry) is WaitState.BOOKED


def test_a_place_that_is_taken_again_is_offered_to_nobody(world: World) -> None:
    visit = book(world, waiting_patient(world))
    wait(world)
    cancel(world, visit)
    assert StaffTask.objects.filter(kind="backfill", done_at=None).count() == 1
    take_back(world, visit)
    assert not StaffTask.objects.filter(kind="backfill", done_at=None).exists()
    assert visits.get(world.clinic, visit.id).period.lower == NINE
