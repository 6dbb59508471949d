"""Therapies the clinic knows of but gives no chair to, and enrolment in drug safety programmes."""

from django.db import models
from django.db.models import F, Q

from core.ids import new_id
from patients.models import Patient


class ElsewhereKind(models.TextChoices):
    SCIG = "scig", "Subcutaneous immune globulin at home"
    PLASMA_EXCHANGE = "plasma_exchange", "Plasma exchange"
    INJECTION = "injection", "Injection"
    OTHER = "other", "Other"


class ElsewhereTherapy(models.Model):
    """A therapy given somewhere else: it stands on the patient's plan and never books a chair."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="therapies_elsewhere")
    kind = models.CharField(max_length=16, choices=ElsewhereKind.choices)
    name = models.CharField(max_length=80)
    place = models.CharField(max_length=80, blank=True)
    every_days = models.PositiveSmallIntegerField(null=True, blank=True, help_text="Empty means once, on starts_on.")
    starts_on = models.DateField()
    ends_on = models.DateField(null=True, blank=True)
    note = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField()
    created_by_label = models.CharField(max_length=150)

    class Meta:
        verbose_name_plural = "elsewhere therapies"
        ordering = ["starts_on"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_on__isnull=True) | Q(ends_on__gte=F("starts_on")), name="elsewhere_ends_after_start"
            ),
            models.CheckConstraint(condition=Q(every_days__isnull=True) | Q(every_days__gte=1), name="elsewhere_every"),
        ]

    def __str__(self) -> str:
        return self.name


class SafetyEnrolment(models.Model):
    """A patient's enrolment in a drug's safety programme (REMS)."""

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="safety_enrolments")
    programme = models.CharField(max_length=80)
    enrolled_on = models.DateField()
    valid_until = models.DateField(null=True, blank=True)
    recorded_by_label = models.CharField(max_length=150)

    class Meta:
        ordering = ["-enrolled_on"]

    def __str__(self) -> str:
        return self.programme
