"""Undo: the latest change of a visit is taken back by a new, audited one. Where that is not possible, it says why."""

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from accounts.domain.policy import Permission
from authorizations.services import ledger
from core.actor import Actor
from core.errors import Conflict, NotFound, Reason, Refusal, Stale
from core.intervals import Interval
from core.transactions import business_act
from regimens.models import OrderStatus
from scheduling.domain.load import LoadProfile
from scheduling.domain.placement import CAPACITY_CODES, PLACE_CODES
from scheduling.domain.statuses import OCCUPYING, VisitStatus
from scheduling.models import Chair, Visit, VisitEvent
from scheduling.services import (
    boards,
    booking,
    coverage,
    flow,
    gate,
    giving,
    incomplete_courses,
    notices,
    places,
    records,
)

UNDOABLE = ("book", "move", "cancel", "status")
ASIDE = ("clearance", "check")
"""Lines of the history that change nothing of the visit: the change before them can still be undone."""
NOTHING = ("nothing_to_undo", "There is nothing to undo on this visit.")
REFITTED = (
    "refitted",
    "Can't undo: this visit followed its changed plan, and the plan does not go back. Move the visit instead.",
)


def latest(visit: Visit) -> VisitEvent | None:
    """The change that undo would take back: the newest one, unless it is an undo itself."""
    event = visit.events.exclude(kind__in=ASIDE).select_related("undone_by").first()
    return event if event is not None and event.kind in UNDOABLE else None


TAKEN = {"chair_taken", "chair_out", "patient_busy", "closed"}
"""What keeps a visit from coming back to its place."""


@business_act
def undo(*, visit: Visit, expected_version: int, by: Actor) -> Visit:
    """Take back the latest change of `visit`.

    Raises `Conflict` with the reason when the old place is taken or there is nothing to undo, `Stale` when somebody
    changed the visit after version `expected_version`.
    """
    _check_may(visit, by)
    event = latest(visit)
    if event is None:
        newest = visit.events.exclude(kind__in=ASIDE).first()
        raise Conflict(*(REFITTED if newest is not None and newest.kind == "refit" else NOTHING))
    if visit.version != expected_version:
        raise Stale("changed_meanwhile", "This visit changed meanwhile, so that change can't be undone any more.")
    if event.kind == "book":
        return booking.cancel(
            visit=visit, reason="Booked by mistake (undone).", expected_version=expected_version, by=by
        )
    undone = (_undo_move if event.kind == "move" else _undo_status)(visit, event, by)
    records.note(
        undone, "undo", by, before=event.after, after={"status": str(undone.status)}, undoes=event, reason="Undone."
    )
    boards.bump(undone.clinic, [records.local_day(undone)])
    gate.look([undone])
    return undone


def _check_may(visit: Visit, by: Actor) -> None:
    event = latest(visit)
    if by.patient_id is None:
        is_step = event is None or event.kind == "status"
        by.require(Permission.VISIT_STATUS if is_step else Permission.VISIT_CHANGE, "undo changes")
        return
    own_confirmation = event is not None and event.by_id == by.id and event.after.get("status") == VisitStatus.CONFIRMED
    if by.patient_id != visit.patient_id or not own_confirmation:
        raise NotFound("change to undo")


def _undo_move(visit: Visit, event: VisitEvent, by: Actor) -> Visit:
    chair = Chair.objects.select_related("clinic").get(pk=UUID(event.before["chair_id"]))
    start = datetime.fromisoformat(event.before["start"])
    spoken_for = event.before.get("overrides", [])
    undone = booking.restore_place(visit=visit, chair=chair, start=start, spoken_for=spoken_for, by=by)
    notices.moved(visit=undone)
    return undone


def _undo_status(visit: Visit, event: VisitEvent, by: Actor) -> Visit:
    before = VisitStatus(event.before["status"])
    left = VisitStatus(visit.status)
    start = visit.period.lower
    interval = Interval(start, start + timedelta(minutes=event.before.get("minutes") or visit.planned_minutes))
    slots = places.lock_capacity(visit.clinic, interval)
    uncovered = _take_back_units(visit, left, by)
    current = records.lock(visit, visit.version)
    load = LoadProfile(
        tuple(event.before.get("load_profile") or current.load_profile),
        event.before.get("start_quarter", current.start_quarter),
    )
    wanted = places.placement(course_day=current.course_day, chair=current.chair, interval=interval, load=load)
    moving = current if left in OCCUPYING else None
    reasons = places.check(wanted, slots, chair=current.chair, moving=moving)
    _refuse_if_taken([reason for reason in reasons if reason.code in TAKEN])
    crowded = [reason for reason in reasons if reason.code in CAPACITY_CODES]
    known = {override["code"] for override in current.overrides}
    beside = [r for r in reasons if moving is None and r.code in PLACE_CODES - known]
    if left is VisitStatus.CANCELLED:
        _check_may_come_back(current, crowded)
    current.status = before
    current.period = DateTimeTZRange(interval.start, interval.end, "[)")
    current.load_profile, current.start_quarter = list(load.need), load.start_quarter
    current.cancel_reason = ""
    current.overrides += [_undone(reason, by) for reason in (*crowded, *beside, *uncovered)]
    current.is_over_capacity = current.is_over_capacity or bool(crowded)
    if uncovered:
        current.authorization = None
    if left in flow.STAMPS:
        setattr(current, flow.STAMPS[left], None)
    records.save(current)
    if left in flow.INFUSED:
        giving.take_back(current, left, by)
    incomplete_courses.look(current.course_day.course, by, is_undo=True)
    if left is VisitStatus.CANCELLED:
        notices.booked(visit=current)
    return current


def _take_back_units(visit: Visit, left: VisitStatus, by: Actor) -> tuple[Reason, ...]:
    """Reserve the units again, or turn used ones back into reserved; the reasons where they can't be had any more."""
    if visit.authorization is None:
        return ()
    if left is VisitStatus.COMPLETED or (left is VisitStatus.LEFT_EARLY and visit.infusion_started_at is not None):
        ledger.reverse(visit_id=visit.id, by=by)
    elif left in {VisitStatus.CANCELLED, VisitStatus.NO_SHOW, VisitStatus.LEFT_EARLY}:
        try:
            with transaction.atomic():
                coverage.reserve(visit, visit.authorization, records.local_day(visit), by)
        except Refusal as refusal:
            return refusal.reasons
    return ()


def _check_may_come_back(visit: Visit, crowded: list[Reason]) -> None:
    """A cancelled visit comes back only where a new one could go; whoever is in the chair already may always stay."""
    order = visit.course_day.course.order
    if order.status != OrderStatus.ACTIVE:
        raise Conflict("undo_conflict", f"Can't undo: the order for {visit.patient.short_name} is not active any more.")
    _refuse_if_taken(crowded)


def _undone(reason: Reason, by: Actor) -> dict[str, str]:
    return {"code": reason.code, "sentence": reason.sentence, "reason": "A step was undone.", "by": by.label}


def _refuse_if_taken(reasons: list[Reason]) -> None:
    if reasons:
        raise Conflict.of([Reason("undo_conflict", f"Can't undo: {reasons[0].sentence}")])
