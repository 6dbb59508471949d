"""Holds in a crowd: a place is held once, a dead hold is taken once, and what is held ends in one way."""

from datetime import timedelta
from functools import partial
from typing import Any

from core import clock
from core.actor import system
from regimens.models import CourseDay
from scheduling.models import Chair, Visit, VisitEvent
from scheduling.services import backfill, held_places, holds
from tests.scheduling.conftest import World
from tests.scheduling.storms.crowd import Act, at_once, tally, winner, winners
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

CROWD = 8


def hold(world: World, day: CourseDay, chair: Chair) -> Act:
    return partial(held_places.hold, course_day=day, chair=chair, start=ONE, by=world.scheduler)


def held(world: World, day: CourseDay) -> Visit:
    return fresh(world.clinic, hold(world, day, world.chairs[0])())


def test_eight_people_hold_one_place(stormy: World) -> None:
    days = [covered_day(stormy) for _ in range(CROWD)]
    for _ in range(ROUNDS):
        results = at_once(*[hold(stormy, day, stormy.chairs[0]) for day in days])
        assert tally(results) == {"won": 1, "Conflict": CROWD - 1}
        clear_day(stormy)


def test_holding_booking_and_moving_to_one_place(stormy: World) -> None:
    days, movers = [covered_day(stormy) for _ in range(6)], seated(stormy, stormy.chairs[1:3])
    for _ in range(ROUNDS):
        movers = [fresh(stormy.clinic, visit) for visit in movers]
        before = whole(*movers)
        results = at_once(
            *[hold(stormy, day, stormy.chairs[0]) for day in days[:3]],
            *[book(stormy, day, stormy.chairs[0], ONE) for day in days[3:]],
            *[move(stormy, visit, stormy.chairs[0], ONE) for visit in movers],
        )
        won = winner(results)
        if won < len(days):
            assert whole(*movers) == before
            cancel(stormy, fresh(stormy.clinic, results[won]))()
        else:
            mover = movers[won - len(days)]
            move(stormy, fresh(stormy.clinic, mover), mover.chair, NINE)()


def test_a_hold_that_ran_out_is_taken_by_one(stormy: World) -> None:
    """The first to lock it ends the dead hold and has the place; a sweep at the same moment takes it from nobody."""
    days, last = [covered_day(stormy) for _ in range(CROWD - 1)], covered_day(stormy)
    for _ in range(ROUNDS):
        dead = held(stormy, last)
        Visit.objects.filter(pk=dead.pk).update(hold_until=clock.now() - timedelta(minutes=1))
        results = at_once(
            *[book(stormy, day, stormy.chairs[0], ONE) for day in days],
            partial(holds.expire, by=system("holds")),
        )
        assert winner(results[:-1]) is not None
        assert winners(results)[-1] == CROWD - 1
        assert list(dead.events.order_by("at").values_list("kind", flat=True)) == ["hold", "let_go"]
        clear_day(stormy)


def test_what_is_held_ends_in_one_way(stormy: World) -> None:
    day = covered_day(stormy)
    for _ in range(ROUNDS):
        found = held(stormy, day)
        known: dict[str, Any] = {"visit": found, "expected_version": found.version, "by": stormy.scheduler}
        results = at_once(
            *[partial(held_places.book, **known)] * 3,
            *[partial(holds.let_go, **known)] * 3,
            move(stormy, found, stormy.chairs[1], ONE),
        )
        winner(results)
        assert VisitEvent.objects.filter(visit=found).count() == 2
        clear_day(stormy)


def test_booking_what_is_held_and_its_end_at_once(stormy: World) -> None:
    """Two sweeps and a booking on the last second: booked or let go, never both, and nobody crashes."""
    day = covered_day(stormy)
    for _ in range(ROUNDS):
        found = held(stormy, day)
        Visit.objects.filter(pk=found.pk).update(hold_until=clock.now() + timedelta(milliseconds=15))
        winners(
            at_once(
                partial(held_places.book, visit=found, expected_version=found.version, by=stormy.scheduler),
                backfill.sweep_all,
                backfill.sweep_all,
            )
        )
        backfill.sweep_all()
        kinds = list(found.events.order_by("at").values_list("kind", flat=True))
        assert kinds in (["hold", "book"], ["hold", "let_go"])
        clear_day(stormy)
