"""Whole series in a crowd: all of a series or nothing, and who is refused keeps every one of the old places."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from uuid import UUID

import pytest
import time_machine

from scheduling.models import Chair, Visit
from scheduling.queries import series as reading
from scheduling.queries import visits
from scheduling.services import booking, held_places, series
from scheduling.services.booking_many import Move
from scheduling.services.series import Pick, Series
from tests.scheduling import invariants
from tests.scheduling.machine.ward import later
from tests.scheduling.series.scenes import Regimen, make_regimen, picks
from tests.scheduling.storms.crowd import Act, at_once, winner, winners
from tests.scheduling.storms.scenes import WHY, whole

ROUNDS = 3
COURSES = 4


@dataclass
class Ranks:
    """Four patients with the same courses, each with a series in a chair of their own; A1 is free."""

    regimens: list[Regimen]
    free: Chair
    series: list[UUID]

    def visits(self, number: int) -> list[Visit]:
        """The visits of one series, as they are now."""
        found = reading.visits_of(self.regimens[0].clinic, self.series[number])
        return [visit for visit in found if visit.status != "cancelled"]

    def move(self, number: int, chair: Chair, quarters: int = 0) -> Act:
        moves = [
            Move(
                visit=visit,
                chair=chair,
                start=later(visit.period.lower, quarters),
                expected_version=visit.version,
            )
            for visit in self.visits(number)
        ]
        return partial(series.move_series, moves=moves, by=self.regimens[0].scheduler, override=WHY)

    def move_one(self, visit: Visit, chair: Chair) -> Act:
        return partial(
            booking.move,
            visit=visit,
            chair=chair,
            start=visit.period.lower,
            expected_version=visit.version,
            by=self.regimens[0].scheduler,
            override=WHY,
        )

    def undo(self, number: int) -> Act:
        one = self.regimens[number]
        return partial(series.undo_series, clinic=one.clinic, series_id=self.series[number], by=one.scheduler)

    def book(self, number: int, chair: Chair) -> Series:
        one = self.regimens[number]
        return series.book_series(order=one.order, picks=self.picks(number, chair), by=one.scheduler, override=WHY)

    def picks(self, number: int, chair: Chair) -> list[Pick]:
        return [
            Pick(course_day=pick.course_day, chair=chair, start=pick.start)
            for pick in picks(self.regimens[number].plan())
        ]


@pytest.fixture
def ranks(transactional_db: None) -> Iterator[Ranks]:
    with time_machine.travel(datetime(2026, 3, 2, 14, 0, tzinfo=UTC), tick=True):
        first = make_regimen(courses=COURSES)
        Chair.objects.bulk_create(Chair(clinic=first.clinic, name=f"B{n}", position=10 + n) for n in range(3))
        regimens = [first, *(make_regimen(first.clinic, courses=COURSES) for _ in range(3))]
        chairs = sorted(visits.chairs_by_id(first.clinic).values(), key=lambda chair: chair.position)
        found = Ranks(regimens, chairs[0], [])
        # Each was planned while the clinic was empty, so all want the same times.
        plans = [found.picks(number, chairs[1 + number]) for number in range(4)]
        for one, plan in zip(regimens, plans, strict=True):
            made = series.book_series(order=one.order, picks=plan, by=one.scheduler, override=WHY)
            found.series.append(made.pk)
        with invariants.no_deadlock():
            yield found
        invariants.assert_sound()


def test_four_series_move_to_one_chair_and_three_keep_every_place(ranks: Ranks) -> None:
    for _ in range(ROUNDS):
        before = [whole(*ranks.visits(number)) for number in range(4)]
        homes = [ranks.visits(number)[0].chair for number in range(4)]
        won = winner(at_once(*[ranks.move(number, ranks.free) for number in range(4)]))
        for number in range(4):
            assert (whole(*ranks.visits(number)) == before[number]) is (number != won)
        assert {visit.chair_id for visit in ranks.visits(won)} == {ranks.free.id}
        ranks.move(won, visits.get_chair(ranks.regimens[0].clinic, homes[won].id))()


def test_a_series_and_single_visits_want_the_same_places(ranks: Ranks) -> None:
    """One place lost to a single visit is enough for the whole series to stay."""
    for turn in range(ROUNDS):
        mine, single = ranks.visits(0), ranks.visits(1)[turn]
        home, before = mine[0].chair, whole(*mine)
        won = winner(at_once(ranks.move(0, ranks.free), ranks.move_one(single, ranks.free)))
        if won == 1:
            assert whole(*ranks.visits(0)) == before
            ranks.move_one(ranks.visits(1)[turn], single.chair)()
        else:
            ranks.move(0, home)()


def test_a_series_moves_while_one_of_its_visits_does(ranks: Ranks) -> None:
    for turn in range(ROUNDS):
        mine = ranks.visits(0)
        home, before = mine[0].chair, whole(*mine)
        results = at_once(
            ranks.move(0, ranks.free, quarters=4),
            ranks.move_one(mine[turn], ranks.free),
            partial(
                booking.cancel,
                visit=mine[-1],
                reason="Ill.",
                expected_version=mine[-1].version,
                by=ranks.regimens[0].scheduler,
            )
            if turn == ROUNDS - 1
            else ranks.move_one(mine[turn], ranks.free),
        )
        won = winners(results)
        after = whole(*mine)
        changed = {key for key in before if before[key] != after[key]}
        assert changed == ({visit.id for visit in mine} if 0 in won else changed)
        assert 0 not in won or won == [0]
        assert 0 in won or len(changed) == len(won)
        if turn < ROUNDS - 1:
            _home(ranks, home)


def _home(ranks: Ranks, home: Chair) -> None:
    """Bring every visit of the first series back to its first chair, at the time of the others."""
    starts = [visit.period.lower for visit in ranks.visits(1)]
    moves = [
        Move(visit=visit, chair=home, start=start, expected_version=visit.version)
        for visit, start in zip(ranks.visits(0), starts, strict=True)
    ]
    series.move_series(moves=moves, by=ranks.regimens[0].scheduler, override=WHY)


def test_series_that_want_each_other_s_chair_all_stay(ranks: Ranks) -> None:
    before = [whole(*ranks.visits(number)) for number in range(4)]
    chairs = [ranks.visits(number)[0].chair for number in range(4)]
    for _ in range(ROUNDS):
        results = at_once(*[ranks.move(number, chairs[(number + 1) % 4]) for number in range(4)])
        assert winners(results) == []
        assert [whole(*ranks.visits(number)) for number in range(4)] == before


def test_booking_a_series_holding_and_booking_one_of_its_places(ranks: Ranks) -> None:
    first, second = ranks.regimens[:2]
    for number in (0, 1):
        ranks.undo(number)()
    plan, other = ranks.picks(0, ranks.free), ranks.picks(1, ranks.free)
    for turn in range(ROUNDS):
        results = at_once(
            partial(series.book_series, order=first.order, picks=plan, by=first.scheduler, override=WHY),
            partial(series.book_series, order=second.order, picks=other, by=second.scheduler, override=WHY),
            partial(
                held_places.hold,
                course_day=other[turn].course_day,
                chair=ranks.free,
                start=other[turn].start,
                by=second.scheduler,
                override=WHY,
            ),
        )
        won = winner(results)
        there = Visit.objects.filter(chair=ranks.free, status__in=["booked", "held"])
        assert there.count() == (1 if won == 2 else COURSES)
        for visit in there:
            booking.cancel(visit=visit, reason="Again.", expected_version=visit.version, by=first.scheduler)


def test_a_series_is_taken_back_once_and_whole(ranks: Ranks) -> None:
    """Taking it back, moving it and moving one of its visits: whatever comes first, nothing stays by halves."""
    for number in range(ROUNDS):
        mine = ranks.visits(number)
        results = at_once(
            ranks.undo(number),
            ranks.undo(number),
            ranks.move(number, ranks.free),
            ranks.move_one(mine[0], ranks.free),
        )
        won = winners(results)
        left = len(ranks.visits(number))
        assert left == (0 if {0, 1} & set(won) else COURSES)
        assert not {0, 1} <= set(won)
        for visit in ranks.visits(number):
            booking.cancel(visit=visit, reason="Again.", expected_version=visit.version, by=ranks.regimens[0].scheduler)
