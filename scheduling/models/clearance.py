"""May the visit start? The last look at the gate, what the nurse found, and who went ahead against it."""

import pgtrigger
from django.db import models

from core.ids import new_id
from scheduling.models.visits import Visit

APPEND_ONLY = pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)


class VisitClearance(models.Model):
    """What the clearance gate said when it last looked at a visit, for boards and lists; starting one looks anew.

    `reasons` is a list of ``{"code", "sentence", "level"}`` in the gate's order; an entry with ``"reason"`` and
    ``"by"`` was overridden and holds nothing any more.
    """

    visit = models.OneToOneField(Visit, on_delete=models.PROTECT, primary_key=True, related_name="clearance")
    light = models.CharField(max_length=6)
    reasons = models.JSONField(default=list)
    checked_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.visit_id}: {self.light}"


class PreInfusionCheck(models.Model):
    """What the nurse found and asked before an infusion. The latest one of a visit counts."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    visit = models.ForeignKey(Visit, on_delete=models.PROTECT, related_name="checks")
    at = models.DateTimeField()
    by_label = models.CharField(max_length=150)
    by_id = models.UUIDField(null=True)
    is_drug_on_hand = models.BooleanField()
    concerns = models.JSONField(default=list, help_text="Codes of the questions that were answered with yes.")
    temperature_c = models.DecimalField(max_digits=3, decimal_places=1, null=True, blank=True)
    note = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["-at", "-id"]
        triggers = [APPEND_ONLY]

    def __str__(self) -> str:
        return f"check of {self.visit_id}"


class ClearanceOverride(models.Model):
    """A named person goes ahead although the gate holds the visit for `code`, and says why.

    It speaks for the very `sentence` they read: when the fact behind it changes, the visit is held anew.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    visit = models.ForeignKey(Visit, on_delete=models.PROTECT, related_name="clearance_overrides")
    code = models.CharField(max_length=32)
    service_on = models.DateField(help_text="The day it speaks for; a moved visit is asked anew.")
    sentence = models.CharField(max_length=300)
    reason = models.CharField(max_length=200)
    at = models.DateTimeField()
    by_label = models.CharField(max_length=150)
    by_id = models.UUIDField(null=True)

    class Meta:
        ordering = ["-at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["visit", "code", "service_on", "sentence"], name="clearance_override_once"),
        ]
        triggers = [APPEND_ONLY]

    def __str__(self) -> str:
        return f"{self.code}: {self.reason}"
