"""Which nurse looks after a visit: taken by the nurse, given by somebody, or set for a whole day.

Each change is a line of the visit's history (kind "assign") that can be undone.
"""

from collections.abc import Mapping
from uuid import UUID

from accounts.domain.policy import Permission, Role
from accounts.models import Clinic, User
from core import clock
from core.actor import Actor
from core.errors import BadInput, Conflict, Stale
from core.transactions import business_act
from scheduling.domain.statuses import FINISHED
from scheduling.models import Shift, Visit, VisitEvent
from scheduling.services import boards, records


@business_act
def take(*, visit: Visit, expected_version: int, by: Actor) -> Visit:
    """The nurse who asks looks after `visit` from now on. Raises `Conflict` while another nurse on shift does."""
    by.require(Permission.VISIT_STATUS, "take patients")
    if by.id is not None and visit.nurse_id == by.id:
        return visit
    nurse = _nurses(visit.clinic).get(by.id) if by.id else None
    if nurse is None:
        raise Conflict("not_a_nurse", "Only nurses take patients. Choose a nurse on the visit instead.")
    current = records.lock(visit, expected_version)
    if current.nurse is not None and current.nurse_id != nurse.id and not _went_home(current):
        raise Conflict("has_a_nurse", f"{current.nurse.name} looks after {current.patient.short_name} already.")
    return _set(current, nurse, by)


@business_act
def assign(*, visit: Visit, nurse_id: UUID | None, expected_version: int, by: Actor) -> Visit:
    """Let the nurse with `nurse_id` look after `visit`, or nobody yet. Raises `BadInput` for anybody else."""
    by.require(Permission.VISIT_STATUS, "assign nurses")
    nurse = _nurse(visit.clinic, nurse_id)
    return _set(records.lock(visit, expected_version), nurse, by)


@business_act
def assign_day(*, clinic: Clinic, choices: Mapping[UUID, tuple[UUID | None, int]], by: Actor) -> int:
    """Give many visits their nurses at once: visit, then nurse and the version that was seen. All or nothing.

    Returns how many changed. Raises `Stale` naming the first visit that somebody changed meanwhile.
    """
    by.require(Permission.VISIT_STATUS, "assign nurses")
    nurses = _nurses(clinic)
    found = {
        visit.id: visit for visit in Visit.objects.for_clinic(clinic).filter(pk__in=choices).select_related("chair")
    }
    to_change: list[tuple[Visit, User | None]] = []
    for visit_id in sorted(choices):
        visit, (nurse_id, version) = found.get(visit_id), choices[visit_id]
        if visit is None or (nurse_id is not None and nurse_id not in nurses):
            raise BadInput(
                "unknown_choice", "That is no visit or nurse of this clinic. Reload the page.", field="nurse"
            )
        if visit.nurse_id == nurse_id:
            continue
        current = records.lock(visit, version)
        if current.status in FINISHED:
            raise Stale("over", f"The visit of {current.patient.short_name} is over. Reload the page.")
        to_change.append((current, nurses[nurse_id] if nurse_id else None))
    for current, nurse in to_change:
        _write(current, nurse, by)
    if to_change:
        boards.bump(clinic, {records.local_day(current) for current, _ in to_change})
    return len(to_change)


@business_act
def restore(*, visit: Visit, assigned: VisitEvent, by: Actor) -> Visit:
    """Take back an assignment: the nurse of before looks after the visit again."""
    before = assigned.before.get("nurse_id")
    nurse = User.objects.filter(pk=before).first() if before else None
    current = records.lock(visit, visit.version)
    current.nurse = nurse
    records.save(current)
    after = {"status": str(current.status)} | _who(nurse)
    records.note(current, "undo", by, before=assigned.after, after=after, undoes=assigned, reason="Undone.")
    boards.bump(current.clinic, [records.local_day(current)])
    return current


def _went_home(visit: Visit) -> bool:
    """Whether the nurse of `visit` had a shift on its day, and every one of them is over."""
    start, end = clock.day_bounds(records.local_day(visit), visit.clinic.zone)
    shifts = Shift.objects.filter(clinic=visit.clinic, nurse=visit.nurse_id, starts_at__lt=end, ends_at__gt=start)
    ends = [shift.ends_at for shift in shifts]
    return bool(ends) and max(ends) <= clock.now()


def _set(visit: Visit, nurse: User | None, by: Actor) -> Visit:
    if visit.status in FINISHED:
        raise Conflict("over", f"The visit of {visit.patient.short_name} is over; its nurse stays as it was.")
    if visit.nurse_id != (nurse.id if nurse else None):
        _write(visit, nurse, by)
        boards.bump(visit.clinic, [records.local_day(visit)])
    return visit


def _write(visit: Visit, nurse: User | None, by: Actor) -> None:
    before = _who(visit.nurse)
    visit.nurse = nurse
    records.save(visit)
    records.note(visit, "assign", by, before=before, after=_who(nurse) | {"status": str(visit.status)})


def _who(nurse: User | None) -> dict[str, str]:
    return {"nurse_id": str(nurse.id), "nurse": nurse.name} if nurse else {"nurse_id": "", "nurse": ""}


def _nurses(clinic: Clinic) -> dict[UUID, User]:
    nurses = User.objects.filter(memberships__clinic=clinic, memberships__role=Role.NURSE, is_active=True)
    return {nurse.id: nurse for nurse in nurses}


def _nurse(clinic: Clinic, nurse_id: UUID | None) -> User | None:
    if nurse_id is None:
        return None
    nurse = _nurses(clinic).get(nurse_id)
    if nurse is None:
        raise BadInput("unknown_nurse", "Choose a nurse of this clinic.", field="nurse")
    return nurse
