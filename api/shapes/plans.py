"""Courses that nobody saved: a plan laid out from an order's facts, and an estimate of one course."""

from decimal import Decimal
from fractions import Fraction
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from api.fields import Amount, Choice, Day, Flag, Text, Whole
from api.reading import Body
from regimens.domain.cadence import Why
from regimens.domain.chair_time import PhaseKind
from regimens.domain.quantities import round_half_up
from regimens.domain.titration import Profile
from regimens.domain.units import Modifier
from regimens.domain.weight import Sex
from regimens.models import CoursePhase, DoseBasis, WeightBasis
from regimens.services.estimating import Estimate
from regimens.services.planning import LaidOutDay

PROFILES = [(profile.value, profile.value) for profile in Profile]
WHYS = [(why.value, why.value) for why in Why]
_MOST_DAYS = 36_500


class Exact(serializers.DecimalField):
    """A number that the rules hold exactly, to so many decimals."""

    def __init__(self, *, places: int, **kwargs: Any) -> None:
        super().__init__(max_digits=16, decimal_places=places, **kwargs)

    def to_representation(self, value: Any) -> Any:
        """The fraction in decimals, halves away from zero."""
        whole = round_half_up(Fraction(value), places=self.decimal_places or 0)
        return super().to_representation(Decimal(whole.numerator) / Decimal(whole.denominator))


class PhaseShape(serializers.Serializer[Any]):
    """A stretch of the time in the chair."""

    kind = serializers.CharField()
    minutes = serializers.IntegerField()


class RateStepShape(serializers.Serializer[Any]):
    """A stretch of the infusion at one rate: for planning chair time only, never to program a pump."""

    starts_at_minute = Exact(places=2)
    minutes = Exact(places=2)
    ml_per_hour = Exact(places=2)


class VialShape(serializers.Serializer[Any]):
    """Vials of one size that are opened."""

    vial_mg = Exact(places=2)
    vials = serializers.IntegerField()


class PlannedDayShape(serializers.Serializer[Any]):
    """One day of a course as the rules make it. Units include those that bill waste."""

    day_number = serializers.IntegerField()
    due_on = serializers.DateField()
    dose_mg = Exact(places=2)
    vials = serializers.SerializerMethodField()
    vial_total_mg = Exact(places=2, source="vials.total_mg")
    waste_mg = Exact(places=2, source="vials.waste_mg")
    hcpcs = serializers.CharField()
    units = serializers.IntegerField()
    admin_units = serializers.SerializerMethodField()
    jw_units = serializers.IntegerField(source="wasted_units")
    modifier = serializers.SerializerMethodField()
    volume_ml = Exact(places=2, allow_null=True)
    profile = serializers.ChoiceField(PROFILES)
    rate_steps = RateStepShape(many=True, help_text="Empty where the label gives minutes and no rates.")
    phases = PhaseShape(many=True)
    infusion_minutes = serializers.IntegerField()
    patient_minutes = serializers.SerializerMethodField(help_text="Without the chair's turnover.")
    chair_minutes = serializers.SerializerMethodField(help_text="All phases.")
    block_minutes = serializers.IntegerField(source="chair_minutes", help_text="Rounded up to quarter hours: booked.")

    @extend_schema_field(VialShape(many=True))
    def get_vials(self, day: LaidOutDay) -> Any:
        return VialShape([{"vial_mg": size, "vials": many} for size, many in day.vials.vials], many=True).data

    def get_admin_units(self, day: LaidOutDay) -> int:
        return day.units - day.wasted_units

    @extend_schema_field(serializers.ChoiceField([(each.value, each.value) for each in Modifier]))
    def get_modifier(self, day: LaidOutDay) -> str:
        return (Modifier.JW if day.wasted_units else Modifier.JZ).value

    def get_patient_minutes(self, day: LaidOutDay) -> int:
        return sum(phase.minutes for phase in day.phases if phase.kind is not PhaseKind.TURNOVER)

    def get_chair_minutes(self, day: LaidOutDay) -> int:
        return sum(phase.minutes for phase in day.phases)


class PlannedCourseShape(serializers.Serializer[Any]):
    """One due event of a plan: when, why then, how much."""

    number = serializers.IntegerField()
    phase = serializers.ChoiceField(CoursePhase.choices)
    planned_on = serializers.DateField(allow_null=True, help_text="The series' own calendar.")
    due_on = serializers.DateField()
    earliest_on = serializers.DateField()
    latest_on = serializers.DateField()
    why = serializers.ChoiceField(WHYS, allow_null=True, help_text="What decided the due date.")
    counted_from_on = serializers.DateField(allow_null=True)
    exact_mg = Exact(places=2, allow_null=True, help_text="Before rounding, and before a maximum cut it.")
    is_capped = serializers.BooleanField()
    dose_mg = Exact(places=2)
    needs_renewed_order = serializers.BooleanField(help_text="Not over by the order's last date.")
    units = serializers.IntegerField()
    running_units = serializers.IntegerField(help_text="Units of this course and all before it.")
    days = PlannedDayShape(many=True)


class PlanShape(serializers.Serializer[Any]):
    """The courses of the next twelve months. Nothing of it is saved."""

    through_on = serializers.DateField()
    valid_until = serializers.DateField(help_text="The last date on which the order would count.")
    notices = serializers.ListField(
        child=serializers.CharField(), help_text="Doses far outside what the catalogue lists: for a prescriber."
    )
    units = serializers.IntegerField()
    courses = PlannedCourseShape(many=True)


class EstimateBody(Body):
    """One course of a product, for nobody in particular. What is left out or null is as the catalogue says."""

    product = Text(max_length=40, help_text="Id in the catalogue.")
    indication = Text(max_length=20, help_text="Id in the catalogue.")
    on = Day(allow_null=True, default=None, help_text="The first day of the course; today if left out.")
    dose_basis = Choice(DoseBasis.choices)
    dose_amount = Amount(
        digits=9, places=3, allow_null=True, default=None, help_text="For the whole course; none by weight band."
    )
    days = Whole(least=0, most=1_000, default=1, help_text="Days in a row over which the course is divided.")
    weight_kg = Amount(digits=5, places=2, help_text="As measured.")
    height_cm = Amount(digits=5, places=1, allow_null=True, default=None)
    sex = Choice([(sex.value, sex.value) for sex in Sex], allow_null=True, default=None)
    weight_basis = Choice(
        WeightBasis.choices,
        allow_null=True,
        default=None,
        help_text="Left out: adjusted for immune globulin above BMI 30 if height and sex are known, else actual.",
    )
    max_dose_mg = Amount(digits=10, places=2, allow_null=True, default=None)
    hcpcs = Text(max_length=8, allow_blank=True, default="", help_text="Left out: the product's code on that date.")
    days_since_last = Whole(
        least=1,
        most=_MOST_DAYS,
        allow_null=True,
        default=None,
        help_text="Days since the last infusion of this product; left out for a first infusion.",
    )
    last_reaction_grade = Whole(least=0, most=5, default=0, help_text="CTCAE grade of a reaction to that infusion.")
    is_at_risk = Flag(default=False, help_text="Of kidney failure or clots: slower, and with hydration.")
    needs_premedication = Flag(default=False)
    hydration_minutes = Whole(least=0, most=240, allow_null=True, default=None)
    observation_minutes = Whole(least=0, most=480, allow_null=True, default=None)
    max_rate_ml_per_kg_per_hour = Amount(digits=5, places=2, allow_null=True, default=None)
    pump_cap_ml_per_hour = Amount(digits=6, places=1, allow_null=True, default=None)


class DosedWeightShape(serializers.Serializer[Any]):
    """The weight that the dose was worked out from."""

    kg = Exact(places=1)
    basis = serializers.ChoiceField(WeightBasis.choices)
    bmi = Exact(places=2, allow_null=True)
    ideal_kg = Exact(places=1, allow_null=True)


class SourceShape(serializers.Serializer[Any]):
    """A number behind the estimate: its place in the catalogue or the settings, and how sure we are of it."""

    name = serializers.CharField()
    value = serializers.CharField()
    source = serializers.CharField()  # type: ignore[assignment]
    confidence = serializers.CharField()


class EstimateShape(serializers.Serializer[Any]):
    """Dose, vials, units, volume and chair time of one course. It plans; it does not prescribe."""

    dosing_weight = DosedWeightShape(source="weight")
    exact_mg = Exact(places=2, source="course.exact_mg")
    is_capped = serializers.BooleanField(source="course.is_capped")
    dose_mg = Exact(places=2, source="course.dose_mg")
    units = serializers.IntegerField(source="course.units")
    billing_unit_mg = Exact(places=4, source="code.unit_mg")
    days = PlannedDayShape(many=True, source="course.days")
    sources = SourceShape(many=True)
    disclaimer = serializers.SerializerMethodField()

    def get_disclaimer(self, _: Estimate) -> str:
        return "An estimate for planning chairs and authorizations. Not for prescribing or programming pumps."
