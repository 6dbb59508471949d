"""What was given, and reactions to it, as the API takes and gives them. Masses are mg, rates mL/h."""

from fractions import Fraction
from typing import Any

from rest_framework import serializers

from api.fields import Amount, Day, Flag, Id, Instant, Several, Text, Whole
from api.reading import Body, PageQuery
from api.shapes.references import PatientRef, ProductRef
from regimens.domain.administration import GivenFacts, GivenLot, GivenRate
from regimens.models import WeightBasis

MOST_ROWS = 50
_MOST = 1_000_000


class AdministrationQuery(PageQuery):
    """Which administrations to list: of a patient, an order, or everybody who had vials of a lot."""

    patient = Id(required=False)
    order = Id(required=False)
    lot = Text(max_length=40, required=False, help_text="A lot number, as on the vial.")


class LotBody(Body):
    """Vials of one lot that were opened."""

    lot_number = Text(max_length=40)
    expires_on = Day()
    vial_mg = Amount(digits=10, places=2)
    vials = Whole(least=0, most=_MOST)
    ndc = Text(max_length=14, allow_blank=True, default="")
    wasted_mg = Amount(digits=10, places=2, default="0")
    witness = Text(max_length=120, allow_blank=True, default="", help_text="Who saw the waste thrown away.")


class RateBody(Body):
    """A pump rate set at a moment; 0 is a pause."""

    at = Instant()
    ml_per_hour = Amount(digits=7, places=2)


class AdministrationBody(Body):
    """Everything a nurse records of an infusion. Sent again it replaces what was recorded before."""

    dose_mg = Amount(digits=10, places=2, help_text="What went in.")
    started_at = Instant()
    stopped_at = Instant()
    is_complete = Flag(help_text="Whether all of the planned dose went in.")
    volume_ml = Amount(digits=8, places=2, allow_null=True, default=None)
    lots = Several(child=LotBody(), max_length=MOST_ROWS, default=list)
    rates = Several(child=RateBody(), max_length=MOST_ROWS, default=list)
    stop_reason = Text(
        max_length=200, allow_blank=True, default="", help_text="Why it stopped early or differs from the plan."
    )
    note = Text(max_length=500, allow_blank=True, default="")


def facts_of(wanted: dict[str, Any]) -> GivenFacts:
    """A checked body as the rules' facts, exactly."""
    lots = tuple(GivenLot(**(row | _exact(row, "vial_mg", "wasted_mg"))) for row in wanted["lots"])
    rates = tuple(GivenRate(**(row | _exact(row, "ml_per_hour"))) for row in wanted["rates"])
    return GivenFacts(**(wanted | _exact(wanted, "dose_mg", "volume_ml") | {"lots": lots, "rates": rates}))


def _exact(row: dict[str, Any], *names: str) -> dict[str, Fraction | None]:
    return {name: None if row[name] is None else Fraction(row[name]) for name in names}


class LotShape(serializers.Serializer[Any]):
    """Vials of one lot that were opened."""

    lot_number = serializers.CharField()
    expires_on = serializers.DateField(allow_null=True)
    ndc = serializers.CharField()
    vial_mg = serializers.DecimalField(max_digits=10, decimal_places=2)
    vials = serializers.IntegerField()
    wasted_mg = serializers.DecimalField(max_digits=10, decimal_places=2)
    witness = serializers.CharField()


class RateShape(serializers.Serializer[Any]):
    """A pump rate set at a moment."""

    at = Instant()
    ml_per_hour = serializers.DecimalField(max_digits=7, decimal_places=2)


class AdministrationShape(serializers.Serializer[Any]):
    """What was given at a visit. `dose_mg` is null until somebody recorded it; then units are those it bills."""

    id = serializers.UUIDField()
    visit = serializers.UUIDField(source="visit_id")
    patient = PatientRef(source="order.patient")
    order = serializers.UUIDField(source="order_id")
    course_day = serializers.UUIDField(source="course_day_id")
    product = ProductRef()
    started_at = Instant()
    stopped_at = Instant(allow_null=True)
    is_complete = serializers.BooleanField(allow_null=True)
    planned_dose_mg = serializers.DecimalField(max_digits=10, decimal_places=2)
    dose_mg = serializers.DecimalField(max_digits=10, decimal_places=2, allow_null=True)
    volume_ml = serializers.DecimalField(max_digits=8, decimal_places=2, allow_null=True)
    units = serializers.IntegerField(allow_null=True)
    wasted_units = serializers.IntegerField(allow_null=True)
    dosing_weight_kg = serializers.DecimalField(max_digits=4, decimal_places=1)
    weight_basis = serializers.ChoiceField(WeightBasis.choices)
    rounding = serializers.CharField(help_text="How the dose was rounded that day.")
    planned_minutes = serializers.IntegerField()
    lots = LotShape(many=True)
    rates = RateShape(many=True)
    stop_reason = serializers.CharField()
    note = serializers.CharField()
    recorded_at = Instant(allow_null=True)
    recorded_by = serializers.CharField(source="recorded_by_label")
    version = serializers.IntegerField()


class ReactionQuery(PageQuery):
    """Which reactions to list."""

    patient = Id(required=False)
    order = Id(required=False)


class ReactionBody(Body):
    """A reaction to what was given at a visit, graded by CTCAE. Grade 3 and above holds the order."""

    visit = Id()
    kind = Text(max_length=40, help_text="One of the catalogue's adverse event types, such as headache, or other.")
    grade = Whole(least=1, most=5)
    occurred_at = Instant()
    description = Text(max_length=500, allow_blank=True, default="")
    treatment = Text(max_length=300, allow_blank=True, default="")
    is_over = Flag(default=False)


class ReactionReleaseBody(Body):
    """Why the patient may be infused again."""

    note = Text(max_length=300)


class ReactionShape(serializers.Serializer[Any]):
    """A reaction, and whether a prescriber released what it held."""

    id = serializers.UUIDField()
    patient = PatientRef()
    order = serializers.UUIDField(source="order_id")
    product = ProductRef()
    course_day = serializers.UUIDField(source="course_day_id", allow_null=True)
    kind = serializers.CharField()
    grade = serializers.IntegerField()
    occurred_at = Instant()
    onset_minutes = serializers.IntegerField(allow_null=True)
    description = serializers.CharField()
    treatment = serializers.CharField()
    resolved_at = Instant(allow_null=True)
    recorded_at = Instant()
    recorded_by = serializers.CharField(source="recorded_by_label")
    released_at = Instant(allow_null=True)
    released_by = serializers.CharField(source="released_by_label")
    release_note = serializers.CharField()
