"""Putting messages into the outbox, and taking them out again before they leave.

Called inside the transaction of the change that causes the message: both happen or neither does.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from accounts.models import Clinic
from core import clock
from core.ids import new_id
from messaging.domain.states import OPEN, Channel, MessageState
from messaging.models import OutboxMessage


def enqueue(
    *,
    clinic: Clinic,
    kind: str,
    channel: Channel | str,
    to: str,
    recipient_name: str,
    wording: str,
    params: dict[str, Any],
    dedupe_key: str,
    due_at: datetime,
    not_after: datetime | None = None,
    patient_id: UUID | None = None,
    subject_type: str = "",
    subject_id: UUID | None = None,
    subject_version: int = 0,
) -> bool:
    """Add a message unless one with this `dedupe_key` exists; returns whether it was added."""
    message = OutboxMessage(
        id=new_id(),
        clinic=clinic,
        kind=kind,
        channel=channel,
        to=to,
        recipient_name=recipient_name,
        patient_id=patient_id,
        subject_type=subject_type,
        subject_id=subject_id,
        subject_version=subject_version,
        wording=wording,
        params=params,
        dedupe_key=dedupe_key,
        due_at=due_at,
        not_after=not_after,
        created_at=clock.now(),
    )
    OutboxMessage.objects.bulk_create([message], ignore_conflicts=True)
    return OutboxMessage.objects.filter(pk=message.pk).exists()


def cancel_for(*, subject_type: str, subject_id: UUID) -> int:
    """Cancel what has not left yet about a subject; returns how many messages that was."""
    waiting = OutboxMessage.objects.filter(subject_type=subject_type, subject_id=subject_id, state__in=OPEN)
    return waiting.update(state=MessageState.CANCELLED, settled_at=clock.now())


def wake() -> None:
    """Ask a worker to look at the outbox after commit. Only a wish: beat asks every five seconds anyway."""
    transaction.on_commit(_ask, robust=True)


def _ask() -> None:
    from celery import current_app

    current_app.send_task("messaging.tasks.drain", expires=5, retry=False)
