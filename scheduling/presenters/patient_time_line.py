"""What comes next for a patient on one line: visits here, and therapies elsewhere, which never book a chair."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby

from django.utils import timezone

from regimens.domain.elsewhere import days_between
from regimens.models import ElsewhereTherapy
from regimens.queries.exchanges import cautions_about
from scheduling.models import Visit
from scheduling.presenters import words

AHEAD = timedelta(days=90)
MOST_DATES = 4


@dataclass(frozen=True, kw_only=True)
class TherapyRow:
    """A therapy elsewhere as it is listed."""

    therapy: ElsewhereTherapy
    rhythm: str
    is_over: bool


@dataclass(frozen=True, kw_only=True)
class Coming:
    """A visit, or a therapy elsewhere on the days until the next thing that comes."""

    on: date
    what: str
    visit: Visit | None
    therapy: ElsewhereTherapy | None
    days: tuple[date, ...]
    more: int
    caution: str = ""


def therapy_rows(therapies: Iterable[ElsewhereTherapy], today: date) -> list[TherapyRow]:
    """Therapies elsewhere: those that go on first."""
    rows = [
        TherapyRow(therapy=each, rhythm=_rhythm(each), is_over=each.ends_on is not None and each.ends_on < today)
        for each in therapies
    ]
    return sorted(rows, key=lambda row: row.is_over)


def time_line(visits: Sequence[Visit], therapies: Iterable[ElsewhereTherapy], today: date) -> list[Coming]:
    """The next 90 days; days of one therapy that follow each other without anything between stand in one line."""
    last_on = today + AHEAD
    therapies = list(therapies)
    cautions = cautions_about(therapies, {on for on in map(_globulin_on, visits) if on is not None})
    points: list[tuple[date, int, Visit | None, ElsewhereTherapy | None]] = []
    for visit in visits:
        on = timezone.localtime(visit.period.lower).date()
        if today <= on <= last_on:
            points.append((on, 0, visit, None))
    for therapy in therapies:
        days = days_between(
            starts_on=therapy.starts_on,
            every_days=therapy.every_days,
            ends_on=therapy.ends_on,
            first_on=today,
            last_on=last_on,
        )
        points.extend((day, 1, None, therapy) for day in days)
    points.sort(key=lambda point: point[:2])
    found = []
    for _, run in groupby(points, key=lambda point: point[2] or point[3]):
        found.append(_coming(list(run), cautions))
    return found


def _globulin_on(visit: Visit) -> date | None:
    """The day of a visit for immune globulin, on the clinic's wall."""
    if not visit.course_day.course.order.product.is_immune_globulin:
        return None
    return timezone.localtime(visit.period.lower).date()


def _coming(run: list[tuple[date, int, Visit | None, ElsewhereTherapy | None]], cautions: Mapping[date, str]) -> Coming:
    on, _, visit, therapy = run[0]
    days = tuple(point[0] for point in run)
    what = words.drug(visit.course_day) if visit else therapy.name if therapy else ""
    shown = days[:MOST_DATES] if len(days) > MOST_DATES + 1 else days
    about = cautions.get(on, "") if visit and _globulin_on(visit) else ""
    return Coming(
        on=on, what=what, visit=visit, therapy=therapy, days=shown, more=len(days) - len(shown), caution=about
    )


def _rhythm(therapy: ElsewhereTherapy) -> str:
    days = therapy.every_days
    if days is None:
        return "once"
    if days % 7 == 0:
        return "every week" if days == 7 else f"every {days // 7} weeks"
    return "every day" if days == 1 else f"every {days} days"
