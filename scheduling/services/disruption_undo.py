"""Taking a disruption back: the chair, the nurse or the clinic is there again, and every visit returns to its place.

All or nothing: a visit that changed since, or whose old place is taken, is named, and nothing happens until a person
says that it may stay where it is now. A held place that was let go stays free.
"""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from accounts.domain.policy import Permission
from accounts.models import Clinic
from audit.services.record import record
from core import clock
from core.actor import Actor
from core.errors import Conflict, NotFound, Reason, Refusal
from core.transactions import business_act
from scheduling.models import Disruption, Visit, VisitEvent, WaitlistEntry, WaitState
from scheduling.queries import visits as visits_reading
from scheduling.services import (
    assignment,
    boards,
    booking,
    coverage,
    disruption_facts,
    gate,
    notices,
    records,
    staff_tasks,
    undo,
    visit_letters,
    waiting,
)
from scheduling.services.booking import Place
from scheduling.services.decisions import Do
from scheduling.services.placing import is_over_capacity
from scheduling.services.setup_calendar import lock_days
from scheduling.services.waitlist import lock as lock_entry

Change = dict[str, Any]
Step = tuple[Visit, str, Change, list[VisitEvent]]


@business_act
@transaction.atomic
def take_back(*, disruption: Disruption, by: Actor, leaving: Collection[UUID] = ()) -> Disruption:
    """Undo `disruption`; the visits `leaving` stay where they are now.

    Patients whose news had not left are told nothing, the others once. Raises `Conflict` naming every visit that can't
    return (the facts of each reason name its ``visit_id``), or when it was undone already, or its time is over.
    """
    by.require(Permission.VISIT_CHANGE, "rearrange a day")
    by.require(Permission.VISIT_OVERRIDE, "take a disruption back")
    clinic = disruption.clinic
    if by.clinic_id is not None and by.clinic_id != clinic.id:
        raise NotFound("disruption")
    days = _days(disruption, clinic)
    lock_days(clinic, days)
    current = Disruption.objects.select_for_update(of=("self",)).get(pk=disruption.pk)
    _check_can(current, clinic)
    days |= set(disruption_facts.take_back(clinic, current.facts, by))
    restored = _restore(current, clinic, by, frozenset(leaving))
    _close_what_waits(current, by, frozenset(leaving))
    letters = visit_letters.join(restored)
    current.facts = current.facts | {"letters": [*current.facts.get("letters", []), *letters]}
    current.undone_at, current.undone_by_label = clock.now(), by.label[:150]
    current.save(update_fields=["facts", "undone_at", "undone_by_label"])
    detail = {"kind": current.kind, "visits": len(restored), "left": sorted(str(one) for one in leaving)}
    record(action="disruption.undo", entity_type="disruption", entity_id=current.id, by=by, detail=detail)
    gate.look(restored)
    boards.bump(clinic, days)
    return current


def why_not(disruption: Disruption) -> str:
    """Why it can't be undone any more, as a sentence; empty when it can."""
    if disruption.undone_at is not None:
        at = disruption.undone_at.astimezone(disruption.clinic.zone)
        return f"Undone {at:%a %-d %b %H:%M} by {disruption.undone_by_label}."
    if datetime.fromisoformat(disruption.facts["ends_at"]) <= clock.now():
        return "Its time is over."
    return ""


def _check_can(current: Disruption, clinic: Clinic) -> None:
    current.clinic = clinic
    sentence = why_not(current)
    if sentence:
        raise Conflict("cannot_undo", sentence)


def _days(disruption: Disruption, clinic: Clinic) -> set[date]:
    """Every day on which something was, or is now, because of the disruption."""
    moments = [disruption.facts["starts_at"]]
    for change in disruption.changes:
        moments += [change[side]["start"] for side in ("from", "to") if side in change]
    days = {datetime.fromisoformat(moment).astimezone(clinic.zone).date() for moment in moments}
    ends_on = datetime.fromisoformat(disruption.facts["ends_at"]).astimezone(clinic.zone).date()
    first = min(days)
    return days | {date.fromordinal(on) for on in range(first.toordinal(), ends_on.toordinal() + 1)}


def _restore(current: Disruption, clinic: Clinic, by: Actor, leaving: frozenset[UUID]) -> list[Visit]:
    """Every visit back, the last that moved first. Raises `Conflict` with all that can't be."""
    changes = [one for one in reversed(current.changes) if UUID(one["visit"]) not in leaving]
    visits = {v.id: v for v in visits_reading.of_clinic(clinic).filter(pk__in=[one["visit"] for one in changes])}
    coverage.lock((v.patient_id, v.course_day.course.order.product_id) for v in visits.values())
    events = {
        event.pk: event for event in VisitEvent.objects.filter(pk__in=[pk for one in changes for pk in one["events"]])
    }
    steps: list[Step] = []
    for do in (Do.MOVE, Do.CANCEL, Do.STAY, "nurse"):  # nurses last: they let the boards know
        for change in (one for one in changes if one["do"] == do or (do == "nurse" and one["events"])):
            mine = [events[UUID(pk)] for pk in change["events"]]
            steps.append((visits[UUID(change["visit"])], do, change, mine))
    steps.sort(key=_came_over_load)  # stable: without those who came last, the others fit as they did then
    restored: list[Visit] = []
    while steps:
        again: list[Step] = []
        refused: list[Reason] = []
        for visit, do, change, mine in steps:
            try:
                with transaction.atomic():
                    back = _back(visit, do, change, mine, by)
            except Refusal as refusal:
                refused += [_named(reason, visit) for reason in refusal.reasons]
                again.append((visit, do, change, mine))
                continue
            restored += [back] if back is not None else []
        if len(again) == len(steps):
            raise Conflict.of(refused)
        steps = again  # a place that another had still to leave may be free now
    return restored


def _came_over_load(step: Step) -> tuple[int, bool]:
    """Places first and nurses last; of the places, those that a reason spoke for come after all others."""
    visit, do, _, mine = step
    if do not in {Do.MOVE, Do.CANCEL}:
        return (1 if do == Do.STAY else 2, False)
    event = next((one for one in mine if one.kind == do), None)
    overrides = (event.before.get("overrides") if event else None) or visit.overrides
    return 0, is_over_capacity(overrides)


def _back(visit: Visit, do: str, change: Change, mine: Sequence[VisitEvent], by: Actor) -> Visit | None:
    """One visit back to its old place, status or nurse, or without the reason that was added; None if it stays."""
    if do == Do.STAY:
        _without_reason(visit, change, by)
        return None
    if do == "nurse":
        _nurse_back(visit, mine, by)
        return None
    event = next((one for one in mine if one.kind == do), None)
    history = list(visit.events.all())
    if event is None or any(one.undoes_id == event.pk for one in history):
        return None  # somebody took it back by itself
    newer = undo.standing(history)[0]
    if newer.pk not in {one.pk for one in mine}:
        at = newer.at.astimezone(visit.clinic.zone)
        who = f"{undo.called(newer)} by {newer.by_label} at {at:%H:%M}"
        raise Conflict("changed_since", f"{visit.patient.short_name} changed again since ({who}).")
    if do == Do.CANCEL:
        return undo.undo(visit=visit, by=by, event_id=event.pk)
    return _moved_back(visit, event, by)


def _moved_back(visit: Visit, event: VisitEvent, by: Actor) -> Visit:
    start = datetime.fromisoformat(event.before["start"])
    if start < clock.now() and start != visit.period.lower:
        local = start.astimezone(visit.clinic.zone)
        raise Conflict("passed", f"{visit.patient.short_name} can't return: {local:%H:%M} has passed.")
    chair = visits_reading.get_chair(visit.clinic, UUID(event.before["chair_id"]))
    place = Place(chair, start, event.before.get("overrides", []), event.before.get("is_exception"), undoes=event)
    restored = booking.relocate(visit, place, expected_version=visit.version, by=by, override=None)
    if start != visit.period.lower:
        notices.moved(visit=restored)
    waiting.taken_back(event, restored, by)
    return restored


def _without_reason(visit: Visit, change: Change, by: Actor) -> None:
    added = change.get("added", [])
    left = [override for override in visit.overrides if override not in added]
    if left == visit.overrides:
        return
    current = records.lock(visit, visit.version)
    current.overrides = left
    current.is_over_capacity = is_over_capacity(left)
    records.save(current)
    records.note(current, "kept", by, after={"status": str(current.status)}, reason="Undone: the nurse is there again.")


def _nurse_back(visit: Visit, mine: Sequence[VisitEvent], by: Actor) -> None:
    """The nurse of before looks after the visit again, unless another was chosen since."""
    assigned = next((one for one in mine if one.kind == "assign"), None)
    if assigned is None:
        return
    now = visits_reading.get(visit.clinic, visit.id)
    if str(now.nurse_id or "") == assigned.after.get("nurse_id", ""):
        assignment.restore(visit=now, assigned=assigned, by=by)


def _close_what_waits(current: Disruption, by: Actor, leaving: frozenset[UUID]) -> None:
    """Tasks and wishes that only the disruption brought are settled; who stays cancelled goes on waiting."""
    for change in current.changes:
        if "task" in change:
            staff_tasks.close(change["task"], by)
        if "entry" in change and UUID(change["visit"]) not in leaving:
            entry = WaitlistEntry.objects.filter(pk=change["entry"], state=WaitState.WAITING).first()
            if entry is not None:
                waiting.close_entry(lock_entry(entry), WaitState.WITHDRAWN, by)
    for on in {
        datetime.fromisoformat(at).astimezone(current.clinic.zone).date() for at in current.facts.get("over", [])
    }:
        staff_tasks.close(f"disruption-load:{current.id}:{on}", by)


def _named(reason: Reason, visit: Visit) -> Reason:
    name = visit.patient.short_name
    sentence = reason.sentence if name in reason.sentence else f"{name}: {reason.sentence}"
    return replace(reason, sentence=sentence, facts={**reason.facts, "visit_id": str(visit.id)})
