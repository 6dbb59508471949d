"""Who waits is on the list until their wish comes true, their visit ends, or their days have passed."""

from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine

from core.actor import system
from core.errors import BadInput, Conflict
from regimens.models import OrderStatus
from scheduling.models import OfferState, Visit, WaitlistEntry, WaitState
from scheduling.services import booking, held_places, waitlist
from tests.factories import at
from tests.scheduling.conftest import MONDAY, TUESDAY, World
from tests.scheduling.waiting.conftest import NINE, book, live, offer, state_of, wait, waiting_patient


def fresh(entry: WaitlistEntry) -> WaitState:
    return WaitState(WaitlistEntry.objects.get(pk=entry.pk).state)


def test_a_course_day_waits_once(world: World) -> None:
    day = waiting_patient(world)
    wait(world, day)
    with pytest.raises(Conflict, match="on the waitlist"):
        wait(world, day)


def test_who_has_a_visit_waits_for_a_better_time(world: World) -> None:
    day = waiting_patient(world)
    visit = book(world, day)
    assert wait(world, day).visit_id == visit.id


def test_nobody_waits_while_a_place_is_held_for_them(world: World) -> None:
    day = waiting_patient(world)
    held_places.hold(course_day=day, chair=world.chairs[0], start=NINE, by=world.scheduler)
    with pytest.raises(Conflict, match="held"):
        wait(world, day)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"earliest_on": TUESDAY, "latest_on": MONDAY}, "latest_on"),
        ({"earliest_on": MONDAY.replace(day=1), "latest_on": MONDAY.replace(day=1)}, "latest_on"),
        ({"parts_of_day": ["midnight"]}, "parts_of_day"),
        ({"notice_hours": 400}, "notice_hours"),
    ],
)
def test_a_wish_that_can_not_come_true_is_refused_at_its_field(world: World, wrong: dict[str, Any], field: str) -> None:
    with pytest.raises(BadInput) as refused:
        wait(world, **wrong)
    assert [reason.field for reason in refused.value.reasons] == [field]


def test_an_order_that_is_not_active_does_not_wait(world: World) -> None:
    day = waiting_patient(world)
    day.course.order.status = OrderStatus.ON_HOLD
    with pytest.raises(Conflict, match="not active"):
        wait(world, day)


def test_booking_ends_the_waiting(world: World) -> None:
    day = waiting_patient(world)
    entry = wait(world, day)
    book(world, day)
    assert fresh(entry) is WaitState.BOOKED


def test_holding_does_not_end_it_but_booking_what_is_held_does(world: World) -> None:
    day = waiting_patient(world)
    entry = wait(world, day)
    held = held_places.hold(course_day=day, chair=world.chairs[0], start=NINE, by=world.scheduler)
    assert fresh(entry) is WaitState.WAITING
    held_places.book(visit=held, expected_version=held.version, by=world.scheduler)
    assert fresh(entry) is WaitState.BOOKED


def test_a_move_to_a_wished_time_ends_the_waiting_and_any_other_does_not(world: World) -> None:
    day = waiting_patient(world)
    visit = book(world, day)
    entry = wait(world, day, parts_of_day=["morning"])
    moved = move(world, visit, at(TUESDAY, 14))
    assert fresh(entry) is WaitState.WAITING
    move(world, moved, at(TUESDAY, 9))
    assert fresh(entry) is WaitState.BOOKED


def move(world: World, visit: Visit, start: datetime) -> Visit:
    return booking.move(
        visit=visit, chair=world.chairs[2], start=start, expected_version=visit.version, by=world.scheduler
    )


def test_a_visit_that_is_cancelled_waits_for_no_better_time(world: World) -> None:
    day = waiting_patient(world)
    visit = book(world, day)
    entry = wait(world, day)
    made = offer(world, entry)
    booking.cancel(visit=visit, reason="Moved away.", expected_version=visit.version, by=world.scheduler)
    assert fresh(entry) is WaitState.WITHDRAWN
    assert state_of(made) is OfferState.WITHDRAWN


def test_taking_an_entry_off_the_list_frees_the_place_that_is_held_for_it(world: World) -> None:
    entry = wait(world)
    made = offer(world, entry)
    waitlist.withdraw(entry=entry, by=world.scheduler)
    assert fresh(entry) is WaitState.WITHDRAWN
    assert state_of(made) is OfferState.WITHDRAWN
    assert live(world) == []
    with pytest.raises(Conflict, match="closed already"):
        waitlist.withdraw(entry=entry, by=world.scheduler)


def test_an_entry_ends_after_its_last_day(world: World) -> None:
    entry = wait(world)
    with time_machine.travel(datetime(2026, 3, 4, 5, 0, tzinfo=UTC), tick=True):  # still Tuesday evening in Chicago
        assert waitlist.sweep(by=system("waitlist")) == 0
    with time_machine.travel(datetime(2026, 3, 4, 7, 0, tzinfo=UTC), tick=True):
        assert waitlist.sweep(by=system("waitlist")) == 1
    assert fresh(entry) is WaitState.EXPIRED
