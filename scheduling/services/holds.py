"""Holds that ran out: the chair, the nurses' time and the units are free again. The sweep calls this."""

from core import clock
from core.actor import Actor
from core.errors import Refusal
from core.transactions import business_act
from scheduling.domain.statuses import VisitStatus
from scheduling.models import Visit
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
