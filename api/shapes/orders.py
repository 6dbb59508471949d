"""Treatment orders and their course days as the API takes and gives them."""

from typing import Any

from rest_framework import serializers

from api.fields import Amount, Choice, Day, Flag, Id, Instant, Several, Text, Whole
from api.reading import Body, PageQuery
from api.shapes.references import PatientRef, ProductRef
from regimens.models import CoursePhase, DoseBasis, LateDosePolicy, OrderStatus

_MOST_DAYS = 1_000


class OrderQuery(PageQuery):
    """Which orders to list."""

    patient = Id(required=False)
    status = Choice(OrderStatus.choices, required=False)


class OrderBody(Body):
    """What a prescriber signed. What is left out or null is as the catalogue says."""

    patient = Id()
    product = Text(max_length=40, help_text="Id in the catalogue.")
    indication = Text(max_length=20, help_text="Id in the catalogue.")
    icd10 = Text(max_length=10)
    hcpcs = Text(max_length=8)
    dose_basis = Choice(DoseBasis.choices)
    dose_amount = Amount(digits=9, places=3, help_text="For the whole course, all its days together.")
    dosing_weight_kg = Amount(digits=4, places=1)
    days_per_course = Whole(least=0, most=_MOST_DAYS)
    interval_days = Whole(least=0, most=_MOST_DAYS)
    starts_on = Day()
    signed_on = Day()
    prescriber_name = Text(max_length=120)
    induction_offsets_days = Several(
        child=Whole(least=0, most=_MOST_DAYS), max_length=50, default=list, help_text="Days from the first dose."
    )
    induction_doses = Several(child=Amount(digits=9, places=3), max_length=50, allow_null=True, default=None)
    first_maintenance_offset_days = Whole(least=0, most=_MOST_DAYS, allow_null=True, default=None)
    window_early_days = Whole(least=0, most=_MOST_DAYS, allow_null=True, default=None)
    window_late_days = Whole(least=0, most=_MOST_DAYS, allow_null=True, default=None)
    minimum_interval_days = Whole(least=0, most=_MOST_DAYS, allow_null=True, default=None)
    late_dose_policy = Choice(LateDosePolicy.choices, allow_null=True, default=None)
    ends_on = Day(allow_null=True, default=None)
    course_limit = Whole(least=0, most=_MOST_DAYS, allow_null=True, default=None)
    needs_premedication = Flag(default=False)


class OrderShape(serializers.Serializer[Any]):
    """A treatment order: a draft until it is accepted, then the source of courses to book."""

    id = serializers.UUIDField()
    patient = PatientRef()
    product = ProductRef()
    indication = serializers.CharField(source="indication_id")
    status = serializers.ChoiceField(OrderStatus.choices)
    icd10 = serializers.CharField()
    hcpcs = serializers.CharField()
    dose_basis = serializers.ChoiceField(DoseBasis.choices)
    dose_amount = serializers.DecimalField(max_digits=9, decimal_places=3)
    dosing_weight_kg = serializers.DecimalField(max_digits=4, decimal_places=1)
    days_per_course = serializers.IntegerField()
    interval_days = serializers.IntegerField()
    induction_offsets_days = serializers.ListField(child=serializers.IntegerField())
    induction_doses = serializers.ListField(child=serializers.CharField())
    first_maintenance_offset_days = serializers.IntegerField(allow_null=True)
    window_early_days = serializers.IntegerField()
    window_late_days = serializers.IntegerField()
    minimum_interval_days = serializers.IntegerField(allow_null=True)
    late_dose_policy = serializers.ChoiceField(LateDosePolicy.choices)
    needs_premedication = serializers.BooleanField()
    starts_on = serializers.DateField()
    ends_on = serializers.DateField(allow_null=True)
    course_limit = serializers.IntegerField(allow_null=True)
    prescriber_name = serializers.CharField()
    signed_on = serializers.DateField()
    accepted_at = Instant(allow_null=True)
    laid_out_through_on = serializers.DateField(allow_null=True)
    version = serializers.IntegerField()


class CourseDayQuery(PageQuery):
    """Of which order."""

    order = Id()


class CourseShape(serializers.Serializer[Any]):
    """One due event and its window; dates are inclusive and at the clinic."""

    number = serializers.IntegerField()
    phase = serializers.ChoiceField(CoursePhase.choices)
    due_on = serializers.DateField()
    earliest_on = serializers.DateField()
    latest_on = serializers.DateField()


class PhaseShape(serializers.Serializer[Any]):
    """A stretch of the time in the chair."""

    kind = serializers.CharField()
    minutes = serializers.IntegerField()


class CourseDayShape(serializers.Serializer[Any]):
    """A day of a course, which a visit books a chair for."""

    id = serializers.UUIDField()
    order = serializers.UUIDField(source="course.order_id")
    patient = PatientRef(source="course.order.patient")
    course = CourseShape()
    day_number = serializers.IntegerField()
    due_on = serializers.DateField()
    dose_mg = serializers.DecimalField(max_digits=10, decimal_places=2)
    units = serializers.IntegerField()
    phases = PhaseShape(many=True)
    chair_minutes = serializers.IntegerField()
