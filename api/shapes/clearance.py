"""May this be given on its date: the clearance gate's answer, the nurse's check and overrides."""

from typing import Any

from rest_framework import serializers

from api.fields import Amount, Choice, Flag, Instant, Several, Text
from api.reading import Body
from scheduling.domain.clearance import Authority, Hold, Light
from scheduling.domain.infusion_check import Concern, concern_label

LIGHTS = [(light.value, light.value) for light in Light]
AUTHORITIES = [(who.value, who.who) for who in Authority]


class HoldingShape(serializers.Serializer[Any]):
    """One reason that holds the visit: how grave, and who may go ahead against it, having said why."""

    code = serializers.CharField()
    sentence = serializers.CharField()
    level = serializers.ChoiceField(LIGHTS)
    who_may_override = serializers.ChoiceField(AUTHORITIES)
    may_override = serializers.BooleanField(help_text="Whether the caller may.")


class OverriddenShape(serializers.Serializer[Any]):
    """A reason against which a named person went ahead."""

    code = serializers.CharField()
    sentence = serializers.CharField()
    reason = serializers.CharField()
    by = serializers.CharField()


class CheckShape(serializers.Serializer[Any]):
    """What the nurse found before the infusion."""

    at = Instant()
    by = serializers.CharField(source="by_label")
    is_drug_on_hand = serializers.BooleanField()
    concerns = serializers.ListField(child=serializers.CharField())
    temperature_c = serializers.DecimalField(max_digits=3, decimal_places=1, allow_null=True)
    note = serializers.CharField()


class ClearanceShape(serializers.Serializer[Any]):
    """The gate's answer as it is now. Red cannot start; amber needs a named reason; green may start."""

    visit = serializers.UUIDField()
    service_on = serializers.DateField()
    light = serializers.ChoiceField(LIGHTS)
    is_cleared = serializers.BooleanField()
    reasons = HoldingShape(many=True)
    overridden = OverriddenShape(many=True)
    check = CheckShape(allow_null=True)


class CheckBody(Body):
    """What the nurse asked and found on the day, before the infusion."""

    is_drug_on_hand = Flag()
    concerns = Several(
        child=Choice([(concern.value, concern_label(concern)) for concern in Concern]),
        max_length=len(Concern),
        default=list,
        help_text="Questions answered with yes.",
    )
    temperature_c = Amount(digits=4, places=1, allow_null=True, default=None)
    weight_kg = Amount(digits=4, places=1, allow_null=True, default=None, help_text="If taken today.")
    note = Text(max_length=300, allow_blank=True, default="")


class OverrideBody(Body):
    """Against which reason to go ahead, and why. It speaks for the visit's day alone."""

    code = Text(max_length=32, help_text=f"One of: {', '.join(Hold)}.")
    reason = Text(max_length=200)
