"""The clinic's quarter hours in memory: where visits go while the demo is planned.

Places are found by `scheduling.domain.openings`, the rules behind every booking, so nothing planned here can break a
constraint of the database.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from uuid import UUID

from core.intervals import QUARTER
from scheduling.demo.house import OPENS, PRIVATE, House, nurses_by_quarter, open_days
from scheduling.demo.stage import Stage, local_day
from scheduling.domain.load import LoadProfile
from scheduling.domain.openings import DayGrid, Opening, Wish, find
from scheduling.models import Chair, Shift

LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
NURSE = 100
SHORT_QUARTERS = 8
BUSY = 0.6
"""Of a day's chair time: a day fuller than this is left to those who cannot come on another."""


@dataclass
class FloorDay:
    """One open day."""

    opens_at: datetime
    nurses: list[int]
    load: list[int]
    starts: list[int]
    taken: dict[UUID, int] = field(default_factory=lambda: defaultdict(int))
    patients: set[UUID] = field(default_factory=set)
    chair_quarters: int = 0

    def grid(self, on: date) -> DayGrid:
        """The day as the rules want it."""
        return DayGrid(
            on=on,
            opens_at=self.opens_at,
            load_used=tuple(self.load),
            load_cap=tuple(nurses * NURSE for nurses in self.nurses),
            starts_used=tuple(self.starts),
            starts_cap=tuple(self.nurses),
            taken=self.taken,
            patient_taken=0,
        )


@dataclass(frozen=True)
class Wanted:
    """What is to be placed: for whom, how long, in which window, and at which minute after opening they like it."""

    patient_id: UUID
    needs_private_room: bool
    load: LoadProfile
    due_on: date
    earliest_on: date
    latest_on: date
    likes_minute: int


@dataclass(frozen=True)
class Place:
    """A chair and a start. `soft` are the rules that had to be overridden."""

    chair: Chair
    start: datetime
    on: date
    soft: tuple[str, ...] = ()


class Floor:
    """All open days of the demo."""

    def __init__(self, stage: Stage, house: House) -> None:
        self.stage = stage
        self.chairs = {chair.id: chair for chair in house.chairs}
        self.private = [chair.id for chair in house.chairs if chair.kind == PRIVATE]
        self.common = [chair.id for chair in house.chairs if chair.kind != PRIVATE]
        by_day: dict[date, list[Shift]] = defaultdict(list)
        for shift in house.shifts:
            by_day[local_day(shift.starts_at)].append(shift)
        self.days = {
            day: _empty_day(stage, day, by_day[day])
            for day in open_days(stage.first_on, stage.rota_until, house.closed_on)
        }

    def place(self, wanted: Wanted, days: Sequence[date], *, allowed: frozenset[str] = frozenset()) -> Place | None:
        """The first of `days` with a place for `wanted` that needs no override other than `allowed`; None without."""
        for on in days:
            day = self.days.get(on)
            if day is None or wanted.patient_id in day.patients:
                continue
            found = [opening for opening in self._openings(day, on, wanted) if set(opening.soft) <= allowed]
            if found:
                return self._take(day, min(found, key=lambda opening: opening.rank), wanted)
        return None

    def squeeze(self, wanted: Wanted, on: date) -> Place | None:
        """A place on a day that is to be full: long visits beside another of the chair, short ones at their time."""
        day = self.days.get(on)
        if day is None or wanted.patient_id in day.patients:
            return None

        def key(opening: Opening) -> tuple[int, int, int]:
            at = (opening.interval.start - day.opens_at) // QUARTER
            taken, end = day.taken[opening.chair_id], at + wanted.load.quarters
            is_beside = at == 0 or end == len(day.nurses) or bool(taken >> (at - 1) & 1) or bool(taken >> end & 1)
            away = abs(at * 15 - wanted.likes_minute) // 30
            return (away, not is_beside, at) if wanted.load.quarters <= SHORT_QUARTERS else (not is_beside, away, at)

        found = [opening for opening in self._openings(day, on, wanted, fullest_first=True) if not opening.soft]
        return self._take(day, min(found, key=key), wanted) if found else None

    def by_quiet(self, days: Sequence[date]) -> list[date]:
        """`days` in their order, the busy ones last."""
        return sorted(days, key=lambda on: self.share(on) > BUSY)

    def share(self, on: date) -> float:
        """How much of a day's chair time is taken, from 0 to 1; a closed day counts as full."""
        day = self.days.get(on)
        return 1.0 if day is None else day.chair_quarters / (len(day.nurses) * len(self.chairs))

    def _openings(self, day: FloorDay, on: date, wanted: Wanted, *, fullest_first: bool = False) -> Iterator[Opening]:
        wish = Wish(
            need=wanted.load.need,
            start_quarter=wanted.load.start_quarter,
            due_on=wanted.due_on,
            earliest_on=wanted.earliest_on,
            latest_on=wanted.latest_on,
            not_before=LONG_AGO,
            prefers_minute=wanted.likes_minute,
        )
        chairs = self._chairs_for(wanted)
        if fullest_first:
            chairs.sort(key=lambda chair: -day.taken[chair].bit_count())
        return find([day.grid(on)], chairs, wish)

    def _chairs_for(self, wanted: Wanted) -> list[UUID]:
        if wanted.needs_private_room:
            return self.private.copy()
        chairs = self.common.copy()
        self.stage.rng.shuffle(chairs)
        return [*chairs, *self.private] if self.stage.happens(0.8) else [*self.private, *chairs]

    def give_back(self, place: Place, wanted: Wanted, *, chair_too: bool) -> None:
        """Free what a place takes. The chair of somebody who did not come stays theirs, for the board shows it so."""
        day = self.days[place.on]
        at = (place.start - day.opens_at) // QUARTER
        for offset, need in enumerate(wanted.load.need):
            day.load[at + offset] -= need
        day.starts[at + wanted.load.start_quarter] -= 1
        if chair_too:
            day.taken[place.chair.id] &= ~(((1 << wanted.load.quarters) - 1) << at)
            day.patients.discard(wanted.patient_id)
            day.chair_quarters -= wanted.load.quarters

    def crowd(self, place: Place, wanted: Wanted, *, not_before: datetime) -> Place | None:
        """Move somebody to a time of the same day at which nurses are just short; None when there is none.

        The new place needs an override; the old one is free again.
        """
        day = self.days[place.on]
        self.give_back(place, wanted, chair_too=True)
        found = [
            opening
            for opening in self._openings(day, place.on, wanted)
            if opening.soft == ("nurse_load",) and opening.interval.start >= not_before and opening.peak_percent <= 125
        ]
        if found:
            return self._take(day, min(found, key=lambda opening: (opening.peak_percent, opening.rank)), wanted)
        self._hold(day, place, wanted)
        return None

    def _take(self, day: FloorDay, opening: Opening, wanted: Wanted) -> Place:
        place = Place(self.chairs[opening.chair_id], opening.interval.start, opening.on, opening.soft)
        self._hold(day, place, wanted)
        return place

    def _hold(self, day: FloorDay, place: Place, wanted: Wanted) -> None:
        at = (place.start - day.opens_at) // QUARTER
        for offset, need in enumerate(wanted.load.need):
            day.load[at + offset] += need
        day.starts[at + wanted.load.start_quarter] += 1
        quarters = wanted.load.quarters
        day.taken[place.chair.id] |= ((1 << quarters) - 1) << at
        day.patients.add(wanted.patient_id)
        day.chair_quarters += quarters

    def peak(self, place: Place, wanted: Wanted) -> tuple[datetime, int, int]:
        """The quarter hour of a place in which nurses are shortest: when, their load and their number in hundredths."""
        day = self.days[place.on]
        at = (place.start - day.opens_at) // QUARTER
        worst = max(
            range(at, at + wanted.load.quarters), key=lambda quarter: day.load[quarter] - day.nurses[quarter] * NURSE
        )
        return day.opens_at + worst * QUARTER, day.load[worst], day.nurses[worst] * NURSE


def _empty_day(stage: Stage, day: date, shifts: list[Shift]) -> FloorDay:
    nurses = nurses_by_quarter(stage, day, shifts)
    return FloorDay(stage.at(day, OPENS), nurses, [0] * len(nurses), [0] * len(nurses))
