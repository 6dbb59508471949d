"""Many moves at once: one visit gets the place, and every other keeps its own, to the last column."""

from functools import partial

from core.errors import Conflict, NeedsReason, Stale
from scheduling.domain.statuses import VisitStatus
from scheduling.models import CapacitySlot
from scheduling.services import booking, flow, resizing
from scheduling.services import undo as undoing
from tests import factories
from tests.factories import at
from tests.scheduling.conftest import TUESDAY, World
from tests.scheduling.machine.ward import later
from tests.scheduling.storms.crowd import at_once, tally, winner, winners
from tests.scheduling.storms.scenes import (
    NINE,
    ONE,
    ROUNDS,
    book,
    cancel,
    clear_day,
    covered_day,
    fresh,
    move,
    seated,
    whole,
)


def test_eight_visits_want_one_place_and_seven_keep_theirs(stormy: World) -> None:
    found = seated(stormy, stormy.chairs[1:])
    for _ in range(ROUNDS):
        before = whole(*found)
        results = at_once(*[move(stormy, visit, stormy.chairs[0], ONE) for visit in found])
        won = winner(results)
        assert tally(results) == {"won": 1, "Conflict": len(found) - 1}
        losers = [visit for number, visit in enumerate(found) if number != won]
        assert whole(*losers) == {visit.id: before[visit.id] for visit in losers}
        place = fresh(stormy.clinic, found[won])
        assert (place.chair_id, place.period.lower) == (stormy.chairs[0].id, ONE)
        found[won] = move(stormy, place, stormy.chairs[1 + won], NINE)()
        found[won] = fresh(stormy.clinic, found[won])


def test_places_that_overlap_go_to_one(stormy: World) -> None:
    found = seated(stormy, stormy.chairs[1:])
    for _ in range(ROUNDS):
        results = at_once(
            *[move(stormy, visit, stormy.chairs[0], later(ONE, number % 4)) for number, visit in enumerate(found)]
        )
        won = winner(results)
        found[won] = fresh(stormy.clinic, found[won])
        found[won] = fresh(stormy.clinic, move(stormy, found[won], stormy.chairs[1 + won], NINE)())


def test_moves_and_bookings_fight_for_one_place(stormy: World) -> None:
    movers, newcomers = seated(stormy, stormy.chairs[1:5]), [covered_day(stormy) for _ in range(4)]
    for _ in range(ROUNDS):
        results = at_once(
            *[move(stormy, fresh(stormy.clinic, visit), stormy.chairs[0], ONE) for visit in movers],
            *[book(stormy, day, stormy.chairs[0], ONE) for day in newcomers],
        )
        won = winner(results)
        if won < len(movers):
            move(stormy, fresh(stormy.clinic, movers[won]), stormy.chairs[1 + won], NINE)()
        else:
            cancel(stormy, fresh(stormy.clinic, results[won]))()


def test_moves_in_a_ring_never_wait_in_a_circle(stormy: World) -> None:
    """Everybody wants the place of the next; one place is free, so between one and all of them get there."""
    for turn in range(ROUNDS):
        found = seated(stormy, stormy.chairs[:6])
        ring = [*stormy.chairs[1:6], stormy.chairs[6 if turn % 2 else 0]]
        results = at_once(
            *[move(stormy, visit, chair, visit.period.lower) for visit, chair in zip(found, ring, strict=True)]
        )
        won = winners(results)
        assert bool(won) is bool(turn % 2)
        assert all(isinstance(results[number], Conflict) for number in range(6) if number not in won)
        clear_day(stormy)


def test_one_visit_is_moved_cancelled_confirmed_and_lengthened_at_once(stormy: World) -> None:
    for _ in range(ROUNDS):
        [visit] = seated(stormy, stormy.chairs[:1])
        results = at_once(
            move(stormy, visit, stormy.chairs[1], ONE),
            move(stormy, visit, stormy.chairs[2], NINE),
            cancel(stormy, visit),
            partial(flow.confirm, visit=visit, by=stormy.scheduler),
            partial(
                resizing.resize,
                visit=visit,
                end=later(visit.period.upper, 1),
                expected_version=visit.version,
                by=stormy.scheduler,
            ),
            partial(undoing.undo, visit=visit, expected_version=visit.version, by=stormy.scheduler),
        )
        assert results[winner(results)].version == visit.version + 1
        clear_day(stormy)


def test_one_patient_can_t_be_moved_to_two_places_of_one_time(stormy: World) -> None:
    day = covered_day(stormy)
    days = [day, *(factories.make_course_day(day.course.order, TUESDAY) for _ in range(3))]
    found = [book(stormy, one, stormy.chairs[1], at(TUESDAY, 7 + 2 * number))() for number, one in enumerate(days)]
    for _ in range(ROUNDS):
        found = [fresh(stormy.clinic, visit) for visit in found]
        before = whole(*found)
        results = at_once(
            *[
                move(stormy, visit, stormy.chairs[2 + number], later(at(TUESDAY, 15), number % 2))
                for number, visit in enumerate(found)
            ]
        )
        won = winner(results)
        losers = [visit for number, visit in enumerate(found) if number != won]
        assert whole(*losers) == {visit.id: before[visit.id] for visit in losers}
        move(stormy, results[won], stormy.chairs[1], at(TUESDAY, 7 + 2 * won))()


def test_the_last_of_the_nurses_time_goes_to_one_mover(stormy: World) -> None:
    found = seated(stormy, stormy.chairs[1:])
    CapacitySlot.objects.filter(starts_at__gte=ONE).update(load_cap=100, starts_cap=1)
    for _ in range(ROUNDS):
        results = at_once(
            *[
                partial(
                    booking.move,
                    visit=visit,
                    chair=visit.chair,
                    start=ONE,
                    expected_version=visit.version,
                    by=stormy.scheduler,
                )
                for visit in found
            ]
        )
        won = winner(results)
        assert all(isinstance(one, NeedsReason) for number, one in enumerate(results) if number != won)
        found[won] = fresh(stormy.clinic, move(stormy, results[won], found[won].chair, NINE)())


def test_arriving_and_moving_at_once_leave_one_of_them(stormy: World) -> None:
    early = at(TUESDAY.replace(day=2), 8)
    for _ in range(ROUNDS):
        [visit] = seated(stormy, stormy.chairs[:1], start=early)
        results = at_once(
            partial(
                flow.advance,
                visit=visit,
                to=VisitStatus.ARRIVED,
                expected_version=visit.version,
                by=stormy.scheduler,
            ),
            move(stormy, visit, stormy.chairs[1], early),
            cancel(stormy, visit),
        )
        won = winner(results)
        assert all(isinstance(one, Stale | Conflict) for number, one in enumerate(results) if number != won), results
        assert fresh(stormy.clinic, visit).version == visit.version + 1
        left = fresh(stormy.clinic, visit)
        if left.status != VisitStatus.CANCELLED:
            cancel(stormy, left)()
