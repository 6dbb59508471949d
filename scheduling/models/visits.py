"""Visits and their history, and the constraints that make double-booking impossible."""

import pgtrigger
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, DateTimeRangeField, RangeOperators
from django.contrib.postgres.indexes import GistIndex
from django.db import models
from django.db.models import Q

from accounts.models import Clinic, Organization, User
from authorizations.models import Authorization
from core.ids import new_id
from patients.models import Patient
from regimens.models import CourseDay
from scheduling import triggers
from scheduling.domain.statuses import FINISHED, OCCUPYING, VisitStatus
from scheduling.models.capacity import Chair

OCCUPYING_VALUES = sorted(status.value for status in OCCUPYING)


class VisitQuerySet(models.QuerySet["Visit"]):
    def for_clinic(self, clinic: Clinic) -> "VisitQuerySet":
        return self.filter(clinic=clinic)

    def occupying(self) -> "VisitQuerySet":
        return self.filter(status__in=OCCUPYING_VALUES)

    def live(self) -> "VisitQuerySet":
        """Not finished: held, expected, or here now."""
        return self.exclude(status__in=[status.value for status in FINISHED])


class Visit(models.Model):
    """A chair, a patient and a half-open period on the quarter-hour grid, for one course day.

    `load_profile` is the nurse need per quarter hour of `period`, in hundredths; `start_quarter` the index of the one
    in which the infusion is started. Python decides both (scheduling/domain/load.py), the database adds them up.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="+")
    clinic = models.ForeignKey(Clinic, on_delete=models.PROTECT, related_name="visits")
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="visits")
    course_day = models.ForeignKey(CourseDay, on_delete=models.PROTECT, related_name="visits")
    chair = models.ForeignKey(Chair, on_delete=models.PROTECT, related_name="visits")
    period = DateTimeRangeField()
    planned_minutes = models.PositiveSmallIntegerField()
    series_id = models.UUIDField(null=True, db_index=True, help_text="Visits booked together, as one series.")
    is_exception = models.BooleanField(default=False, help_text="Moved away from its series by itself.")
    status = models.CharField(max_length=12, choices=[(s.value, s.label) for s in VisitStatus])
    load_profile = ArrayField(models.PositiveSmallIntegerField())
    start_quarter = models.PositiveSmallIntegerField()
    overrides = models.JSONField(default=list, blank=True)
    is_over_capacity = models.BooleanField(default=False)
    hold_until = models.DateTimeField(null=True)
    held_by_label = models.CharField(max_length=150, blank=True, help_text="Who keeps a held place, for the board.")
    authorization = models.ForeignKey(Authorization, on_delete=models.PROTECT, null=True, related_name="visits")
    units = models.PositiveIntegerField()
    nurse = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    confirmed_at = models.DateTimeField(null=True)
    arrived_at = models.DateTimeField(null=True)
    seated_at = models.DateTimeField(null=True)
    infusion_started_at = models.DateTimeField(null=True)
    observation_started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    cancel_reason = models.CharField(max_length=120, blank=True)
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    objects = VisitQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["patient", "-created_at"], name="visit_by_patient"),
            models.Index(fields=["authorization"], name="visit_by_authorization"),
            GistIndex(fields=["clinic", "period"], condition=~Q(status=VisitStatus.CANCELLED), name="visit_by_day"),
        ]
        constraints = [
            ExclusionConstraint(
                name="visit_chair_once",
                expressions=[
                    ("organization", RangeOperators.EQUAL),
                    ("chair", RangeOperators.EQUAL),
                    ("period", RangeOperators.OVERLAPS),
                ],
                condition=Q(status__in=OCCUPYING_VALUES),
            ),
            ExclusionConstraint(
                name="visit_patient_once",
                expressions=[
                    ("organization", RangeOperators.EQUAL),
                    ("patient", RangeOperators.EQUAL),
                    ("period", RangeOperators.OVERLAPS),
                ],
                condition=Q(status__in=OCCUPYING_VALUES),
            ),
            models.UniqueConstraint(
                fields=["course_day"], condition=Q(status__in=OCCUPYING_VALUES), name="visit_course_day_once"
            ),
            models.CheckConstraint(
                condition=Q(status__in=[status.value for status in VisitStatus]), name="visit_status_known"
            ),
            models.CheckConstraint(
                condition=~Q(status=VisitStatus.HELD) | Q(hold_until__isnull=False), name="visit_hold_has_end"
            ),
        ]
        triggers = [
            triggers.STATUS_MOVES,
            triggers.LOCK_CAPACITY,
            triggers.COUNT_CAPACITY,
            pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"{self.patient} in {self.chair}"


class VisitEvent(models.Model):
    """One change of a visit: what it was, what it became, who and why. Append-only; undo adds another."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    visit = models.ForeignKey(Visit, on_delete=models.PROTECT, related_name="events")
    at = models.DateTimeField()
    kind = models.CharField(max_length=16)
    by_label = models.CharField(max_length=150)
    by_id = models.UUIDField(null=True)
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)
    reason = models.CharField(max_length=200, blank=True)
    undoes = models.OneToOneField("self", on_delete=models.PROTECT, null=True, related_name="undone_by")

    class Meta:
        ordering = ["-at", "-id"]
        indexes = [models.Index(fields=["by_id", "-at"], name="visit_event_by_person")]
        triggers = [pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.kind} by {self.by_label}"
