"""Where two acts meet: overrides that travel, undo after the world moved on, closed days, requests left open."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine

from accounts.models import Closure
from authorizations.models import Authorization
from core.actor import Actor
from core.errors import Conflict, NeedsReason, NotAllowed, Stale
from regimens.models import CourseDay, OrderStatus
from scheduling.domain.statuses import VisitStatus
from scheduling.models import CapacitySlot, Visit
from scheduling.queries import openings
from scheduling.services import booking, capacity, flow
from scheduling.services.booking import Override
from tests.factories import at
from tests.scheduling.conftest import MONDAY, TUESDAY, World
from tests.scheduling.test_booking import UNCOVERED, ask_to_move, book
from tests.scheduling.test_flow import S, run, step, take_back

HELP = Override("Charge nurse helps")


def crowd(hour: int, *, load_cap: int = 40) -> Any:
    """Leave the nurses too little time from `hour` on for two hours."""
    slots = CapacitySlot.objects.filter(starts_at__gte=at(TUESDAY, hour), starts_at__lt=at(TUESDAY, hour + 2))
    slots.update(load_cap=load_cap)
    return slots


def without(by: Actor, permission: str) -> Actor:
    return Actor(
        kind=by.kind,
        label=by.label,
        id=by.id,
        organization_id=by.organization_id,
        clinic_id=by.clinic_id,
        permissions=by.permissions - {permission},
    )


def move(world: World, visit: Visit, hour: int, *, chair: int = 0, by: Actor | None = None, **more: Any) -> Visit:
    return booking.move(
        visit=visit,
        chair=world.chairs[chair],
        start=at(TUESDAY, hour),
        expected_version=visit.version,
        by=by or world.scheduler,
        **more,
    )


def test_a_reason_for_one_overload_does_not_speak_for_another(world: World) -> None:
    crowd(9)
    crowd(13, load_cap=20)
    visit = book(world, override=HELP)
    with pytest.raises(NeedsReason, match="at 13:00"):
        move(world, visit, 13)
    with pytest.raises(NotAllowed):
        move(world, visit, 13, by=without(world.scheduler, "visit.override"), override=HELP)
    moved = move(world, visit, 13, override=HELP)
    assert [item["sentence"][-9:] for item in moved.overrides] == ["at 13:00."]


def test_a_visit_that_went_ahead_uncovered_still_says_so_after_a_move_on_the_day(world: World) -> None:
    visit = book(world, course_day=world.another_day(), override=UNCOVERED)
    assert move(world, visit, 13).overrides == visit.overrides


def test_undoing_a_move_brings_back_the_override_of_the_old_place(world: World) -> None:
    crowd(9)
    visit = book(world, override=HELP)
    moved = move(world, visit, 13)
    assert moved.overrides == []
    back = take_back(world, moved)
    assert (back.period.lower, back.overrides) == (at(TUESDAY, 9), visit.overrides)


def test_a_cancelled_visit_does_not_come_back_over_capacity(world: World) -> None:
    visit = book(world)
    booking.cancel(visit=visit, reason="ill", expected_version=1, by=world.scheduler)
    crowd(9)
    with pytest.raises(Conflict, match="Can't undo: Nurse load"):
        take_back(world, visit)


def test_a_cancelled_visit_of_an_ended_order_does_not_come_back(world: World) -> None:
    visit = book(world)
    booking.cancel(visit=visit, reason="ill", expected_version=1, by=world.scheduler)
    world.order.status = OrderStatus.ENDED
    world.order.save()
    with pytest.raises(Conflict, match="not active any more"):
        take_back(world, visit)


def test_undoing_a_cancellation_needs_what_cancelling_needs(world: World) -> None:
    visit = book(world)
    booking.cancel(visit=visit, reason="ill", expected_version=1, by=world.scheduler)
    fresh = Visit.objects.get(pk=visit.pk)
    from scheduling.services.undo import undo

    with pytest.raises(NotAllowed):
        undo(visit=fresh, expected_version=2, by=without(world.scheduler, "visit.change"))


def test_a_no_show_taken_back_stays_possible_when_its_units_are_gone(world: World) -> None:
    visit = book(world)
    with time_machine.travel(at(TUESDAY, 9, 30), tick=False):
        step(world, visit, S.NO_SHOW)
        Authorization.objects.update(units_approved=0)
        back = take_back(world, visit)
    assert (back.status, back.authorization) == (S.BOOKED, None)
    assert back.overrides[0]["code"].startswith("auth_")


def test_a_visit_to_come_is_cancelled_only_with_a_reason(world: World) -> None:
    visit = book(world)
    with pytest.raises(Conflict, match="use Cancel"):
        flow.advance(visit=visit, to=VisitStatus.CANCELLED, expected_version=1, by=world.scheduler)


@pytest.mark.parametrize("last", [S.ARRIVED, S.NO_SHOW])
def test_no_request_outlives_the_visit_it_is_about(world: World, last: VisitStatus) -> None:
    visit = book(world)
    request = ask_to_move(visit)
    with time_machine.travel(at(TUESDAY, 9, 30), tick=False):
        run(world, visit, last)
    request.refresh_from_db()
    assert request.state == "kept"


def test_who_is_here_already_can_be_given_another_chair(world: World) -> None:
    visit = book(world)
    with time_machine.travel(at(TUESDAY, 9, 20), tick=False):
        here = step(world, visit, S.ARRIVED)
        assert move(world, here, 9, chair=1).chair.name == "A2"


def test_a_day_that_is_closed_while_a_visit_stands_takes_no_other(world: World) -> None:
    book(world)
    Closure.objects.create(clinic=world.clinic, on=TUESDAY, reason="Snow")
    capacity.rebuild(clinic=world.clinic, first_on=MONDAY, last_on=MONDAY + timedelta(days=4))
    day = world.another_day()
    with pytest.raises(Conflict, match="not open"):
        book(world, course_day=day, chair=1, override=UNCOVERED)
    found = openings.find(clinic=world.clinic, course_day=day, first_on=TUESDAY, last_on=TUESDAY)
    assert found == []


def test_a_plan_that_changed_since_it_was_shown_is_not_booked_blindly(world: World) -> None:
    CourseDay.objects.filter(pk=world.course_day.pk).update(units=200)
    with pytest.raises(Stale, match="The plan changed a moment ago"):
        book(world)
    assert not Visit.objects.exists()
