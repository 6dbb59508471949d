"""Rows of the find-a-slot panel: who is due, and where they could go."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from accounts.models import Clinic
from core.looks import load_step, look_of
from regimens.models import CourseDay
from scheduling.models import Chair, Visit
from scheduling.presenters.words import drug
from scheduling.queries.dry_run import DryRun, WayOut
from scheduling.queries.openings import FoundOpening

SOFT_WORDS = {
    "nurse_load": "needs a reason: nurses over capacity",
    "nurse_starts": "needs a reason: too many starts at once",
    "too_early": "needs a reason: before the window",
    "too_late": "needs a reason: after the window",
    "turnover_short": "needs a reason: little time to make the chair ready",
}


@dataclass(frozen=True, kw_only=True)
class Place:
    """A chair and a start. `value` is what a form sends back."""

    chair: Chair
    start: datetime
    value: str
    is_same_chair: bool = False


@dataclass(frozen=True, kw_only=True)
class OpeningRow:
    """One suggested place. `place` is what the form sends back."""

    place: str
    chair: Chair
    on: date
    start: datetime
    end: datetime
    minutes: int
    why: str
    is_soft: bool


@dataclass(frozen=True, kw_only=True)
class DueRow:
    """One course day to place."""

    course_day: CourseDay
    drug: str
    state: str
    is_late: bool
    is_too_long: bool = False


def place_value(chair_id: UUID, start: datetime) -> str:
    """A chair and a start as one form value."""
    return f"{chair_id}@{start.isoformat()}"


def place(chair: Chair, start: datetime) -> Place:
    """A chair and a start that somebody pressed on the board."""
    return Place(chair=chair, start=start, value=place_value(chair.id, start))


def ways_out(found: Iterable[WayOut]) -> list[Place]:
    """Places near a refused one as buttons: "Use 13:30" in the same chair, or another chair at the same time."""
    return [replace(place(one.chair, one.start), is_same_chair=one.is_same_chair) for one in found]


def tried(run: DryRun, clinic: Clinic, *, mate: Visit | None = None) -> dict[str, Any]:
    """A tried place for the board's script: what to say under the ghost, and the load it would bring.

    `mate` is the visit there with which it could change chairs.
    """
    sentences = [reason.sentence for reason in run.reasons]
    if mate is not None:
        sentences.append(f"Place it here to swap with {mate.patient.short_name.rstrip('.')}.")
    start, end = (moment.astimezone(clinic.zone) for moment in (run.interval.start, run.interval.end))
    return {
        "place": f"{run.chair.name} {start:%H:%M}–{end:%H:%M}",
        "said": f"{run.chair.name} {start:%H:%M} to {end:%H:%M}",
        "verdict": "refused" if run.is_refused else "soft" if run.reasons else "free",
        "reasons": sentences,
        "load": [
            {
                "at": change.at.isoformat(),
                "before": f"{change.before:.1f}",
                "after": f"{change.after:.1f}",
                "step": load_step(change.after, change.nurses),
                "over": change.after > change.nurses,
            }
            for change in run.load
        ],
    }


def everywhere(uncovered: Mapping[date, str], found: Sequence[FoundOpening]) -> str:
    """Why no opening of the list is covered, to be said once above it; empty when one is, or there is none."""
    days = {one.opening.on for one in found}
    return next(iter(uncovered.values())) if days and days <= set(uncovered) else ""


def rows(found: Iterable[FoundOpening], uncovered: Mapping[date, str] | None = None) -> list[OpeningRow]:
    """Openings as the panel lists them; `uncovered` are days on which nobody would pay."""
    unpaid = uncovered or {}
    return [
        OpeningRow(
            place=place_value(one.chair.id, one.opening.interval.start),
            chair=one.chair,
            on=one.opening.on,
            start=one.opening.interval.start,
            end=one.opening.interval.end,
            minutes=one.opening.interval.minutes,
            why="; ".join(
                [
                    *(SOFT_WORDS[code] for code in one.opening.soft),
                    *(["needs a reason: not covered that day"] if one.opening.on in unpaid else []),
                    *one.opening.reasons,
                ]
            ),
            is_soft=bool(one.opening.soft) or one.opening.on in unpaid,
        )
        for one in found
    ]


def due_rows(days: Iterable[CourseDay], today: date, free_minutes: int | None = None) -> Sequence[DueRow]:
    """Who is due, most pressing first; with `free_minutes` of a gap, those who fit it before those who do not."""
    rows = [_due_row(day, today) for day in days]
    if free_minutes is None:
        return rows
    marked = [replace(row, is_too_long=row.course_day.chair_minutes > free_minutes) for row in rows]
    return sorted(marked, key=lambda row: row.is_too_long)


def _due_row(day: CourseDay, today: date) -> DueRow:
    latest = day.course.latest_on
    if latest < today:
        late = (today - latest).days
        return DueRow(course_day=day, drug=drug(day), state=f"window closed {late} d ago", is_late=True)
    return DueRow(
        course_day=day,
        drug=drug(day),
        state=f"due {day.due_on:%a %-d %b}, window to {latest:%-d %b}",
        is_late=(latest - today).days <= 2,
    )


def when(start: datetime, clinic: Clinic) -> str:
    """A start on the clinic's clock: "Fri 20 Nov 11:15"."""
    local = start.astimezone(clinic.zone)
    return f"{local:%a} {local.day} {local:%b %H:%M}"


def where(visit: Visit) -> str:
    """A visit, its status and its place in a few words: "Soto, P. is booked, A1, Fri 20 Nov 11:15"."""
    status = look_of("visit", visit.status).word.lower()
    return f"{visit.patient.short_name} is {status}, {visit.chair.name}, {when(visit.period.lower, visit.clinic)}"


def in_chair(visit: Visit) -> str:
    """Who sits where: "Soto, P. in A2"."""
    return f"{visit.patient.short_name} in {visit.chair.name}"


def ends(visit: Visit) -> str:
    """When a visit ends on the clinic's clock: "12:15"."""
    return f"{visit.period.upper.astimezone(visit.clinic.zone):%H:%M}"
