"""Reading the record, newest first, in pages found by key: the thousandth page costs what the first does."""

from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Q

from audit.models import AuditEvent
from core import clock

PAGE = 50


@dataclass(frozen=True, kw_only=True)
class LogFilter:
    """What to show of one clinic's record. Empty fields narrow nothing; dates are clinic-local and inclusive."""

    clinic_id: UUID | None
    zone: ZoneInfo
    patient_id: UUID | None = None
    person: str = ""
    action: str = ""
    first_on: date | None = None
    last_on: date | None = None
    before: tuple[datetime, UUID] | None = None


@dataclass(frozen=True)
class LogPage:
    """Some events, newest first, and the key after which older ones follow (None on the last page)."""

    events: list[AuditEvent] = field(default_factory=list)
    older: tuple[datetime, UUID] | None = None


def log(wanted: LogFilter) -> LogPage:
    """One page of the record of a clinic. Wrong passwords belong to no clinic: they show under their own action."""
    if wanted.clinic_id is None:
        return LogPage()
    clinic = Q(clinic_id=wanted.clinic_id)
    if wanted.action == "sign_in.fail":
        clinic = Q(clinic_id=None)
    found = AuditEvent.objects.filter(clinic, _narrow(wanted)).order_by("-at", "-id")
    events = list(found[: PAGE + 1])
    shown = events[:PAGE]
    older = (shown[-1].at, shown[-1].id) if len(events) > PAGE else None
    return LogPage(shown, older)


def actions(clinic_id: UUID | None) -> list[str]:
    """The kinds of acts that the latest events of a clinic are of, for the filter's list."""
    latest = AuditEvent.objects.filter(clinic_id=clinic_id).order_by("-at").values("action")[:5_000]
    return sorted({row["action"] for row in latest} | {"sign_in.fail"})


def _narrow(wanted: LogFilter) -> Q:
    narrowed = Q()
    if wanted.patient_id:
        narrowed &= Q(patient_id=wanted.patient_id)
    if wanted.person:
        narrowed &= Q(actor_label__icontains=wanted.person)
    if wanted.action:
        narrowed &= Q(action=wanted.action)
    if wanted.first_on:
        narrowed &= Q(at__gte=clock.day_bounds(wanted.first_on, wanted.zone)[0])
    if wanted.last_on:
        narrowed &= Q(at__lt=clock.day_bounds(wanted.last_on, wanted.zone)[1])
    if wanted.before:
        at, event_id = wanted.before
        narrowed &= Q(at__lt=at) | Q(at=at, id__lt=event_id)
    return narrowed
