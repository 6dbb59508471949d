"""Longer and shorter visits: the same checks as for a move, the nurses' load follows, and what runs only grows."""

from datetime import datetime, timedelta

import pytest
import time_machine

from accounts.domain.policy import Role
from core.actor import Actor
from core.errors import BadInput, Conflict, NeedsReason, NotAllowed, Stale
from scheduling.domain.statuses import VisitStatus
from scheduling.models import CapacitySlot, Visit
from scheduling.queries import dry_run, visits
from scheduling.services import booking, outages, resizing
from scheduling.services.booking import Override
from tests import factories
from tests.factories import at
from tests.scheduling.conftest import TUESDAY, World
from tests.scheduling.test_booking import UNCOVERED, book, load_used
from tests.scheduling.test_flow import run
from tests.scheduling.test_storm import assert_sound, at_once

S = VisitStatus
REASON = Override("Patient feels well")


def end(world: World, visit: Visit, hour: int, minute: int = 0, **more: object) -> Visit:
    now = visits.get(world.clinic, visit.id)
    values = {"visit": now, "end": at(TUESDAY, hour, minute), "expected_version": now.version, "by": world.scheduler}
    return resizing.resize(**values | more)  # type: ignore[arg-type]


def test_a_longer_visit_takes_its_last_load_for_the_time_added(world: World) -> None:
    visit = book(world)
    longer = end(world, visit, 11, 30)
    assert longer.period.upper == at(TUESDAY, 11, 30)
    assert longer.planned_minutes == 150
    assert longer.load_profile == [*visit.load_profile, visit.load_profile[-1], visit.load_profile[-1]]
    assert load_used() == sum(longer.load_profile)
    assert [event.kind for event in longer.events.all()] == ["resize", "book"]
    assert_sound()


def test_a_longer_visit_does_not_run_into_the_next(world: World) -> None:
    visit = book(world)
    book(world, course_day=world.another_day(family_name="Keller"), start=at(TUESDAY, 11), override=UNCOVERED)
    with pytest.raises(Conflict, match=r"can't stay in A1 until 11:15: A1 has Keller, A\. 11:00"):
        end(world, visit, 11, 15, override=REASON)
    assert load_used() == 2 * sum(visit.load_profile)


def test_nobody_stays_after_closing(world: World) -> None:
    visit = book(world, start=at(TUESDAY, 16))
    with pytest.raises(Conflict, match=r"not open or not staffed at .* 18:00"):
        end(world, visit, 18, 15)


def test_a_chair_that_goes_out_of_use_ends_the_visit_before(world: World) -> None:
    visit = book(world)
    outages.add(
        chair=world.chairs[0], starts_at=at(TUESDAY, 11), ends_at=at(TUESDAY, 12), reason="Cleaning", by=manager(world)
    )
    with pytest.raises(Conflict, match="A1 is out of use 11:00–12:00: Cleaning"):
        end(world, visit, 11, 15)


def manager(world: World) -> Actor:
    return factories.actor(factories.make_staff(world.clinic, Role.MANAGER))


def test_load_over_the_nurses_asks_a_reason_only_for_the_time_added(world: World) -> None:
    visit = book(world)
    CapacitySlot.objects.filter(starts_at=at(TUESDAY, 11)).update(load_cap=5)
    with pytest.raises(NeedsReason, match=r"Nurse load would reach .* at 11:00"):
        end(world, visit, 11, 15)
    longer = end(world, visit, 11, 15, override=REASON)
    assert longer.is_over_capacity
    assert [item["code"] for item in longer.overrides] == ["nurse_load"]
    assert_sound()


def test_a_reason_given_for_an_earlier_time_does_not_speak_for_the_time_added(world: World) -> None:
    CapacitySlot.objects.filter(starts_at__in=[at(TUESDAY, 9), at(TUESDAY, 11)]).update(load_cap=5)
    visit = book(world, override=REASON)
    with pytest.raises(NeedsReason):
        end(world, visit, 11, 15)
    longer = end(world, visit, 11, 15, override=REASON)
    assert [item["code"] for item in longer.overrides] == ["nurse_load"]


def test_an_earlier_reason_is_enough_where_the_time_added_has_room(world: World) -> None:
    CapacitySlot.objects.filter(starts_at=at(TUESDAY, 9)).update(load_cap=5)
    visit = book(world, override=REASON)
    assert end(world, visit, 11, 15).overrides == visit.overrides


def test_less_than_the_plan_asks_for_needs_a_reason_that_stays_with_the_visit(world: World) -> None:
    visit = book(world)
    with pytest.raises(NeedsReason, match=r"The plan asks for 2 h 00 in the chair; this leaves 1 h 30"):
        end(world, visit, 10, 30)
    shorter = end(world, visit, 10, 30, override=REASON)
    assert [item["code"] for item in shorter.overrides] == ["too_short"]
    assert shorter.load_profile == visit.load_profile[:6]
    moved = booking.move(
        visit=shorter, chair=world.chairs[1], start=at(TUESDAY, 14), expected_version=2, by=world.scheduler
    )
    assert moved.period.upper - moved.period.lower == timedelta(minutes=90)
    assert [item["code"] for item in moved.overrides] == ["too_short"]
    assert [item["code"] for item in end(world, visit, 15, 45).overrides] == ["too_short"]
    assert end(world, visit, 16).overrides == []
    assert_sound()


def test_time_given_back_can_be_booked(world: World) -> None:
    visit = book(world)
    end(world, visit, 10, 30, override=REASON)
    book(world, course_day=world.another_day(), start=at(TUESDAY, 10, 30), override=UNCOVERED)


def test_what_runs_is_made_longer_never_shorter(world: World) -> None:
    visit = book(world)
    with time_machine.travel(at(TUESDAY, 9), tick=True):
        run(world, visit, S.ARRIVED, S.SEATED, S.INFUSING)
        with pytest.raises(Conflict, match=r"can only be made longer\. Press Done when it is over"):
            end(world, visit, 10, 30, override=REASON)
        assert end(world, visit, 11, 15).status == S.INFUSING


def test_what_is_over_keeps_its_length(world: World) -> None:
    visit = book(world)
    with time_machine.travel(at(TUESDAY, 9), tick=True):
        run(world, visit, S.ARRIVED, S.SEATED, S.INFUSING, S.COMPLETED)
        with pytest.raises(Conflict, match="is done, so this visit keeps its length"):
            end(world, visit, 11, 30)


@pytest.mark.parametrize(
    ("moment", "sentence"),
    [
        (at(TUESDAY, 11, 7), "end on a quarter hour"),
        (at(TUESDAY, 9), "before it starts"),
        (at(TUESDAY, 8), "before it starts"),
        (at(TUESDAY, 11), "at 11:00 already"),
        (at(TUESDAY, 9) + timedelta(days=1), "ends on the day it starts"),
        (datetime(2026, 3, 3, 11), "needs a time zone"),  # noqa: DTZ001
    ],
)
def test_an_end_without_sense_is_refused_at_its_field(world: World, moment: datetime, sentence: str) -> None:
    visit = book(world)
    with pytest.raises(BadInput, match=sentence):
        resizing.resize(visit=visit, end=moment, expected_version=1, by=world.scheduler)


def test_the_second_of_two_people_is_told_and_roles_without_the_right_are_refused(world: World) -> None:
    visit = book(world)
    end(world, visit, 11, 15)
    with pytest.raises(Stale, match=r"changed this visit at"):
        resizing.resize(visit=visit, end=at(TUESDAY, 11, 30), expected_version=1, by=world.scheduler)
    auditor = factories.actor(factories.make_staff(world.clinic, Role.AUDITOR))
    with pytest.raises(NotAllowed):
        resizing.resize(visit=visit, end=at(TUESDAY, 11, 30), expected_version=2, by=auditor)


def test_a_dry_run_says_what_resizing_would_meet_and_changes_nothing(world: World) -> None:
    visit = book(world)
    run_ = dry_run.resize(visit=visits.get(world.clinic, visit.id), end=at(TUESDAY, 10, 30))
    assert [reason.code for reason in run_.reasons] == ["too_short"]
    assert [change.at for change in run_.load] == [at(TUESDAY, 10, 30), at(TUESDAY, 10, 45)]
    book(world, course_day=world.another_day(), start=at(TUESDAY, 11), override=UNCOVERED)
    assert dry_run.resize(visit=visits.get(world.clinic, visit.id), end=at(TUESDAY, 11, 15)).is_refused
    assert dry_run.resize(visit=visits.get(world.clinic, visit.id), end=at(TUESDAY, 11)).reasons == ()
    for senseless in (at(TUESDAY, 8), at(TUESDAY, 11, 7)):
        assert dry_run.resize(visit=visits.get(world.clinic, visit.id), end=senseless).is_refused
    visit.refresh_from_db()
    assert visit.version == 1


def test_growing_into_a_place_that_is_being_booked_has_one_winner(committed_world: World) -> None:
    world = committed_world
    visit = book(world)
    for _ in range(8):
        now = visits.get(world.clinic, visit.id)
        day = world.another_day()
        results = at_once(
            [
                lambda now=now: resizing.resize(  # type: ignore[misc]
                    visit=now, end=at(TUESDAY, 12), expected_version=now.version, by=world.scheduler
                ),
                lambda day=day: booking.book(  # type: ignore[misc]
                    course_day=day,
                    chair=world.chairs[0],
                    start=at(TUESDAY, 11),
                    by=world.scheduler,
                    override=UNCOVERED,
                ),
            ]
        )
        won = [one for one in results if isinstance(one, Visit)]
        assert len(won) == 1
        assert all(isinstance(one, Visit | Conflict) for one in results)
        assert_sound()
        if won[0].id == visit.id:
            end(world, visit, 11, override=REASON)
        else:
            booking.cancel(visit=won[0], reason="next round", expected_version=1, by=world.scheduler)
