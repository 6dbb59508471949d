"""Chairs, shifts, capacity and visits, and the constraints that make double-booking impossible.

- A chair and a patient hold one visit at an instant: partial exclusion constraints over the occupying statuses.
- Nurse load and starts per quarter hour never exceed capacity without a named override: `CapacitySlot` rows with
  CHECKs, locked in order by a BEFORE trigger and counted by an AFTER trigger (docs/adr/0002).
- Only moves in `scheduling.domain.statuses.MOVES` are possible: a trigger generated from that table.
"""

import pgtrigger
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, DateTimeRangeField, RangeOperators
from django.db import models
from django.db.models import F, Q

from accounts.models import Clinic, Organization, User
from authorizations.models import Authorization
from core.ids import new_id
from patients.models import Patient
from regimens.models import CourseDay
from scheduling import triggers
from scheduling.domain.statuses import FINISHED, OCCUPYING, VisitStatus

OCCUPYING_VALUES = sorted(status.value for status in OCCUPYING)


class ChairKind(models.TextChoices):
    RECLINER = "recliner", "Recliner"
    BED = "bed", "Bed"
    PRIVATE_ROOM = "private_room", "Private room"


class Chair(models.Model):
    """A place where one patient is infused at a time."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    clinic = models.ForeignKey(Clinic, on_delete=models.PROTECT, related_name="chairs")
    name = models.CharField(max_length=12)
    kind = models.CharField(max_length=12, choices=ChairKind.choices, default=ChairKind.RECLINER)
    position = models.PositiveSmallIntegerField()
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ["position"]
        constraints = [models.UniqueConstraint(fields=["clinic", "name"], name="chair_name_once")]

    def __str__(self) -> str:
        return self.name


class Shift(models.Model):
    """A nurse's working time on one day; half-open instants. During lunch the nurse does not count."""

    clinic = models.ForeignKey(Clinic, on_delete=models.PROTECT, related_name="shifts")
    nurse = models.ForeignKey(User, on_delete=models.PROTECT, related_name="shifts")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    lunch_starts_at = models.DateTimeField(null=True)
    lunch_ends_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["clinic", "starts_at"], name="shift_by_day")]
        constraints = [
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="shift_order"),
        ]

    def __str__(self) -> str:
        return f"{self.nurse} from {self.starts_at}"


class LoadWeight(models.Model):
    """Nurse need in one phase of a visit, in hundredths of a nurse, with its source and how sure we are of it."""

    clinic = models.ForeignKey(Clinic, on_delete=models.CASCADE, related_name="load_weights")
    phase = models.CharField(max_length=16)
    hundredths = models.PositiveSmallIntegerField()
    source = models.CharField(max_length=200)
    confidence = models.CharField(max_length=10)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["clinic", "phase"], name="load_weight_once")]

    def __str__(self) -> str:
        return f"{self.phase}: {self.hundredths / 100}"


class CapacitySlot(models.Model):
    """A quarter hour of a clinic: nurses present, and what visits take of them. No row means closed.

    Loads are in hundredths of a nurse. `override_*` is what named overrides took above the capacity.
    """

    pk = models.CompositePrimaryKey("clinic_id", "starts_at")
    clinic = models.ForeignKey(Clinic, on_delete=models.CASCADE, related_name="capacity_slots")
    starts_at = models.DateTimeField()
    load_used = models.IntegerField(default=0)
    load_cap = models.IntegerField()
    override_load = models.IntegerField(default=0)
    starts_used = models.IntegerField(default=0)
    starts_cap = models.IntegerField()
    override_starts = models.IntegerField(default=0)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(load_used__gte=0, load_used__lte=F("load_cap") + F("override_load")),
                name="capacity_slot_load",
            ),
            models.CheckConstraint(
                condition=Q(starts_used__gte=0, starts_used__lte=F("starts_cap") + F("override_starts")),
                name="capacity_slot_starts",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.starts_at}: {self.load_used}/{self.load_cap}"


class BoardVersion(models.Model):
    """A number per clinic and day that grows with every change, so that a board can ask "anything new?" cheaply."""

    pk = models.CompositePrimaryKey("clinic_id", "on")
    clinic = models.ForeignKey(Clinic, on_delete=models.CASCADE, related_name="+")
    on = models.DateField()
    version = models.PositiveIntegerField(default=1)

    def __str__(self) -> str:
        return f"{self.on}: {self.version}"


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
    status = models.CharField(max_length=12, choices=[(s.value, s.label) for s in VisitStatus])
    load_profile = ArrayField(models.PositiveSmallIntegerField())
    start_quarter = models.PositiveSmallIntegerField()
    overrides = models.JSONField(default=list, blank=True)
    is_over_capacity = models.BooleanField(default=False)
    hold_until = models.DateTimeField(null=True)
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
    dedupe_key = models.CharField(max_length=120, unique=True)
    created_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)
    done_by_label = models.CharField(max_length=150, blank=True)

    def __str__(self) -> str:
        return self.text
