"""Treatment orders and their course days as the API takes and gives them."""

from datetime import date
from typing import Any

from rest_framework import serializers

from api.fields import Amount, Choice, Day, Flag, Id, Instant, Several, Text, Whole
from api.reading import Body, PageQuery
from api.shapes.plans import PROFILES, WHYS, PhaseShape, RateStepShape
from api.shapes.references import PatientRef, ProductRef
from regimens.models import (
    CourseDay,
    CoursePhase,
    DoseBasis,
    LateDosePolicy,
    OrderStatus,
    Titration,
    TreatmentOrder,
    WeightBasis,
)
from regimens.queries.orders import valid_until
from regimens.services.order_events import EventKind

_MOST_DAYS = 1_000


class OrderQuery(PageQuery):
    """Which orders to list."""

    patient = Id(required=False)
    status = Choice(OrderStatus.choices, required=False)


class LabBody(Body):
    """A test that must be on file, in date and in range before each infusion."""

    code = Text(max_length=32)
    name = Text(max_length=80)
    valid_days = Whole(least=0, most=36_500, allow_null=True, default=None, help_text="null: a result counts for ever.")
    low = Amount(digits=12, places=4, allow_null=True, default=None)
    high = Amount(digits=12, places=4, allow_null=True, default=None)
    unit = Text(max_length=20, allow_blank=True, default="")
    is_minor = Flag(default=False, help_text="A nurse may then go ahead without it, with a reason.")
    source = Text(max_length=200, allow_blank=True, default="")  # type: ignore[assignment]
    confidence = Text(max_length=40, allow_blank=True, default="")

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        """As an order keeps it: limits as text, exactly as they were sent."""
        values = super().to_internal_value(data)
        return values | {
            name: None if values[name] is None else format(values[name].normalize(), "f") for name in ("low", "high")
        }


class OrderBody(Body):
    """What a prescriber signed. What is left out or null is as the catalogue says."""

    patient = Id()
    product = Text(max_length=40, help_text="Id in the catalogue.")
    indication = Text(max_length=20, help_text="Id in the catalogue.")
    icd10 = Text(max_length=10)
    hcpcs = Text(max_length=8)
    dose_basis = Choice(DoseBasis.choices)
    dose_amount = Amount(
        digits=9,
        places=3,
        allow_null=True,
        help_text="For the whole course, all its days together; null only for a dose by weight band.",
    )
    dosing_weight_kg = Amount(digits=4, places=1)
    days_per_course = Whole(least=0, most=_MOST_DAYS)
    interval_days = Whole(
        least=0, most=_MOST_DAYS, allow_null=True, help_text="null: the order ends after induction, or its one course."
    )
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
    may_substitute = Flag(default=False, help_text="The pharmacist may give another brand.")
    max_dose_mg = Amount(digits=10, places=2, allow_null=True, default=None)
    weight_basis = Choice(WeightBasis.choices, default=WeightBasis.ACTUAL.value)
    measured_weight_kg = Amount(digits=4, places=1, allow_null=True, default=None)
    weighed_on = Day(allow_null=True, default=None)
    induction_days = Whole(
        least=0, most=_MOST_DAYS, allow_null=True, default=None, help_text="Days of the first induction course."
    )
    premedication = Text(max_length=300, allow_blank=True, default="")
    hydration = Text(max_length=300, allow_blank=True, default="")
    hydration_minutes = Whole(least=0, most=_MOST_DAYS, allow_null=True, default=None)
    observation_minutes = Whole(least=0, most=_MOST_DAYS, allow_null=True, default=None)
    titration = Choice(Titration.choices, default=Titration.BY_RULE.value)
    max_rate_ml_per_kg_per_hour = Amount(digits=5, places=2, allow_null=True, default=None)
    labs_required = Several(child=LabBody(), max_length=20, default=list)
    instructions = Text(max_length=500, allow_blank=True, default="")
    prior_dose_on = Day(allow_null=True, default=None, help_text="Last had this product before this order.")
    prescriber_npi = Text(max_length=10, allow_blank=True, default="")


class PreviewBody(OrderBody):
    """An order as it would be entered. Without a patient, nobody's risks and no earlier dose count."""

    patient = Id(allow_null=True, default=None)


class HoldBody(Body):
    """Why nothing may be given for now."""

    reason = Text(max_length=300)


class ReleaseBody(Body):
    """Why it may go on. After a reaction only a prescriber says so."""

    note = Text(max_length=300)


class RenewBody(Body):
    """When the prescriber signed the renewal; without it the draft waits for that date."""

    signed_on = Day(allow_null=True, default=None)


class EndBody(Body):
    """The last day of the order and why it ends. Until a day to come it goes on."""

    on = Day()
    reason = Text(max_length=300)


class LabShape(serializers.Serializer[Any]):
    """A test that must be on file before each infusion."""

    code = serializers.CharField()
    name = serializers.CharField(default="")
    valid_days = serializers.IntegerField(allow_null=True, default=None)
    low = serializers.CharField(allow_null=True, default=None)
    high = serializers.CharField(allow_null=True, default=None)
    unit = serializers.CharField(default="")
    is_minor = serializers.BooleanField(default=False)
    source = serializers.CharField(default="")  # type: ignore[assignment]
    confidence = serializers.CharField(default="")


class OrderEventShape(serializers.Serializer[Any]):
    """One thing that happened to an order."""

    at = Instant()
    kind = serializers.ChoiceField([(kind.value, kind.label) for kind in EventKind])
    by = serializers.CharField(source="by_label")
    reason = serializers.CharField()


class OrderShape(serializers.Serializer[Any]):
    """A treatment order: a draft until it is accepted, then the source of courses to book."""

    id = serializers.UUIDField()
    patient = PatientRef()
    product = ProductRef()
    indication = serializers.CharField(source="indication_id")
    status = serializers.ChoiceField(OrderStatus.choices)
    status_reason = serializers.CharField(help_text="Why it is on hold or has ended.")
    renews = serializers.UUIDField(source="renews_id", allow_null=True)
    icd10 = serializers.CharField()
    hcpcs = serializers.CharField()
    dose_basis = serializers.ChoiceField(DoseBasis.choices)
    dose_amount = serializers.DecimalField(max_digits=9, decimal_places=3, allow_null=True)
    max_dose_mg = serializers.DecimalField(max_digits=10, decimal_places=2, allow_null=True)
    may_substitute = serializers.BooleanField()
    dosing_weight_kg = serializers.DecimalField(max_digits=4, decimal_places=1)
    weight_basis = serializers.ChoiceField(WeightBasis.choices)
    measured_weight_kg = serializers.DecimalField(max_digits=4, decimal_places=1, allow_null=True)
    weighed_on = serializers.DateField(allow_null=True)
    days_per_course = serializers.IntegerField()
    interval_days = serializers.IntegerField(allow_null=True)
    induction_days = serializers.IntegerField(allow_null=True)
    induction_offsets_days = serializers.ListField(child=serializers.IntegerField())
    induction_doses = serializers.ListField(child=serializers.CharField())
    first_maintenance_offset_days = serializers.IntegerField(allow_null=True)
    window_early_days = serializers.IntegerField()
    window_late_days = serializers.IntegerField()
    minimum_interval_days = serializers.IntegerField(allow_null=True)
    late_dose_policy = serializers.ChoiceField(LateDosePolicy.choices)
    needs_premedication = serializers.BooleanField()
    premedication = serializers.CharField()
    hydration = serializers.CharField()
    hydration_minutes = serializers.IntegerField(allow_null=True)
    observation_minutes = serializers.IntegerField(allow_null=True)
    titration = serializers.ChoiceField(Titration.choices)
    max_rate_ml_per_kg_per_hour = serializers.DecimalField(max_digits=5, decimal_places=2, allow_null=True)
    labs_required = LabShape(many=True)
    instructions = serializers.CharField()
    prior_dose_on = serializers.DateField(allow_null=True)
    starts_on = serializers.DateField()
    ends_on = serializers.DateField(allow_null=True)
    course_limit = serializers.IntegerField(allow_null=True)
    prescriber_name = serializers.CharField()
    prescriber_npi = serializers.CharField()
    signed_on = serializers.DateField(allow_null=True, help_text="null: a renewal that nobody has signed yet.")
    accepted_at = Instant(allow_null=True)
    laid_out_through_on = serializers.DateField(allow_null=True)
    valid_until = serializers.SerializerMethodField(help_text="The last date on which it counts.")
    version = serializers.IntegerField()

    def get_valid_until(self, order: TreatmentOrder) -> date:
        return valid_until(order)


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
    planned_on = serializers.DateField(allow_null=True, help_text="The series' own calendar.")
    why = serializers.ChoiceField([("", ""), *WHYS], help_text="What decided the due date; empty before it was kept.")
    counted_from_on = serializers.DateField(allow_null=True)


class CourseDayShape(serializers.Serializer[Any]):
    """A day of a course, which a visit books a chair for."""

    id = serializers.UUIDField()
    order = serializers.UUIDField(source="course.order_id")
    patient = PatientRef(source="course.order.patient")
    course = CourseShape()
    day_number = serializers.IntegerField()
    due_on = serializers.DateField()
    earliest_on = serializers.DateField(help_text="The first date of this day's own window.")
    latest_on = serializers.DateField(help_text="The last date of this day's own window.")
    needs_renewed_order = serializers.SerializerMethodField(help_text="Due after the order's last date.")
    dose_mg = serializers.DecimalField(max_digits=10, decimal_places=2)
    units = serializers.IntegerField()
    wasted_units = serializers.IntegerField(help_text="Of the units, those that bill waste (JW).")
    volume_ml = serializers.DecimalField(max_digits=8, decimal_places=2, allow_null=True)
    profile = serializers.ChoiceField([("", ""), *PROFILES])
    rate_steps = RateStepShape(many=True)
    phases = PhaseShape(many=True)
    chair_minutes = serializers.IntegerField()

    def get_needs_renewed_order(self, day: CourseDay) -> bool:
        return day.due_on > valid_until(day.course.order)
