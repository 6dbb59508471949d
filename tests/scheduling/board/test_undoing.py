"""Undo goes back step by step, the newest change first; what stands in the way is named; a thing is undone once."""

from datetime import timedelta

import pytest
import time_machine

from authorizations.models import Authorization
from core.errors import Conflict, NotFound, Refusal, Stale
from scheduling.domain.statuses import VisitStatus
from scheduling.models import Visit, VisitEvent
from scheduling.queries import visits
from scheduling.services import booking, flow, resizing, swapping
from scheduling.services.undo import latest, undo
from tests import factories
from tests.factories import at
from tests.scheduling.conftest import TUESDAY, World
from tests.scheduling.test_booking import UNCOVERED, book, load_used
from tests.scheduling.test_flow import run, take_back
from tests.scheduling.test_storm import assert_sound, at_once

S = VisitStatus


def fresh(world: World, visit: Visit) -> Visit:
    return visits.get(world.clinic, visit.id)


def move(world: World, visit: Visit, chair: int, hour: int) -> VisitEvent:
    now = fresh(world, visit)
    booking.move(
        visit=now, chair=world.chairs[chair], start=at(TUESDAY, hour), expected_version=now.version, by=world.scheduler
    )
    return visit.events.all()[0]


def undo_event(world: World, event: VisitEvent) -> Visit:
    return undo(visit=fresh(world, event.visit), event_id=event.pk, by=world.scheduler)


def place(visit: Visit) -> tuple[str, object, str]:
    visit.refresh_from_db()
    return visit.chair.name, visit.period.lower, visit.status


def test_undo_goes_back_step_by_step_until_nothing_is_left(world: World) -> None:
    visit = book(world)
    move(world, visit, 1, 13)
    move(world, visit, 2, 14)
    assert place(take_back(world, visit))[:2] == ("A2", at(TUESDAY, 13))
    assert place(take_back(world, visit))[:2] == ("A1", at(TUESDAY, 9))
    assert take_back(world, visit).status == S.CANCELLED
    with pytest.raises(Conflict, match="nothing to undo"):
        take_back(world, visit)
    assert load_used() == 0
    assert Authorization.objects.get().units_reserved == 0


def test_a_whole_day_is_taken_back_step_by_step(world: World) -> None:
    visit = book(world)
    with time_machine.travel(at(TUESDAY, 10, 31), tick=True):
        run(world, visit, S.ARRIVED, S.SEATED, S.INFUSING, S.OBSERVING, S.COMPLETED)
        for status in (S.OBSERVING, S.INFUSING, S.SEATED, S.ARRIVED, S.BOOKED):
            assert take_back(world, visit).status == status
    back = fresh(world, visit)
    assert (back.period, back.load_profile, back.infusion_started_at) == (visit.period, visit.load_profile, None)
    assert load_used() == sum(visit.load_profile)
    assert Authorization.objects.get().units_reserved == visit.units
    assert_sound()


def test_a_change_after_an_undo_is_the_next_to_go(world: World) -> None:
    visit = book(world)
    move(world, visit, 1, 13)
    take_back(world, visit)
    move(world, visit, 2, 14)
    assert place(take_back(world, visit))[:2] == ("A1", at(TUESDAY, 9))
    assert take_back(world, visit).status == S.CANCELLED


def test_each_change_is_undone_once_and_the_history_says_by_which(world: World) -> None:
    visit = book(world)
    moved = move(world, visit, 1, 13)
    undo_event(world, moved)
    with pytest.raises(Conflict, match=r"Undone at 08:00 by Scheduler"):
        undo_event(world, moved)
    assert VisitEvent.objects.get(undoes=moved).kind == "undo"
    assert visit.events.filter(kind="move").count() == 1


def test_an_older_change_waits_for_the_newer_one_which_is_named(world: World) -> None:
    visit = book(world)
    first, second = move(world, visit, 1, 13), move(world, visit, 2, 14)
    with pytest.raises(Conflict, match=r"changed again since \(the move by Scheduler .* at 08:00\)\. Undo that first"):
        undo_event(world, first)
    undo_event(world, second)
    assert place(undo_event(world, first))[:2] == ("A1", at(TUESDAY, 9))


def test_a_change_of_another_visit_is_not_found_here(world: World) -> None:
    visit, other = book(world), book(world, course_day=world.another_day(), chair=1, override=UNCOVERED)
    with pytest.raises(NotFound):
        undo(visit=fresh(world, visit), event_id=other.events.all()[0].pk, by=world.scheduler)


def test_without_naming_the_change_the_version_must_be_the_one_shown(world: World) -> None:
    visit = book(world)
    move(world, visit, 1, 13)
    with pytest.raises(Stale, match="changed meanwhile"):
        undo(visit=fresh(world, visit), expected_version=1, by=world.scheduler)


def test_an_undone_booking_stays_undone(world: World) -> None:
    visit = book(world)
    take_back(world, visit)
    assert latest(fresh(world, visit)) is None
    again = book(world)
    assert again.pk != visit.pk


def test_of_eight_hands_one_undoes_and_the_others_are_told(committed_world: World) -> None:
    world = committed_world
    visit = book(world)
    for _ in range(6):
        moved = move(world, visit, 1, 13)
        results = at_once([lambda event=moved: undo_event(world, event) for _ in range(8)])  # type: ignore[misc]
        assert sum(isinstance(one, Visit) for one in results) == 1
        assert all(isinstance(one, Visit | Refusal) for one in results)
        assert place(visit)[:2] == ("A1", at(TUESDAY, 9))
    assert_sound()


def test_undoing_and_moving_at_once_leaves_one_winner(committed_world: World) -> None:
    world = committed_world
    visit = book(world)
    for _ in range(6):
        moved = move(world, visit, 1, 13)
        seen = fresh(world, visit)
        results = at_once(
            [
                lambda event=moved: undo_event(world, event),  # type: ignore[misc]
                lambda shown=seen: booking.move(  # type: ignore[misc]
                    visit=shown,
                    chair=world.chairs[2],
                    start=at(TUESDAY, 15),
                    expected_version=shown.version,
                    by=world.scheduler,
                ),
            ]
        )
        assert sum(isinstance(one, Visit) for one in results) >= 1
        assert all(isinstance(one, Visit | Refusal) for one in results)
        while latest(fresh(world, visit)).kind == "move":  # type: ignore[union-attr]
            take_back(world, visit)
        assert place(visit)[:2] == ("A1", at(TUESDAY, 9))
    assert_sound()


def swap(world: World, one: Visit, two: Visit) -> Visit:
    one, two = fresh(world, one), fresh(world, two)
    return swapping.swap(
        visit=one, other=two, expected_version=one.version, other_version=two.version, by=world.scheduler
    )


@pytest.fixture
def pair(world: World) -> tuple[Visit, Visit]:
    keller = world.another_day(family_name="Keller")
    factories.make_authorization(keller.course.order)
    return book(world), book(world, course_day=keller, chair=1, start=at(TUESDAY, 9, 30))


def test_two_visits_of_the_same_time_change_chairs_in_one_act_and_back(world: World, pair: tuple[Visit, Visit]) -> None:
    one, two = pair
    swap(world, one, two)
    assert (place(one)[:2], place(two)[:2]) == (("A2", at(TUESDAY, 9)), ("A1", at(TUESDAY, 9, 30)))
    assert_sound()
    take_back(world, two)
    assert (place(one)[0], place(two)[0]) == ("A1", "A2")
    assert {latest(fresh(world, visit)).kind for visit in pair} == {"book"}  # type: ignore[union-attr]


def test_a_swap_is_not_half_undone(world: World, pair: tuple[Visit, Visit]) -> None:
    one, two = pair
    swap(world, one, two)
    move(world, two, 2, 14)
    with pytest.raises(Conflict, match=r"Keller, A\., who took the chair, changed since"):
        take_back(world, one)
    assert place(one)[0] == "A2"


def test_a_swap_is_refused_where_one_of_the_two_would_not_fit(world: World, pair: tuple[Visit, Visit]) -> None:
    one, two = pair
    third = book(world, course_day=world.another_day(), chair=0, start=at(TUESDAY, 11), override=UNCOVERED)
    with pytest.raises(Conflict, match=rf"A1 has {third.patient.short_name} 11:00"):
        swap(world, one, two)
    assert (place(one)[0], place(two)[0]) == ("A1", "A2")
    assert one.events.count() == 1


def test_visits_of_different_times_do_not_swap(world: World, pair: tuple[Visit, Visit]) -> None:
    one, two = pair
    move(world, two, 1, 14)
    with pytest.raises(Conflict, match="not in their chairs at the same time"):
        swap(world, one, two)


def test_who_sits_already_does_not_swap(world: World, pair: tuple[Visit, Visit]) -> None:
    one, two = pair
    with time_machine.travel(at(TUESDAY, 9), tick=True):
        run(world, one, S.ARRIVED, S.SEATED)
        with pytest.raises(Conflict, match="is seated and can't change chairs"):
            swap(world, one, two)


def test_swaps_and_moves_at_once_never_seat_two_in_one_chair(committed_world: World) -> None:
    world = committed_world
    one, two = book(world), book(world, course_day=world.another_day(), chair=1, override=UNCOVERED)
    for _ in range(6):
        a, b = fresh(world, one), fresh(world, two)
        versions = {"expected_version": a.version, "other_version": b.version}
        back = {"expected_version": b.version, "other_version": a.version}
        results = at_once(
            [
                lambda a=a, b=b, v=versions: swapping.swap(visit=a, other=b, by=world.scheduler, **v),  # type: ignore[misc]
                lambda a=a, b=b, v=back: swapping.swap(visit=b, other=a, by=world.scheduler, **v),  # type: ignore[misc]
                lambda b=b: booking.move(  # type: ignore[misc]
                    visit=b, chair=world.chairs[2], start=at(TUESDAY, 9), expected_version=b.version, by=world.scheduler
                ),
            ]
        )
        assert all(isinstance(result, Visit | Refusal) for result in results)
        assert sum(isinstance(result, Visit) for result in results) == 1
        assert_sound()
        if fresh(world, two).chair.name == "A3":
            take_back(world, two)


def end_at(world: World, visit: Visit, hour: int, minute: int = 0, **more: object) -> Visit:
    now = fresh(world, visit)
    values = {"visit": now, "end": at(TUESDAY, hour, minute), "expected_version": now.version, "by": world.scheduler}
    return resizing.resize(**values | more)  # type: ignore[arg-type]


def test_an_undone_extension_gives_chair_and_nurses_back(world: World) -> None:
    visit = book(world)
    end_at(world, visit, 11, 30)
    back = take_back(world, visit)
    assert (back.period, back.planned_minutes, back.load_profile) == (visit.period, 120, visit.load_profile)
    assert load_used() == sum(visit.load_profile)


def test_undoing_a_shorter_visit_says_who_has_its_time_now(world: World) -> None:
    visit = book(world)
    end_at(world, visit, 10, 30, override=UNCOVERED)
    book(world, course_day=world.another_day(family_name="Keller"), start=at(TUESDAY, 10, 30), override=UNCOVERED)
    with pytest.raises(Conflict, match=r"Can't undo: .* A1 has Keller, A\. 10:30"):
        take_back(world, visit)
    assert fresh(world, visit).period.upper - visit.period.lower == timedelta(minutes=90)


def test_a_status_and_a_length_are_undone_in_their_order(world: World) -> None:
    visit = book(world)
    with time_machine.travel(at(TUESDAY, 9), tick=True):
        run(world, visit, S.ARRIVED, S.SEATED, S.INFUSING)
        end_at(world, visit, 11, 30)
        run(world, visit, S.OBSERVING)
        assert take_back(world, visit).status == S.INFUSING
        assert take_back(world, visit).period == visit.period
        assert take_back(world, visit).status == S.SEATED


def test_flow_still_names_the_version_of_a_stale_undo(world: World) -> None:
    visit = book(world)
    flow.confirm(visit=fresh(world, visit), by=world.scheduler)
    with pytest.raises(Stale):
        undo(visit=visit, expected_version=visit.version, by=world.scheduler)
