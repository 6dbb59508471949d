"""A place is held while somebody decides: it is taken like a booked one, and free again by itself."""

from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
import time_machine

from authorizations.models import Authorization
from core import clock
from core.actor import system
from core.errors import Conflict, NeedsReason, NotAllowed, Stale
from messaging.models import OutboxMessage
from scheduling.domain.statuses import VisitStatus
from scheduling.models import CapacitySlot, Visit
from scheduling.queries import changes, visits
from scheduling.services import booking, flow, held_places, holds, undo
from tests import factories
from tests.scheduling.conftest import World
from tests.scheduling.waiting.conftest import NINE, at_once, live, waiting_patient

LATER = datetime(2026, 3, 2, 14, 11, tzinfo=UTC)


def hold(world: World, *, chair: int = 0) -> Visit:
    held = held_places.hold(
        course_day=waiting_patient(world), chair=world.chairs[chair], start=NINE, by=world.scheduler
    )
    return visits.get(world.clinic, held.id)


def reserved(visit: Visit) -> int:
    return Authorization.objects.get(order=visit.course_day.course.order).units_reserved


def test_a_held_place_is_kept_for_ten_minutes_and_takes_chair_nurses_and_units(world: World) -> None:
    held = hold(world)
    assert (held.status, held.held_by_label) == (VisitStatus.HELD, world.scheduler.label)
    assert held.hold_until is not None
    assert abs(held.hold_until - datetime(2026, 3, 2, 14, 10, tzinfo=UTC)) < timedelta(seconds=5)
    assert reserved(held) == held.units
    with pytest.raises(Conflict):
        booking.book(course_day=waiting_patient(world), chair=world.chairs[0], start=NINE, by=world.scheduler)
    assert OutboxMessage.objects.count() == 0


def test_a_hold_meets_the_same_rules_as_a_booking(world: World) -> None:
    with pytest.raises(NeedsReason):
        held_places.hold(course_day=world.another_day(), chair=world.chairs[0], start=NINE, by=world.scheduler)
    assert live(world) == []


def test_what_is_held_is_booked_where_it_is_and_the_patient_is_told(world: World) -> None:
    held = hold(world)
    booked = held_places.book(visit=held, expected_version=held.version, by=world.scheduler)
    assert (booked.status, booked.hold_until, booked.held_by_label) == (VisitStatus.BOOKED, None, "")
    assert booked.period == held.period
    assert reserved(booked) == booked.units
    assert [message.kind for message in OutboxMessage.objects.all()] == ["visit.booked"]


def test_the_usual_next_step_of_a_held_visit_books_it(world: World) -> None:
    held = hold(world)
    booked = flow.advance(visit=held, to=VisitStatus.BOOKED, expected_version=held.version, by=world.scheduler)
    assert booked.status == VisitStatus.BOOKED
    assert OutboxMessage.objects.count() == 1


@pytest.mark.parametrize("act", ["let go", "cancel"])
def test_a_place_that_is_let_go_is_free_and_nobody_is_told(world: World, act: str) -> None:
    held = hold(world)
    if act == "let go":
        holds.let_go(visit=held, expected_version=held.version, by=world.scheduler)
    else:
        booking.cancel(visit=held, reason="Changed our mind.", expected_version=held.version, by=world.scheduler)
    assert live(world) == []
    assert reserved(held) == 0
    assert not CapacitySlot.objects.exclude(load_used=0).exists()
    assert OutboxMessage.objects.count() == 0


def test_a_cancelled_hold_does_not_come_back_and_undo_says_what_to_do_instead(world: World) -> None:
    held = hold(world)
    gone = booking.cancel(visit=held, reason="Changed our mind.", expected_version=held.version, by=world.scheduler)
    (change,) = changes.of_day(world.clinic, clock.today(world.clinic.zone), by_id=None)
    name = held.patient.short_name
    said = f"Can't undo: the place was only on hold for {name}, and a hold does not come back. Find a place again."
    assert change.why_not == said
    for event_id in (change.event.pk, None):
        with pytest.raises(Conflict) as refusal:
            undo.undo(visit=gone, expected_version=gone.version, event_id=event_id, by=world.scheduler)
        assert [reason.sentence for reason in refusal.value.reasons] == [said]
    assert visits.get(world.clinic, held.id).status == VisitStatus.CANCELLED


def test_a_hold_ends_by_itself_and_gives_everything_back(world: World) -> None:
    held = hold(world)
    assert holds.expire(by=system("holds")) == 0
    with time_machine.travel(LATER, tick=True):
        assert holds.expire(by=system("holds")) == 1
    assert live(world) == []
    assert reserved(held) == 0
    assert not CapacitySlot.objects.exclude(load_used=0).exists()


def test_a_hold_that_ran_out_can_not_be_booked_even_before_the_sweep(world: World) -> None:
    held = hold(world)
    with time_machine.travel(LATER, tick=True), pytest.raises(Conflict, match="ran out"):
        held_places.book(visit=held, expected_version=held.version, by=world.scheduler)


def test_only_who_may_book_may_hold_book_or_let_go(world: World) -> None:
    from accounts.domain.policy import Role

    auditor = factories.actor(factories.make_staff(world.clinic, Role.AUDITOR))
    held = hold(world)
    with pytest.raises(NotAllowed):
        held_places.hold(course_day=world.course_day, chair=world.chairs[1], start=NINE, by=auditor)
    with pytest.raises(NotAllowed):
        held_places.book(visit=held, expected_version=held.version, by=auditor)
    with pytest.raises(NotAllowed):
        holds.let_go(visit=held, expected_version=held.version, by=auditor)


def test_of_booking_and_letting_go_at_once_one_wins(committed_world: World) -> None:
    world = committed_world
    for _ in range(6):
        held = hold(world)
        results = at_once(
            partial(held_places.book, visit=held, expected_version=held.version, by=world.scheduler),
            partial(holds.let_go, visit=held, expected_version=held.version, by=world.scheduler),
        )
        assert sum(isinstance(result, Visit) for result in results) == 1
        assert sum(isinstance(result, Stale | Conflict) for result in results) == 1
        for visit in live(world):
            assert visit.status == VisitStatus.BOOKED
            found = visits.get(world.clinic, visit.id)
            booking.cancel(visit=found, reason="Next round.", expected_version=found.version, by=world.scheduler)
