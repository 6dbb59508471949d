"""Too few nurses: which visits leave the crowded quarter hours, as few as possible, whom it harms least. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from core.intervals import QUARTER
from scheduling.domain.upset import MINUTE, MOVES, Act, Firmness, Line, Search, Upset, at, elsewhere_than_now

AT_A_TIME = 8
"""Of those who could relieve a crowded quarter hour, so many are compared before somebody is chosen."""
Limits = Mapping[datetime, tuple[int, int]]
"""Quarter hour: the most load and the most starts that are no worse than before."""


@dataclass(frozen=True, kw_only=True)
class Over:
    """A quarter hour that stays above what the nurses can carry; loads in hundredths of a nurse."""

    at: datetime
    load: int
    load_cap: int
    starts: int
    starts_cap: int


def relieved(search: Search, crowded: Sequence[Upset], limits: Limits) -> list[Line]:
    """Lines for those of `crowded` who leave, and for those who stay in what can't be relieved."""
    moved: list[Line] = []
    left = list(crowded)
    while (line := _least_harm(search, left, limits)) is not None and line.place is not None:
        search.leave(line.upset)
        search.take(line.upset, line.place)
        moved.append(line)
        left.remove(line.upset)
    for line in sorted(moved, key=_harm, reverse=True):
        if _goes_back(search, line, limits):
            moved.remove(line)
            left.append(line.upset)
    over = {one.at: one for one in still_over(search, limits)}
    stay = [
        Line(upset=one, act=Act.STAY, why="No better place is free for it.", asks=codes)
        for one in left
        if (codes := _crowding(one, over))
    ]
    return [*moved, *stay]


def _least_harm(search: Search, waiting: Sequence[Upset], limits: Limits) -> Line | None:
    """Of those who would relieve what is crowded, the one whom it harms least, with its new place."""
    over = {one.at: one for one in still_over(search, limits)}
    total = sum(_excess(one, limits) for one in over.values())
    ranked = sorted(
        (upset for upset in waiting if _relief(upset, over, limits)),
        key=lambda one: (
            _relief(one, over, limits) < total,
            one.firmness is Firmness.CONFIRMED,
            -_relief(one, over, limits),
            one.start,
            str(one.key),
        ),
    )
    for first in range(0, len(ranked), AT_A_TIME):
        some = ranked[first : first + AT_A_TIME]
        lines = [(upset, _away(search, upset)) for upset in some]
        able = [(_relief(upset, over, limits) < total, line) for upset, line in lines if line.place is not None]
        if able:
            return min(able, key=lambda one: (one[0], _harm(one[1])))[1]
    return None


def _away(search: Search, upset: Upset) -> Line:
    """Where the visit would go, as if it had left its place."""
    with search.as_if():
        search.leave(upset)
        return elsewhere_than_now(search, upset)


def _harm(line: Line) -> tuple[bool, int, int, datetime, str]:
    """How much a move asks of the patient: a confirmed one more, another day more than another time."""
    assert line.place is not None  # noqa: S101 (only moves are compared)
    upset = line.upset
    away = abs(line.place.interval.start - upset.start) // MINUTE
    return upset.firmness is Firmness.CONFIRMED, MOVES.index(line.act), away, upset.start, str(upset.key)


def _goes_back(search: Search, line: Line, limits: Limits) -> bool:
    """Put a visit back where it was if that is not too much after all: later moves may have made its own needless."""
    upset = line.upset
    crowded = {one.at for one in still_over(search, limits)}
    with search.as_if():
        search.leave(upset)
        home = at(search, upset, [upset.chair_id], upset.on, upset.start)
        if home is None:
            return False
        search.take(upset, home)
        is_too_much = not {one.at for one in still_over(search, limits)} <= crowded
    if is_too_much:
        return False
    search.leave(upset)
    search.take(upset, home)
    del search.moved[upset.key]
    return True


def still_over(search: Search, limits: Limits) -> Iterator[Over]:
    """Quarter hours above their limits, in order."""
    for day in search.days.values():
        for place in range(day.quarters):
            moment = day.opens_at + place * QUARTER
            most = limits.get(moment)
            load, starts = day.load_used[place], day.starts_used[place]
            if most is not None and (load > most[0] or starts > most[1]):
                cap, starts_cap = day.load_cap[place], day.starts_cap[place]
                yield Over(at=moment, load=load, load_cap=cap, starts=starts, starts_cap=starts_cap)


def _excess(over: Over, limits: Limits) -> int:
    load, starts = limits[over.at]
    return max(0, over.load - load) + 100 * max(0, over.starts - starts)


def _relief(upset: Upset, over: Mapping[datetime, Over], limits: Limits) -> int:
    """How much of what is too much goes with the visit; one start counts as a whole nurse."""
    relief = 0
    for place, need in enumerate(upset.need):
        crowded = over.get(upset.start + place * QUARTER)
        if crowded is not None:
            load, starts = limits[crowded.at]
            relief += min(need, max(0, crowded.load - load))
            relief += 100 if place == upset.start_quarter and crowded.starts > starts else 0
    return relief


def _crowding(upset: Upset, over: Mapping[datetime, Over]) -> tuple[str, ...]:
    """The rules that the visit helps to break where it stays."""
    codes = []
    mine = [(place, found) for place in range(len(upset.need)) if (found := over.get(upset.start + place * QUARTER))]
    if any(found.load > found.load_cap and upset.need[place] for place, found in mine):
        codes.append("nurse_load")
    if any(found.starts > found.starts_cap and place == upset.start_quarter for place, found in mine):
        codes.append("nurse_starts")
    return tuple(codes)
