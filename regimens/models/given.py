"""What was really given and what it did: administrations with their lots and rates, and reactions.

Everything a plan recalculates from is here. Rows are never deleted: a mistake is voided or replaced by a newer row.
"""

import pgtrigger
from django.db import models
from django.db.models import F, Q

from core.ids import new_id
from patients.models import Patient
from regimens.models.catalogue import Product
from regimens.models.orders import CourseDay, TreatmentOrder, WeightBasis

NEVER_DELETED = pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete)


class Administration(models.Model):
    """What was given on a course day: begun when the infusion starts, completed by what the nurse records.

    `dose_mg` is empty until somebody records it. Product, weight and rounding are kept as they were that day.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    order = models.ForeignKey(TreatmentOrder, on_delete=models.PROTECT, related_name="administrations")
    course_day = models.ForeignKey(CourseDay, on_delete=models.PROTECT, related_name="administrations")
    visit_id = models.UUIDField(db_index=True)
    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="+")
    started_at = models.DateTimeField()
    stopped_at = models.DateTimeField(null=True, blank=True)
    is_complete = models.BooleanField(null=True, help_text="Whether all of the planned dose went in; empty: not known.")
    dose_mg = models.DecimalField(max_digits=10, decimal_places=2, null=True, blank=True)
    volume_ml = models.DecimalField(max_digits=8, decimal_places=2, null=True, blank=True)
    units = models.PositiveIntegerField(null=True, blank=True)
    wasted_units = models.PositiveIntegerField(null=True, blank=True)
    dosing_weight_kg = models.DecimalField(max_digits=4, decimal_places=1)
    weight_basis = models.CharField(max_length=8, choices=WeightBasis.choices)
    rounding = models.CharField(max_length=120, blank=True)
    planned_dose_mg = models.DecimalField(max_digits=10, decimal_places=2)
    planned_minutes = models.PositiveSmallIntegerField()
    stop_reason = models.CharField(max_length=200, blank=True)
    note = models.CharField(max_length=500, blank=True)
    recorded_at = models.DateTimeField(null=True, blank=True)
    recorded_by_label = models.CharField(max_length=150, blank=True)
    voided_at = models.DateTimeField(null=True, blank=True)
    void_reason = models.CharField(max_length=200, blank=True)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        ordering = ["started_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["course_day"], condition=Q(voided_at__isnull=True), name="administration_once_a_day"
            ),
            models.CheckConstraint(
                condition=Q(stopped_at__isnull=True) | Q(stopped_at__gte=F("started_at")), name="administration_times"
            ),
            models.CheckConstraint(condition=Q(dose_mg__isnull=True) | Q(dose_mg__gte=0), name="administration_dose"),
        ]
        triggers = [NEVER_DELETED]

    def __str__(self) -> str:
        return f"{self.product} given at {self.started_at}"


class AdministrationLot(models.Model):
    """Vials of one lot that were opened for an administration: plasma products are traced by it."""

    administration = models.ForeignKey(Administration, on_delete=models.PROTECT, related_name="lots")
    lot_number = models.CharField(max_length=40)
    expires_on = models.DateField(null=True, blank=True)
    ndc = models.CharField(max_length=14, blank=True)
    vial_mg = models.DecimalField(max_digits=10, decimal_places=2)
    vials = models.PositiveSmallIntegerField()
    wasted_mg = models.DecimalField(max_digits=10, decimal_places=2, default=0)
    witness = models.CharField(max_length=120, blank=True)
    replaced_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["lot_number"], name="lot_by_number")]
        triggers = [NEVER_DELETED]

    def __str__(self) -> str:
        return self.lot_number


class RateChange(models.Model):
    """A pump rate set at a moment of an administration; nought means paused."""

    administration = models.ForeignKey(Administration, on_delete=models.PROTECT, related_name="rates")
    at = models.DateTimeField()
    ml_per_hour = models.DecimalField(max_digits=7, decimal_places=2)
    replaced_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["at", "id"]
        triggers = [NEVER_DELETED]

    def __str__(self) -> str:
        return f"{self.ml_per_hour} mL/h"


class Reaction(models.Model):
    """An adverse event of an infusion, graded by CTCAE (1 to 5).

    A grade of 3 or more holds the order until a prescriber releases it; see `regimens.domain.reactions`.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="reactions")
    order = models.ForeignKey(TreatmentOrder, on_delete=models.PROTECT, related_name="reactions")
    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="+")
    course_day = models.ForeignKey(CourseDay, on_delete=models.PROTECT, null=True, related_name="reactions")
    kind = models.CharField(max_length=40)
    grade = models.PositiveSmallIntegerField()
    occurred_at = models.DateTimeField()
    onset_minutes = models.PositiveSmallIntegerField(null=True, blank=True)
    description = models.CharField(max_length=500, blank=True)
    treatment = models.CharField(max_length=300, blank=True)
    resolved_at = models.DateTimeField(null=True, blank=True)
    recorded_at = models.DateTimeField()
    recorded_by_label = models.CharField(max_length=150)
    released_at = models.DateTimeField(null=True, blank=True)
    released_by_label = models.CharField(max_length=150, blank=True)
    release_note = models.CharField(max_length=300, blank=True)
    voided_at = models.DateTimeField(null=True, blank=True)
    void_reason = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["-occurred_at"]
        constraints = [models.CheckConstraint(condition=Q(grade__gte=1, grade__lte=5), name="reaction_grade")]
        triggers = [NEVER_DELETED]

    def __str__(self) -> str:
        return f"{self.kind}, grade {self.grade}"
