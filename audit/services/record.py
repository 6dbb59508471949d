"""Writing the record. An act that cannot be recorded does not happen: this runs in the act's own transaction."""

from typing import Any
from uuid import UUID

from audit.models import AuditEvent
from core import clock
from core.actor import Actor


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
    AuditEvent.objects.create(
        at=clock.now(),
        action=action,
        actor_kind=by.kind.value,
        actor_id=by.id,
        actor_label=by.label,
        organization_id=by.organization_id,
        clinic_id=by.clinic_id,
        patient_id=patient_id,
        entity_type=entity_type,
        entity_id=str(entity_id),
        detail=detail or {},
        request_id=by.request_id,
    )
