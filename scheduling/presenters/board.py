"""The day board as its template wants it: grid positions, words, accessible names. No rule, no SQL."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from core.intervals import QUARTER, Interval, floor_quarter, gaps
from core.looks import load_step
from scheduling.domain.statuses import IN_CHAIR, VisitStatus, next_step
from scheduling.models import Chair, ChairKind, Visit
from scheduling.presenters import bars
from scheduling.presenters.bars import Bar
from scheduling.queries.board import BoardDay

SHORTEST_DAY = 16
LONGEST_DAY = 64


@dataclass(frozen=True, kw_only=True)
class Gap:
    """Free time in a chair, from now on: a button that books it."""

    offset: int
    width: int
    start: datetime
    minutes: int
    label: str


@dataclass(frozen=True, kw_only=True)
class Past:
    """Free time gone by."""

    offset: int
    width: int


@dataclass(frozen=True, kw_only=True)
class Row:
    """One chair."""

    chair: Chair
    is_private: bool
    percent: int
    bars: tuple[Bar, ...]
    gaps: tuple[Gap, ...]
    past: tuple[Past, ...]


@dataclass(frozen=True, kw_only=True)
class Heat:
    """One quarter hour of nurse load."""

    offset: int
    need: str
    nurses: str
    step: int
    is_over: bool
    at: datetime


@dataclass(frozen=True, kw_only=True)
class Hour:
    offset: int
    width: int
    label: str


@dataclass(frozen=True, kw_only=True)
class BoardPage:
    """Everything on the page. `quarters` is 0 when the clinic is closed that day."""

    on: date
    is_today: bool
    previous_on: date
    next_on: date
    version: int
    quarters: int
    opens_at: datetime | None
    hours: tuple[Hour, ...]
    heat: tuple[Heat, ...]
    heat_summary: str
    rows: tuple[Row, ...]
    now_offset: int | None
    now_minutes: int
    now: datetime
    waiting: tuple[Bar, ...]
    by_time: tuple[Bar, ...]
    figures: dict[str, Any]


def page(board: BoardDay) -> BoardPage:
    """The page for a board."""
    day = board.open_time
    quarters = min(day.minutes // 15, LONGEST_DAY) if day else 0
    drawn = {visit.id: bars.bar(visit, board) for visit in board.all_visits}
    rows = tuple(_row(chair, board, drawn) for chair in board.chairs if chair.is_active) if day else ()
    waiting = [bar for bar in drawn.values() if bar.status == VisitStatus.ARRIVED]
    heat = tuple(_heat(board)) if day else ()
    return BoardPage(
        on=board.on,
        is_today=board.is_today,
        previous_on=board.on - timedelta(days=1),
        next_on=board.on + timedelta(days=1),
        version=board.version,
        quarters=max(quarters, SHORTEST_DAY) if quarters else 0,
        opens_at=day.start if day else None,
        hours=tuple(_hours(day, board)) if day else (),
        heat=heat,
        heat_summary=_heat_summary(board),
        rows=rows,
        now_offset=_now_offset(board),
        now_minutes=board.now.minute % 15,
        now=board.now,
        waiting=tuple(sorted(waiting, key=lambda bar: bar.visit.arrived_at or bar.visit.period.lower)),
        by_time=tuple(sorted(drawn.values(), key=lambda bar: (bar.visit.period.lower, bar.visit.chair_id))),
        figures=_figures(board, rows),
    )


def _row(chair: Chair, board: BoardDay, drawn: dict[UUID, Bar]) -> Row:
    visits = board.visits.get(chair.id, ())
    day = board.open_time
    assert day is not None  # noqa: S101 (rows exist only on open days)
    taken = [_interval(visit) for visit in visits if visit.status != VisitStatus.NO_SHOW]
    free = gaps(day, taken)
    turns_free = max(day.start, floor_quarter(board.now))
    coming = [Interval(max(gap.start, turns_free), gap.end) for gap in free if gap.end > turns_free]
    gone = [Interval(gap.start, min(gap.end, turns_free)) for gap in free if gap.start < turns_free]
    used = sum(min(one.end, day.end).timestamp() - max(one.start, day.start).timestamp() for one in taken)
    return Row(
        chair=chair,
        is_private=chair.kind == ChairKind.PRIVATE_ROOM,
        percent=round(100 * used / (day.minutes * 60)),
        bars=tuple(drawn[visit.id] for visit in visits),
        gaps=tuple(_gap(gap, chair, board, day) for gap in coming),
        past=tuple(Past(offset=_offset(gone_by.start, day), width=gone_by.minutes // 15) for gone_by in gone),
    )


def _gap(gap: Interval, chair: Chair, board: BoardDay, day: Interval) -> Gap:
    start, end = (moment.astimezone(board.clinic.zone) for moment in (gap.start, gap.end))
    return Gap(
        offset=_offset(gap.start, day),
        width=gap.minutes // 15,
        start=gap.start,
        minutes=gap.minutes,
        label=f"Chair {chair.name} free {start:%H:%M} to {end:%H:%M}, {gap.minutes} minutes. Book",
    )


def _heat(board: BoardDay) -> Iterator[Heat]:
    for offset, quarter in enumerate(board.load):
        yield Heat(
            offset=offset,
            need=f"{quarter.need:.1f}",
            nurses=f"{quarter.nurses:.0f}",
            step=load_step(quarter.need, quarter.nurses),
            is_over=quarter.need > quarter.nurses,
            at=quarter.at,
        )


def _heat_summary(board: BoardDay) -> str:
    if not board.load:
        return "No nurse load: the clinic is closed."
    peak = _peak(board)
    over = sum(quarter.need > quarter.nurses for quarter in board.load)
    at = peak.at.astimezone(board.clinic.zone)
    text = f"Nurse load, highest {peak.need:.1f} of {peak.nurses:.0f} nurses at {at:%H:%M}."
    return text + (f" Over capacity in {over} quarter hours." if over else " Never over capacity.")


def _peak(board: BoardDay) -> Any:
    return max(board.load, key=lambda quarter: quarter.need / quarter.nurses if quarter.nurses else quarter.need)


def _figures(board: BoardDay, rows: Sequence[Row]) -> dict[str, Any]:
    visits = [visit for visit in board.all_visits if visit.status != VisitStatus.NO_SHOW]
    peak = _peak(board) if board.load else None
    return {
        "visits": len(visits),
        "in_chair": sum(visit.status in IN_CHAIR for visit in visits),
        "chairs": len(rows),
        "waiting": sum(visit.status == VisitStatus.ARRIVED for visit in visits),
        "percent": round(sum(row.percent for row in rows) / len(rows)) if rows else 0,
        "peak": f"{peak.need:.1f}/{peak.nurses:.0f}" if peak else "–",
        "peak_at": peak.at if peak else None,
        "is_over": bool(peak and peak.need > peak.nurses),
    }


def _hours(day: Interval, board: BoardDay) -> Iterator[Hour]:
    offset, total = 0, day.minutes // 15
    while offset < total:
        local = (day.start + offset * QUARTER).astimezone(board.clinic.zone)
        width = min(total - offset, 4 - local.minute // 15)
        yield Hour(offset=offset, width=width, label=f"{local:%H:%M}")
        offset += width


def _now_offset(board: BoardDay) -> int | None:
    if board.open_time is None or not board.open_time.contains(board.now):
        return None
    return _offset(floor_quarter(board.now), board.open_time)


def _offset(moment: datetime, day: Interval) -> int:
    return max(0, (moment - day.start) // QUARTER)


def _interval(visit: Visit) -> Interval:
    return Interval(visit.period.lower, visit.period.upper)


def next_label(visit: Visit) -> str:
    """The word on the one button that takes a visit on; empty when it is finished."""
    after = next_step(VisitStatus(visit.status))
    return bars.STEP_WORDS.get(after, "") if after else ""
