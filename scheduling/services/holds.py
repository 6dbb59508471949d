"""Held places that are let go: by somebody, or because their time ran out. Chair, nurses and units are free again.

Whoever held a place for an offer loses the offer with it. Who holds and books a held place is in `held_places`.
"""

from datetime import datetime
from uuid import UUID

from django.db.models import Q, QuerySet

from accounts.domain.policy import Permission
from core import clock
from core.actor import Actor
from core.errors import Conflict, Refusal
from core.intervals import Interval
from core.transactions import business_act
from scheduling.domain.statuses import VisitStatus
from scheduling.models import Chair, OfferState, Visit
from scheduling.services import boards, coverage, places, records, waiting

REASON, LET_GO = "The hold ran out.", "Let go."


def expire(*, by: Actor) -> int:
    """Cancel every held visit whose hold is over, each in its own transaction; how many. The patient knew of none."""
    over = Visit.objects.filter(status=VisitStatus.HELD, hold_until__lte=clock.now())
    if by.clinic_id is not None:
        over = over.filter(clinic_id=by.clinic_id)
    visits = over.select_related("clinic", "chair__clinic", "authorization").order_by("hold_until")
    return sum(_expire(visit=visit, by=by) for visit in visits)


def _expire(*, visit: Visit, by: Actor) -> bool:
    try:
        _run_out(visit=visit, by=by)
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
    drop(dead, by)


def drop(dead: QuerySet[Visit], by: Actor) -> None:
    """Cancel holds that have run out, in order."""
    for visit in dead.select_related("clinic", "chair__clinic", "authorization").order_by("period", "id"):
        _run_out(visit=visit, by=by)


@business_act
def let_go(*, visit: Visit, expected_version: int, by: Actor, offer_state: OfferState = OfferState.WITHDRAWN) -> Visit:
    """Somebody decided against a held place, whoever held it. Raises `Conflict` when nothing is held any more."""
    by.require(Permission.VISIT_BOOK, "let held places go")
    return free(visit, LET_GO, expected_version=expected_version, by=by, offer_state=offer_state)


@business_act
def _run_out(*, visit: Visit, by: Actor) -> None:
    free(visit, REASON, expected_version=visit.version, by=by, offer_state=OfferState.EXPIRED)


def free(visit: Visit, reason: str, *, expected_version: int, by: Actor, offer_state: OfferState) -> Visit:
    """Cancel one held visit inside the caller's transaction, and close its offer as `offer_state`."""
    places.lock_capacity(visit.clinic, places.interval_of(visit))
    coverage.release(visit, by)
    current = records.lock(visit, expected_version)
    check_held(current)
    current.status = VisitStatus.CANCELLED
    current.cancel_reason = reason
    records.save(current)
    before, after = {"status": VisitStatus.HELD.value}, {"status": current.status}
    records.note(current, "let_go", by, before=before, after=after, reason=reason)
    waiting.ended(current, by, offer_state=offer_state, was_held=True)
    boards.bump(current.clinic, [records.local_day(current)])
    return current


def check_held(visit: Visit, *, now: datetime | None = None) -> None:
    """Raise `Conflict` unless the locked `visit` is held, and still so at `now` if that is given."""
    name, zone = visit.patient.short_name, visit.clinic.zone
    if visit.status != VisitStatus.HELD:
        raise Conflict("not_held", f"{name} is {records.label(visit)}: nothing is held any more.")
    if now is not None and visit.hold_until is not None and visit.hold_until <= now:
        until = visit.hold_until.astimezone(zone)
        raise Conflict("hold_over", f"The hold for {name} ran out at {until:%H:%M}. Find a place again.")
