"""What waits for a person: patients' requests, tasks, and plans that want to change what is booked."""

from django.db import models
from django.db.models import Q

from accounts.models import Clinic
from core.ids import new_id
from patients.models import Patient
from regimens.models import TreatmentOrder
from scheduling.models.visits import Visit


class RequestState(models.TextChoices):
    OPEN = "open", "Waiting for an answer"
    MOVED = "moved", "Moved"
    KEPT = "kept", "Kept as it was"
    CANCELLED = "cancelled", "Visit cancelled"
    WITHDRAWN = "withdrawn", "Withdrawn"


class MoveRequest(models.Model):
    """A patient asks to move or cancel a visit. The visit keeps its place until a scheduler answers."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    visit = models.ForeignKey(Visit, on_delete=models.PROTECT, related_name="requests")
    wish = models.CharField(max_length=16)
    half_days = models.JSONField(default=list)
    note = models.CharField(max_length=300, blank=True)
    state = models.CharField(max_length=10, choices=RequestState.choices, default=RequestState.OPEN)
    answer = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField()
    answer_by_on = models.DateField()
    answered_at = models.DateTimeField(null=True)
    answered_by_label = models.CharField(max_length=150, blank=True)

    class Meta:
        ordering = ["created_at"]
        constraints = [
            models.UniqueConstraint(fields=["visit"], condition=Q(state="open"), name="move_request_one_open"),
        ]

    def __str__(self) -> str:
        return f"{self.wish} for {self.visit_id}"


class StaffTask(models.Model):
    """Something a person must look at: an unanswered message, an overflow after a nurse called in sick."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    clinic = models.ForeignKey(Clinic, on_delete=models.CASCADE, related_name="staff_tasks")
    kind = models.CharField(max_length=32)
    text = models.CharField(max_length=300)
    visit = models.ForeignKey(Visit, on_delete=models.PROTECT, null=True, related_name="tasks")
    order = models.ForeignKey(TreatmentOrder, on_delete=models.PROTECT, null=True, related_name="tasks")
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, null=True, related_name="tasks")
    is_urgent = models.BooleanField(default=False)
    dedupe_key = models.CharField(max_length=120, unique=True)
    created_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)
    done_by_label = models.CharField(max_length=150, blank=True)

    def __str__(self) -> str:
        return self.text


class PlanDecision(models.Model):
    """A person's answer to a plan that wanted to change a booked course: kept as it was, or followed.

    `fingerprint` names the very difference they saw, so that the same one is not asked twice and a new one is.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    order = models.ForeignKey(TreatmentOrder, on_delete=models.PROTECT, related_name="plan_decisions")
    course_number = models.PositiveSmallIntegerField()
    fingerprint = models.CharField(max_length=64)
    is_followed = models.BooleanField()
    reason = models.CharField(max_length=200, blank=True)
    at = models.DateTimeField()
    by_label = models.CharField(max_length=150)
    by_id = models.UUIDField(null=True)

    class Meta:
        ordering = ["-at"]
        constraints = [
            models.UniqueConstraint(fields=["order", "course_number", "fingerprint"], name="plan_decision_once"),
        ]

    def __str__(self) -> str:
        return f"course {self.course_number}: {'followed' if self.is_followed else 'kept'}"
