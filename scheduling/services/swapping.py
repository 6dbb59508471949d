"""Two visits of the same time change chairs, in one act: both move, or neither.

Each keeps its time; each is checked in the other's chair as `booking.move` would, with the other gone from it.
"""

from collections.abc import Sequence
from uuid import UUID

from accounts.domain.policy import Permission
from core.actor import Actor
from core.errors import BadInput, Conflict, NotFound, Reason
from core.transactions import business_act
from scheduling.domain.load import LoadProfile
from scheduling.domain.placement import carried_over
from scheduling.models import CapacitySlot, Chair, Visit, VisitEvent
from scheduling.services import boards, booking, gate, places, records
from scheduling.services.booking import MOVABLE, Override


@business_act
def swap(
    *,
    visit: Visit,
    other: Visit,
    expected_version: int,
    other_version: int,
    by: Actor,
    override: Override | None = None,
) -> Visit:
    """Let `visit` and `other` change chairs; return `visit`.

    Raises `Conflict` when a hard rule forbids it for either, `NeedsReason` for soft ones without `override`, `Stale`
    when one of them changed after its version was shown.
    """
    by.require(Permission.VISIT_CHANGE, "swap chairs")
    slots = _lock_slots(visit, other, by)
    one, two = _lock(visit, other, expected_version, other_version)
    chairs = one.chair, two.chair
    found = [against(one, two, slots), against(two, one, slots)]
    kept = [_kept(one, found[0]), _kept(two, found[1])]
    open_reasons = [
        [reason for reason in reasons if reason.is_hard or reason.code not in {item["code"] for item in known}]
        for reasons, known in zip(found, kept, strict=True)
    ]
    booking.judge([reason for reasons in open_reasons for reason in reasons], override, by)
    before = records.place(one), records.place(two)
    for current, known, reasons in zip((one, two), kept, open_reasons, strict=True):
        current.overrides = [*known, *booking.judge(reasons, override, by)]
        current.is_over_capacity = booking.is_over_capacity(current.overrides)
    _exchange(one, two, chairs)
    why = override.reason if override else ""
    for current, mate, was in ((one, two, before[0]), (two, one, before[1])):
        after = records.place(current) | {"swapped_with": str(mate.id)}
        records.note(current, "move", by, before=was, after=after, reason=why)
    return _shown(one, two)


def swap_back(*, visit: Visit, other: Visit, swapped: tuple[VisitEvent, VisitEvent], by: Actor) -> Visit:
    """Undo a swap, for both at once, inside the caller's transaction; `swapped` are its two events in that order."""
    slots = _lock_slots(visit, other, by)
    one, two = _lock(visit, other, visit.version, other.version)
    chairs = one.chair, two.chair
    hard = [r for r in (*against(one, two, slots), *against(two, one, slots)) if r.is_hard]
    if hard:
        raise Conflict.of([Reason("undo_conflict", f"Can't undo: {hard[0].sentence}")])
    before = records.place(one), records.place(two)
    for current, event in zip((one, two), swapped, strict=True):
        current.overrides = event.before.get("overrides", [])
        current.is_over_capacity = booking.is_over_capacity(current.overrides)
    _exchange(one, two, chairs)
    for current, was, event in zip((one, two), before, swapped, strict=True):
        records.note(current, "undo", by, before=was, after=records.place(current), undoes=event, reason="Undone.")
    return _shown(one, two)


def against(visit: Visit, other: Visit, slots: Sequence[CapacitySlot]) -> list[Reason]:
    """Every reason against `visit` in the chair of `other`, as if `other` had left it. Locks nothing."""
    load = LoadProfile(tuple(visit.load_profile), visit.start_quarter)
    wanted = places.placement(
        course_day=visit.course_day, chair=other.chair, interval=places.interval_of(visit), load=load
    )
    found = places.check(wanted, slots, chair=other.chair, moving=visit)
    return [r for r in found if not (r.code == "chair_taken" and r.facts.get("visit_id") == str(other.id))]


def _lock_slots(visit: Visit, other: Visit, by: Actor) -> list[CapacitySlot]:
    if visit.id == other.id:
        raise BadInput("same_visit", "Choose two visits to swap.")
    if other.clinic_id != visit.clinic_id or by.clinic_id not in {None, visit.clinic_id}:
        raise NotFound("visit")
    if not places.interval_of(visit).overlaps(places.interval_of(other)):
        who = f"{visit.patient.short_name} and {other.patient.short_name}"
        raise Conflict("not_same_time", f"{who} are not in their chairs at the same time. Move one of them instead.")
    return places.lock_capacity(visit.clinic, places.interval_of(visit), places.interval_of(other))


def _lock(visit: Visit, other: Visit, version: int, other_version: int) -> tuple[Visit, Visit]:
    """Both rows, locked in key order, so that two swaps of the same visits never wait for each other in a circle."""
    wanted: dict[UUID, tuple[Visit, int]] = {visit.id: (visit, version), other.id: (other, other_version)}
    locked = {key: records.lock(*wanted[key]) for key in sorted(wanted)}
    for current in locked.values():
        if current.status not in MOVABLE:
            who = f"{current.patient.short_name} is {records.label(current)}"
            raise Conflict("already_started", f"{who} and can't change chairs.")
    return locked[visit.id], locked[other.id]


def _kept(visit: Visit, reasons: list[Reason]) -> list[dict[str, str]]:
    return carried_over(visit.overrides, reasons, is_same_day=True, is_same_start=True, is_same_chair=False)


def _exchange(one: Visit, two: Visit, chairs: tuple[Chair, Chair]) -> None:
    """Write both places. Between the two writes the first visit sits nowhere: the reference is checked at commit."""
    Visit.objects.filter(pk=one.pk).update(chair_id=one.pk)
    two.chair = chairs[0]
    records.save(two)
    one.chair = chairs[1]
    records.save(one)


def _shown(one: Visit, two: Visit) -> Visit:
    gate.look([one, two])
    boards.bump(one.clinic, {records.local_day(one), records.local_day(two)})
    return one
