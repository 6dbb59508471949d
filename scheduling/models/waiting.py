"""Who waits for a place, and the one offer at a time that they get."""

from django.db import models
from django.db.models import F, Q

from accounts.models import Clinic
from core.ids import new_id
from regimens.models import CourseDay
from scheduling.models.capacity import Chair
from scheduling.models.visits import Visit, VisitEvent


class WaitState(models.TextChoices):
    WAITING = "waiting", "Waiting"
    BOOKED = "booked", "Booked"
    WITHDRAWN = "withdrawn", "Withdrawn"
    EXPIRED = "expired", "Its time passed"


class WaitlistEntry(models.Model):
    """A course day that wants a place, or a better one than its visit has; dates are clinic-local, inclusive."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    clinic = models.ForeignKey(Clinic, on_delete=models.PROTECT, related_name="waitlist")
    course_day = models.ForeignKey(CourseDay, on_delete=models.PROTECT, related_name="waitlist")
    visit = models.ForeignKey(Visit, on_delete=models.PROTECT, null=True, blank=True, related_name="waitlist")
    earliest_on = models.DateField()
    latest_on = models.DateField()
    parts_of_day = models.JSONField(default=list, blank=True)
    notice_hours = models.PositiveSmallIntegerField(default=24)
    note = models.CharField(max_length=200, blank=True)
    state = models.CharField(max_length=10, choices=WaitState.choices, default=WaitState.WAITING)
    created_at = models.DateTimeField()
    created_by_label = models.CharField(max_length=150)
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by_label = models.CharField(max_length=150, blank=True)
    closed_with = models.ForeignKey(
        VisitEvent,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="The change of a visit that closed it: undoing that opens it again.",
    )

    class Meta:
        ordering = ["created_at"]
        verbose_name_plural = "waitlist entries"
        constraints = [
            models.UniqueConstraint(fields=["course_day"], condition=Q(state="waiting"), name="waitlist_one_open"),
            models.CheckConstraint(condition=Q(latest_on__gte=F("earliest_on")), name="waitlist_days_order"),
        ]

    def __str__(self) -> str:
        return f"{self.course_day} waits"


class OfferState(models.TextChoices):
    OPEN = "open", "Waiting for an answer"
    ACCEPTED = "accepted", "Accepted"
    DECLINED = "declined", "Declined"
    EXPIRED = "expired", "Not answered in time"
    WITHDRAWN = "withdrawn", "Withdrawn"


class Offer(models.Model):
    """A place offered to one who waits. A held visit keeps it for them; who has a visit already moves by accepting."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    entry = models.ForeignKey(WaitlistEntry, on_delete=models.PROTECT, related_name="offers")
    chair = models.ForeignKey(Chair, on_delete=models.PROTECT, related_name="+")
    starts_at = models.DateTimeField()
    held_visit = models.OneToOneField(Visit, on_delete=models.PROTECT, null=True, blank=True, related_name="offer")
    freed_by = models.ForeignKey(Visit, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    state = models.CharField(max_length=10, choices=OfferState.choices, default=OfferState.OPEN)
    expires_at = models.DateTimeField()
    made_at = models.DateTimeField()
    made_by_label = models.CharField(max_length=150)
    answered_at = models.DateTimeField(null=True, blank=True)
    answered_by_label = models.CharField(max_length=150, blank=True)
    passed_on_at = models.DateTimeField(null=True, blank=True, help_text="When a place not taken went to the next.")

    class Meta:
        ordering = ["-made_at"]
        constraints = [
            models.UniqueConstraint(fields=["entry"], condition=Q(state="open"), name="offer_one_open"),
        ]

    def __str__(self) -> str:
        return f"offer until {self.expires_at}"


class DisruptionKind(models.TextChoices):
    CHAIR = "chair", "A chair is out of use"
    NURSE = "nurse", "A nurse is away"
    CLOSED = "closed", "The clinic closes"


class Disruption(models.Model):
    """Something that upset a day, and what was moved because of it in one act: enough to take all of it back."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    clinic = models.ForeignKey(Clinic, on_delete=models.PROTECT, related_name="disruptions")
    kind = models.CharField(max_length=8, choices=DisruptionKind.choices)
    facts = models.JSONField(default=dict, help_text="Chair, nurse, times and reason, as they were entered.")
    changes = models.JSONField(default=list, help_text="Visit, what was done, from where to where.")
    applied_at = models.DateTimeField()
    applied_by_label = models.CharField(max_length=150)
    undone_at = models.DateTimeField(null=True, blank=True)
    undone_by_label = models.CharField(max_length=150, blank=True)

    class Meta:
        ordering = ["-applied_at"]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} on {self.applied_at}"
