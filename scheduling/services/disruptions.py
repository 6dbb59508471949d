"""A chair goes down, a nurse is sick, the clinic closes: what happened and every move it asks for, in one act.

All or nothing, in the lock order of `core.transactions`: the capacity of every day that is touched first, so that
nobody books into the time that goes or the places that are taken meanwhile. What was booked before that is named and
nothing is changed: the person looks again. Patients are told in one message each (`visit_letters`).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction

from accounts.domain.policy import Permission
from accounts.models import Clinic
from audit.services.record import record
from core import clock
from core.actor import Actor
from core.errors import BadInput, Conflict, NeedsReason, NotFound, Reason, Refusal, Stale
from core.ids import new_id
from core.transactions import business_act
from scheduling.domain.placement import CAPACITY_CODES
from scheduling.domain.statuses import IN_CHAIR, VisitStatus
from scheduling.models import CapacitySlot, Chair, Disruption, OfferState, Visit, VisitEvent
from scheduling.queries import disruptions as reading
from scheduling.queries import visits as visits_reading
from scheduling.queries.disruptions import Touched
from scheduling.services import (
    boards,
    booking,
    coverage,
    disruption_facts,
    gate,
    handing_on,
    holds,
    moving,
    notices,
    places,
    records,
    staff_tasks,
    visit_letters,
    waiting,
    waitlist,
)
from scheduling.services.booking import Place
from scheduling.services.clinic_rules import rules_of
from scheduling.services.decisions import Decision, Do
from scheduling.services.disruption_facts import Happening
from scheduling.services.moving import Going
from scheduling.services.placing import Override, is_over_capacity
from scheduling.services.setup_calendar import lock_days
from scheduling.services.visit_messages import channels

KEPT = "kept"
"""The line of a visit's history that says it stays although its quarter hours are too full."""
WAIT_DAYS = timedelta(days=14)


@dataclass(frozen=True, kw_only=True)
class _Work:
    """What one act is about."""

    disruption_id: UUID
    happening: Happening
    chairs: dict[UUID, Chair]
    override: Override
    by: Actor


Change = dict[str, Any]


def may_apply(by: Actor, happening: Happening) -> None:
    """Refuse an actor who may not upset a day: it moves visits, and it goes against what was booked."""
    by.require(Permission.VISIT_CHANGE, "rearrange a day")
    by.require(Permission.VISIT_OVERRIDE, "take chairs, nurses or the clinic out of a day")
    if by.clinic_id is not None and by.clinic_id != happening.clinic.id:
        raise NotFound("clinic")


@business_act
@transaction.atomic
def apply(
    *,
    happening: Happening,
    decisions: Sequence[Decision],
    by: Actor,
    reason: str = "",
    seen_over: Iterable[datetime] = (),
) -> Disruption:
    """Write `happening` down and carry out `decisions`, all or nothing.

    `reason` says why soft rules are broken where a decision accepts that; `seen_over` are the quarter hours that were
    shown as too full for the nurses who are left. Raises `Stale` when a visit is touched that nobody decided about,
    and what `booking.move` raises; the facts of each reason name its ``visit_id``.
    """
    may_apply(by, happening)
    disruption_facts.check(happening)
    chosen = {decision.visit_id: decision for decision in decisions}
    days = {*happening.days, *_days(happening, decisions)}
    lock_days(happening.clinic, days)
    disruption_facts.check(happening)  # somebody may have been quicker
    touched = reading.touched(happening)
    for visit in touched.displaced:
        if visit.status in IN_CHAIR:  # nobody decides about them from a desk
            chosen[visit.id] = Decision(visit_id=visit.id, version=visit.version, do=Do.CALL)
    found = _found(happening, chosen, touched)
    coverage.lock((v.patient_id, v.course_day.course.order.product_id) for v in found.values())
    chairs = visits_reading.chairs_by_id(happening.clinic)
    work = _Work(disruption_id=new_id(), happening=happening, chairs=chairs, override=Override(reason.strip()), by=by)
    began = clock.now()
    facts = disruption_facts.write(happening, by)
    changes = _carry_out(work, found, chosen, touched)
    over = _over(touched, frozenset(seen_over), reason, happening)
    if happening.nurse is not None:
        changes += handing_on.hand_on(happening.nurse, happening.clinic, happening.away, by)
    facts |= {"override": reason.strip()[:200], "over": [moment.isoformat() for moment in over]}
    return _finish(work, facts, changes, began, days)


def _finish(work: _Work, facts: dict[str, Any], changes: list[Change], began: datetime, days: set[date]) -> Disruption:
    """Messages, tasks, the record, the gate and the boards: the end of the act, in the lock order."""
    clinic, by = work.happening.clinic, work.by
    _with_events(changes, began)
    changed = visits_reading.of_clinic(clinic).in_bulk([UUID(change["visit"]) for change in changes])
    letters = _tell(clinic, [(changed[UUID(change["visit"])], change) for change in changes])
    _open_load_task(work, facts)
    disruption = Disruption.objects.create(
        id=work.disruption_id,
        clinic=clinic,
        kind=work.happening.kind,
        facts=facts | {"letters": letters},
        changes=changes,
        applied_at=clock.now(),
        applied_by_label=by.label[:150],
    )
    detail = {"kind": str(work.happening.kind), "visits": len(changes), "starts_at": facts["starts_at"]}
    record(action="disruption.apply", entity_type="disruption", entity_id=disruption.id, by=by, detail=detail)
    gate.look([changed[UUID(change["visit"])] for change in changes if change["do"] == Do.MOVE])
    boards.bump(clinic, days)
    return disruption


def _tell(clinic: Clinic, pairs: Sequence[tuple[Visit, Change]]) -> list[dict[str, Any]]:
    """Tell every patient whose time changed, in one message each; a change of chair alone is told to nobody."""
    by_message, now = rules_of(clinic).tells_patient, clock.now()
    told = []
    for visit, change in pairs:
        if change["do"] == Do.MOVE and change["from"]["start"] != change["to"]["start"]:
            notices.moved(visit=visit)
        elif change["do"] == Do.CANCEL:
            notices.cancelled(visit=visit)
        else:
            continue
        is_asked = by_message or change["do"] == Do.CANCEL
        change["told"] = is_asked and visit.period.lower > now and bool(channels(visit.patient))
        told.append(visit)
    return visit_letters.join(told)


def _days(happening: Happening, decisions: Iterable[Decision]) -> set[date]:
    zone = happening.clinic.zone
    starts = [decision.start for decision in decisions if decision.start is not None]
    return {booking.as_instant(start).astimezone(zone).date() for start in starts}


def _found(happening: Happening, chosen: dict[UUID, Decision], touched: Touched) -> dict[UUID, Visit]:
    """The visits that are decided about, fresh. Raises `Stale` when one is gone, or when one is touched besides."""
    found = {visit.id: visit for visit in visits_reading.of_clinic(happening.clinic).filter(pk__in=chosen)}
    if found.keys() != chosen.keys():
        raise Stale("changed_meanwhile", "One of the visits is not here any more. Look at the proposal again.")
    new = [_new_one(visit) for visit in touched.displaced if visit.id not in chosen]
    away = happening.away
    new += [_gone(visit) for visit in found.values() if not places.interval_of(visit).overlaps(away)]
    if new:
        raise Stale.of(new)
    return found


def _gone(visit: Visit) -> Reason:
    """A visit of another time is none of this act's: its days are not held."""
    sentence = f"{visit.patient.short_name} is not there at that time any more. Look at the proposal again."
    return Reason("changed_meanwhile", sentence, facts={"visit_id": str(visit.id)})


def _new_one(visit: Visit) -> Reason:
    start = visit.period.lower.astimezone(visit.clinic.zone)
    sentence = (
        f"{visit.patient.short_name} was booked meanwhile: {start:%a %-d %b %H:%M} in {visit.chair.name}. "
        "Look at the proposal again."
    )
    return Reason("changed_meanwhile", sentence, facts={"visit_id": str(visit.id)})


def _carry_out(work: _Work, found: dict[UUID, Visit], chosen: dict[UUID, Decision], touched: Touched) -> list[Change]:
    """Everything decided: what goes first, then the moves, in the order in which they were possible."""
    pairs = [(found[key], chosen[key]) for key in sorted(chosen, key=lambda key: (found[key].period.lower, key))]
    hard = {visit.id for visit in touched.displaced}
    changes = [_cancel(work, visit, decision) for visit, decision in pairs if decision.do == Do.CANCEL]
    changes += _moved(work, [pair for pair in pairs if pair[1].do == Do.MOVE])
    changes += [_stay(work, visit, decision, hard) for visit, decision in pairs if decision.do == Do.STAY]
    changes += [_call(work, visit, decision) for visit, decision in pairs if decision.do == Do.CALL]
    changes += [_let_go(work, visit, decision) for visit, decision in pairs if decision.do == Do.LET_GO]
    left = [found[UUID(change["visit"])] for change in changes if change["do"] in {Do.MOVE, Do.CANCEL}]
    staff_tasks.forget(*(waiting.backfill_key(visit, visit.period.lower) for visit in left))  # can't be offered
    return changes


def _moved(work: _Work, pairs: Sequence[tuple[Visit, Decision]]) -> list[Change]:
    """Move all; one whose new place another is still to leave goes after it."""
    if not pairs:
        return []
    before = {visit.id: records.place(visit) for visit, _ in pairs}
    try:
        moved = moving.move_all([_going(work, visit, decision) for visit, decision in pairs], work.by)
    except moving.Refused as refused:
        named = [_named(refused.refusals[visit.id], visit) for visit, _ in pairs if visit.id in refused.refusals]
        raise _all_of(named) from None
    decided = {visit.id: decision for visit, decision in pairs}
    return [
        _change(visit, decided[key].do) | {"from": _where(before[key]), "to": _where(records.place(visit))}
        for key, visit in moved.items()
    ]


def _going(work: _Work, visit: Visit, decision: Decision) -> Going:
    chair = work.chairs.get(decision.chair_id) if decision.chair_id else None
    if chair is None or decision.start is None:
        raise BadInput("unknown_place", "One of the places is not here. Look at the proposal again.")
    place = Place(chair, booking.as_instant(decision.start), is_exception=visit.series_id is not None)
    return Going(
        visit=visit,
        place=place,
        expected_version=decision.version,
        override=work.override if decision.accepts else None,
        accepts=decision.accepts,
    )


def _cancel(work: _Work, visit: Visit, decision: Decision) -> Change:
    """Cancel a visit that has no other place; its day waits for one."""
    reason = work.happening.reason.strip()
    gone = booking.withdraw(visit, f"{reason} (no other place)", decision.version, work.by)
    day, today = gone.course_day, clock.today(work.happening.clinic.zone)
    shift = day.due_on - day.course.due_on
    latest = day.course.latest_on + shift
    earliest = max(today, day.course.earliest_on + shift)
    entry = waitlist.add(
        course_day=day,
        earliest_on=earliest,
        latest_on=latest if latest > today else max(today, earliest) + WAIT_DAYS,
        by=work.by,
        notice_hours=0,
        note=f"Lost their place: {reason}"[:200],
    )
    return _change(visit, decision.do) | {"from": _where(records.place(visit)), "entry": str(entry.id)}


def _let_go(work: _Work, visit: Visit, decision: Decision) -> Change:
    holds.free(visit, holds.LET_GO, expected_version=decision.version, by=work.by, offer_state=OfferState.WITHDRAWN)
    return _change(visit, decision.do) | {"from": _where(records.place(visit))}


def _call(work: _Work, visit: Visit, decision: Decision) -> Change:
    """The visit keeps its place until somebody has talked with the patient."""
    current = records.lock(visit, decision.version)
    start = current.period.lower.astimezone(work.happening.clinic.zone)
    key = f"disruption:{work.disruption_id}:{visit.id}"
    what = "Decide at the chair for" if current.status in IN_CHAIR | {VisitStatus.ARRIVED} else "Call"
    text = f"{what} {visit.patient.short_name}, {start:%a %-d %b %H:%M} in {visit.chair.name}: "
    staff_tasks.open_task(
        clinic=work.happening.clinic,
        kind=waiting.MISPLACED,
        text=text + f"{work.happening.reason.strip()}; no other place was chosen.",
        dedupe_key=key,
        visit=visit,
        is_urgent=True,
    )
    return _change(visit, decision.do) | {"from": _where(records.place(visit)), "task": key}


def _stay(work: _Work, visit: Visit, decision: Decision, hard: set[UUID]) -> Change:
    """A visit stays although nurses are too few: the reason is kept with it and shown everywhere."""
    if visit.id in hard:
        raise BadInput("cannot_stay", f"{visit.patient.short_name} can't stay there: move, call or cancel the visit.")
    current = records.lock(visit, decision.version)
    change = _change(visit, decision.do) | {"from": _where(records.place(visit))}
    codes = sorted((decision.accepts & CAPACITY_CODES) - {override["code"] for override in current.overrides})
    if not codes:
        return change
    if not work.override.reason:
        raise NeedsReason.of([_no_reason(visit)])
    sentence = f"Nurse load is above the nurses on shift: {work.happening.reason.strip()}"
    reason = work.override.reason[:200]
    added = [{"code": code, "sentence": sentence, "reason": reason, "by": work.by.label} for code in codes]
    current.overrides = [*current.overrides, *added]
    current.is_over_capacity = is_over_capacity(current.overrides)
    records.save(current)
    records.note(current, KEPT, work.by, after={"status": str(current.status)}, reason=reason)
    return change | {"added": added}


def _no_reason(visit: Visit) -> Reason:
    sentence = f"{visit.patient.short_name} stays although nurses are too few. Say why."
    return Reason("nurse_load", sentence, field="override", facts={"visit_id": str(visit.id)}, is_hard=False)


def _change(visit: Visit, do: Do) -> Change:
    return {"visit": str(visit.id), "patient": str(visit.patient_id), "do": do.value}


def _where(place: dict[str, Any]) -> dict[str, str]:
    return {name: place[name] for name in ("chair_id", "chair", "start", "end")}


def _with_events(changes: list[Change], began: datetime) -> None:
    """Which lines of each visit's history the act wrote, in order: what undo takes back."""
    ids = {change["visit"] for change in changes}
    written: dict[str, list[str]] = {}
    kinds = ("move", "cancel", "assign")
    for event in VisitEvent.objects.filter(visit__in=ids, at__gte=began, kind__in=kinds).order_by("at", "id"):
        written.setdefault(str(event.visit_id), []).append(str(event.pk))
    for change in changes:
        change["events"] = written.pop(change["visit"], [])


def _over(touched: Touched, seen: frozenset[datetime], reason: str, happening: Happening) -> list[datetime]:
    """The quarter hours that stay too full; raises `Conflict` for one that was not shown as such."""
    slots = CapacitySlot.objects.filter(clinic=happening.clinic, starts_at__in=touched.limits).order_by("starts_at")
    over = []
    for slot in slots:
        load, starts = touched.limits[slot.starts_at]
        if slot.load_used > load or slot.starts_used > starts:
            over.append(slot.starts_at)
            if slot.starts_at not in seen:
                local = slot.starts_at.astimezone(happening.clinic.zone)
                sentence = (
                    f"Nurse load would be {slot.load_used / 100:.1f} of {slot.load_cap / 100:.0f} nurses at "
                    f"{local:%a %-d %b %H:%M}. Look at the proposal again."
                )
                raise Conflict("nurse_load", sentence)
    if over and not reason.strip():
        sentence = "Too few nurses are left for some quarter hours. Say why it goes ahead all the same."
        raise NeedsReason.of([Reason("nurse_load", sentence, field="override", is_hard=False)])
    return over


def _open_load_task(work: _Work, facts: dict[str, Any]) -> None:
    zone = work.happening.clinic.zone
    times: dict[date, list[str]] = {}
    for moment in facts["over"]:
        local = datetime.fromisoformat(moment).astimezone(zone)
        times.setdefault(local.date(), []).append(f"{local:%H:%M}")
    for on, clocks in times.items():
        text = f"Too few nurses on {on:%a %-d %b}, {clocks[0]} to {clocks[-1]}: {work.happening.reason.strip()}."
        key = f"disruption-load:{work.disruption_id}:{on}"
        staff_tasks.open_task(clinic=work.happening.clinic, kind=waiting.MISPLACED, text=text, dedupe_key=key)


def _named(refusal: Refusal, visit: Visit) -> Refusal:
    """The refusal with every reason naming its visit."""
    name = visit.patient.short_name
    refusal.reasons = tuple(
        replace(
            reason,
            sentence=reason.sentence if name in reason.sentence else f"{name}: {reason.sentence}",
            facts={**reason.facts, "visit_id": str(visit.id), "code": reason.code},
        )
        for reason in refusal.reasons
    )
    return refusal


def _all_of(refused: Sequence[Refusal]) -> Refusal:
    """One refusal for all: what changed meanwhile before what is taken, that before what needs a reason."""
    for kind in (Stale, BadInput):
        found = [one for one in refused if isinstance(one, kind)]
        if found:
            return kind.of([reason for one in found for reason in one.reasons])
    hard = [one for one in refused if not isinstance(one, NeedsReason)]
    reasons = [reason for one in hard or refused for reason in one.reasons]
    return (Conflict if hard else NeedsReason).of(reasons)
