"""The smallest repair of an upset day: which visits must leave their places, and where each goes instead. Pure.

What can stay stays, and nobody moves whom the disruption does not touch. A visit whose chair or clinic is gone gets
the nearest place (`upset`) or comes before a person; where nurses are too few, only as many visits leave as must
(`relief`). The same question always gets the same answer.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import islice

from scheduling.domain import openings as rules
from scheduling.domain.openings import Opening
from scheduling.domain.relief import Limits, Over, relieved, still_over
from scheduling.domain.series import House
from scheduling.domain.upset import (
    MOVABLE,
    Act,
    Firmness,
    Line,
    Search,
    Upset,
    asks,
    at_the_same_time,
    best_of_days,
    day_key,
    elsewhere_than_now,
    on_day,
    other_days,
    time_key,
    times,
)

SHOWN_TIMES, SHOWN_DAYS, NEAR_DAYS = 3, 3, 14
"""Other places offered: times of the same day, other days; how far outside its days a visit without a place is offered
one that needs a reason."""


@dataclass(frozen=True, kw_only=True)
class Repair:
    """The proposal: a line for each visit that is touched, in order of time, and what stays crowded."""

    lines: tuple[Line, ...]
    over: tuple[Over, ...]


def plan(
    house: House,
    *,
    displaced: Iterable[Upset],
    crowded: Iterable[Upset] = (),
    limits: Limits | None = None,
    earlier_from: datetime | None = None,
) -> Repair:
    """A line for each of `displaced`, and for those of `crowded` that must go or that stay where it is too much.

    `house` shows the days as the disruption leaves them, with every visit still in its place; `limits` the quarter
    hours in which nurses became fewer. Nobody is asked to come earlier than they know before `earlier_from`.
    """
    limits = limits or {}
    search = Search(house, earlier_from or house.not_before, dict(house.days))
    gone = sorted(displaced, key=_turn)
    for upset in gone:
        if upset.firmness is not Firmness.BEGUN:
            search.leave(upset)
    lines = [_displaced(search, upset) for upset in gone]
    lines += relieved(search, [one for one in crowded if one.firmness in MOVABLE], limits)
    lines = [replace(line, others=tuple(_others(search, line))) for line in lines]
    in_order = sorted(lines, key=lambda line: (line.upset.start, str(line.upset.key)))
    return Repair(lines=tuple(in_order), over=tuple(still_over(search, limits)))


def _turn(upset: Upset) -> tuple[bool, int, bool, int, datetime, str]:
    """Who chooses a place first: who is here, who has the fewest days left, who has confirmed, the longest."""
    return (
        upset.firmness is not Firmness.HERE,
        max(0, (upset.last_on - upset.on).days),
        upset.firmness is not Firmness.CONFIRMED,
        -len(upset.need),
        upset.start,
        str(upset.key),
    )


def _displaced(search: Search, upset: Upset) -> Line:
    if upset.firmness is Firmness.BEGUN:
        return Line(upset=upset, act=Act.BEGUN, why="In the chair already: decide at the chair.")
    if upset.firmness is Firmness.HELD:
        return Line(upset=upset, act=Act.LET_GO, why="The place is only held: it is let go.")
    line = at_the_same_time(search, upset) or elsewhere_than_now(search, upset)
    if line.place is not None:
        search.take(upset, line.place)
    return line


def _others(search: Search, line: Line) -> Iterator[Opening]:
    """Other places for the line's visit: times of its day, other days; where there is none, some that need a reason."""
    upset, chosen = line.upset, line.place
    if upset.firmness not in MOVABLE:
        return
    with search.as_if():
        if chosen is not None or line.act is Act.STAY:
            search.leave(upset)
        ranked = sorted(times(search, upset), key=lambda one: time_key(upset, one))
        found = [*rules.one_per_half_hour(ranked, SHOWN_TIMES), *islice(best_of_days(search, upset), SHOWN_DAYS)]
        if chosen is None and not found:
            found = _with_a_reason(search, upset)
    for one in found:
        if chosen is None or (one.chair_id, one.interval) != (chosen.chair_id, chosen.interval):
            yield one


def _with_a_reason(search: Search, upset: Upset) -> list[Opening]:
    """The best places of the nearest days that a person may choose by giving a reason."""
    near = timedelta(days=NEAR_DAYS)
    first = max(upset.possible[0], min(upset.first_on, upset.on) - near)
    last = min(upset.possible[1], max(upset.last_on, upset.on) + near)
    own = [upset.on] if upset.on in search.days else []
    found = []
    for on in [*own, *other_days(search, upset, first, last)]:
        there = [one for one in on_day(search, upset, on) if one.interval.start != upset.start]
        if there:
            found.append(min(there, key=lambda one: (len(asks(upset, one)), *day_key(search, upset, one))))
    found.sort(key=lambda one: (len(asks(upset, one)), abs((one.on - upset.on).days), one.on))
    return found[:SHOWN_DAYS]
