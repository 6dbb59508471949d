"""The day of a visit: arrived, seated, infusing, observing, done, and every step back.

The table of legal moves is `scheduling.domain.statuses`; the database refuses anything else.
"""

from datetime import datetime, timedelta

from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.db.models import F

from accounts.domain.policy import Permission
from core import clock
from core.actor import Actor
from core.errors import Conflict, NotFound
from core.intervals import QUARTER, ceil_quarter
from core.transactions import business_act
from scheduling.domain.statuses import EXPECTED, FORWARD, VisitStatus
from scheduling.models import CapacitySlot, RequestState, Visit
from scheduling.services import (
    boards,
    coverage,
    gate,
    giving,
    held_places,
    incomplete_courses,
    notices,
    places,
    records,
    seating,
    waiting,
)
from scheduling.services.answered import settle_open
from scheduling.services.stamps import STAMPS, can_be_earlier, moment_of

INFUSED = frozenset({VisitStatus.INFUSING, VisitStatus.COMPLETED, VisitStatus.LEFT_EARLY})
ENDS = frozenset({VisitStatus.COMPLETED, VisitStatus.LEFT_EARLY, VisitStatus.NO_SHOW, VisitStatus.CANCELLED})


@business_act
def advance(
    *,
    visit: Visit,
    to: VisitStatus,
    expected_version: int,
    by: Actor,
    reason: str = "",
    at: datetime | None = None,
) -> Visit:
    """Take `visit` to the status `to`, stamped with the time: now, or `at` an earlier one that was not pressed then.

    Ending a visit frees the rest of its chair time; giving the drug uses its authorized units, not coming releases
    them; an infusion starts only when the clearance gate is open. Raises `Conflict` naming what can be done instead,
    `Stale` when somebody was quicker.
    """
    by.require(Permission.VISIT_STATUS, "run visits")
    if visit.status == VisitStatus.HELD and to is VisitStatus.BOOKED:
        return held_places.book(visit=visit, expected_version=expected_version, by=by)
    now = clock.now()
    if to in ENDS:
        places.lock_capacity(visit.clinic, places.interval_of(visit))
        _settle_units(visit, to, by)
    if to is VisitStatus.SEATED:
        seating.claim(visit)
    current = records.lock(visit, expected_version)
    _check_move(current, to, now)
    moment = moment_of(current, to, at, now)
    if to is VisitStatus.INFUSING:
        gate.require(current, by)
    before, after = _snapshot(current), {"status": to.value}
    _write(current, to, moment, reason)
    if at is not None and can_be_earlier(to):
        after["at"] = moment.isoformat()
    records.note(current, "status", by, before=before, after=after, reason=reason)
    _follow_course(current, to, moment, by)
    _tell(current, to, by)
    boards.bump(current.clinic, [records.local_day(current)])
    return current


@business_act
def confirm(*, visit: Visit, by: Actor) -> Visit:
    """The patient, or staff for them, says they will come. Confirming twice is fine."""
    if by.patient_id is not None and by.patient_id != visit.patient_id:
        raise NotFound("visit")
    by.require(Permission.SELF_CHANGE if by.patient_id else Permission.VISIT_STATUS, "confirm visits")
    if visit.status == VisitStatus.CONFIRMED:
        return visit
    current = records.lock(visit, visit.version)
    if current.status != VisitStatus.BOOKED or current.period.lower <= clock.now():
        raise Conflict("not_confirmable", "Only a visit that is booked and still to come can be confirmed.")
    before = _snapshot(current)
    current.status, current.confirmed_at = VisitStatus.CONFIRMED, clock.now()
    records.save(current)
    records.note(current, "status", by, before=before, after={"status": current.status})
    boards.bump(current.clinic, [records.local_day(current)])
    return current


def _check_move(visit: Visit, to: VisitStatus, now: datetime) -> None:
    status = VisitStatus(visit.status)
    if to not in FORWARD[status]:
        steps = " or ".join(step.label.lower() for step in FORWARD[status]) or "nothing; use undo if that is wrong"
        raise Conflict(
            "illegal_status",
            f"{visit.patient.short_name} is {status.label.lower()} and can't become {to.label.lower()} from there. "
            f"Next can be: {steps}.",
            field="status",
        )
    if to is VisitStatus.CANCELLED and status is not VisitStatus.ARRIVED:
        raise Conflict("use_cancel", "A visit to come is cancelled with a reason: use Cancel.", field="status")
    today = now.astimezone(visit.clinic.zone).date()
    if to is not VisitStatus.CONFIRMED and status in EXPECTED and to is not VisitStatus.CANCELLED:
        if records.local_day(visit) > today:
            when = visit.period.lower.astimezone(visit.clinic.zone)
            raise Conflict("not_today", f"This visit is on {when:%A %-d %B}; it can begin on that day.", field="status")
        if to is VisitStatus.NO_SHOW and now < visit.period.lower:
            when = visit.period.lower.astimezone(visit.clinic.zone)
            raise Conflict("too_soon", f"It is not {when:%H:%M} yet; wait before calling it a no-show.", field="status")


def _settle_units(visit: Visit, to: VisitStatus, by: Actor) -> None:
    if visit.authorization_id is None:
        return
    if to is VisitStatus.COMPLETED or (to is VisitStatus.LEFT_EARLY and visit.infusion_started_at is not None):
        giving.lock_units(visit)
        giving.use_units(visit, by)
    else:
        coverage.release(visit, by)


def _write(visit: Visit, to: VisitStatus, moment: datetime, reason: str) -> None:
    """Let a locked visit be in the status `to` since `moment`."""
    visit.status = to
    if to in STAMPS:
        setattr(visit, STAMPS[to], moment)
    if to in {VisitStatus.COMPLETED, VisitStatus.LEFT_EARLY}:
        _end_now(visit, moment)
    if to is VisitStatus.CANCELLED:
        visit.cancel_reason = reason[:120] or "Turned away on the day."
    records.save(visit)


def _tell(visit: Visit, to: VisitStatus, by: Actor) -> None:
    """What the step means to those who wait, to what the patient asked, and to messages that wait to leave."""
    if to in ENDS:
        waiting.ended(visit, by)
    if to is not VisitStatus.CONFIRMED:
        settle_open(visit, RequestState.CANCELLED if to is VisitStatus.CANCELLED else RequestState.KEPT, by)
    if to in {VisitStatus.NO_SHOW, VisitStatus.CANCELLED}:
        notices.cancelled(visit=visit)


def _follow_course(visit: Visit, to: VisitStatus, now: datetime, by: Actor) -> None:
    """What was given is kept, and a course that lost a day is put before staff."""
    if to is VisitStatus.INFUSING:
        giving.begin(visit, by)
    elif to in ENDS:
        if visit.infusion_started_at is not None:
            giving.stop(visit, now, by)
        incomplete_courses.look(visit.course_day.course, by)


def _end_now(visit: Visit, now: datetime) -> None:
    """Free the rest of the block: it ends at the next quarter hour, and keeps at least one.

    A start that was still to come counts in the last quarter hour kept; where others fill that one, the block is kept
    until the quarter hour of its own start, which has room for it.
    """
    start, end = visit.period.lower, visit.period.upper
    ended = min(end, max(ceil_quarter(now), start + QUARTER))
    starting = start + visit.start_quarter * QUARTER
    if starting >= ended and _is_full_of_starts(visit, ended - QUARTER):
        ended = starting + QUARTER
    visit.period = DateTimeTZRange(start, ended, "[)")
    kept = (ended - start) // QUARTER
    visit.load_profile = visit.load_profile[:kept]
    visit.start_quarter = min(visit.start_quarter, kept - 1)


def _is_full_of_starts(visit: Visit, moment: datetime) -> bool:
    most = F("starts_cap") + F("override_starts")
    return CapacitySlot.objects.filter(clinic_id=visit.clinic_id, starts_at=moment, starts_used__gte=most).exists()


def _snapshot(visit: Visit) -> dict[str, object]:
    return {
        "status": str(visit.status),
        "minutes": int((visit.period.upper - visit.period.lower) / timedelta(minutes=1)),
        "load_profile": list(visit.load_profile),
        "start_quarter": visit.start_quarter,
        "cancel_reason": visit.cancel_reason,
    }
