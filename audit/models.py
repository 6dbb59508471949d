"""Rows that are only ever added: what happened, who did it, and the seals that prove nobody changed them since.

No foreign keys: these rows outlive what they describe.
"""

import pgtrigger
from django.db import models

from core.ids import new_id


class AuditEvent(models.Model):
    """One act, or one look at a patient's record, by one actor."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    at = models.DateTimeField()
    action = models.CharField(max_length=64)
    actor_kind = models.CharField(max_length=16)
    actor_id = models.UUIDField(null=True)
    actor_label = models.CharField(max_length=150)
    organization_id = models.UUIDField(null=True)
    clinic_id = models.UUIDField(null=True)
    patient_id = models.UUIDField(null=True)
    entity_type = models.CharField(max_length=32)
    entity_id = models.CharField(max_length=64)
    detail = models.JSONField(default=dict)
    request_id = models.CharField(max_length=64, blank=True)
    transaction_id = models.BigIntegerField(
        db_default=models.expressions.RawSQL("(pg_current_xact_id()::text)::bigint", []), editable=False
    )

    class Meta:
        indexes = [
            models.Index(fields=["patient_id", "-at"], name="audit_event_patient"),
            models.Index(fields=["clinic_id", "-at"], name="audit_event_clinic"),
            models.Index(fields=["entity_type", "entity_id", "-at"], name="audit_event_entity"),
            models.Index(fields=["transaction_id", "id"], name="audit_event_order"),
        ]
        triggers = [pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.action} {self.entity_type} {self.entity_id} by {self.actor_label}"


class AuditSeal(models.Model):
    """A hash over a run of events, chained to the seal before it: altering any sealed event breaks the chain."""

    number = models.BigIntegerField(primary_key=True)
    sealed_at = models.DateTimeField()
    first_transaction = models.BigIntegerField()
    last_transaction = models.BigIntegerField()
    event_count = models.PositiveIntegerField()
    prints = models.BinaryField(
        default=b"", help_text="Each event's id and the start of its hash, to name the one that differs."
    )
    digest = models.CharField(max_length=64)

    class Meta:
        triggers = [pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"seal {self.number}: {self.event_count} events"
