"""The day board as its template wants it: grid positions, words, accessible names. No rule, no SQL."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import quote
from uuid import UUID

from django.urls import reverse
from django.utils.safestring import SafeString

from accounts.domain.policy import Permission
from core.actor import Actor
from core.intervals import QUARTER, Interval, ceil_quarter, floor_quarter, gaps
from core.looks import load_step
from scheduling.domain.statuses import FORWARD, IN_CHAIR, VisitStatus
from scheduling.models import Chair, ChairKind, Visit
from scheduling.presenters import bars, markup
from scheduling.presenters.bars import Bar
from scheduling.queries.board import BoardDay, LoadQuarter

SHORTEST_DAY = 16
LONGEST_DAY = 64
SHORTEST_GAP_MINUTES = 30
"""Shorter free time is drawn but no link: nothing is that short, and it would be too narrow to press."""

SOME_ID = UUID(int=0)

KEYS: Mapping[str, tuple[VisitStatus, ...]] = {
    "a": (VisitStatus.ARRIVED,),
    "s": (VisitStatus.SEATED, VisitStatus.INFUSING),
    "o": (VisitStatus.OBSERVING,),
    "d": (VisitStatus.COMPLETED,),
}
"""The keys that take a visit on, each with the statuses it may lead to; the table of legal moves decides which."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """One chair and its lane."""

    chair: Chair
    is_private: bool
    percent: int
    lane: SafeString


@dataclass(frozen=True, kw_only=True)
class Hour:
    """One hour in the board's head, in quarter hours from opening."""

    offset: int
    width: int
    label: str


@dataclass(frozen=True, kw_only=True)
class BoardPage:
    """Everything on the page. `quarters` is 0 when the clinic is closed that day.

    `version` is the board's version and, today, the minute: it changes whenever the picture should.
    """

    on: date
    today: date
    is_today: bool
    previous_on: date
    next_on: date
    version: str
    closed_for: str
    next_open_on: date | None
    next_open_words: str
    quarters: int
    opens_at: str
    hours: tuple[Hour, ...]
    heat: SafeString
    heat_summary: str
    load: SafeString
    rows: tuple[Row, ...]
    now_offset: int | None
    now_minutes: int
    now: datetime
    waiting: tuple[Bar, ...]
    by_time: tuple[Bar, ...]
    figures: dict[str, Any]
    steps: str
    can_book: bool
    can_change: bool
    can_run: bool
    can_check: bool


def page(board: BoardDay, by: Actor, *, selected: str = "") -> BoardPage:
    """The page for a board as `by` may use it, with the visit whose id is `selected` marked."""
    day = board.open_time
    drawn = _bars(board)
    rows = tuple(_rows(board, drawn, day, by, selected)) if day else ()
    waiting = [bar for bar in drawn.values() if bar.status == VisitStatus.ARRIVED]
    can_run = by.can(Permission.VISIT_STATUS)
    return BoardPage(
        on=board.on,
        today=board.now.astimezone(board.clinic.zone).date(),
        is_today=board.is_today,
        previous_on=board.on - timedelta(days=1),
        next_on=board.on + timedelta(days=1),
        version=version(board.version, board.now if board.is_today else None),
        closed_for=board.closed_for,
        next_open_on=board.next_open_on,
        next_open_words=_next_open_words(board),
        quarters=max(_quarters(day), SHORTEST_DAY) if day else 0,
        opens_at=day.start.isoformat() if day else "",
        hours=tuple(_hours(day, board)) if day else (),
        heat=_heat(board),
        heat_summary=_heat_summary(board),
        load=_load_table(board),
        rows=rows,
        now_offset=_now_offset(board),
        now_minutes=board.now.minute % 15,
        now=board.now,
        waiting=tuple(sorted(waiting, key=lambda bar: (bar.arrived_at or board.now, bar.starts))),
        by_time=tuple(sorted(drawn.values(), key=lambda bar: bar.starts)),
        figures=_figures(board, rows),
        steps=json.dumps(_steps()) if can_run else "{}",
        can_book=by.can(Permission.VISIT_BOOK),
        can_change=by.can(Permission.VISIT_CHANGE),
        can_run=can_run,
        can_check=by.can(Permission.ADMINISTRATION_RECORD),
    )


def _next_open_words(board: BoardDay) -> str:
    on = board.next_open_on
    return f"Next open day: {on:%a} {on.day} {on:%b}" if on else ""


def version(number: int, now: datetime | None) -> str:
    """What a poll compares: the board's version, and on the day itself the minute, because clocks are drawn on it."""
    return f"{number}.{int(now.timestamp() // 60)}" if now else str(number)


def _bars(board: BoardDay) -> dict[UUID, Bar]:
    address = reverse("scheduling:visit", args=[SOME_ID])
    return {
        visit.id: bars.bar(visit, chair, board, address.replace(str(SOME_ID), str(visit.id)))
        for chair in board.chairs
        for visit in board.visits.get(chair.id, ())
    }


def _rows(board: BoardDay, drawn: Mapping[UUID, Bar], day: Interval, by: Actor, selected: str) -> Iterator[Row]:
    icons = markup.Icons()
    find_url = reverse("scheduling:find") if by.can(Permission.VISIT_BOOK) else ""
    can_check = by.can(Permission.ADMINISTRATION_RECORD)

    def _drawn(bar: Bar) -> str:
        return markup.visit(bar, icons, is_selected=str(bar.id) == selected, can_check=can_check)

    for chair in board.chairs:
        visits = board.visits.get(chair.id, ())
        if not chair.is_active and not visits:
            continue
        taken = [_interval(visit) for visit in visits if visit.status != VisitStatus.NO_SHOW]
        pieces = [(drawn[visit.id].offset, _drawn(drawn[visit.id])) for visit in visits]
        out = [
            Interval(*_clip(one.interval, day)) for one in board.outages.get(chair.id, ()) if one.interval.overlaps(day)
        ]
        is_bookable = chair.is_active and not board.closed_for
        pieces += _free(chair, board, day, [*taken, *out], find_url if is_bookable else "")
        pieces += _out(chair, board, day, taken)
        yield Row(
            chair=chair,
            is_private=chair.kind == ChairKind.PRIVATE_ROOM,
            percent=round(100 * sum(_minutes_within(one, day) for one in taken) / day.minutes),
            lane=markup.lane(pieces),
        )


def _free(
    chair: Chair, board: BoardDay, day: Interval, taken: Sequence[Interval], find_url: str
) -> Iterator[tuple[int, str]]:
    """The free time of a chair: what is to come can be booked, what is gone is hatched."""
    bookable_from = max(day.start, floor_quarter(board.now)) if find_url else day.end
    for free in gaps(day, taken):
        if free.start < bookable_from:
            gone = Interval(free.start, min(free.end, bookable_from))
            offset = _offset(gone.start, day)
            yield offset, markup.past(offset=offset, width=gone.minutes // 15)
        if (free.end - max(free.start, bookable_from)) >= timedelta(minutes=SHORTEST_GAP_MINUTES):
            coming = Interval(max(free.start, bookable_from), free.end)
            yield _offset(coming.start, day), _gap(coming, chair, board, day, find_url)


def _out(chair: Chair, board: BoardDay, day: Interval, taken: Sequence[Interval]) -> Iterator[tuple[int, str]]:
    """When a chair is out of use, as far as no visit stands in it."""
    for outage in board.outages.get(chair.id, ()):
        if not outage.interval.overlaps(day):
            continue
        ends = outage.interval.end.astimezone(board.clinic.zone)
        until = f"until {ends:%H:%M}" if ends.date() == board.on else f"until {ends:%a %-d %b %H:%M}"
        for part in gaps(Interval(*_clip(outage.interval, day)), taken):
            offset, last = _offset(part.start, day), -((day.start - part.end) // QUARTER)
            words = f"Out of use {until}: {outage.reason}"
            yield (
                offset,
                markup.out(offset=offset, width=last - offset, words=words, said=f"Chair {chair.name}. {words}"),
            )


def _clip(one: Interval, day: Interval) -> tuple[datetime, datetime]:
    """The part of an outage within the day, in whole quarter hours."""
    return floor_quarter(max(one.start, day.start)), ceil_quarter(min(one.end, day.end))


def _gap(free: Interval, chair: Chair, board: BoardDay, day: Interval, find_url: str) -> str:
    start, end = (moment.astimezone(board.clinic.zone) for moment in (free.start, free.end))
    offset = _offset(free.start, day)
    return markup.gap(
        id_=f"gap-{chair.position}-{offset}",
        offset=offset,
        width=free.minutes // 15,
        url=f"{find_url}?place={chair.id}@{quote(free.start.strftime('%Y-%m-%dT%H:%MZ'), safe=':')}",
        said=f"chair {chair.name} free {start:%H:%M} to {end:%H:%M}. Book",
        minutes=free.minutes,
    )


def _heat(board: BoardDay) -> SafeString:
    return markup.lane(
        (
            offset,
            markup.heat(
                offset=offset,
                step=load_step(quarter.need, quarter.nurses),
                need=f"{quarter.need:.1f}",
                nurses=f"{quarter.nurses:.0f}",
                is_over=quarter.need > quarter.nurses,
            ),
        )
        for offset, quarter in enumerate(board.load[:LONGEST_DAY])
    )


def _load_table(board: BoardDay) -> SafeString:
    """The same numbers as the picture of the load, as rows of a table: an hour each, a cell per quarter hour.

    Each leads to the visits that cause it.
    """
    address = reverse("scheduling:board-load", args=[board.on])
    hours: dict[str, list[str]] = {}
    for quarter in board.load:
        local = quarter.at.astimezone(board.clinic.zone)
        cells = hours.setdefault(f"{local:%H}:00", [""] * 4)
        over = "▲ " if quarter.need > quarter.nurses else ""
        words = f"{over}{quarter.need:.1f} of {quarter.nurses:.0f}"
        cells[local.minute // 15] = f'<a href="{address}?at={local:%H:%M}">{words}</a>'
    return markup.table_rows(hours)


def _heat_summary(board: BoardDay) -> str:
    if not board.load:
        return "No nurse load: the clinic is closed."
    peak = _peak(board)
    over = sum(quarter.need > quarter.nurses for quarter in board.load)
    at = peak.at.astimezone(board.clinic.zone)
    text = f"Nurse load, highest {peak.need:.1f} of {peak.nurses:.0f} nurses at {at:%H:%M}."
    return text + (f" Over capacity in {over} quarter hours." if over else " Never over capacity.")


def _peak(board: BoardDay) -> LoadQuarter:
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


def _steps() -> dict[str, dict[str, list[str]]]:
    """For each status and key: where the key leads and what the button says, from the table of legal moves."""
    return {
        status.value: {
            key: [step.value, bars.STEP_WORDS[step]]
            for key, steps in KEYS.items()
            for step in steps
            if step in FORWARD[status]
        }
        for status in VisitStatus
        if FORWARD[status]
    }


def _hours(day: Interval, board: BoardDay) -> Iterator[Hour]:
    offset, total = 0, _quarters(day)
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


def _quarters(day: Interval) -> int:
    return min(day.minutes // 15, LONGEST_DAY)


def _interval(visit: Visit) -> Interval:
    return Interval(visit.period.lower, visit.period.upper)


def _minutes_within(one: Interval, day: Interval) -> int:
    return max(0, int((min(one.end, day.end) - max(one.start, day.start)).total_seconds() // 60))
