"""Authorizations as the API takes and gives them."""

from typing import Any

from rest_framework import serializers

from accounts.domain.places_of_service import PLACES
from api.fields import Choice, Day, Id, Instant, Text, Whole
from api.reading import Body, PageQuery
from api.shapes.references import PatientRef, PayerRef, ProductRef
from authorizations.domain.answers import Outcome
from authorizations.domain.statuses import AuthorizationStatus
from authorizations.models import AuthorizationKind

STATUSES = [(status.value, status.label) for status in AuthorizationStatus]
OUTCOMES = [(outcome.value, outcome.label) for outcome in Outcome]
_MOST = 1_000_000


class AuthorizationQuery(PageQuery):
    """Which authorizations to list."""

    patient = Id(required=False)
    status = Choice(STATUSES, required=False)
    follow_up_by = Day(required=False, help_text="Only those whose follow-up is due by this date.")


class AnswerBody(Body):
    """What the payer said. An approval needs units, dates and a reference; anything else a reason in words."""

    outcome = Choice(OUTCOMES)
    units = Whole(least=0, most=_MOST, allow_null=True, default=None)
    visits = Whole(least=0, most=_MOST, allow_null=True, default=None)
    starts_on = Day(allow_null=True, default=None)
    ends_on = Day(allow_null=True, default=None, help_text="Inclusive.")
    reference = Text(max_length=40, allow_blank=True, default="")
    hcpcs = Text(max_length=8, allow_blank=True, default="")
    limit_units = Whole(least=0, most=_MOST, allow_null=True, default=None)
    limit_days = Whole(least=0, most=_MOST, allow_null=True, default=None)
    site_name = Text(max_length=120, allow_blank=True, default="", help_text="The site of care as the payer names it.")
    site_npi = Text(max_length=10, allow_blank=True, default="", help_text="Empty: any facility.")
    place_of_service = Choice([("", "Any place"), *PLACES], default="", help_text="Empty: any kind of place.")
    rendering_name = Text(max_length=120, allow_blank=True, default="", help_text="The clinician as the payer says.")
    rendering_npi = Text(max_length=10, allow_blank=True, default="", help_text="Empty: any clinician.")
    reason = Text(max_length=200, allow_blank=True, default="")
    appeal_due_on = Day(allow_null=True, default=None)
    follow_up_on = Day(allow_null=True, default=None, help_text="Left out: the day the rules propose.")


class CallBody(Body):
    """A call with the payer."""

    person = Text(max_length=80)
    text = Text(max_length=400)
    call_reference = Text(max_length=40, allow_blank=True, default="")
    follow_up_on = Day(allow_null=True, default=None)
    next_step = Text(max_length=120, allow_blank=True, default="")


class FollowUpBody(Body):
    """What is done next, and by which date."""

    on = Day()
    next_step = Text(max_length=120)


class AuthorizationShape(serializers.Serializer[Any]):
    """A payer's decision about a drug for a patient. Dates are inclusive."""

    id = serializers.UUIDField()
    patient = PatientRef()
    payer = PayerRef()
    product = ProductRef()
    order = serializers.UUIDField(source="order_id", allow_null=True)
    kind = serializers.ChoiceField(AuthorizationKind.choices)
    status = serializers.ChoiceField(STATUSES)
    is_urgent = serializers.BooleanField()
    reference = serializers.CharField()
    hcpcs = serializers.CharField()
    unit_mg = serializers.DecimalField(max_digits=8, decimal_places=3)
    units_requested = serializers.IntegerField()
    units_approved = serializers.IntegerField()
    units_reserved = serializers.IntegerField()
    units_used = serializers.IntegerField()
    units_left = serializers.IntegerField()
    visits_approved = serializers.IntegerField(allow_null=True)
    limit_units = serializers.IntegerField(allow_null=True)
    limit_days = serializers.IntegerField(allow_null=True)
    site_name = serializers.CharField()
    site_npi = serializers.CharField(help_text="Empty: any facility.")
    place_of_service = serializers.CharField(help_text="Empty: any kind of place.")
    rendering_name = serializers.CharField()
    rendering_npi = serializers.CharField(help_text="Empty: any clinician.")
    starts_on = serializers.DateField(allow_null=True)
    ends_on = serializers.DateField(allow_null=True)
    submitted_at = Instant(allow_null=True)
    decision_due_at = Instant(allow_null=True)
    decided_at = Instant(allow_null=True)
    denial_reason = serializers.CharField()
    appeal_due_on = serializers.DateField(allow_null=True)
    next_step = serializers.CharField()
    follow_up_on = serializers.DateField(allow_null=True)
    owner = serializers.CharField(source="owner.name", allow_null=True, default=None)
    version = serializers.IntegerField()
