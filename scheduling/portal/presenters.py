"""A patient's visit in the words of a patient: day, time, how long, where, and what can be done about it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import groupby

from django.utils.dates import WEEKDAYS
from django.utils.text import capfirst

from accounts.models import OpeningHours
from core import clock
from core.actor import Actor
from scheduling.domain.calendar_file import CalendarVisit
from scheduling.domain.get_ready import get_ready
from scheduling.domain.move_wishes import HalfDay, MoveWish, half_days_of
from scheduling.domain.statuses import VisitStatus
from scheduling.models import MoveRequest, RequestState, Visit
from scheduling.portal import queries

_PATIENT_WORDS = {
    VisitStatus.BOOKED: "Booked",
    VisitStatus.CONFIRMED: "You said yes",
    VisitStatus.ARRIVED: "You are here",
    VisitStatus.SEATED: "You are here",
    VisitStatus.INFUSING: "Going on now",
    VisitStatus.OBSERVING: "Nearly done",
    VisitStatus.COMPLETED: "Done",
    VisitStatus.LEFT_EARLY: "Stopped early",
    VisitStatus.NO_SHOW: "Missed",
    VisitStatus.CANCELLED: "Called off",
}


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What the patient asked for about a visit, and the answer if there is one."""

    request: MoveRequest
    is_open: bool
    wish: str
    half_days: tuple[HalfDay, ...]
    kept_because: str


@dataclass(frozen=True, kw_only=True)
class VisitCard:
    """One visit, in full."""

    visit: Visit
    what: str
    minutes: int
    starts_at: datetime
    leaves_at: datetime
    is_insured: bool
    status: str
    is_to_come: bool
    was_here: bool
    is_off: bool
    is_confirmed: bool
    can_undo: bool
    is_soon: bool
    asked: Asked | None
    get_ready: tuple[str, ...]


@dataclass(frozen=True)
class VisitLine:
    """One visit in a list."""

    visit: Visit
    what: str
    starts_at: datetime
    status: str
    has_open_request: bool


def card(visit: Visit, *, by: Actor) -> VisitCard:
    """Everything a patient is shown of one visit."""
    now = clock.now()
    order = visit.course_day.course.order
    leaves_at = visit.period.upper - timedelta(minutes=_turnover_minutes(visit))
    minutes = int((leaves_at - visit.period.lower).total_seconds() // 60)
    is_to_come = queries.is_to_come(visit, now)
    return VisitCard(
        visit=visit,
        what=_what(visit),
        minutes=minutes,
        starts_at=visit.period.lower,
        leaves_at=leaves_at,
        is_insured=is_to_come and queries.is_insured(visit),
        status=_PATIENT_WORDS[VisitStatus(visit.status)],
        is_to_come=is_to_come,
        was_here=visit.status in {VisitStatus.COMPLETED, VisitStatus.LEFT_EARLY},
        is_off=visit.status in {VisitStatus.NO_SHOW, VisitStatus.CANCELLED},
        is_confirmed=visit.status == VisitStatus.CONFIRMED,
        can_undo=queries.can_undo(visit, by.id),
        is_soon=visit.period.lower - now < timedelta(days=2),
        asked=_asked(visit),
        get_ready=get_ready(
            is_immune_globulin=order.product.is_immune_globulin,
            needs_premedication=order.needs_premedication,
            minutes=minutes,
        ),
    )


def line(visit: Visit) -> VisitLine:
    """A visit as a line of the list."""
    asked = _asked(visit)
    status = _PATIENT_WORDS[VisitStatus(visit.status)]
    return VisitLine(visit, _what(visit), visit.period.lower, status, asked is not None and asked.is_open)


def calendar_visit(visit: Visit) -> CalendarVisit:
    """What the patient's calendar is told."""
    return CalendarVisit(
        visit_id=visit.id,
        version=visit.version,
        start=visit.period.lower,
        end=visit.period.upper - timedelta(minutes=_turnover_minutes(visit)),
        changed_at=visit.updated_at,
        place=f"{visit.clinic.public_name}, {visit.clinic.address}",
        phone=visit.clinic.phone,
        is_cancelled=visit.status in {VisitStatus.CANCELLED, VisitStatus.NO_SHOW},
    )


def by_day(half_days: Sequence[HalfDay]) -> list[tuple[date, list[HalfDay]]]:
    """Half-days under their day, for the page's tick boxes."""
    return [(day, list(halves)) for day, halves in groupby(half_days, key=lambda half_day: half_day.on)]


def hours_in_words(rows: Sequence[OpeningHours]) -> list[str]:
    """Opening hours as lines such as "Monday to Friday, 7:00 am to 6:00 pm"."""
    lines = []
    runs: list[list[OpeningHours]] = []
    for row in rows:
        last = runs[-1][-1] if runs else None
        goes_on = last and (last.weekday + 1, last.opens, last.closes) == (row.weekday, row.opens, row.closes)
        if goes_on:
            runs[-1].append(row)
        else:
            runs.append([row])
    for run in runs:
        days = str(WEEKDAYS[run[0].weekday])
        if len(run) > 1:
            days += f" to {WEEKDAYS[run[-1].weekday]}"
        lines.append(f"{days}, {_clock(run[0].opens)} to {_clock(run[0].closes)}")
    return lines


def _clock(wall: time) -> str:
    return f"{wall.hour % 12 or 12}:{wall:%M} {'am' if wall.hour < 12 else 'pm'}"


def _what(visit: Visit) -> str:
    product = visit.course_day.course.order.product
    return capfirst(product.board_name or product.name)


def _turnover_minutes(visit: Visit) -> int:
    """Minutes at the end in which the chair is cleaned and the patient has left."""
    if visit.status in {VisitStatus.COMPLETED, VisitStatus.LEFT_EARLY}:
        return 0
    return sum(phase["minutes"] for phase in visit.course_day.phases if phase["kind"] == "turnover")


def _asked(visit: Visit) -> Asked | None:
    request = next(iter(visit.requests.all()), None)
    if request is None or request.state not in {RequestState.OPEN, RequestState.KEPT}:
        return None
    return Asked(
        request=request,
        is_open=request.state == RequestState.OPEN,
        wish=MoveWish(request.wish).words,
        half_days=tuple(half_days_of(request.half_days)),
        kept_because=request.answer,
    )
