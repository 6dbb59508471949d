"""Making a visit longer or shorter in its chair, with the checks, locks and refusals of `booking.move`.

A longer visit takes, in each quarter hour added, the nurse load of its last one; a shorter one gives its end back. Once
the infusion runs a visit can only be extended: pressing Done ends it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from accounts.domain.policy import Permission
from core.actor import Actor
from core.errors import BadInput, Conflict, Reason
from core.intervals import QUARTER, Interval, is_on_grid
from core.transactions import business_act
from scheduling.domain.load import LoadProfile
from scheduling.domain.placement import CAPACITY_CODES, LENGTH_CODES, PLACE_CODES
from scheduling.domain.statuses import EXPECTED, IN_CHAIR, VisitStatus
from scheduling.models import CapacitySlot, Visit, VisitEvent
from scheduling.services import boards, booking, gate, holds, places, records
from scheduling.services.booking import Override

RUNNING = frozenset({VisitStatus.INFUSING, VisitStatus.OBSERVING})
RESIZABLE = EXPECTED | IN_CHAIR | {VisitStatus.ARRIVED}
LONGEST_QUARTERS = 96


@dataclass(frozen=True)
class Shape:
    """What a visit takes of its chair and of the nurses. `spoken_for` are overrides that an undo brings back."""

    interval: Interval
    load: LoadProfile
    spoken_for: list[dict[str, str]] | None = None


@business_act
def resize(*, visit: Visit, end: datetime, expected_version: int, by: Actor, override: Override | None = None) -> Visit:
    """Let `visit` end at `end`, a quarter hour, in the chair and from the start that it has.

    Raises `BadInput` for an end that is no quarter hour after the start, `Conflict` when the visit is over, runs (to
    shorten it) or a hard rule forbids it, `NeedsReason` for soft rules without `override`, `Stale` when somebody
    changed the visit after version `expected_version` was shown.
    """
    by.require(Permission.VISIT_CHANGE, "change how long visits take")
    end = booking.as_instant(end)
    if visit.version != expected_version:
        records.lock(visit, expected_version)  # says who was quicker: the end was chosen for another place
    check_end(visit, end)
    slots = places.lock_capacity(visit.clinic, places.interval_of(visit), Interval(visit.period.lower, end))
    current = records.lock(visit, expected_version)
    check_may(current, end)
    shape = stretched(current, end)
    reasons = asked(current, shape, slots)
    accepted = booking.judge(reasons, override, by)
    before = _snapshot(current)
    settled = {item["code"] for item in accepted}
    kept = [item for item in still_true(current, shape) if item["code"] not in settled]
    _write(current, shape, [*kept, *accepted], by)
    why = override.reason if override else ""
    records.note(current, "resize", by, before=before, after=_snapshot(current), reason=why)
    return _shown(current)


def restore(*, visit: Visit, resized: VisitEvent, by: Actor) -> Visit:
    """Give a visit back the end it had before `resized` (undo), inside the caller's transaction.

    Refused like any extension when somebody has that time now.
    """
    by.require(Permission.VISIT_CHANGE, "undo a new length")
    was = resized.before
    interval = Interval(visit.period.lower, datetime.fromisoformat(was["end"]))
    slots = places.lock_capacity(visit.clinic, places.interval_of(visit), interval)
    current = records.lock(visit, visit.version)
    shape = Shape(interval, LoadProfile(tuple(was["load_profile"]), was["start_quarter"]), was.get("overrides", []))
    refused = asked(current, shape, slots)
    if refused:
        raise Conflict.of([Reason("undo_conflict", f"Can't undo: {refused[0].sentence}")])
    before = _snapshot(current)
    _write(current, shape, shape.spoken_for or [], by)
    records.note(current, "undo", by, before=before, after=_snapshot(current), undoes=resized, reason="Undone.")
    return _shown(current)


def check_end(visit: Visit, end: datetime) -> None:
    """Refuse an end that makes no sense for a visit that starts when this one does."""
    if not is_on_grid(end):
        raise BadInput("off_grid", "Visits end on a quarter hour: :00, :15, :30 or :45.", field="end")
    if end <= visit.period.lower:
        raise BadInput("ends_before_start", "The visit would end before it starts. Choose a later time.", field="end")
    if (end - visit.period.lower) // QUARTER >= LONGEST_QUARTERS:
        raise BadInput("too_long", "A visit ends on the day it starts. Choose an earlier time.", field="end")


def check_may(visit: Visit, end: datetime) -> None:
    """Refuse what the status of the visit forbids, and an end that is no change."""
    who = visit.patient.short_name
    if visit.status not in RESIZABLE:
        raise Conflict("already_ended", f"{who} is {records.label(visit)}, so this visit keeps its length.")
    if end == visit.period.upper:
        raise BadInput("no_change", f"The visit ends at {_clock(visit, end)} already.", field="end")
    if visit.status in RUNNING and end < visit.period.upper:
        raise Conflict(
            "already_started",
            f"{who} is {records.label(visit)}, so this visit can only be made longer. Press Done when it is over.",
            field="end",
        )


def stretched(visit: Visit, end: datetime) -> Shape:
    """The visit as it would be when it ended at `end`."""
    interval = Interval(visit.period.lower, end)
    wanted, load = interval.minutes // 15, list(visit.load_profile)
    load = [*load[:wanted], *[load[-1]] * (wanted - len(load))]
    return Shape(interval, LoadProfile(tuple(load), min(visit.start_quarter, wanted - 1)))


def asked(visit: Visit, shape: Shape, slots: Sequence[CapacitySlot]) -> list[Reason]:
    """Every reason against the visit in that shape which nobody has answered for yet. Locks nothing."""
    wanted = places.placement(course_day=visit.course_day, chair=visit.chair, interval=shape.interval, load=shape.load)
    reasons = [_worded(one, visit, shape) for one in places.check(wanted, slots, chair=visit.chair, moving=visit)]
    is_undo = shape.spoken_for is not None
    if shape.interval.end <= visit.period.upper:  # nothing is taken that the visit does not have already
        reasons = [reason for reason in reasons if reason.is_hard]
    known = {item["code"] for item in shape.spoken_for or still_true(visit, shape)}
    if not is_undo and _is_crowded(visit, shape, slots):
        known -= CAPACITY_CODES
    reasons = [reason for reason in reasons if reason.is_hard or reason.code not in known]
    return reasons if is_undo else [*reasons, *_too_short(visit, shape)]


def still_true(visit: Visit, shape: Shape) -> list[dict[str, str]]:
    """The overrides that still speak for the visit: those for its neighbours are asked anew when it gets longer."""
    gone = set(PLACE_CODES) if shape.interval.end > visit.period.upper else set()
    if shape.interval.minutes >= visit.course_day.chair_minutes:
        gone |= LENGTH_CODES
    return [item for item in visit.overrides if item["code"] not in gone]


def _worded(reason: Reason, visit: Visit, shape: Shape) -> Reason:
    """The patient is in that chair: what is refused is staying, not going there."""
    if reason.code != "chair_taken":
        return reason
    _, _, who = reason.sentence.partition(": ")
    until = _clock(visit, shape.interval.end)
    sentence = f"{visit.patient.short_name} can't stay in {visit.chair.name} until {until}: {who}"
    return replace(reason, sentence=sentence)


def _is_crowded(visit: Visit, shape: Shape, slots: Sequence[CapacitySlot]) -> bool:
    """Whether the time added takes more of the nurses than is there: no older reason speaks for that."""
    need = dict(zip(shape.interval.quarters(), shape.load.need, strict=True))
    added = [slot for slot in slots if visit.period.upper <= slot.starts_at < shape.interval.end]
    return any(slot.load_used + need[slot.starts_at] > slot.load_cap for slot in added)


def _too_short(visit: Visit, shape: Shape) -> list[Reason]:
    """The plan's own length is a soft rule: who gives less time says why."""
    planned = visit.course_day.chair_minutes
    if shape.interval.minutes >= min(planned, visit.planned_minutes):
        return []
    sentence = f"The plan asks for {_span(planned)} in the chair; this leaves {_span(shape.interval.minutes)}."
    return [Reason("too_short", sentence, field="end", is_hard=False)]


def _write(visit: Visit, shape: Shape, overrides: list[dict[str, str]], by: Actor) -> None:
    holds.drop_dead(chair=visit.chair, patient_id=visit.patient_id, interval=shape.interval, by=by)
    visit.period, visit.planned_minutes = booking.as_range(shape.interval), shape.interval.minutes
    visit.load_profile, visit.start_quarter = list(shape.load.need), shape.load.start_quarter
    visit.overrides = overrides
    visit.is_over_capacity = booking.is_over_capacity(overrides)
    records.save(visit)


def _shown(visit: Visit) -> Visit:
    gate.look([visit])
    boards.bump(visit.clinic, [records.local_day(visit)])
    return visit


def _snapshot(visit: Visit) -> dict[str, Any]:
    return records.place(visit) | {
        "minutes": visit.planned_minutes,
        "load_profile": list(visit.load_profile),
        "start_quarter": visit.start_quarter,
    }


def _span(minutes: int) -> str:
    hours, rest = divmod(minutes, 60)
    return f"{hours} h {rest:02d}" if hours else f"{rest} min"


def _clock(visit: Visit, moment: datetime) -> str:
    return f"{moment.astimezone(visit.clinic.zone):%H:%M}"
