"""Who read what: opening an authorization is an event, a list is one event with its ids."""

from collections.abc import Iterable
from uuid import UUID

from audit.services.record import record
from authorizations.models import Authorization
from core.actor import Actor


def opened(authorization: Authorization, *, by: Actor) -> None:
    """Record that `by` opened an authorization, and so saw part of a patient's record."""
    record(
        action="authorization.view",
        entity_type="authorization",
        entity_id=authorization.id,
        by=by,
        patient_id=authorization.patient_id,
    )


def listed(patient_ids: Iterable[UUID], *, by: Actor) -> None:
    """Record that `by` saw a list with these patients on it."""
    ids = sorted({str(patient_id) for patient_id in patient_ids})
    record(
        action="authorization.list",
        entity_type="clinic",
        entity_id=str(by.clinic_id),
        by=by,
        detail={"patient_ids": ids},
    )
