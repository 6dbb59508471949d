"""Taking a chair out of use for some time, and giving it back.

The capacity rows of the time are locked first, as booking does: somebody who books the chair at the same moment either
was first, and their visit is listed, or is refused. Visits that are there already stay where they are.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from accounts.domain.policy import Permission
from accounts.models import Clinic
from audit.services.record import record
from core import clock
from core.actor import Actor
from core.errors import BadInput, Conflict, NotFound
from core.intervals import Interval
from core.transactions import business_act
from scheduling.models import Chair, ChairOutage, Visit
from scheduling.queries.outages import outages_between, visits_in
from scheduling.services import boards, places

LONGEST = timedelta(days=366)


@dataclass(frozen=True, kw_only=True)
class Out:
    """A chair out of use, and the visits that stand in it meanwhile: they wait for somebody to move them."""

    outage: ChairOutage
    visits: tuple[Visit, ...]


@business_act
def add(*, chair: Chair, starts_at: datetime, ends_at: datetime, reason: str, by: Actor) -> Out:
    """Take `chair` out of use from `starts_at` to `ends_at`; returns it with the visits that are in the way.

    Raises `BadInput` for a time that makes no sense, `Conflict` where the chair is out of use already.
    """
    by.require(Permission.VISIT_OVERRIDE, "take a chair out of use")
    if by.clinic_id is not None and chair.clinic_id != by.clinic_id:
        raise NotFound("chair")
    _check(starts_at, ends_at, reason)
    places.lock_capacity(chair.clinic, Interval(starts_at, ends_at))
    Chair.objects.select_for_update(no_key=True).get(pk=chair.pk)
    _check_not_out(chair, starts_at, ends_at)
    outage = ChairOutage.objects.create(
        clinic=chair.clinic,
        chair=chair,
        starts_at=starts_at,
        ends_at=ends_at,
        reason=reason.strip()[:120],
        created_at=clock.now(),
        created_by_label=by.label[:150],
    )
    detail = {"chair_id": str(chair.id), "starts_at": starts_at.isoformat(), "ends_at": ends_at.isoformat()}
    record(action="chair.out", entity_type="chair_outage", entity_id=outage.id, by=by, detail=detail)
    boards.bump(chair.clinic, days_of(outage))
    return Out(outage=outage, visits=tuple(visits_in(outage)))


@business_act
def lift(*, outage: ChairOutage, by: Actor) -> ChairOutage:
    """Give the chair back: the outage counts no more. Raises `Conflict` when somebody was quicker."""
    by.require(Permission.VISIT_OVERRIDE, "give a chair back")
    if by.clinic_id is not None and outage.clinic_id != by.clinic_id:
        raise NotFound("outage")
    current = ChairOutage.objects.select_for_update(of=("self",)).select_related("chair__clinic").get(pk=outage.pk)
    if current.lifted_at is not None:
        raise Conflict("already_lifted", f"{current.chair.name} was given back already.")
    current.lifted_at = clock.now()
    current.save(update_fields=["lifted_at"])
    detail = {"chair_id": str(current.chair_id)}
    record(action="chair.back", entity_type="chair_outage", entity_id=current.id, by=by, detail=detail)
    boards.bump(current.chair.clinic, days_of(current))
    return current


def days_of(outage: ChairOutage) -> Sequence[date]:
    """The clinic-local days that an outage touches."""
    zone = outage.chair.clinic.zone
    first_on = outage.starts_at.astimezone(zone).date()
    last_on = (outage.ends_at - timedelta(microseconds=1)).astimezone(zone).date()
    return [first_on + timedelta(days=offset) for offset in range((last_on - first_on).days + 1)]


def when(outage: ChairOutage, clinic: Clinic) -> str:
    """From when to when, on the clinic's clock: "Tue 3 Mar 10:00–14:00"."""
    start, end = (moment.astimezone(clinic.zone) for moment in (outage.starts_at, outage.ends_at))
    if start.date() == end.date():
        return f"{start:%a %-d %b %H:%M}–{end:%H:%M}"
    return f"{start:%a %-d %b %H:%M} to {end:%a %-d %b %H:%M}"


def _check(starts_at: datetime, ends_at: datetime, reason: str) -> None:
    if not reason.strip():
        raise BadInput("no_reason", "Say why the chair is out of use: it is shown on the board.", field="reason")
    if ends_at <= starts_at:
        raise BadInput("reversed", "The end must come after the start.", field="ends")
    if ends_at <= clock.now():
        raise BadInput("over", "This time has passed. Choose a time to come.", field="ends")
    if ends_at - starts_at > LONGEST:
        raise BadInput("too_long", "More than a year: retire the chair instead.", field="ends")


def _check_not_out(chair: Chair, starts_at: datetime, ends_at: datetime) -> None:
    other = outages_between(chair.clinic, starts_at, ends_at).filter(chair=chair).first()
    if other is not None:
        raise Conflict(
            "already_out",
            f"{chair.name} is out of use already {when(other, chair.clinic)}: {other.reason}.",
            field="starts",
        )
