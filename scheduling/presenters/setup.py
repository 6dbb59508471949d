"""The set-up pages as their templates want them. No rule, no SQL."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.urls import reverse

from accounts.models import Clinic, OpeningHours, User
from core.sourced import sourced_settings
from scheduling.domain.load import LoadPhase
from scheduling.models import ChairOutage, Shift
from scheduling.queries.setup import Cadence
from scheduling.queries.standing import Trouble
from scheduling.services.outages import when
from scheduling.services.setup_acts import Breaks
from scheduling.services.setup_calendar import WORDS

PHASES = {
    LoadPhase.PREPARATION: "Preparation and start",
    LoadPhase.RAMP: "First half hour of the infusion",
    LoadPhase.RUNNING: "Infusion running",
    LoadPhase.FINISHING: "End of the infusion, and flush",
    LoadPhase.OBSERVATION: "Observation",
    LoadPhase.TURNOVER: "Making the chair ready",
}
CADENCE_WORDS = {
    "after_start": "After the start",
    "at_maximum_every": "At the full rate, every",
    "early": "Counts when early by",
    "late": "Overdue after",
}
SHOWN = 10
SURE = {"P": "published", "S": "said in an article", "K": "usual practice, verify", "low": "low"}


@dataclass(frozen=True, kw_only=True)
class BrokenVisit:
    """A visit that a change leaves badly placed."""

    id: UUID
    patient: str
    chair: str
    starts_at: datetime
    why: str


@dataclass(frozen=True, kw_only=True)
class BrokenTime:
    """A time with too few nurses; `url` shows which visits need them then."""

    words: str
    url: str


@dataclass(frozen=True, kw_only=True)
class BrokenDay:
    """A day with too few nurses, and when."""

    on: date
    times: tuple[BrokenTime, ...]
    url: str


@dataclass(frozen=True, kw_only=True)
class BreaksView:
    """What a change breaks, in words; `soft` visits may stay. The `more_` ones show folded."""

    title: str
    text: str
    visits: tuple[BrokenVisit, ...]
    more_visits: tuple[BrokenVisit, ...]
    soft: tuple[BrokenVisit, ...]
    more_soft: tuple[BrokenVisit, ...]
    soft_title: str
    days: tuple[BrokenDay, ...]
    is_nothing: bool


@dataclass(frozen=True, kw_only=True)
class CadenceRow:
    """One time for vital signs, in minutes, with where it comes from."""

    words: str
    minutes: object
    source: str
    confidence: str


@dataclass(frozen=True, kw_only=True)
class ShiftView:
    """A shift in the week's table."""

    url: str
    times: str
    lunch: str
    can_change: bool


@dataclass(frozen=True, kw_only=True)
class WeekCell:
    """One nurse on one day; `add_url` is empty for a day that is over."""

    on: date
    shifts: tuple[ShiftView, ...]
    add_url: str


def breaks_view(breaks: Breaks, clinic: Clinic) -> BreaksView:
    """What a change breaks: visits to move, and days with too few nurses."""
    visits, soft = _visits(breaks.troubles), _visits(breaks.soft)
    days = tuple(_day(on, breaks, clinic) for on in sorted({span.on for span in breaks.over}))
    return BreaksView(
        title=_title(len(visits), len(days)),
        text=_text(breaks),
        visits=visits[:SHOWN],
        more_visits=visits[SHOWN:],
        soft=soft[:SHOWN],
        more_soft=soft[SHOWN:],
        soft_title=f"{len(soft)} booked visit{'s' if len(soft) != 1 else ''} to look at",
        days=days,
        is_nothing=breaks.is_nothing,
    )


def _visits(troubles: Iterable[Trouble]) -> tuple[BrokenVisit, ...]:
    by_visit: dict[UUID, list[Trouble]] = {}
    for trouble in troubles:
        by_visit.setdefault(trouble.visit.id, []).append(trouble)
    return tuple(
        BrokenVisit(
            id=visit_id,
            patient=found[0].visit.patient.short_name,
            chair=found[0].visit.chair.name,
            starts_at=found[0].visit.period.lower,
            why=" ".join(trouble.sentence for trouble in found),
        )
        for visit_id, found in by_visit.items()
    )


def _title(visits: int, days: int) -> str:
    parts = []
    if visits:
        parts.append(f"{visits} booked visit{'s' if visits != 1 else ''} to move")
    if days:
        parts.append(f"{days} day{'s' if days != 1 else ''} with too few nurses")
    return " and ".join(parts) if parts else "It breaks nothing"


def _text(breaks: Breaks) -> str:
    mended = len(breaks.mended)
    good = f" It puts {mended} visit{'s' if mended != 1 else ''} right." if mended else ""
    if breaks.is_nothing:
        return f"Every booked visit stays where it is.{good}"
    return f"The visits stay where they are until somebody moves them; each becomes a task under Requests.{good}"


def _day(on: date, breaks: Breaks, clinic: Clinic) -> BrokenDay:
    spans = [span for span in breaks.over if span.on == on]
    load = reverse("scheduling:board-load", args=[on])
    times = tuple(
        BrokenTime(
            words=f"{span.start.astimezone(clinic.zone):%H:%M}–{span.end.astimezone(clinic.zone):%H:%M}: {span.words}",
            url=f"{load}?at={span.worst.at.astimezone(clinic.zone):%H:%M}",
        )
        for span in spans
    )
    return BrokenDay(on=on, times=times, url=reverse("scheduling:board-day", args=[on]))


def hours_line(hours: dict[int, OpeningHours]) -> str:
    """The week in a line, days with the same times together: "Mon–Fri 07:00–18:00"."""
    runs: list[tuple[int, int, str]] = []
    for day in sorted(hours):
        times = f"{hours[day].opens:%H:%M}–{hours[day].closes:%H:%M}"
        if runs and runs[-1][1] == day - 1 and runs[-1][2] == times:
            runs[-1] = (runs[-1][0], day, times)
        else:
            runs.append((day, day, times))
    names = ((WORDS[first][:3], WORDS[last][:3], times) for first, last, times in runs)
    return " · ".join(f"{first}{'' if first == last else f'–{last}'} {times}" for first, last, times in names)


def hours_initial(hours: dict[int, OpeningHours]) -> dict[str, Any]:
    """The hours as the form starts."""
    found: dict[str, Any] = {}
    for weekday, row in hours.items():
        found[f"opens_{weekday}"], found[f"closes_{weekday}"] = row.opens, row.closes
    return found


def cadence_initial(found: Cadence) -> dict[str, Any]:
    """The times as their form starts: a source is only kept where the clinic gave one."""
    return vars(found.times) | {"source": found.source, "confidence": found.confidence}


def cadence_rows(found: Cadence) -> list[CadenceRow]:
    """Each time with its source and how sure we are of it: the clinic's own, or the project's for each."""
    return [
        CadenceRow(
            words=CADENCE_WORDS[setting.name],
            minutes=setting.value,
            source=found.source if found.is_own else setting.source,
            confidence=SURE.get(found.confidence if found.is_own else setting.confidence.value, ""),
        )
        for setting in sourced_settings(found.times)
    ]


def closure_as_upset(hours: dict[int, OpeningHours], *, on: date, reason: str) -> dict[str, object]:
    """A closed day as the page for upset days reads it: closed from its opening to its end."""
    row = hours.get(on.weekday())
    times = {"starts": f"{row.opens:%H:%M}", "ends": f"{row.closes:%H:%M}"} if row else {}
    return {"kind": "closed", "on": on, "reason": reason, **times}


def outage_rows(outages: Iterable[ChairOutage], clinic: Clinic) -> list[dict[str, Any]]:
    """Outages with their times in words."""
    return [{"outage": outage, "when": when(outage, clinic)} for outage in outages]


def week(  # noqa: PLR0917 (its one caller names each a line above)
    clinic: Clinic,
    monday: date,
    nurses: Sequence[User],
    shifts: Sequence[Shift],
    today: date,
    closed: Collection[date],
) -> list[tuple[User, list[WeekCell]]]:
    """A row for each nurse with a cell for each day of the week."""
    people = {nurse.id: nurse for nurse in nurses} | {shift.nurse_id: shift.nurse for shift in shifts}
    days = [monday + timedelta(days=offset) for offset in range(7)]
    current = {nurse.id for nurse in nurses}

    def cell(nurse: User, on: date) -> WeekCell:
        mine = [s for s in shifts if s.nurse_id == nurse.id and s.starts_at.astimezone(clinic.zone).date() == on]
        can_add = on >= today and nurse.id in current and not mine and on not in closed
        return WeekCell(
            on=on,
            shifts=tuple(_shift(one, clinic, can_change=on >= today) for one in mine),
            add_url=f"{reverse('scheduling:setup-shift-new')}?nurse={nurse.id}&on={on}" if can_add else "",
        )

    return [(nurse, [cell(nurse, on) for on in days]) for nurse in sorted(people.values(), key=lambda each: each.name)]


def _shift(shift: Shift, clinic: Clinic, *, can_change: bool) -> ShiftView:
    def said(start: datetime, end: datetime) -> str:
        return f"{start.astimezone(clinic.zone):%H:%M}–{end.astimezone(clinic.zone):%H:%M}"

    lunch = shift.lunch_starts_at and shift.lunch_ends_at
    return ShiftView(
        url=reverse("scheduling:setup-shift", args=[shift.pk]),
        times=said(shift.starts_at, shift.ends_at),
        lunch=f"lunch {said(shift.lunch_starts_at, shift.lunch_ends_at)}"  # type: ignore[arg-type]
        if lunch
        else "no lunch",
        can_change=can_change,
    )


def shift_initial(shift: Shift, clinic: Clinic) -> dict[str, Any]:
    """A shift as its form starts."""
    local = {
        name: moment.astimezone(clinic.zone) if moment else None
        for name, moment in (
            ("starts", shift.starts_at),
            ("ends", shift.ends_at),
            ("lunch_starts", shift.lunch_starts_at),
            ("lunch_ends", shift.lunch_ends_at),
        )
    }
    times = {name: moment.time() if moment else None for name, moment in local.items()}
    return {"nurse": str(shift.nurse_id), "on": shift.starts_at.astimezone(clinic.zone).date(), **times}
