"""Places for every course of a regimen at once: the same weekday, time and chair wherever the windows allow. Pure.

`choose` looks at one course after the other and remembers what the earlier ones take. Visits of one series are never on
the same day, so they cannot collide. The same question always gets the same answer.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from itertools import groupby, zip_longest
from uuid import UUID
from zoneinfo import ZoneInfo

from core.intervals import QUARTER
from scheduling.domain import openings as rules
from scheduling.domain.openings import COMFORTABLE_PERCENT, DayGrid, Opening, Wish, occupied

SHOWN_DAYS, SHOWN_TIMES = 6, 3
"""Other places offered: the best of so many other days, and so many other times on the chosen day."""
NEAR_DAYS = 14
"""How far outside a window a place is offered when the window has none."""
EVEN_SHARE = 4
"""Courses stay evenly apart: a place that takes more than one in so many of the days planned between this course and
the one before, or the last day of the one after, is chosen last within the window. A preference of ours, no label's."""

Key = tuple[int, ...]


class Problem(StrEnum):
    """Why a course day has no place."""

    CLOSED = "closed"
    FULL = "full"
    TOO_SOON = "too_soon"
    TAKEN = "taken"


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A course day that wants a place: its nurse load, and its own window of clinic-local dates (inclusive).

    `due_on` is the day it is best placed on; `called` is what that day is called in the reasons.
    """

    key: UUID
    course: int
    day_number: int
    need: tuple[int, ...]
    start_quarter: int
    due_on: date
    earliest_on: date
    latest_on: date
    called: str = "due date"


@dataclass(frozen=True, kw_only=True)
class Place:
    """A chair and a start that somebody decided on."""

    chair_id: UUID
    start: datetime


@dataclass(frozen=True, kw_only=True)
class Liking:
    """When and where the patient is best seen. `said` completes "Tuesday, ..." in the reasons."""

    weekday: int | None = None
    at: time | None = None
    chair_id: UUID | None = None
    said: str = "as usual"


@dataclass(frozen=True, kw_only=True)
class House:
    """What is known of the clinic: its days with what is taken, and its chairs with their kinds, best first."""

    zone: ZoneInfo
    days: Mapping[date, DayGrid]
    chairs: Mapping[UUID, str]
    not_before: datetime
    turnover_quarters: int = 0
    isolation_chairs: frozenset[UUID] = frozenset()


@dataclass(frozen=True, kw_only=True)
class Choice:
    """The place for one course day, why it is that one, and others, best first; or what the problem is."""

    asked: Asked
    opening: Opening | None
    reasons: tuple[str, ...] = ()
    others: tuple[Opening, ...] = ()
    problem: Problem | None = None
    is_kept: bool = False


@dataclass
class _Search:
    """What is decided so far."""

    house: House
    liking: Liking
    gap_days: int
    days: dict[date, DayGrid]
    used: set[date] = field(default_factory=set)
    known: dict[tuple[UUID, date], list[Opening]] = field(default_factory=dict)
    last_start: date | None = None
    last_due: date | None = None
    after: Asked | None = None

    def take(self, asked: Asked, opening: Opening) -> None:
        """Remember that `opening` is gone."""
        self.days[opening.on] = occupied(self.days[opening.on], opening, asked.need, asked.start_quarter)
        self.used.add(opening.on)


def choose(
    asked: Iterable[Asked],
    house: House,
    liking: Liking,
    *,
    kept: Mapping[UUID, Place] | None = None,
    gap_days: int = 0,
) -> tuple[Choice, ...]:
    """A place for each of `asked`, in order of courses and days. `kept` places stay as they are.

    Courses begin at least `gap_days` apart (the order's shortest interval); with no such place the problem says so.
    """
    in_order = sorted(asked, key=lambda one: (one.course, one.day_number))
    search = _Search(house, liking, gap_days, dict(house.days))
    fixed = {one.key: _kept(one, search, place) for one in in_order if (place := (kept or {}).get(one.key))}
    choices: list[Choice] = []
    courses = [list(days) for _, days in groupby(in_order, key=lambda one: one.course)]
    for group, after in zip_longest(courses, courses[1:]):
        search.after = after[0] if after else None
        choices.extend(_course(group, search, fixed))
    return tuple(replace(choice, others=_others(choice.asked, search, choice.opening)) for choice in choices)


def _kept(asked: Asked, search: _Search, place: Place) -> Choice:
    """The decided place with what can be said about it; a problem when somebody else has it by now."""
    on = place.start.astimezone(search.house.zone).date()
    day = search.days.get(on)
    at = -1 if day is None else (place.start - day.opens_at) // QUARTER
    found: Opening | None = None
    _on(asked, search, on)  # what else the day has, while this place does not count as taken
    if day is not None and at >= 0 and place.chair_id in search.house.chairs:
        wish = replace(_wish(asked, search), first_quarter=at, last_quarter=at)
        found = next(rules.find([day], [place.chair_id], wish), None)
    if found is None or found.interval.start != place.start:
        return Choice(asked=asked, opening=None, problem=Problem.TAKEN, is_kept=True)
    search.take(asked, found)
    return Choice(asked=asked, opening=found, reasons=tuple(_why(asked, search, found, None)), is_kept=True)


def _course(group: Sequence[Asked], search: _Search, fixed: Mapping[UUID, Choice]) -> list[Choice]:
    """The best days for one course: together, and like the courses before."""
    firsts = _first_days(group[0], fixed.get(group[0].key))
    late_enough = [on for on in firsts if _is_late_enough(on, search)]
    tries = [_try(group, search, fixed, first) for first in late_enough]
    best = min(tries, key=lambda one: one[0], default=(None, {}))[1]
    before: Opening | None = None
    own: list[Choice] = []
    for asked in group:
        choice = fixed.get(asked.key) or _chosen(asked, search, best.get(asked.key), before, bool(late_enough))
        if choice.opening is not None:
            before = choice.opening
            if not choice.is_kept:
                search.take(asked, choice.opening)
        own.append(choice)
    begun = next((choice.opening for choice in own if choice.opening is not None), None)
    if begun is not None:
        search.last_start, search.last_due = begun.on, group[0].due_on
        _learn(search, begun)
    return own


def _learn(search: _Search, begun: Opening) -> None:
    """What nobody asked for, the first place decides for the rest."""
    liking, start = search.liking, begun.interval.start.astimezone(search.house.zone)
    learnt = liking.weekday is None and liking.at is None
    search.liking = Liking(
        weekday=start.weekday() if liking.weekday is None else liking.weekday,
        at=start.time() if liking.at is None else liking.at,
        chair_id=liking.chair_id or begun.chair_id,
        said="like the first visit" if learnt else liking.said,
    )


def _first_days(first: Asked, kept: Choice | None) -> list[date]:
    if kept is not None and kept.opening is not None:
        return [kept.opening.on]
    return [first.earliest_on + timedelta(days=n) for n in range((first.latest_on - first.earliest_on).days + 1)]


def _is_late_enough(on: date, search: _Search) -> bool:
    return search.last_start is None or (on - search.last_start).days >= search.gap_days


def _is_uneven(first: date, due_on: date, search: _Search) -> bool:
    """Whether a course begun on `first` comes, or makes the next one come, much too close to the other."""
    after, last_start, last_due = search.after, search.last_start, search.last_due
    spans = []
    if after is not None:
        spans.append((after.due_on - due_on, after.latest_on - first))
    if last_start is not None and last_due is not None:
        spans.append((due_on - last_due, first - last_start))
    return any(left * EVEN_SHARE < planned * (EVEN_SHARE - 1) for planned, left in spans)


def _try(
    group: Sequence[Asked], search: _Search, fixed: Mapping[UUID, Choice], first: date
) -> tuple[Key, dict[UUID, Opening]]:
    """The course begun on `first`: how good that is (smaller is better), and the places."""
    found: dict[UUID, Opening] = {}
    missing = apart = 0
    keys: list[Key] = []
    before: date | None = None
    for asked in group:
        wanted = first + (asked.due_on - group[0].due_on)
        kept = fixed.get(asked.key)
        opening = kept.opening if kept is not None else _nearest(asked, search, wanted, before)
        if opening is None:
            missing += 1
            continue
        found[asked.key] = opening
        apart += abs((opening.on - wanted).days)
        before = opening.on
        keys.append(_key(opening, search))
    sums = [sum(column) for column in zip(*keys, strict=True)] or [0] * 7
    soft, tight, minutes, *rest = sums
    weekday = search.liking.weekday
    other_weekday = int(weekday is not None and first.weekday() != weekday)
    is_far = int(minutes > 60 * max(1, len(keys)))
    away = abs((first - group[0].due_on).days)
    uneven = int(_is_uneven(first, group[0].due_on, search))
    return (missing, soft, uneven, apart, tight, other_weekday, is_far, away, minutes, *rest, first.toordinal()), found


def _nearest(asked: Asked, search: _Search, wanted: date, before: date | None) -> Opening | None:
    """The best place on `wanted`; for a later day of a course else on the nearest day after it in the window."""
    last = asked.latest_on if before is not None else wanted
    on = wanted
    while on <= last:
        if on not in search.used and (before is None or on > before):
            found = min(_on(asked, search, on), key=lambda one: _key(one, search), default=None)
            if found is not None:
                return found
        on += timedelta(days=1)
    return None


def _on(asked: Asked, search: _Search, on: date) -> list[Opening]:
    """Every place on one day, the liked chair's beside the best one's at each start."""
    if (asked.key, on) not in search.known:
        day = search.days.get(on)
        found: list[Opening] = []
        if day is not None:
            wish, liked = _wish(asked, search), search.liking.chair_id
            found = list(rules.find([day], _chairs(search), wish))
            if liked is not None and liked in search.house.chairs:
                found += rules.find([day], [liked], wish)
        search.known[asked.key, on] = found
    return search.known[asked.key, on]


def _chairs(search: _Search) -> list[UUID]:
    """The chairs, those of the liked one's kind first."""
    chairs, liked = search.house.chairs, search.liking.chair_id
    kind = chairs.get(liked) if liked else None
    return sorted(chairs, key=lambda chair: kind is not None and chairs[chair] != kind)


def _wish(asked: Asked, search: _Search) -> Wish:
    house = search.house
    return Wish(
        need=asked.need,
        start_quarter=asked.start_quarter,
        due_on=asked.due_on,
        earliest_on=asked.earliest_on,
        latest_on=asked.latest_on,
        not_before=house.not_before,
        turnover_quarters=house.turnover_quarters,
        isolation_chairs=house.isolation_chairs,
    )


def _key(opening: Opening, search: _Search) -> Key:
    """How good one place is: rules, comfort, time, kind of chair, chair, waste, early."""
    chairs, liked = search.house.chairs, search.liking.chair_id
    local = opening.interval.start.astimezone(search.house.zone)
    return (
        len(opening.soft),
        int(opening.peak_percent > COMFORTABLE_PERCENT),
        0 if search.liking.at is None else abs(_minutes_off(local.time(), search.liking.at)),
        int(liked in chairs and chairs[opening.chair_id] != chairs[liked]) if liked else 0,
        int(liked is not None and opening.chair_id != liked),
        opening.leftover_minutes,
        local.hour * 60 + local.minute,
    )


def _minutes_off(at: time, wanted: time) -> int:
    return (at.hour - wanted.hour) * 60 + at.minute - wanted.minute


def _chosen(
    asked: Asked, search: _Search, opening: Opening | None, before: Opening | None, is_late_enough: bool
) -> Choice:
    if opening is not None:
        reasons = tuple(_why(asked, search, opening, before))
        return Choice(asked=asked, opening=opening, reasons=reasons)
    window = [asked.earliest_on + timedelta(days=n) for n in range((asked.latest_on - asked.earliest_on).days + 1)]
    is_open = any(on in search.days and any(search.days[on].load_cap) for on in window)
    problem = Problem.CLOSED if not is_open else Problem.FULL if is_late_enough else Problem.TOO_SOON
    return Choice(asked=asked, opening=None, problem=problem)


def _others(asked: Asked, search: _Search, chosen: Opening | None) -> tuple[Opening, ...]:
    """Other places: the best of each other day of the window, and other times of the chosen day; else the nearest."""
    extra = NEAR_DAYS if chosen is None else 0
    first, last = asked.earliest_on - timedelta(days=extra), asked.latest_on + timedelta(days=extra)
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    best = [
        min(found, key=lambda one: _key(one, search))
        for on in days
        if on not in search.used and (found := _on(asked, search, on))
    ]
    if any(not _outside(one.on, asked) for one in best):
        best = [one for one in best if not _outside(one.on, asked)]
    best.sort(key=lambda one: (len(one.soft), _outside(one.on, asked), abs((one.on - asked.due_on).days), one.on))
    same: list[Opening] = []
    if chosen is not None:
        ranked = sorted(_on(asked, search, chosen.on), key=lambda one: _key(one, search))
        spread = rules.one_per_half_hour(ranked, SHOWN_TIMES + 1)
        same = [one for one in spread if one.interval.start != chosen.interval.start][:SHOWN_TIMES]
    return (*same, *best[:SHOWN_DAYS])


def _outside(on: date, asked: Asked) -> int:
    return max(0, (asked.earliest_on - on).days, (on - asked.latest_on).days)


def _why(asked: Asked, search: _Search, opening: Opening, before: Opening | None) -> Iterator[str]:
    """Why this place, in words."""
    liking, local = search.liking, opening.interval.start.astimezone(search.house.zone)
    away = (opening.on - asked.due_on).days
    if before is not None:
        apart = (opening.on - before.on).days
        yield f"{'the day' if apart == 1 else f'{apart} days'} after day {asked.day_number - 1}"
    elif away == 0:
        yield f"on the {asked.called}"
    else:
        yield f"{abs(away)} day{'s' if abs(away) != 1 else ''} {'after' if away > 0 else 'before'} the {asked.called}"
    yield from _like(liking, local, is_first=before is None)
    yield f"nurse load reaches {opening.peak_percent} %"
    if liking.chair_id is not None and opening.chair_id == liking.chair_id:
        yield "the same chair"


def _like(liking: Liking, local: datetime, *, is_first: bool) -> Iterator[str]:
    """What of the liking it meets: "Tuesday 10:00, as usual"; and by how much it misses the time."""
    off = 0 if liking.at is None else _minutes_off(local.time(), liking.at)
    met = [
        *([f"{local:%A}"] if is_first and liking.weekday == local.weekday() else []),
        *([f"{local:%H:%M}"] if liking.at is not None and off == 0 else []),
    ]
    if met:
        yield f"{' '.join(met)}, {liking.said}"
    if liking.at is not None and off:
        yield f"{_span(off)} than {liking.at:%H:%M}"


def _span(minutes: int) -> str:
    hours, rest = divmod(abs(minutes), 60)
    length = " ".join([*([f"{hours} h"] if hours else []), *([f"{rest} min"] if rest else [])])
    return f"{length} {'later' if minutes > 0 else 'earlier'}"
