"""Where a visit could go, ranked, each with its reasons in words. Pure.

A day is a row of quarter hours; a chair's occupancy is an integer with one bit per quarter hour, so that asking "free
for these twelve?" is one AND. Ranking follows the design: within the window, nurse load at most 90 %, no leftover gap
too short to use, near the preferred day and time, then earliest.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from uuid import UUID

from core.intervals import QUARTER, Interval

COMFORTABLE_PERCENT = 90
SHORT_GAP_QUARTERS = 3
NO_NURSE = 999


@dataclass(frozen=True, kw_only=True)
class DayGrid:
    """One open day of a clinic. Index 0 is the quarter hour at `opens_at`; loads in hundredths of a nurse.

    `taken` are the visits of each chair, `out` the time for which it can't be used: next to that no turnover is needed.
    """

    on: date
    opens_at: datetime
    load_used: tuple[int, ...]
    load_cap: tuple[int, ...]
    starts_used: tuple[int, ...]
    starts_cap: tuple[int, ...]
    taken: dict[UUID, int]
    patient_taken: int
    out: dict[UUID, int] = field(default_factory=dict)

    @property
    def quarters(self) -> int:
        return len(self.load_cap)


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What is looked for: a load profile inside a window, with what the patient prefers.

    Less than `turnover_quarters` beside another visit needs a reason; `isolation_chairs` are named where they come up.
    """

    need: tuple[int, ...]
    start_quarter: int
    due_on: date
    earliest_on: date
    latest_on: date
    not_before: datetime
    prefers_weekday: int | None = None
    prefers_minute: int | None = None
    first_quarter: int = 0
    last_quarter: int | None = None
    turnover_quarters: int = 0
    isolation_chairs: frozenset[UUID] = frozenset()


@dataclass(frozen=True, kw_only=True)
class Opening:
    """A chair and a time that no hard rule forbids. `soft` names the rules that would need a reason."""

    chair_id: UUID
    on: date
    interval: Interval
    peak_percent: int
    leftover_minutes: int
    soft: tuple[str, ...]
    reasons: tuple[str, ...]
    rank: tuple[int, ...]


def find(days: Sequence[DayGrid], chairs: Sequence[UUID], wish: Wish) -> Iterator[Opening]:
    """The best chair at every start that no hard rule forbids, in no particular order; sort by `rank`."""
    for day in days:
        mask = (1 << len(wish.need)) - 1
        closed = sum(1 << index for index, cap in enumerate(day.load_cap) if cap == 0)
        last = min(day.quarters - len(wish.need), wish.last_quarter if wish.last_quarter is not None else day.quarters)
        for at in range(wish.first_quarter, last + 1):
            if day.opens_at + at * QUARTER < wish.not_before or (day.patient_taken | closed) & (mask << at):
                continue
            best = _best_chair(day, chairs, at, mask << at, wish.turnover_quarters)
            if best is not None:
                yield _opening(day, wish, at, *best)


def _best_chair(
    day: DayGrid, chairs: Sequence[UUID], at: int, mask: int, turnover: int
) -> tuple[UUID, int, bool] | None:
    """The free chair that leaves the least unusable time around the visit: with that time in quarter hours, and
    whether there is too little of it to make the chair ready."""
    best: tuple[bool, int, int, UUID] | None = None
    beside = ((1 << mask.bit_count() + 2 * turnover) - 1) << at >> turnover if turnover else mask
    for order, chair in enumerate(chairs):
        visits = day.taken.get(chair, 0)
        taken = visits | day.out.get(chair, 0)
        if taken & mask:
            continue
        is_short = bool(visits & beside)
        waste = _waste(taken, at, mask.bit_count(), day.quarters)
        if best is None or (is_short, waste, order) < best[:3]:
            best = (is_short, waste, order, chair)
            if waste == 0 and not is_short:
                break
    return (best[3], best[1], best[0]) if best else None


def _waste(taken: int, at: int, length: int, quarters: int) -> int:
    """The quarter hours free on either side of a visit that are too few for another."""
    end = at + length
    below, above = taken & ((1 << at) - 1), taken >> end
    before = at - below.bit_length()
    after = (above & -above).bit_length() - 1 if above else quarters - end
    return sum(gap for gap in (before, after) if 0 < gap < SHORT_GAP_QUARTERS)


def _opening(day: DayGrid, wish: Wish, at: int, chair: UUID, waste: int, is_short: bool) -> Opening:  # noqa: PLR0917
    soft = []
    peak = 0
    for offset, need in enumerate(wish.need):
        cap = day.load_cap[at + offset]
        used = day.load_used[at + offset] + need
        peak = max(peak, NO_NURSE if cap == 0 else -(-used * 100 // cap))
    if peak > 100:
        soft.append("nurse_load")
    starting = at + wish.start_quarter
    if day.starts_used[starting] + 1 > day.starts_cap[starting]:
        soft.append("nurse_starts")
    if day.on < wish.earliest_on:
        soft.append("too_early")
    elif day.on > wish.latest_on:
        soft.append("too_late")
    if is_short:
        soft.append("turnover_short")
    start = day.opens_at + at * QUARTER
    return Opening(
        chair_id=chair,
        on=day.on,
        interval=Interval(start, start + len(wish.need) * QUARTER),
        peak_percent=peak,
        leftover_minutes=waste * 15,
        soft=tuple(soft),
        reasons=(
            *_reasons(day.on, wish, peak, waste),
            *(["an isolation chair"] if chair in wish.isolation_chairs else []),
        ),
        rank=(
            len(soft),
            int(peak > COMFORTABLE_PERCENT),
            int(waste > 0),
            int(wish.prefers_weekday is not None and day.on.weekday() != wish.prefers_weekday),
            abs((day.on - wish.due_on).days),
            0 if wish.prefers_minute is None else abs(at * 15 - wish.prefers_minute),
            at,
        ),
    )


def _reasons(on: date, wish: Wish, peak: int, waste: int) -> Iterator[str]:
    away = (on - wish.due_on).days
    if away == 0:
        yield "on the due date"
    else:
        yield f"{abs(away)} day{'s' if abs(away) != 1 else ''} {'after' if away > 0 else 'before'} the due date"
    if wish.prefers_weekday is not None and on.weekday() == wish.prefers_weekday:
        yield "their usual weekday"
    yield f"nurse load reaches {peak} %" if peak < NO_NURSE else "no nurse on shift"
    if waste:
        yield f"leaves {waste * 15} min unused beside it"


def one_per_half_hour(ranked: Sequence[Opening], limit: int) -> list[Opening]:
    """The first `limit` of `ranked`, no two of them in the same half hour of the same day."""
    seen: set[tuple[date, int]] = set()
    chosen = []
    for opening in ranked:
        key = (opening.on, int(opening.interval.start.timestamp() // timedelta(minutes=30).total_seconds()))
        if key not in seen:
            seen.add(key)
            chosen.append(opening)
            if len(chosen) == limit:
                break
    return chosen


def occupied(day: DayGrid, opening: Opening, need: Sequence[int], start_quarter: int) -> DayGrid:
    """`day` with a visit in the place of `opening`."""
    at = (opening.interval.start - day.opens_at) // QUARTER
    return _changed(day, opening.chair_id, at, need, start_quarter, sign=1)


def freed(day: DayGrid, chair_id: UUID, start: datetime, need: Sequence[int], start_quarter: int) -> DayGrid:
    """`day` without the visit that this patient has in `chair_id` from `start`."""
    at = (start - day.opens_at) // QUARTER
    return _changed(day, chair_id, at, need, start_quarter, sign=-1)


def _changed(day: DayGrid, chair_id: UUID, at: int, need: Sequence[int], start_quarter: int, *, sign: int) -> DayGrid:
    whole = (1 << day.quarters) - 1
    mask = ((((1 << len(need)) - 1) << at) if at >= 0 else ((1 << len(need)) - 1) >> -at) & whole
    load, starts, taken = list(day.load_used), list(day.starts_used), dict(day.taken)
    for offset, hundredths in enumerate(need):
        if 0 <= at + offset < day.quarters:
            load[at + offset] = max(0, load[at + offset] + sign * hundredths)
    if 0 <= at + start_quarter < day.quarters:
        starts[at + start_quarter] = max(0, starts[at + start_quarter] + sign)
    if sign > 0:
        taken[chair_id] = taken.get(chair_id, 0) | mask
        patient = day.patient_taken | mask
    else:
        taken[chair_id] = taken.get(chair_id, 0) & ~mask
        patient = day.patient_taken & ~mask
    return replace(day, load_used=tuple(load), starts_used=tuple(starts), taken=taken, patient_taken=patient)
