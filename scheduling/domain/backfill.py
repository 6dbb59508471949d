"""Who could take a place that became free, best first, each with reasons; and why the others could not. Pure.

A place goes to somebody who may have it without anybody's override: inside the clinical window, paid for, short enough,
in a chair that fits, told early enough. Among those, who waits comes before who is merely due, and a place that is
filled well before one that is left half empty.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from core.intervals import QUARTER

NOON = 12
DUE_SOON_DAYS = 3
TOO_SOON = "notice of"


@dataclass(frozen=True, kw_only=True)
class FreePlace:
    """A chair that is free from `start` (an instant in the clinic's own zone) for `minutes`."""

    start: datetime
    minutes: int
    is_private: bool

    @property
    def on(self) -> date:
        return self.start.date()


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """Somebody who might take it: a course day with its clinical window, and what they wished for if they wait.

    `booked_at` is the start of the visit they have, in the clinic's zone; `waits_since` None for who only is due.
    """

    course_day_id: UUID
    minutes: int
    due_on: date
    earliest_on: date
    latest_on: date
    uncovered: str
    needs_private_room: bool
    prefers_weekday: int | None = None
    waits_since: date | None = None
    wants_from: date | None = None
    wants_to: date | None = None
    parts_of_day: tuple[str, ...] = ()
    notice_hours: int = 0
    booked_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Ranked:
    """A candidate who may have the place, and why at this rank."""

    candidate: Candidate
    reasons: tuple[str, ...]
    order: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class Unfit:
    """A candidate who may not, and every reason."""

    candidate: Candidate
    reasons: tuple[str, ...]


def rank(place: FreePlace, candidates: Iterable[Candidate], now: datetime) -> tuple[list[Ranked], list[Unfit]]:
    """Who may take `place`, best first, and who may not."""
    fit: list[Ranked] = []
    unfit: list[Unfit] = []
    for candidate in candidates:
        against = check_candidate(place, candidate, now)
        if against:
            unfit.append(Unfit(candidate=candidate, reasons=against))
        else:
            fit.append(Ranked(candidate=candidate, reasons=_reasons(place, candidate), order=_order(place, candidate)))
    return sorted(fit, key=lambda one: (one.order, str(one.candidate.course_day_id))), unfit


def check_candidate(place: FreePlace, candidate: Candidate, now: datetime) -> tuple[str, ...]:
    """Every reason why `candidate` may not have `place`; empty when they may."""
    against = []
    if candidate.minutes > place.minutes:
        against.append(f"needs {_span(candidate.minutes)}, and {_span(place.minutes)} are free")
    if candidate.needs_private_room and not place.is_private:
        against.append("needs a private room")
    if place.on < candidate.earliest_on:
        against.append(f"too early: the window opens on {_day(candidate.earliest_on)}")
    elif place.on > candidate.latest_on:
        against.append(f"too late: the window closed on {_day(candidate.latest_on)}")
    if place.start - now < timedelta(hours=candidate.notice_hours):
        against.append(f"{TOO_SOON} {candidate.notice_hours} h can't be kept")
    if not _wishes(place, candidate):
        against.append("does not want this day or time")
    if candidate.booked_at is not None and candidate.booked_at == place.start:
        against.append("has this very time")
    if candidate.uncovered:
        against.append(candidate.uncovered[0].lower() + candidate.uncovered[1:].rstrip("."))
    return tuple(against)


def suits(start: datetime, first_on: date, last_on: date, parts_of_day: Sequence[str]) -> bool:
    """Whether a start (in the clinic's zone) is on a wished day, and in a wished part of it; no parts means any."""
    part = "morning" if start.hour < NOON else "afternoon"
    return first_on <= start.date() <= last_on and (not parts_of_day or part in parts_of_day)


def _wishes(place: FreePlace, candidate: Candidate) -> bool:
    if candidate.wants_from is None or candidate.wants_to is None:
        return True
    return suits(place.start, candidate.wants_from, candidate.wants_to, candidate.parts_of_day)


def _order(place: FreePlace, candidate: Candidate) -> tuple[int, ...]:
    left = place.minutes - candidate.minutes
    waits = candidate.waits_since
    return (
        int(waits is None),
        int((candidate.latest_on - place.on).days > DUE_SOON_DAYS),
        left // int(QUARTER.total_seconds() // 60) // 4,
        int(candidate.prefers_weekday is not None and candidate.prefers_weekday != place.on.weekday()),
        waits.toordinal() if waits else (candidate.latest_on - place.on).days,
        left,
    )


def _reasons(place: FreePlace, candidate: Candidate) -> tuple[str, ...]:
    said = []
    if candidate.waits_since is not None:
        said.append(f"waits since {_day(candidate.waits_since)}")
    if candidate.booked_at is not None:
        days = (candidate.booked_at.date() - place.on).days
        said.append(_sooner(days))
    left_days = (candidate.latest_on - place.on).days
    if left_days <= DUE_SOON_DAYS:
        said.append("window ends that day" if left_days == 0 else f"window ends {left_days} d later")
    away = (place.on - candidate.due_on).days
    said.append("on the due date" if away == 0 else f"{abs(away)} d {'after' if away > 0 else 'before'} the due date")
    left = place.minutes - candidate.minutes
    said.append("fills the place" if left == 0 else f"leaves {_span(left)} free")
    if candidate.prefers_weekday == place.on.weekday():
        said.append("their usual weekday")
    return tuple(said)


def _sooner(days: int) -> str:
    if days == 0:
        return "another time on the day they have"
    return f"{abs(days)} d {'sooner' if days > 0 else 'later'} than they have"


def _span(minutes: int) -> str:
    hours, rest = divmod(minutes, 60)
    if not hours:
        return f"{rest} min"
    return f"{hours} h {rest:02d}" if rest else f"{hours} h"


def _day(on: date) -> str:
    return f"{on:%a} {on.day} {on:%b}"
