"""Reading a patient's own visits. Each function takes the patient's id and finds nothing of anybody else."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Prefetch

from accounts.models import OpeningHours
from authorizations.domain.statuses import COVERING, AuthorizationStatus
from authorizations.queries import coverage
from core import clock
from core.errors import NotFound
from patients.models import Patient
from scheduling.domain.statuses import EXPECTED, FINISHED, VisitStatus
from scheduling.models import MoveRequest, Visit, VisitEvent, VisitQuerySet
from scheduling.queries import visits
from scheduling.services.undo import latest

MOST_PAST = 100
_RESERVED_FROM = COVERING | {AuthorizationStatus.EXHAUSTED}


@dataclass(frozen=True)
class OwnVisits:
    """All of a patient's visits: to come (first the next), and past (first the latest)."""

    upcoming: tuple[Visit, ...]
    past: tuple[Visit, ...]

    @property
    def next(self) -> Visit | None:
        return self.upcoming[0] if self.upcoming else None


def patient(patient_id: UUID | None) -> Patient:
    """The patient who is signed in."""
    found = Patient.objects.select_related("clinic").filter(pk=patient_id).first() if patient_id else None
    if found is None:
        raise NotFound("patient record")
    return found


def own_visits(patient_id: UUID | None) -> OwnVisits:
    """Every visit of the patient but holds, and cancelled ones that lie in the past."""
    now = clock.now()
    if patient_id is None:
        return OwnVisits((), ())
    found = list(_ready(visits.for_patient(patient_id)).exclude(status=VisitStatus.HELD))
    over = {status.value for status in FINISHED}
    upcoming = tuple(visit for visit in found if visit.period.upper > now and visit.status not in over)
    past = [visit for visit in found if visit not in upcoming and visit.status != VisitStatus.CANCELLED]
    return OwnVisits(upcoming, tuple(reversed(past[-MOST_PAST:])))


def own_visit(patient_id: UUID | None, visit_id: UUID) -> Visit:
    """The patient's own visit with this id; raises `NotFound` for anybody else's."""
    found = None
    if patient_id is not None:
        own = _ready(visits.for_patient(patient_id)).exclude(status=VisitStatus.HELD)
        found = own.filter(pk=visit_id).first()
    if found is None:
        raise NotFound("visit")
    return found


def is_insured(visit: Visit) -> bool:
    """Whether the insurer's approval for this visit is in place, or none is needed."""
    on = visit.period.lower.astimezone(visit.clinic.zone).date()
    authorization = visit.authorization
    if authorization is None:
        return coverage.find(order=visit.course_day.course.order, units=visit.units, on=on).is_covered
    begins, ends = authorization.starts_on, authorization.ends_on
    in_time = (begins is None or begins <= on) and (ends is None or on <= ends)
    return authorization.status in _RESERVED_FROM and in_time


def can_undo(visit: Visit, user_id: UUID | None) -> bool:
    """Whether the latest change of the visit is this person's own confirmation, and the visit is still to come."""
    if visit.status != VisitStatus.CONFIRMED or visit.period.lower <= clock.now():
        return False
    event: VisitEvent | None = latest(visit)
    return event is not None and event.by_id == user_id and event.after.get("status") == VisitStatus.CONFIRMED


def is_to_come(visit: Visit, now: datetime) -> bool:
    """Whether the visit can still be confirmed, moved or called off."""
    return visit.status in EXPECTED and visit.period.lower > now


def hours(clinic_id: UUID) -> list[OpeningHours]:
    """The clinic's hours by weekday."""
    return list(OpeningHours.objects.filter(clinic_id=clinic_id).order_by("weekday"))


def _ready(found: VisitQuerySet) -> VisitQuerySet:
    newest = Prefetch("requests", queryset=MoveRequest.objects.order_by("-created_at"))
    return found.prefetch_related(newest).defer("course_day__course__order__product__data")
