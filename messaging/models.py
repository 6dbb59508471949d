"""The outbox: every message is a row, written with the change that caused it and sent by the dispatcher.

`dedupe_key` makes a message exist once; the lease makes it leave once. Subjects are opaque ids: why a message is due
is known only to the package that wrote it.
"""

from django.db import models
from django.db.models import Q

from accounts.models import Clinic
from core.ids import new_id
from messaging.domain.states import OPEN, Channel, MessageState


class OutboxMessage(models.Model):
    """One message to one person by one channel."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    clinic = models.ForeignKey(Clinic, on_delete=models.PROTECT, related_name="messages")
    kind = models.CharField(max_length=40)
    channel = models.CharField(max_length=8, choices=[(c.value, c.value) for c in Channel])
    to = models.CharField(max_length=254)
    recipient_name = models.CharField(max_length=120)
    patient_id = models.UUIDField(null=True)
    subject_type = models.CharField(max_length=24, blank=True)
    subject_id = models.UUIDField(null=True)
    subject_version = models.PositiveIntegerField(default=0)
    wording = models.CharField(max_length=40)
    params = models.JSONField(default=dict)
    dedupe_key = models.CharField(max_length=160, unique=True)
    due_at = models.DateTimeField()
    not_after = models.DateTimeField(null=True)
    state = models.CharField(
        max_length=10, choices=[(s.value, s.value) for s in MessageState], default=MessageState.PENDING
    )
    attempts = models.PositiveSmallIntegerField(default=0)
    lease_owner = models.CharField(max_length=64, blank=True)
    lease_until = models.DateTimeField(null=True)
    in_doubt_since = models.DateTimeField(
        null=True, help_text="Since when a sending was begun whose outcome nobody knows (the database's clock)."
    )
    provider_id = models.CharField(max_length=120, blank=True)
    last_error = models.CharField(max_length=200, blank=True)
    rendered_subject = models.CharField(max_length=200, blank=True)
    rendered_body = models.TextField(blank=True)
    created_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["due_at"], condition=Q(state__in=list(OPEN)), name="outbox_due"),
            models.Index(fields=["clinic", "-created_at"], name="outbox_by_clinic"),
            models.Index(fields=["subject_type", "subject_id"], name="outbox_subject"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=[state.value for state in MessageState]), name="outbox_state_known"
            ),
            models.CheckConstraint(
                condition=~Q(state=MessageState.LEASED) | Q(lease_until__isnull=False),
                name="outbox_lease_has_end",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} by {self.channel} ({self.state})"
