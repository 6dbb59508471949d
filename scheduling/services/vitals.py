"""Vital signs at the chair: a set is kept as it was taken, and a wrong one is taken back with a reason."""

from datetime import datetime, timedelta

from accounts.domain.policy import Permission
from audit.services.record import record
from core import clock
from core.actor import Actor
from core.errors import BadInput, Conflict
from core.transactions import business_act
from scheduling.domain.statuses import IN_CHAIR, VisitStatus
from scheduling.domain.vitals import Measured, check_measured
from scheduling.models import Visit, VitalsCheck
from scheduling.services import boards, records

MAY_BE_TAKEN = IN_CHAIR | {VisitStatus.ARRIVED, VisitStatus.COMPLETED, VisitStatus.LEFT_EARLY}
A_MOMENT = timedelta(minutes=2)
"""Clocks differ by so much."""
TAKEN_EARLY = timedelta(minutes=30)
"""A set may be older than the arrival that the desk stamped, by so much."""


@business_act
def take(*, visit: Visit, measured: Measured, symptoms: str = "", at: datetime | None = None, by: Actor) -> VitalsCheck:
    """Keep a set of vital signs of `visit`, taken now or `at` a moment since the patient came.

    Raises `BadInput` with every number that cannot be right at its field, `Conflict` before the patient is here.
    """
    by.require(Permission.ADMINISTRATION_RECORD, "record vital signs")
    now = clock.now()
    current = records.lock(visit, visit.version)
    if current.status not in MAY_BE_TAKEN:
        raise Conflict(
            "not_here", f"{current.patient.short_name} is {records.label(current)}: nobody is measured then."
        )
    if reasons := check_measured(measured):
        raise BadInput.of(reasons)
    _check_time(current, at or now, now)
    taken = VitalsCheck.objects.create(
        visit=current,
        at=at or now,
        recorded_at=now,
        by_label=by.label,
        by_id=by.id,
        symptoms=symptoms.strip()[:200],
        **vars(measured),
    )
    _tell(current, "vitals.take", taken, by)
    return taken


@business_act
def take_back(*, visit: Visit, vitals: VitalsCheck, reason: str, by: Actor) -> VitalsCheck:
    """A set was a mistake: it stays to be seen, with the reason, and counts nowhere. Raises `BadInput` without one."""
    by.require(Permission.ADMINISTRATION_RECORD, "take back vital signs")
    why = reason.strip()
    if not why:
        raise BadInput("reason_missing", "Say why it was a mistake.", field="reason")
    current = VitalsCheck.objects.select_for_update().get(pk=vitals.pk, visit=visit)
    if current.voided_at is not None:
        raise Conflict("taken_back", f"{current.voided_by_label} took this set back already.")
    current.voided_at, current.voided_by_label, current.void_reason = clock.now(), by.label, why[:200]
    current.save(update_fields=["voided_at", "voided_by_label", "void_reason"])
    _tell(visit, "vitals.take_back", current, by)
    return current


def _check_time(visit: Visit, at: datetime, now: datetime) -> None:
    here_since = (visit.arrived_at or visit.seated_at or visit.period.lower) - TAKEN_EARLY
    if at > now + A_MOMENT:
        raise BadInput("in_the_future", "That time is still to come.", field="at")
    if at < here_since:
        came = here_since.astimezone(visit.clinic.zone)
        raise BadInput("before_arrival", f"The patient was not here yet. Enter {came:%H:%M} or later.", field="at")


def _tell(visit: Visit, action: str, vitals: VitalsCheck, by: Actor) -> None:
    record(
        action=action,
        entity_type="vitals",
        entity_id=vitals.id,
        by=by,
        patient_id=visit.patient_id,
        detail={"visit": str(visit.id)},
    )
    boards.bump(visit.clinic, [records.local_day(visit)])
