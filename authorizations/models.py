"""Prior authorizations and their unit ledger.

The ledger is append-only; its trigger keeps the running totals on the authorization, and a CHECK there refuses to let
reserved and used units exceed what was approved. Visits are opaque ids: this package knows no chair.
"""

import pgtrigger
from django.db import models
from django.db.models import F, Q

from accounts.domain.places_of_service import PLACES
from accounts.models import Clinic, User
from authorizations.domain.statuses import MOVES, AuthorizationStatus
from core.ids import new_id
from patients.models import Coverage, Patient, Payer
from regimens.models import Product, TreatmentOrder

_MOVES_SQL = ", ".join(
    f"('{before.value}', '{after.value}')" for before in sorted(MOVES) for after in sorted(MOVES[before])
)


class AuthorizationKind(models.TextChoices):
    INITIAL = "initial", "First request"
    RENEWAL = "renewal", "Renewal"
    CHANGE = "change", "Change"


class AuthorizationQuerySet(models.QuerySet["Authorization"]):
    def for_clinic(self, clinic: Clinic) -> "AuthorizationQuerySet":
        return self.filter(clinic=clinic)


class Authorization(models.Model):
    """A payer's decision about a drug for a patient, from the first draft to its last unit. Dates are inclusive."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    clinic = models.ForeignKey(Clinic, on_delete=models.PROTECT, related_name="authorizations")
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="authorizations")
    payer = models.ForeignKey(Payer, on_delete=models.PROTECT, related_name="authorizations")
    coverage = models.ForeignKey(Coverage, on_delete=models.PROTECT, null=True, related_name="authorizations")
    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="+")
    order = models.ForeignKey(TreatmentOrder, on_delete=models.PROTECT, null=True, related_name="authorizations")
    kind = models.CharField(max_length=8, choices=AuthorizationKind.choices, default=AuthorizationKind.INITIAL)
    renews = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="renewals")
    status = models.CharField(
        max_length=24, choices=[(s.value, s.label) for s in AuthorizationStatus], default=AuthorizationStatus.DRAFT
    )
    is_urgent = models.BooleanField(default=False)
    reference = models.CharField(max_length=40, blank=True)
    hcpcs = models.CharField(max_length=8)
    unit_mg = models.DecimalField(max_digits=8, decimal_places=3)
    units_requested = models.PositiveIntegerField(default=0)
    units_approved = models.PositiveIntegerField(default=0)
    units_reserved = models.PositiveIntegerField(default=0)
    units_used = models.PositiveIntegerField(default=0)
    visits_approved = models.PositiveSmallIntegerField(null=True, blank=True)
    limit_units = models.PositiveIntegerField(null=True, blank=True)
    limit_days = models.PositiveSmallIntegerField(null=True, blank=True)
    site_name = models.CharField(max_length=120, blank=True, help_text="As the payer names it.")
    site_npi = models.CharField(max_length=10, blank=True, help_text="Empty: any facility.")
    place_of_service = models.CharField(max_length=2, blank=True, choices=PLACES, help_text="Empty: any place.")
    rendering_name = models.CharField(max_length=120, blank=True, help_text="As the payer names the clinician.")
    rendering_npi = models.CharField(max_length=10, blank=True, help_text="Empty: any clinician.")
    starts_on = models.DateField(null=True, blank=True)
    ends_on = models.DateField(null=True, blank=True)
    submitted_at = models.DateTimeField(null=True, blank=True)
    decision_due_at = models.DateTimeField(null=True, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    denial_reason = models.CharField(max_length=200, blank=True)
    appeal_due_on = models.DateField(null=True, blank=True)
    next_step = models.CharField(max_length=120, blank=True)
    follow_up_on = models.DateField(null=True, blank=True)
    owner = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField()

    objects = AuthorizationQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["clinic", "status", "follow_up_on"], name="authorization_worklist"),
            models.Index(fields=["patient", "product", "ends_on"], name="authorization_covering"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(units_approved__gte=F("units_reserved") + F("units_used")),
                name="authorization_never_overdrawn",
            ),
            models.CheckConstraint(
                condition=Q(starts_on__isnull=True) | Q(ends_on__isnull=True) | Q(ends_on__gte=F("starts_on")),
                name="authorization_ends_after_start",
            ),
            models.CheckConstraint(condition=Q(unit_mg__gt=0), name="authorization_unit_positive"),
            models.CheckConstraint(
                condition=Q(status__in=[status.value for status in AuthorizationStatus]),
                name="authorization_status_known",
            ),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="status_moves",
                when=pgtrigger.Before,
                operation=pgtrigger.UpdateOf("status"),  # type: ignore[no-untyped-call]
                func=f"""
                    IF OLD.status <> NEW.status AND (OLD.status, NEW.status) NOT IN ({_MOVES_SQL}) THEN
                        RAISE EXCEPTION 'authorization may not move from % to %', OLD.status, NEW.status
                            USING ERRCODE = 'check_violation', CONSTRAINT = 'authorization_status_moves';
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.payer} {self.reference or self.status}"

    @property
    def units_left(self) -> int:
        return self.units_approved - self.units_reserved - self.units_used


class LedgerKind(models.TextChoices):
    RESERVE = "reserve", "Reserved at booking"
    RELEASE = "release", "Released"
    POST = "post", "Used"
    REVERSE = "reverse", "Use taken back"


class LedgerEntry(models.Model):
    """One movement of units for one visit: reserve at booking, release on cancel, post when given."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    authorization = models.ForeignKey(Authorization, on_delete=models.PROTECT, related_name="ledger")
    visit_id = models.UUIDField()
    kind = models.CharField(max_length=8, choices=LedgerKind.choices)
    units = models.PositiveIntegerField()
    reserved_change = models.IntegerField()
    used_change = models.IntegerField()
    service_on = models.DateField()
    at = models.DateTimeField()
    by_label = models.CharField(max_length=150)
    note = models.CharField(max_length=120, blank=True)

    class Meta:
        verbose_name_plural = "ledger entries"
        indexes = [models.Index(fields=["visit_id"], name="ledger_by_visit")]
        constraints = [models.CheckConstraint(condition=Q(units__gt=0), name="ledger_units_positive")]
        triggers = [
            pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete),
            pgtrigger.Trigger(
                name="keep_totals",
                when=pgtrigger.After,
                operation=pgtrigger.Insert,
                func="""
                    UPDATE authorizations_authorization
                       SET units_reserved = units_reserved + NEW.reserved_change,
                           units_used = units_used + NEW.used_change
                     WHERE id = NEW.authorization_id;
                    RETURN NULL;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.units} for visit {self.visit_id}"


class AuthorizationEvent(models.Model):
    """One line of an authorization's history: a status change, a payer's answer, a call, a note. Append-only."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    authorization = models.ForeignKey(Authorization, on_delete=models.PROTECT, related_name="events")
    at = models.DateTimeField()
    by_label = models.CharField(max_length=150)
    kind = models.CharField(max_length=16)
    status_before = models.CharField(max_length=24, blank=True)
    status_after = models.CharField(max_length=24, blank=True)
    text = models.CharField(max_length=500, blank=True)
    data = models.JSONField(default=dict)

    class Meta:
        ordering = ["-at", "-id"]
        triggers = [pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.kind} at {self.at}"
