"""A visit's row: locking it, writing it with its next version, and keeping its history.

Every service that changes a visit goes through here, so every change is versioned, explained and audited.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction

from audit.services.record import Subject, record_all
from core import clock
from core.actor import Actor
from core.errors import Conflict, NotFound, Stale
from scheduling.domain.statuses import VisitStatus
from scheduling.models import Chair, Visit, VisitEvent


def lock(visit: Visit, expected_version: int) -> Visit:
    """Lock the visit's row and return it fresh; raise `Stale`, naming who changed it, if it is not the one expected."""
    rows = Visit.objects.select_for_update(of=("self",)).filter(pk=visit.pk)
    joined = rows.select_related("patient", "chair", "clinic", "authorization", "course_day__course__order__patient")
    current = joined.first()
    if current is None:  # who waited for a move looks for the visit in its old chair and finds no row: look again
        current = rows.first() and joined.first()
    if current is None:
        raise NotFound("visit")
    if current.version != expected_version or current.period != visit.period:
        raise Stale("changed_meanwhile", _who_changed(current))
    return current


def lock_all(visits: Sequence[Visit]) -> dict[UUID, Visit]:
    """Lock the rows of `visits` in key order, by their ids, fresh: who can tell whether one changed is `lock`."""
    rows = Visit.objects.select_for_update(of=("self",)).filter(pk__in=[visit.pk for visit in visits])
    joined = rows.select_related("patient", "chair", "clinic", "authorization", "course_day__course__order__patient")
    return {visit.id: visit for visit in joined.order_by("id")}


def save_all(visits: Sequence[Visit]) -> None:
    """`save` for locked visits, in their order, in one savepoint; all over again where that fails, to name the one."""
    now = clock.now()
    for visit in visits:
        visit.version += 1
        visit.updated_at = now
    try:
        with transaction.atomic():
            for visit in visits:
                visit.save()
    except IntegrityError:
        for visit in visits:
            _guarded(visit.save, visit)


def save(visit: Visit) -> None:
    """Write a locked visit with its next version; a broken promise of the database becomes a sentence."""
    visit.version += 1
    visit.updated_at = clock.now()
    _guarded(visit.save, visit)


def local_day(visit: Visit) -> date:
    """The clinic-local date on which the visit starts."""
    return day_at(visit.period.lower, visit.chair)


def insert_all(visits: Sequence[Visit]) -> None:
    """Write new visits, in one statement; losing a race becomes the sentence of the rule that was lost to."""
    if len(visits) > 1:
        try:
            with transaction.atomic():
                Visit.objects.bulk_create(visits)
        except IntegrityError:
            pass  # one after the other then, to name the one that lost
        else:
            return
    for visit in visits:
        _guarded(partial(visit.save, force_insert=True), visit)


_SENTENCES = {
    "visit_chair_once": ("chair_taken", "{chair} was taken a moment ago. Choose another time or chair."),
    "visit_patient_once": ("patient_busy", "{patient} was booked elsewhere at this time a moment ago."),
    "visit_course_day_once": ("already_booked", "This day of the course was booked a moment ago."),
    "capacity_slot_load": ("nurse_load", "The nurses' time was taken a moment ago. Choose another time."),
    "capacity_slot_starts": ("nurse_starts", "Another infusion start took this quarter hour. Choose another time."),
    "visit_within_opening_hours": ("closed", "The clinic is not open for all of this visit. Choose another time."),
    "visit_status_moves": ("illegal_status", "The visit can't go to that status from where it is."),
    "authorization_never_overdrawn": ("auth_units_short", "The last authorized units were taken a moment ago."),
}


def _guarded(write: Callable[[], None], visit: Visit) -> None:
    try:
        with transaction.atomic():
            write()
    except IntegrityError as problem:
        diagnosis = getattr(problem.__cause__, "diag", None)
        name = getattr(diagnosis, "constraint_name", None) or ""
        if name not in _SENTENCES:
            raise
        code, sentence = _SENTENCES[name]
        raise Conflict(code, sentence.format(chair=visit.chair.name, patient=visit.patient.short_name)) from problem


def label(visit: Visit) -> str:
    """The visit's status as a word inside a sentence."""
    return VisitStatus(visit.status).label.lower()


def place(visit: Visit) -> dict[str, Any]:
    """Where and when the visit is, for its history."""
    return {
        "status": str(visit.status),
        "chair_id": str(visit.chair_id),
        "chair": visit.chair.name,
        "start": visit.period.lower.isoformat(),
        "end": visit.period.upper.isoformat(),
        "overrides": visit.overrides,
        **({"is_exception": visit.is_exception} if visit.series_id else {}),
    }


def with_others(act: str) -> dict[str, str]:
    """What the histories of visits that one act changed together have in common; nothing for one alone."""
    return {"together": act} if act else {}


def _who_changed(visit: Visit) -> str:
    event = visit.events.first()
    when = visit.period.lower.astimezone(visit.clinic.zone)
    now_at = f"It is now {label(visit)}, {when:%a %-d %b %H:%M} in {visit.chair.name}."
    if event is None:
        return f"This visit changed meanwhile. {now_at}"
    return f"{event.by_label} changed this visit at {event.at.astimezone(visit.clinic.zone):%H:%M}. {now_at}"


def note(
    visit: Visit,
    kind: str,
    by: Actor,
    *,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    reason: str = "",
    undoes: VisitEvent | None = None,
) -> VisitEvent:
    """Add a line to the visit's history and to the audit log, in the same transaction."""
    return note_all([Note(visit, before or {}, after or {}, reason, undoes)], kind, by)[0]


@dataclass(frozen=True)
class Note:
    """What becomes one line of a visit's history: see `note`."""

    visit: Visit
    before: dict[str, Any]
    after: dict[str, Any]
    reason: str = ""
    undoes: VisitEvent | None = None


def note_all(notes: Sequence[Note], kind: str, by: Actor) -> list[VisitEvent]:
    """The same line for several visits, in two SQL statements for any number."""
    now = clock.now()
    events = VisitEvent.objects.bulk_create(
        VisitEvent(
            visit=one.visit,
            at=now,
            kind=kind,
            by_label=by.label,
            by_id=by.id,
            before=one.before,
            after=one.after,
            reason=one.reason[:200],
            undoes=one.undoes,
        )
        for one in notes
    )
    record_all(action=f"visit.{kind}", entity_type="visit", subjects=[_subject(one.visit) for one in notes], by=by)
    return events


def _subject(visit: Visit) -> Subject:
    codes = [override["code"] for override in visit.overrides]
    detail = {"version": visit.version, **({"overrides": codes} if codes else {})}
    return Subject(entity_id=visit.id, patient_id=visit.patient_id, detail=detail)


def day_at(moment: datetime, chair: Chair) -> date:
    """The date on the wall of the chair's clinic at `moment`."""
    return moment.astimezone(chair.clinic.zone).date()
