"""Swaps in a crowd: both visits change chairs or neither does, and nobody waits in a circle."""

from functools import partial

from scheduling.models import Visit
from scheduling.services import swapping
from scheduling.services import undo as undoing
from tests.scheduling.conftest import World
from tests.scheduling.storms.crowd import Act, at_once, winner, winners
from tests.scheduling.storms.scenes import NINE, ONE, ROUNDS, WHY, cancel, clear_day, fresh, move, seated, whole


def swap(world: World, one: Visit, two: Visit) -> Act:
    return partial(
        swapping.swap,
        visit=one,
        other=two,
        expected_version=one.version,
        other_version=two.version,
        by=world.scheduler,
        override=WHY,
    )


def chairs(world: World, found: list[Visit]) -> list[str]:
    return [fresh(world.clinic, visit).chair.name for visit in found]


def test_eight_people_swap_the_same_two_from_both_ends(stormy: World) -> None:
    one, two = seated(stormy, stormy.chairs[:2])
    for turn in range(ROUNDS):
        one, two = fresh(stormy.clinic, one), fresh(stormy.clinic, two)
        winner(at_once(*[swap(stormy, one, two), swap(stormy, two, one)] * 4))
        assert chairs(stormy, [one, two]) == (["A1", "A2"] if turn % 2 else ["A2", "A1"])


def test_swaps_in_a_ring_let_one_pair_change(stormy: World) -> None:
    for _ in range(ROUNDS):
        found = seated(stormy, stormy.chairs[:3])
        one, two, three = found
        won = winner(at_once(swap(stormy, one, two), swap(stormy, two, three), swap(stormy, three, one)))
        assert chairs(stormy, found) == [["A2", "A1", "A3"], ["A1", "A3", "A2"], ["A3", "A2", "A1"]][won]
        clear_day(stormy)


def test_swaps_of_other_pairs_all_go_through(stormy: World) -> None:
    found = seated(stormy, stormy.chairs[:8])
    for _ in range(ROUNDS):
        found = [fresh(stormy.clinic, visit) for visit in found]
        pairs = [(found[number], found[number + 1]) for number in range(0, 8, 2)]
        acts = [swap(stormy, *(pair if number % 2 else pair[::-1])) for number, pair in enumerate(pairs)]
        assert len(winners(at_once(*acts))) == 4


def test_a_swap_and_a_move_or_the_end_of_one_of_them(stormy: World) -> None:
    for turn in range(ROUNDS):
        one, two = seated(stormy, stormy.chairs[:2])
        before = whole(one, two)
        other = cancel(stormy, two) if turn % 2 else move(stormy, two, stormy.chairs[2], ONE)
        won = winner(at_once(swap(stormy, one, two), other))
        assert won == 0 or whole(one) == {one.id: before[one.id]}
        clear_day(stormy)


def test_a_swap_and_a_third_who_wants_one_of_the_chairs(stormy: World) -> None:
    for _ in range(ROUNDS):
        one, two = seated(stormy, stormy.chairs[:2])
        [third] = seated(stormy, stormy.chairs[2:3])
        before = whole(third)
        assert winners(at_once(swap(stormy, one, two), move(stormy, third, stormy.chairs[0], NINE))) == [0]
        assert whole(third) == before
        clear_day(stormy)


def test_a_swap_is_undone_once_from_either_end(stormy: World) -> None:
    for _ in range(ROUNDS):
        one, two = seated(stormy, stormy.chairs[:2])
        swap(stormy, one, two)()
        ends = [fresh(stormy.clinic, visit) for visit in (one, two)]
        undo = [
            partial(undoing.undo, visit=visit, expected_version=visit.version, by=stormy.scheduler) for visit in ends
        ]
        winner(at_once(*undo * 2))
        assert chairs(stormy, [one, two]) == ["A1", "A2"]
        clear_day(stormy)
