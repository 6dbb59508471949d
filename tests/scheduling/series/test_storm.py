"""Two and more series at once for the same chairs: one winner for every place, nobody deadlocks, nothing by halves."""

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier

import pytest
import time_machine
from django.db import connection

from core.errors import Conflict
from scheduling.models import CapacitySlot, Chair, Visit
from scheduling.queries import series as reading
from scheduling.services import booking, series
from scheduling.services.booking import Override
from scheduling.services.booking_many import Move
from scheduling.services.series import Series
from tests.scheduling.series.scenes import Regimen, make_regimen, picks
from tests.scheduling.test_storm import assert_sound

ROUNDS = 3
UNCOVERED = Override("no authorization yet")


@pytest.fixture
def rivals(transactional_db: None) -> Iterator[list[Regimen]]:
    """Four patients with the same five courses at a clinic of three chairs."""
    with time_machine.travel(datetime(2026, 3, 2, 14, 0, tzinfo=UTC), tick=True):
        first = make_regimen(courses=5)
        yield [first, *(make_regimen(first.clinic, courses=5) for _ in range(3))]


def at_once(acts: list[Callable[[], object]]) -> Counter[str]:
    """Run `acts` at the same moment, each on a connection of its own; how they ended."""
    barrier = Barrier(len(acts))

    def run(act: Callable[[], object]) -> str:
        try:
            barrier.wait()
            act()
        except Exception as problem:  # the outcome is what the test looks at
            return type(problem).__name__
        finally:
            connection.close()
        return "won"

    with ThreadPoolExecutor(len(acts)) as pool:
        return Counter(pool.map(run, acts))


def undo(regimen: Regimen) -> None:
    """Take back whatever is booked, so that the next round begins afresh."""
    for series_id in set(Visit.objects.filter(status="booked").values_list("series_id", flat=True)):
        if series_id is not None:
            series.undo_series(clinic=regimen.clinic, series_id=series_id, by=regimen.scheduler)


def test_series_that_want_the_same_places_have_one_winner_and_no_halves(rivals: list[Regimen]) -> None:
    plans = [picks(rival.plan()) for rival in rivals]
    assert len({(pick.chair.id, pick.start) for plan in plans for pick in plan}) == 5
    for _ in range(ROUNDS):
        ended = at_once(
            [
                lambda rival=rival, plan=plan: series.book_series(  # type: ignore[misc]
                    order=rival.order, picks=plan, by=rival.scheduler, override=UNCOVERED
                )
                for rival, plan in zip(rivals, plans, strict=True)
            ]
        )
        assert ended == {"won": 1, "Conflict": 3}
        assert Visit.objects.filter(status="booked").count() == 5
        undo(rivals[0])
    assert_sound()


def test_series_that_want_places_in_opposite_order_never_deadlock(rivals: list[Regimen]) -> None:
    plans = [picks(rival.plan()) for rival in rivals]
    for number, (rival, plan) in enumerate(zip(rivals, plans, strict=True)):
        chair = rival.chairs[number % 3]
        plans[number] = [
            series.Pick(course_day=pick.course_day, chair=chair, start=pick.start + timedelta(hours=3 * (number // 3)))
            for pick in (plan if number % 2 else reversed(plan))
        ]
    for _ in range(ROUNDS):
        ended = at_once(
            [
                lambda rival=rival, plan=plan: series.book_series(  # type: ignore[misc]
                    order=rival.order, picks=plan, by=rival.scheduler, override=UNCOVERED
                )
                for rival, plan in zip(rivals, plans, strict=True)
            ]
        )
        assert ended == {"won": 4}
        undo(rivals[0])
    assert_sound()
    assert not CapacitySlot.objects.filter(load_used__gt=0).exists()


def test_two_series_move_onto_the_places_of_one_chair(rivals: list[Regimen]) -> None:
    free = Chair.objects.select_related("clinic").get(pk=rivals[0].chairs[2].pk)
    booked: list[Series] = []
    for rival, chair in zip(rivals, rivals[0].chairs[:2], strict=False):
        plan = [series.Pick(course_day=p.course_day, chair=chair, start=p.start) for p in picks(rival.plan())]
        booked.append(series.book_series(order=rival.order, picks=plan, by=rival.scheduler, override=UNCOVERED))

    def move_all(one: Series, regimen: Regimen) -> None:
        moves = [
            Move(visit=visit, chair=free, start=visit.period.lower, expected_version=visit.version)
            for visit in reading.visits_of(regimen.clinic, one.pk)
        ]
        series.move_series(moves=moves, by=regimen.scheduler, override=UNCOVERED)

    starts = {visit.period.lower for one in booked for visit in one.visits}
    assert len(starts) == 5
    ended = at_once([lambda one=one: move_all(one, rivals[0]) for one in booked])  # type: ignore[misc]
    assert ended == {"won": 1, "Conflict": 1}
    chairs = Counter(Visit.objects.filter(status="booked").values_list("chair__name", flat=True))
    assert sorted(chairs.values()) == [5, 5]
    assert chairs["A3"] == 5
    assert_sound()


def test_a_single_booking_and_a_series_want_one_place(rivals: list[Regimen]) -> None:
    plan, single = picks(rivals[0].plan()), rivals[1]
    day, wanted = single.day(3), plan[2]
    for _ in range(ROUNDS):
        ended = at_once(
            [
                lambda: series.book_series(
                    order=rivals[0].order, picks=plan, by=rivals[0].scheduler, override=UNCOVERED
                ),
                lambda: booking.book(
                    course_day=day, chair=wanted.chair, start=wanted.start, by=single.scheduler, override=UNCOVERED
                ),
            ]
        )
        assert ended == {"won": 1, Conflict.__name__: 1}
        assert Visit.objects.filter(status="booked").count() in {1, 5}
        undo(rivals[0])
        for visit in Visit.objects.filter(status="booked"):
            booking.cancel(visit=visit, reason="again", expected_version=visit.version, by=single.scheduler)
    assert_sound()
