"""What every message about a visit has in common: to whom, by which channels, in which words, and until when true."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.conf import settings

from messaging.domain.states import Channel
from messaging.services.outbox import Draft
from messaging.subjects import Subject
from patients.models import Patient
from scheduling.domain.statuses import EXPECTED, VisitStatus
from scheduling.models import Visit

SUBJECT = "visit"
PORTAL = "/p/"
GRACE = timedelta(minutes=1)
"""How long a message about a change waits, so that whoever undoes the change at once surprises nobody."""


def drafts(
    visit: Visit,
    *,
    kind: str,
    wording: str,
    key: str,
    due_at: datetime,
    not_after: datetime,
    start: datetime | None = None,
) -> Iterator[Draft]:
    """One draft for each channel that the visit's patient agreed to; `key` becomes unique by the channel.

    The words name `start`, or else the visit's own.
    """
    for channel, address in channels(visit.patient):
        yield Draft(
            clinic=visit.clinic,
            kind=kind,
            channel=channel,
            to=address,
            recipient_name=visit.patient.given_name,
            wording=wording,
            params=when(visit, start=start),
            dedupe_key=f"visit:{visit.id}:{key}:{channel}",
            due_at=due_at,
            not_after=not_after,
            patient_id=visit.patient_id,
            subject_type=SUBJECT,
            subject_id=visit.id,
            subject_version=start_minute(visit.period.lower),
        )


def channels(patient: Patient) -> list[tuple[str, str]]:
    """The channels that the patient agreed to and can be reached by, with the address of each."""
    found = []
    if patient.email_consent_at and patient.email:
        found.append((Channel.EMAIL.value, patient.email))
    if patient.sms_consent_at and patient.phone:
        found.append((Channel.SMS.value, patient.phone))
    return found


def when(visit: Visit, *, start: datetime | None = None) -> dict[str, str]:
    """The values of the wordings: day and time at the clinic of `start`, or of the visit, and the patient's pages."""
    start = (start or visit.period.lower).astimezone(visit.clinic.zone)
    return {
        "day": f"{start:%A} {start.day} {start:%B}",
        "short_day": f"{start:%a} {start.day} {start:%b}",
        "time": f"{start.hour % 12 or 12}:{start:%M} {'am' if start.hour < 12 else 'pm'}",
        "link": f"{settings.BASE_URL}{PORTAL}",
    }


def start_minute(start: datetime) -> int:
    """The start as a number: the version of a visit that matters to its messages."""
    return int(start.timestamp()) // 60


def start_of(minute: int) -> datetime:
    """The start that `start_minute` made into `minute`."""
    return datetime.fromtimestamp(minute * 60, UTC)


def is_current(subject: Subject) -> bool:
    """Whether a message about a visit is still true: the visit is expected at that very time, or is cancelled."""
    row = _state(subject.id)
    if row is None:
        return False
    status, start = row
    if subject.kind == "visit.cancelled":
        return status == VisitStatus.CANCELLED
    return status in EXPECTED and start_minute(start) == subject.version


def _state(visit_id: UUID) -> tuple[str, datetime] | None:
    row = Visit.objects.filter(id=visit_id).values_list("status", "period").first()
    return (row[0], row[1].lower) if row else None
