"""Holds that ran out: the chair, the nurses' time and the units are free again. The sweep calls this."""

from uuid import UUID

from django.db.models import Q

from core import clock
from core.actor import Actor
from core.errors import Refusal
from core.intervals import Interval
from core.transactions import business_act
from scheduling.domain.statuses import VisitStatus
from scheduling.models import Chair, Visit
from scheduling.services import boards, coverage, places, records

REASON = "The hold ran out."


def expire(*, by: Actor) -> int:
    """Cancel every held visit whose hold is over, each in its own transaction; how many. The patient knew of none."""
    over = Visit.objects.filter(status=VisitStatus.HELD, hold_until__lte=clock.now())
    if by.clinic_id is not None:
        over = over.filter(clinic_id=by.clinic_id)
    visits = over.select_related("clinic", "chair__clinic", "authorization").order_by("hold_until")
    return sum(_expire(visit=visit, by=by) for visit in visits)


def _expire(*, visit: Visit, by: Actor) -> bool:
    try:
        _cancel(visit=visit, by=by)
    except Refusal:  # somebody booked, moved or cancelled it meanwhile
        return False
    return True


def drop_dead(*, chair: Chair, patient_id: UUID, interval: Interval, by: Actor) -> None:
    """Cancel holds that have run out where a visit is about to go: constraints cannot see the time."""
    dead = Visit.objects.filter(
        Q(chair=chair) | Q(patient_id=patient_id),
        organization_id=chair.clinic.organization_id,
        status=VisitStatus.HELD,
        hold_until__lte=clock.now(),
        period__overlap=(interval.start, interval.end),
    )
    for visit in dead.select_related("clinic", "chair__clinic", "authorization"):
        _cancel(visit=visit, by=by)


@business_act
def _cancel(*, visit: Visit, by: Actor) -> None:
    places.lock_capacity(visit.clinic, places.interval_of(visit))
    coverage.release(visit, by)
    current = records.lock(visit, visit.version)
    current.status = VisitStatus.CANCELLED
    current.cancel_reason = REASON
    records.save(current)
    records.note(
        current,
        "cancel",
        by,
        before={"status": VisitStatus.HELD.value},
        after={"status": current.status},
        reason=REASON,
    )
    boards.bump(current.clinic, [records.local_day(current)])
