"""What the repair of an upset day never does, whatever the day looks like."""

from datetime import datetime
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as some

from core.intervals import Interval
from scheduling.domain.repair import Repair, plan
from scheduling.domain.upset import MOVES, Act, Firmness, Upset
from tests.rules.upset_days import (
    ONE,
    QUARTERS,
    THREE,
    TUESDAY,
    TWO,
    house,
    visit,
    without_chairs,
    without_nurses,
)

LENGTHS = some.lists(
    some.tuples(
        some.sampled_from([ONE, TWO, THREE]), some.integers(0, QUARTERS - 4), some.sampled_from(list(Firmness))
    ),
    max_size=14,
)


def day_of(places: list[tuple[UUID, int, Firmness]]) -> list[Upset]:
    """Visits in these places, as far as they do not overlap."""
    found: list[Upset] = []
    for chair, quarter, firmness in places:
        new = visit(len(found), quarter, chair=chair, firmness=firmness)
        if not any(one.chair_id == chair and one.interval.overlaps(new.interval) for one in found):
            found.append(new)
    return found


def settled(booked: list[Upset], repair: Repair) -> list[tuple[UUID, Interval, Upset]]:
    """Where everybody is once the proposal is carried out; whoever waits for a call, or is let go, is nowhere."""
    lines = {line.upset.key: line for line in repair.lines}
    there = []
    for one in booked:
        line = lines.get(one.key)
        if line is None or line.act in {Act.STAY, Act.BEGUN}:
            there.append((one.chair_id, one.interval, one))
        elif line.place is not None:
            there.append((line.place.chair_id, line.place.interval, one))
    return there


def assert_nobody_meets(there: list[tuple[UUID, Interval, Upset]]) -> None:
    for number, (chair, interval, _) in enumerate(there):
        assert not any(chair == other and interval.overlaps(when) for other, when, _ in there[number + 1 :])


@given(LENGTHS, some.sampled_from([ONE, TWO, THREE]))
def test_when_a_chair_goes_only_its_visits_move_and_nobody_meets(
    places: list[tuple[UUID, int, Firmness]], chair: UUID
) -> None:
    booked = day_of(places)
    gone = [one for one in booked if one.chair_id == chair]
    repair = plan(without_chairs(house(*booked), chair), displaced=gone)
    assert {line.upset.key for line in repair.lines} == {one.key for one in gone}
    assert plan(without_chairs(house(*booked), chair), displaced=reversed(gone)) == repair
    for line in repair.lines:
        assert (line.place is not None) == (line.act in MOVES)
        if line.place is not None:
            assert (line.place.chair_id, line.place.on) != (chair, TUESDAY)
            assert line.upset.first_on <= line.place.on <= line.upset.last_on
            assert line.upset.firmness not in {Firmness.BEGUN, Firmness.HELD}
            assert line.upset.firmness is not Firmness.HERE or line.act is Act.CHAIR
            assert not line.place.soft
    assert_nobody_meets(settled(booked, repair))


@given(LENGTHS, some.integers(1, 2))
def test_when_nurses_go_nobody_moves_in_vain_and_no_quarter_is_fuller_than_it_may_be(
    places: list[tuple[UUID, int, Firmness]], count: int
) -> None:
    booked = day_of(places)
    gone, limits = without_nurses(house(*booked, nurses=3), count)
    repair = plan(gone, displaced=[], crowded=booked, limits=limits)
    there = settled(booked, repair)
    assert_nobody_meets(there)
    load, starts = carried(there)
    over = {
        moment for moment, (most, many) in limits.items() if load.get(moment, 0) > most or starts.get(moment, 0) > many
    }
    assert over == {one.at for one in repair.over}
    for line in repair.lines:
        if line.place is not None:  # back in its place, it would be too much again, or somebody has it
            back = [one for one in there if one[2].key != line.upset.key]
            taken = any(chair == line.upset.chair_id and when.overlaps(line.upset.interval) for chair, when, _ in back)
            again, starting = carried([*back, (line.upset.chair_id, line.upset.interval, line.upset)])
            fuller = {
                moment
                for moment, (most, many) in limits.items()
                if again.get(moment, 0) > most or starting.get(moment, 0) > many
            }
            assert taken or not fuller <= over


def carried(there: list[tuple[UUID, Interval, Upset]]) -> tuple[dict[datetime, int], dict[datetime, int]]:
    """The load and the starts of each quarter hour."""
    load: dict[datetime, int] = {}
    starts: dict[datetime, int] = {}
    for _, interval, one in there:
        for place, moment in enumerate(interval.quarters()):
            load[moment] = load.get(moment, 0) + one.need[place]
            starts[moment] = starts.get(moment, 0) + (place == one.start_quarter)
    return load, starts
