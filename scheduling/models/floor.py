"""What nurses write down at the chair: vital signs, set by set."""

import pgtrigger
from django.db import models
from django.db.models import Q

from core.ids import new_id
from scheduling.models.visits import Visit


class VitalsCheck(models.Model):
    """One set of vital signs, taken `at` a moment of a visit. What was not measured is empty.

    A set is never changed: a wrong one is taken back with a reason, and then counts nowhere.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    visit = models.ForeignKey(Visit, on_delete=models.PROTECT, related_name="vitals")
    at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    by_label = models.CharField(max_length=150)
    by_id = models.UUIDField(null=True)
    temperature_c = models.DecimalField(max_digits=3, decimal_places=1, null=True)
    heart_rate = models.PositiveSmallIntegerField(null=True)
    systolic = models.PositiveSmallIntegerField(null=True)
    diastolic = models.PositiveSmallIntegerField(null=True)
    respiratory_rate = models.PositiveSmallIntegerField(null=True)
    spo2 = models.PositiveSmallIntegerField(null=True)
    ml_per_hour = models.DecimalField(max_digits=6, decimal_places=1, null=True)
    symptoms = models.CharField(max_length=200, blank=True)
    voided_at = models.DateTimeField(null=True)
    voided_by_label = models.CharField(max_length=150, blank=True)
    void_reason = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["-at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(diastolic__isnull=True, systolic__isnull=True) | Q(diastolic__lt=models.F("systolic")),
                name="vitals_pressure_order",
            ),
            models.CheckConstraint(condition=Q(spo2__isnull=True) | Q(spo2__lte=100), name="vitals_spo2"),
        ]
        triggers = [pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"vitals of {self.visit_id}"
