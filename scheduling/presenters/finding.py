"""Rows of the find-a-slot panel: who is due, and where they could go."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from accounts.models import Clinic
from regimens.models import CourseDay
from scheduling.models import Chair
from scheduling.presenters.words import drug
from scheduling.queries.openings import FoundOpening

SOFT_WORDS = {
    "nurse_load": "needs a reason: nurses over capacity",
    "nurse_starts": "needs a reason: too many starts at once",
    "too_early": "needs a reason: before the window",
    "too_late": "needs a reason: after the window",
}


@dataclass(frozen=True, kw_only=True)
class Gap:
    """Free time in a chair that somebody pressed."""

    chair: Chair
    start: datetime
    place: str


@dataclass(frozen=True, kw_only=True)
class OpeningRow:
    """One suggested place. `place` is what the form sends back."""

    place: str
    chair: Chair
    on: date
    start: datetime
    end: datetime
    why: str
    is_soft: bool


@dataclass(frozen=True, kw_only=True)
class DueRow:
    """One course day to place."""

    course_day: CourseDay
    drug: str
    state: str
    is_late: bool


def place_value(chair_id: UUID, start: datetime) -> str:
    """A chair and a start as one form value."""
    return f"{chair_id}@{start.isoformat()}"


def gap(clinic: Clinic, place: str) -> Gap | None:
    """The gap that a board button names; None if it names none of this clinic's chairs."""
    chair_id, _, start = place.partition("@")
    try:
        moment = datetime.fromisoformat(start.replace(" ", "+"))
        chair = Chair.objects.filter(clinic=clinic, pk=UUID(chair_id)).first()
    except ValueError:
        return None
    if chair is None or moment.tzinfo is None:
        return None
    return Gap(chair=chair, start=moment, place=place_value(chair.id, moment))


def rows(found: Iterable[FoundOpening]) -> list[OpeningRow]:
    """Openings as the panel lists them."""
    return [
        OpeningRow(
            place=place_value(one.chair.id, one.opening.interval.start),
            chair=one.chair,
            on=one.opening.on,
            start=one.opening.interval.start,
            end=one.opening.interval.end,
            why="; ".join([*(SOFT_WORDS[code] for code in one.opening.soft), *one.opening.reasons]),
            is_soft=bool(one.opening.soft),
        )
        for one in found
    ]


def due_rows(days: Iterable[CourseDay], today: date) -> Sequence[DueRow]:
    """Who is due, most pressing first."""
    return [_due_row(day, today) for day in days]


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
