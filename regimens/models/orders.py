"""Treatment orders, and the courses that an accepted order lays out.

A *course* is one due event of 1 to 5 consecutive *course days*; a course day is what a visit books a chair for.
"""

from datetime import date

import pgtrigger
from django.db import models

from accounts.models import Clinic, User
from core.ids import new_id
from patients.models import Patient
from regimens.models.catalogue import Indication, Product


class DoseBasis(models.TextChoices):
    G_PER_KG = "g_per_kg", "g per kg"
    MG_PER_KG = "mg_per_kg", "mg per kg"
    FIXED_MG = "fixed_mg", "mg (fixed)"
    WEIGHT_BAND = "weight_band", "by weight band"


class WeightBasis(models.TextChoices):
    """Which weight the dose is calculated from."""

    ACTUAL = "actual", "Actual weight"
    IDEAL = "ideal", "Ideal weight"
    ADJUSTED = "adjusted", "Adjusted weight"


class Titration(models.TextChoices):
    """Which ramp the infusions of an order follow."""

    BY_RULE = "by_rule", "First or later ramp, as the label says"
    FIRST = "first", "Always the slow first ramp"


class OrderStatus(models.TextChoices):
    DRAFT = "draft", "Draft"
    ACTIVE = "active", "Active"
    ON_HOLD = "on_hold", "On hold"
    ENDED = "ended", "Ended"


class LateDosePolicy(models.TextChoices):
    """What a late dose does to the dates after it (domain rules, section 4)."""

    ORIGINAL = "original", "Keep the original calendar"
    ACTUAL = "actual", "Count from the dose given"
    HYBRID = "hybrid", "Keep the calendar inside the window, else count from the dose given"


class TreatmentOrderQuerySet(models.QuerySet["TreatmentOrder"]):
    def for_clinic(self, clinic: Clinic) -> "TreatmentOrderQuerySet":
        return self.filter(clinic=clinic)


class TreatmentOrder(models.Model):
    """A signed prescription: what, how much, how often, for how long. Accepting it makes a regimen."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    clinic = models.ForeignKey(Clinic, on_delete=models.PROTECT, related_name="orders")
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="orders")
    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="+")
    indication = models.ForeignKey(Indication, on_delete=models.PROTECT, related_name="+")
    icd10 = models.CharField(max_length=10)
    hcpcs = models.CharField(max_length=8)
    dose_basis = models.CharField(max_length=12, choices=DoseBasis.choices)
    may_substitute = models.BooleanField(default=False, help_text="The pharmacist may give another brand.")
    dose_amount = models.DecimalField(
        max_digits=9, decimal_places=3, null=True, blank=True, help_text="Empty only for a dose by weight band."
    )
    max_dose_mg = models.DecimalField(max_digits=10, decimal_places=2, null=True, blank=True)
    dosing_weight_kg = models.DecimalField(max_digits=4, decimal_places=1)
    weight_basis = models.CharField(max_length=8, choices=WeightBasis.choices, default=WeightBasis.ACTUAL)
    measured_weight_kg = models.DecimalField(max_digits=4, decimal_places=1, null=True, blank=True)
    weighed_on = models.DateField(null=True, blank=True)
    days_per_course = models.PositiveSmallIntegerField(default=1)
    induction_days = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="Days of the first induction course; empty means days_per_course."
    )
    induction_offsets_days = models.JSONField(default=list, blank=True)
    induction_doses = models.JSONField(
        default=list, blank=True, help_text="One amount per induction course, as text; empty means the same dose."
    )
    first_maintenance_offset_days = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="Days from the first course; empty means one interval after induction."
    )
    interval_days = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="Empty means the order ends after induction, or after its one course."
    )
    window_early_days = models.PositiveSmallIntegerField(default=3)
    window_late_days = models.PositiveSmallIntegerField(default=3)
    minimum_interval_days = models.PositiveSmallIntegerField(null=True, blank=True)
    late_dose_policy = models.CharField(max_length=10, choices=LateDosePolicy.choices, default=LateDosePolicy.HYBRID)
    needs_premedication = models.BooleanField(default=False)
    premedication = models.CharField(max_length=300, blank=True)
    hydration = models.CharField(max_length=300, blank=True)
    hydration_minutes = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="Empty means the clinic's minutes for a patient at risk, none for others."
    )
    observation_minutes = models.PositiveSmallIntegerField(null=True, blank=True)
    titration = models.CharField(max_length=8, choices=Titration.choices, default=Titration.BY_RULE)
    max_rate_ml_per_kg_per_hour = models.DecimalField(max_digits=5, decimal_places=2, null=True, blank=True)
    labs_required = models.JSONField(
        default=list, blank=True, help_text="Tests with code, valid_days (null: for ever), low and high."
    )
    instructions = models.CharField(max_length=500, blank=True)
    prior_dose_on = models.DateField(null=True, blank=True, help_text="Last had this product before this order.")
    starts_on = models.DateField()
    ends_on = models.DateField(null=True, blank=True)
    course_limit = models.PositiveSmallIntegerField(null=True, blank=True)
    prescriber_name = models.CharField(max_length=120)
    prescriber_npi = models.CharField(max_length=10, blank=True)
    signed_on = models.DateField(null=True, blank=True, help_text="Only a draft may wait for its signature.")
    renews = models.OneToOneField("self", on_delete=models.PROTECT, null=True, blank=True, related_name="renewed_by")
    status = models.CharField(max_length=10, choices=OrderStatus.choices, default=OrderStatus.DRAFT)
    status_reason = models.CharField(max_length=300, blank=True, help_text="Why it is on hold or has ended.")
    needs_prescriber = models.BooleanField(
        default=False, help_text="On hold for a reaction: only a prescriber lets it go on, even if that was a mistake."
    )
    accepted_at = models.DateTimeField(null=True, blank=True)
    accepted_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    laid_out_through_on = models.DateField(null=True, blank=True)
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField()

    objects = TreatmentOrderQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(dose_amount__gt=0)
                | models.Q(dose_amount__isnull=True, dose_basis=DoseBasis.WEIGHT_BAND),
                name="order_dose_positive",
            ),
            models.CheckConstraint(
                condition=models.Q(max_dose_mg__isnull=True) | models.Q(max_dose_mg__gt=0), name="order_max_dose"
            ),
            models.CheckConstraint(
                condition=models.Q(days_per_course__gte=1, days_per_course__lte=5),
                name="order_days_per_course",
            ),
            models.CheckConstraint(
                condition=models.Q(interval_days__isnull=True) | models.Q(interval_days__gte=7, interval_days__lte=182),
                name="order_interval",
            ),
            models.CheckConstraint(
                condition=models.Q(ends_on__isnull=True) | models.Q(ends_on__gte=models.F("starts_on")),
                name="order_ends_after_start",
            ),
            models.CheckConstraint(
                condition=models.Q(status=OrderStatus.DRAFT) | models.Q(accepted_at__isnull=False),
                name="order_active_was_accepted",
            ),
            models.CheckConstraint(
                condition=models.Q(status=OrderStatus.DRAFT) | models.Q(signed_on__isnull=False),
                name="order_active_is_signed",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.product} for {self.patient}"


class OrderEvent(models.Model):
    """One thing that happened to an order: accepted, held, released, recalculated, renewed. Append-only."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    order = models.ForeignKey(TreatmentOrder, on_delete=models.PROTECT, related_name="events")
    at = models.DateTimeField()
    kind = models.CharField(max_length=16)
    by_label = models.CharField(max_length=150)
    by_id = models.UUIDField(null=True)
    reason = models.CharField(max_length=300, blank=True)
    detail = models.JSONField(default=dict)

    class Meta:
        ordering = ["-at", "-id"]
        triggers = [pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.kind} by {self.by_label}"


class CoursePhase(models.TextChoices):
    INDUCTION = "induction", "Induction"
    MAINTENANCE = "maintenance", "Maintenance"


class Course(models.Model):
    """One due event of an order: its due date and the window around it, all clinic-local dates, inclusive."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    order = models.ForeignKey(TreatmentOrder, on_delete=models.PROTECT, related_name="courses")
    number = models.PositiveSmallIntegerField()
    phase = models.CharField(max_length=12, choices=CoursePhase.choices)
    due_on = models.DateField()
    earliest_on = models.DateField()
    latest_on = models.DateField()
    planned_on = models.DateField(null=True, help_text="The series' own calendar, before any guard moved the date.")
    why = models.CharField(max_length=24, blank=True, help_text="What decided the due date; see domain.cadence.")
    counted_from_on = models.DateField(null=True, help_text="The date the due date was counted from.")
    dropped_at = models.DateTimeField(
        null=True, blank=True, help_text="Since when the plan has it no more; it stays because it once had a visit."
    )

    class Meta:
        ordering = ["order_id", "number"]
        constraints = [
            models.UniqueConstraint(fields=["order", "number"], name="course_number_once"),
            models.CheckConstraint(
                condition=models.Q(earliest_on__lte=models.F("due_on"), due_on__lte=models.F("latest_on")),
                name="course_window_order",
            ),
        ]

    def __str__(self) -> str:
        return f"course {self.number}, due {self.due_on}"


class CourseDay(models.Model):
    """One day of a course: what is given that day, the units it bills, and the chair time it needs.

    `phases` is a list of ``{"kind": str, "minutes": int}`` in order; `chair_minutes` their sum rounded up to 15.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    course = models.ForeignKey(Course, on_delete=models.PROTECT, related_name="days")
    day_number = models.PositiveSmallIntegerField()
    due_on = models.DateField()
    dose_mg = models.DecimalField(max_digits=10, decimal_places=2)
    vials = models.JSONField(default=list)
    units = models.PositiveIntegerField()
    wasted_units = models.PositiveIntegerField(default=0, help_text="Of `units`, those that bill waste (JW).")
    volume_ml = models.DecimalField(max_digits=8, decimal_places=2, null=True)
    profile = models.CharField(max_length=12, blank=True)
    rate_steps = models.JSONField(default=list, help_text="starts_at_minute, minutes, ml_per_hour of each stretch.")
    phases = models.JSONField()
    chair_minutes = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ["course_id", "day_number"]
        constraints = [
            models.UniqueConstraint(fields=["course", "day_number"], name="course_day_once"),
            models.CheckConstraint(
                condition=models.Q(chair_minutes__gte=15, chair_minutes__lte=720),
                name="course_day_chair_minutes",
            ),
        ]

    def __str__(self) -> str:
        return f"day {self.day_number} of {self.course}"

    @property
    def earliest_on(self) -> date:
        """The first date of this day's own window: the course's, as many days on as this day follows its first."""
        return self.course.earliest_on + (self.due_on - self.course.due_on)

    @property
    def latest_on(self) -> date:
        """The last date of this day's own window."""
        return self.course.latest_on + (self.due_on - self.course.due_on)
