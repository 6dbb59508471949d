"""Undo: the changes of a visit are taken back one by one, the newest first, each by a new, audited one.

What was undone stays undone: asking again goes one step further back. Where that is not possible, it says why.
"""

from collections.abc import Sequence
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
from regimens.queries.given import overtaken
from scheduling.domain.load import LoadProfile
from scheduling.domain.placement import CAPACITY_CODES, PLACE_CODES, WINDOW_CODES
from scheduling.domain.statuses import IN_CHAIR, OCCUPYING, VisitStatus
from scheduling.models import Chair, Visit, VisitEvent
from scheduling.services import (
    assignment,
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
    resizing,
    seating,
    stamps,
    swapping,
    waiting,
)

UNDOABLE = ("book", "move", "resize", "cancel", "status", "assign")
ASIDE = ("clearance", "check", "quiet", "told", "cover", "kept")
"""Lines of the history that change nothing of the visit: the change before them can still be undone."""
NOTHING = ("nothing_to_undo", "There is nothing to undo on this visit.")
REFITTED = (
    "refitted",
    "Can't undo: this visit followed its changed plan, and the plan does not go back. Move the visit instead.",
)
TAKEN = {"chair_taken", "chair_out", "patient_busy", "closed"}
"""What keeps a visit from coming back to its place."""
PASSED = "in_the_past"
"""What keeps nobody: that a visit of this morning was cancelled by mistake may be seen in the afternoon."""


def standing(events: Sequence[VisitEvent]) -> list[VisitEvent]:
    """Of all events of one visit, newest first, the changes that still hold: none that was undone, and no undo."""
    undone = {event.undoes_id for event in events if event.undoes_id is not None}
    gone = {*ASIDE, "undo"}
    return [e for e in events if e.kind not in gone and e.undoes_id is None and e.pk not in undone]


def next_of(events: Sequence[VisitEvent]) -> VisitEvent | None:
    """Of all events of one visit, newest first, the change that undo would take back; None when there is none."""
    newest = next(iter(standing(events)), None)
    return newest if newest is not None and newest.kind in UNDOABLE else None


def latest(visit: Visit) -> VisitEvent | None:
    """The change of `visit` that undo would take back."""
    return next_of(list(visit.events.all()))


@business_act
def undo(*, visit: Visit, by: Actor, expected_version: int | None = None, event_id: UUID | None = None) -> Visit:
    """Take back the newest change of `visit` that still holds: the one with `event_id`, if one is named.

    Raises `Conflict` with the reason when the old place is taken, when another change came after the one named, or when
    there is nothing to undo; `Stale` when, none being named, the visit changed after version `expected_version`.
    """
    events = list(visit.events.all())
    event = next_of(events)
    _check_may(visit, event, by)
    if event_id is not None:
        _check_is_next(visit, event_id, events)
    if event is None:
        raise Conflict(*_why_nothing(events))
    if _was_only_held(event):
        raise Conflict("undo_conflict", _not_held_again(visit))
    if event_id is None and visit.version != expected_version:
        raise Stale("changed_meanwhile", "This visit changed meanwhile, so that change can't be undone any more.")
    undone = _take_back(visit, event, by)
    waiting.taken_back(event, undone, by)
    return undone


def _take_back(visit: Visit, event: VisitEvent, by: Actor) -> Visit:
    if event.kind == "book":
        return booking.take_back(visit=visit, booked=event, by=by)
    if event.kind == "move":
        return _undo_move(visit, event, by)
    if event.kind == "resize":
        return resizing.restore(visit=visit, resized=event, by=by)
    if event.kind == "assign":
        return assignment.restore(visit=visit, assigned=event, by=by)
    undone = _undo_status(visit, event, by)
    records.note(
        undone, "undo", by, before=event.after, after={"status": str(undone.status)}, undoes=event, reason="Undone."
    )
    gate.look([undone])
    boards.bump(undone.clinic, [records.local_day(undone)])
    return undone


def why_not(event: VisitEvent, events: Sequence[VisitEvent], visit: Visit) -> str:
    """Why `event` can't be undone now, as a sentence; empty when it is the next in turn. `events` as in `next_of`."""
    taken_back = next((one for one in events if one.undoes_id == event.pk), None)
    if taken_back is not None:
        return f"Undone at {_clock(taken_back, visit)} by {taken_back.by_label}."
    newer = next(iter(standing(events)), None)
    if newer is None or event.undoes_id is not None or event.kind == "undo":
        return NOTHING[1]
    if newer.kind not in UNDOABLE:
        return _why_nothing(events)[1]
    if newer.pk != event.pk:
        who = f"{called(newer)} by {newer.by_label} at {_clock(newer, visit)}"
        return f"Can't undo: {visit.patient.short_name} changed again since ({who}). Undo that first."
    return _not_held_again(visit) if _was_only_held(event) else ""


def _was_only_held(event: VisitEvent) -> bool:
    """Whether `event` let a held place go: the hold had a time of its own, so it does not come back."""
    return event.kind == "cancel" and event.before.get("status") == VisitStatus.HELD


def _not_held_again(visit: Visit) -> str:
    who = visit.patient.short_name
    return f"Can't undo: the place was only on hold for {who}, and a hold does not come back. Find a place again."


def called(event: VisitEvent) -> str:
    """A change in a word or two inside a sentence: "the move", "“Arrived”"."""
    names = {
        "book": "the booking",
        "move": "the move",
        "resize": "the new length",
        "cancel": "the cancellation",
        "assign": "the nurse",
    }
    status = str(event.after.get("status", ""))
    is_known = status in set(VisitStatus)
    return names.get(event.kind) or (f"“{VisitStatus(status).label}”" if is_known else event.kind)


def _why_nothing(events: Sequence[VisitEvent]) -> tuple[str, str]:
    newest = next(iter(standing(events)), None)
    return REFITTED if newest is not None and newest.kind == "refit" else NOTHING


def _check_is_next(visit: Visit, event_id: UUID, events: Sequence[VisitEvent]) -> None:
    event = next((one for one in events if one.pk == event_id), None)
    if event is None:
        raise NotFound("change to undo")
    sentence = why_not(event, events, visit)
    if sentence:
        raise Conflict("not_next_to_undo", sentence)


def _clock(event: VisitEvent, visit: Visit) -> str:
    return f"{event.at.astimezone(visit.clinic.zone):%H:%M}"


def _check_may(visit: Visit, event: VisitEvent | None, by: Actor) -> None:
    if by.patient_id is None:
        is_step = event is None or event.kind in {"status", "assign"}
        by.require(Permission.VISIT_STATUS if is_step else Permission.VISIT_CHANGE, "undo changes")
        return
    own_confirmation = event is not None and event.by_id == by.id and event.after.get("status") == VisitStatus.CONFIRMED
    if by.patient_id != visit.patient_id or not own_confirmation:
        raise NotFound("change to undo")


def _undo_move(visit: Visit, event: VisitEvent, by: Actor) -> Visit:
    twin_id = event.after.get("swapped_with")
    if twin_id is not None:
        twin = Visit.objects.select_related("clinic", "chair__clinic", "patient").get(pk=UUID(twin_id))
        other = latest(twin)
        if other is None or other.after.get("swapped_with") != str(visit.id):
            who = twin.patient.short_name
            raise Conflict("undo_conflict", f"Can't undo: {who}, who took the chair, changed since. Move one of them.")
        return swapping.swap_back(visit=visit, other=twin, swapped=(event, other), by=by)
    chair = Chair.objects.select_related("clinic").get(pk=UUID(event.before["chair_id"]))
    undone = booking.restore_place(
        visit=visit, chair=chair, start=datetime.fromisoformat(event.before["start"]), moved=event, by=by
    )
    notices.moved(visit=undone)
    return undone


def _undo_status(visit: Visit, event: VisitEvent, by: Actor) -> Visit:
    before = VisitStatus(event.before["status"])
    left = VisitStatus(visit.status)
    start = visit.period.lower
    interval = Interval(start, start + timedelta(minutes=event.before.get("minutes") or visit.planned_minutes))
    slots = places.lock_capacity(visit.clinic, interval)
    uncovered = _take_back_units(visit, left, by)
    if before in IN_CHAIR:
        seating.claim(visit, lead="Can't undo: ")
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
        _check_may_come_back(current, reasons)
    current.status = before
    current.period = DateTimeTZRange(interval.start, interval.end, "[)")
    current.load_profile, current.start_quarter = list(load.need), load.start_quarter
    current.cancel_reason = ""
    current.overrides += [_undone(reason, by) for reason in (*crowded, *beside, *uncovered)]
    current.is_over_capacity = current.is_over_capacity or bool(crowded)
    if uncovered:
        current.authorization = None
    if left in stamps.STAMPS:
        setattr(current, stamps.STAMPS[left], None)
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


def _check_may_come_back(visit: Visit, reasons: list[Reason]) -> None:
    """A cancelled visit comes back only where a new one could go; whoever is in the chair already may always stay."""
    day = visit.course_day
    if day.course.order.status != OrderStatus.ACTIVE:
        raise Conflict("undo_conflict", f"Can't undo: the order for {visit.patient.short_name} is not active any more.")
    _refuse_if_taken([one for one in reasons if one.code in CAPACITY_CODES or (one.is_hard and one.code != PASSED)])
    known = {override["code"] for override in visit.overrides}
    is_moved = any(one.code in WINDOW_CODES - known for one in reasons)
    is_dropped = day.course.dropped_at is not None or day.course_id in overtaken([day.course])
    if is_moved or is_dropped or day.chair_minutes > visit.planned_minutes or day.units != visit.units:
        anew = "Look at its dates again." if is_dropped else "Book that day anew."
        sentence = f"Can't undo: the plan of {visit.patient.short_name} changed meanwhile. {anew}"
        raise Conflict("plan_changed", sentence)


def _undone(reason: Reason, by: Actor) -> dict[str, str]:
    return {"code": reason.code, "sentence": reason.sentence, "reason": "A step was undone.", "by": by.label}


def _refuse_if_taken(reasons: list[Reason]) -> None:
    if reasons:
        raise Conflict.of([Reason("undo_conflict", f"Can't undo: {reasons[0].sentence}")])
