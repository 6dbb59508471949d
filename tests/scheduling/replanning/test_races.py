"""Two people and one changed plan at the same moment: one wins, the other is told, nothing is half done."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection

from core.errors import Busy, Refusal
from regimens.services import replanning
from scheduling.models import CapacitySlot, PlanDecision
from scheduling.services import booking, plan_changes, reanchoring
from scheduling.services.booking import Override
from tests.scheduling.replanning.scenes import Scene, fresh, react, scene
from tests.scheduling.test_storm import assert_sound

pytestmark = pytest.mark.django_db(transaction=True)
ROUNDS = 6


def at_once(*acts: Callable[[], object]) -> list[object]:
    """Run the acts at the same moment, each on a connection of its own; what each answered or raised."""
    barrier = Barrier(len(acts))

    def run(act: Callable[[], object]) -> object:
        try:
            barrier.wait()
            return act()
        except Exception as problem:
            return problem
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


def winners(results: list[object]) -> int:
    unexpected = [one for one in results if isinstance(one, Exception) and not isinstance(one, Refusal)]
    assert unexpected == []
    assert not any(isinstance(one, Busy) for one in results)
    return sum(1 for one in results if not isinstance(one, Exception))


def agrees(found: Scene) -> bool:
    """Whether the visit is as long, and holds as many units, as its course day says."""
    visit = found.visit
    return (visit.planned_minutes, visit.units) == (visit.course_day.chair_minutes, visit.course_day.units)


def test_following_and_moving_at_once_have_one_winner() -> None:
    found = scene()
    CapacitySlot.objects.update(load_cap=10_000, starts_cap=100)
    react(found)
    seen, before, target = found.difference(), found.visit, found.target()
    results = at_once(
        lambda: plan_changes.follow(
            order=found.order, number=2, expected=seen.fingerprint, targets=[target], by=found.by
        ),
        lambda: booking.move(
            visit=before,
            chair=found.chairs[1],
            start=before.period.lower,
            expected_version=before.version,
            by=found.by,
            override=Override("a test"),
        ),
    )
    assert winners(results) == 1
    has_followed = PlanDecision.objects.filter(order=found.order).exists()
    assert has_followed is not isinstance(results[0], Exception)
    assert bool(replanning.difference(found.order).of(2)) is not has_followed
    assert agrees(found)
    assert_sound()


def test_two_people_deciding_differently_have_one_winner() -> None:
    found = scene()
    CapacitySlot.objects.update(load_cap=10_000, starts_cap=100)
    react(found)
    seen, target = found.difference(), found.target()
    results = at_once(
        *[
            lambda: plan_changes.follow(
                order=found.order, number=2, expected=seen.fingerprint, targets=[target], by=found.by
            )
        ]
        * 4
    )
    assert winners(results) == 1
    assert found.visit.version == target.version + 1
    assert PlanDecision.objects.filter(order=found.order).count() == 1
    assert agrees(found)
    assert_sound()


def test_deciding_moving_and_recalculating_never_wait_for_each_other_in_a_circle() -> None:
    found = scene(booked=(2, 3))
    CapacitySlot.objects.update(load_cap=10_000, starts_cap=100)
    react(found)
    seen, target = found.difference(), found.target()
    third = fresh(found.visits[1])
    tally: Counter[int] = Counter()
    for number in range(ROUNDS):
        other = fresh(third)
        results = at_once(
            lambda: plan_changes.follow(
                order=found.order, number=2, expected=seen.fingerprint, targets=[target], by=found.by
            ),
            lambda other=other, number=number: booking.move(  # type: ignore[misc]
                visit=other,
                chair=found.chairs[number % 2],
                start=other.period.lower,
                expected_version=other.version,
                by=found.by,
                override=Override("a test"),
            ),
            lambda: reanchoring.recalculate(order=found.order, by=found.by),
        )
        tally[winners(results)] += 1
    assert sum(tally.values()) == ROUNDS
    assert agrees(found)
    assert not replanning.difference(found.order)
    assert_sound()
