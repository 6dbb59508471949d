"""Writing the record. An act that cannot be recorded does not happen: this runs in the act's own transaction."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from audit.models import AuditEvent
from core import clock
from core.actor import Actor


@dataclass(frozen=True, kw_only=True)
class Subject:
    """What one of many acts was done to."""

    entity_id: UUID | str
    patient_id: UUID | None = None
    detail: dict[str, Any] = field(default_factory=dict)


def record(
    *,
    action: str,
    entity_type: str,
    entity_id: UUID | str,
    by: Actor,
    patient_id: UUID | None = None,
    detail: dict[str, Any] | None = None,
) -> None:
    """Record that `by` did `action` (such as ``visit.book``) to an entity; `detail` holds ids and codes, no prose."""
    subject = Subject(entity_id=entity_id, patient_id=patient_id, detail=detail or {})
    record_all(action=action, entity_type=entity_type, subjects=[subject], by=by)


def record_all(*, action: str, entity_type: str, subjects: Iterable[Subject], by: Actor) -> None:
    """Record the same act done to each of `subjects`, one event for each, in one SQL statement."""
    events = [
        AuditEvent(
            at=clock.now(),
            action=action,
            actor_kind=by.kind.value,
            actor_id=by.id,
            actor_label=by.label,
            organization_id=by.organization_id,
            clinic_id=by.clinic_id,
            patient_id=subject.patient_id,
            entity_type=entity_type,
            entity_id=str(subject.entity_id),
            detail=subject.detail,
            request_id=by.request_id,
        )
        for subject in subjects
    ]
    if len(events) == 1:  # the usual case: a look at a page needs no transaction of its own
        events[0].save(force_insert=True)
    else:
        AuditEvent.objects.bulk_create(events)
