"""Eight clients at once for one place: exactly one winner every round, nobody deadlocks, and SQL finds no overlap.

STORM_TIMES in the environment makes all storms longer (`storms.crowd`).
"""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import timedelta

import pytest

from core.errors import Conflict, Refusal
from regimens.models import CourseDay
from scheduling.models import CapacitySlot, Chair, Visit
from scheduling.services import booking
from scheduling.services.booking import Override
from tests import factories
from tests.factories import at
from tests.scheduling.conftest import TUESDAY, World
from tests.scheduling.invariants import assert_sound
from tests.scheduling.storms import crowd

CLIENTS = 8
ROUNDS = crowd.rounds(8)
UNCOVERED = Override("no authorization yet")
__all__ = ["CLIENTS", "ROUNDS", "UNCOVERED", "assert_sound", "at_once"]

Attempt = Callable[[], Visit]


def at_once(attempts: Sequence[Attempt]) -> list[Visit | BaseException]:
    """Run the attempts at the same moment, each on a connection of its own."""
    return crowd.at_once(*attempts)


def attempt(world: World, day: CourseDay, chair: Chair, hour: int, minute: int = 0) -> Attempt:
    return lambda: booking.book(
        course_day=day, chair=chair, start=at(TUESDAY, hour, minute), by=world.scheduler, override=UNCOVERED
    )


def outcome(results: list[Visit | BaseException]) -> Counter[str]:
    return Counter("won" if isinstance(r, Visit) else type(r).__name__ for r in results)


def clear(results: list[Visit | BaseException], world: World) -> None:
    for visit in results:
        if isinstance(visit, Visit):
            booking.cancel(visit=visit, reason="next round", expected_version=visit.version, by=world.scheduler)


def refusals(results: list[Visit | BaseException]) -> list[str]:
    return [result.sentence for result in results if isinstance(result, Refusal)]


@pytest.fixture
def rivals(committed_world: World) -> list[CourseDay]:
    """Course days of eight patients, who all want the same place."""
    CapacitySlot.objects.update(load_cap=10_000, starts_cap=100)
    return [committed_world.another_day() for _ in range(CLIENTS)]


def test_eight_schedulers_want_one_chair(committed_world: World, rivals: list[CourseDay]) -> None:
    for _ in range(ROUNDS):
        results = at_once([attempt(committed_world, day, committed_world.chairs[0], 9) for day in rivals])
        assert outcome(results) == {"won": 1, "Conflict": CLIENTS - 1}
        assert all("A1" in sentence for sentence in refusals(results))
        clear(results, committed_world)
    assert_sound()


def test_eight_schedulers_want_overlapping_times(committed_world: World, rivals: list[CourseDay]) -> None:
    for _ in range(ROUNDS):
        results = at_once(
            [
                attempt(committed_world, day, committed_world.chairs[0], 9, minute=15 * (number % 4))
                for number, day in enumerate(rivals)
            ]
        )
        assert outcome(results) == {"won": 1, "Conflict": CLIENTS - 1}
        clear(results, committed_world)
    assert_sound()


def test_one_patient_is_wanted_in_eight_places(committed_world: World) -> None:
    CapacitySlot.objects.update(load_cap=10_000, starts_cap=100)
    world = committed_world
    chairs = Chair.objects.bulk_create(
        Chair(clinic=world.clinic, name=f"B{number}", position=10 + number) for number in range(CLIENTS)
    )
    days = [factories.make_course_day(world.order, TUESDAY) for _ in range(CLIENTS)]
    for _ in range(ROUNDS):
        results = at_once(
            [
                attempt(world, day, chair, 9, minute=15 * (number % 3))
                for number, (day, chair) in enumerate(zip(days, chairs, strict=True))
            ]
        )
        assert outcome(results) == {"won": 1, "Conflict": CLIENTS - 1}
        clear(results, world)
    assert_sound()


def test_nobody_loses_who_wants_a_place_of_their_own(committed_world: World) -> None:
    CapacitySlot.objects.update(load_cap=10_000, starts_cap=100)
    world = committed_world
    chairs = Chair.objects.bulk_create(
        Chair(clinic=world.clinic, name=f"B{number}", position=10 + number) for number in range(CLIENTS)
    )
    days = [world.another_day() for _ in range(CLIENTS)]
    for _ in range(ROUNDS):
        results = at_once([attempt(world, day, chair, 9) for day, chair in zip(days, chairs, strict=True)])
        assert outcome(results) == {"won": CLIENTS}
        clear(results, world)
    assert_sound()


def test_the_last_of_the_nurses_time_goes_to_one(committed_world: World) -> None:
    world = committed_world
    chairs = Chair.objects.bulk_create(
        Chair(clinic=world.clinic, name=f"B{number}", position=10 + number) for number in range(CLIENTS)
    )
    days = [world.another_day() for _ in range(CLIENTS)]
    for day in days:
        factories.make_authorization(day.course.order)
    CapacitySlot.objects.update(load_cap=100, starts_cap=1)
    for _ in range(ROUNDS // 2):
        results = at_once(
            [
                lambda day=day, chair=chair: booking.book(  # type: ignore[misc]
                    course_day=day, chair=chair, start=at(TUESDAY, 9), by=world.scheduler
                )
                for day, chair in zip(days, chairs, strict=True)
            ]
        )
        assert outcome(results)["won"] == 1
        assert all(isinstance(result, Visit | Conflict) for result in results)
        clear(results, world)
    assert_sound()


def test_two_movers_of_one_visit_never_both_win(committed_world: World) -> None:
    world = committed_world
    CapacitySlot.objects.update(load_cap=10_000, starts_cap=100)
    visit = booking.book(course_day=world.course_day, chair=world.chairs[0], start=at(TUESDAY, 9), by=world.scheduler)
    for number in range(ROUNDS):
        start = at(TUESDAY, 9) + timedelta(minutes=15 * (number % 12 + 1))
        results = at_once(
            [
                lambda chair=chair, seen=visit, start=start: booking.move(  # type: ignore[misc]
                    visit=seen, chair=chair, start=start, expected_version=seen.version, by=world.scheduler
                )
                for chair in world.chairs * 2
            ]
        )
        winners = [result for result in results if isinstance(result, Visit)]
        assert len(winners) == 1
        assert outcome(results)["Stale"] == len(results) - 1
        visit = winners[0]
    assert_sound()
