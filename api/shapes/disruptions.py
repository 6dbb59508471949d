"""An upset day as the API takes and gives it: what happens, the proposal, the decisions, and what was done."""

from typing import Any

from rest_framework import serializers

from api.fields import Choice, Id, Instant, Several, Text, Whole
from api.reading import Body, OverrideShape
from api.shapes.references import ChairRef, PatientRef, PersonRef
from scheduling.domain.upset import Act
from scheduling.models import DisruptionKind
from scheduling.services.decisions import Do

MOST_VISITS, MOST_QUARTERS = 500, 1500
NURSE = "nurse"
"""What became of a visit that only got another nurse."""


class _HappeningBody(Body):
    """What happens. A chair or a nurse only for its kind; a closed clinic has neither."""

    kind = Choice(DisruptionKind.choices)
    chair = Id(allow_null=True, default=None)
    nurse = Id(allow_null=True, default=None, help_text="One of the clinic's nurses.")
    until = Instant(help_text="On a quarter hour, at most two weeks after it begins.")
    reason = Text(max_length=80, help_text="Shown to everybody, such as “Snow”. No patient's name.")


_FROM = {"from": Instant(help_text="On a quarter hour, at most two weeks ahead.")}
HappeningBody = type(
    "HappeningBody", (_HappeningBody,), _FROM | {"__doc__": _HappeningBody.__doc__, "__module__": __name__}
)


class DecisionBody(Body):
    """What becomes of one visit. A chair and a start for a move only."""

    visit = Id()
    version = Whole(least=1, most=2**31 - 1, help_text="The visit's, as the proposal showed it.")
    do = Choice([(do.value, do.name) for do in Do])
    chair = Id(allow_null=True, default=None)
    start = Instant(allow_null=True, default=None)
    accepts = Several(
        child=Text(max_length=40),
        max_length=20,
        default=list,
        help_text="The rules that may be broken: `needs_override_for` of the place, or `asks` of a visit that stays.",
    )


class DisruptionBody(HappeningBody):  # type: ignore[misc, valid-type]
    """What happens, and what was decided about every visit that is touched."""

    decisions = Several(child=DecisionBody(), max_length=MOST_VISITS, default=list)
    seen_over = Several(
        child=Instant(),
        max_length=MOST_QUARTERS,
        default=list,
        help_text="Quarter hours that were shown as too full: `at` of the proposal's `over`.",
    )
    override = OverrideShape(required=False, allow_null=True, default=None)


class UndoBody(Body):
    """Which visits stay where they are now."""

    leave = Several(child=Id(), max_length=MOST_VISITS, default=list)


class OverShape(serializers.Serializer[Any]):
    """A quarter hour that stays above what the nurses can carry; loads in hundredths of a nurse."""

    at = Instant()
    load = serializers.IntegerField()
    load_cap = serializers.IntegerField()
    starts = serializers.IntegerField()
    starts_cap = serializers.IntegerField()


class WhereShape(serializers.Serializer[Any]):
    """A chair and a time."""

    chair = ChairRef()
    start = Instant()
    end = Instant()


class OtherPlaceShape(WhereShape):
    """A place that no hard rule forbids."""

    needs_override_for = serializers.ListField(
        child=serializers.CharField(), help_text="The rules that need a reason: send them back in `accepts`."
    )


class LineShape(serializers.Serializer[Any]):
    """One visit that is touched, and what is proposed for it."""

    visit = serializers.UUIDField()
    version = serializers.IntegerField()
    patient = PatientRef()
    chair = ChairRef()
    start = Instant()
    end = Instant()
    act = serializers.ChoiceField(
        [(act.value, act.name) for act in Act],
        help_text="chair, time and day move it; begun: nobody decides about it from here, leave it out.",
    )
    place = OtherPlaceShape(allow_null=True, help_text="Where it would go; null if nowhere.")
    why = serializers.CharField()
    asks = serializers.ListField(
        child=serializers.CharField(), help_text="The rules that need a reason for it to stay where it is."
    )
    others = OtherPlaceShape(many=True, help_text="Other places, best first.")


class ProposalShape(serializers.Serializer[Any]):
    """The smallest rearrangement of what is touched. Nothing was changed."""

    lines = LineShape(many=True)
    over = OverShape(many=True, help_text="What stays too full for the nurses who are left.")


class ChangeShape(serializers.Serializer[Any]):
    """What became of one visit."""

    visit = serializers.UUIDField()
    patient = PatientRef()
    do = serializers.ChoiceField([*((do.value, do.name) for do in Do), (NURSE, "NURSE")])
    was = WhereShape(allow_null=True)
    now = WhereShape(allow_null=True, help_text="For a move.")
    nurse = serializers.CharField(allow_null=True, help_text="The name of the nurse it got; empty if none yet.")
    is_told = serializers.BooleanField(
        allow_null=True, help_text="True: by message; false: somebody must call; null: need not be told."
    )
    waitlist_entry = serializers.UUIDField(allow_null=True, help_text="For a cancelled visit: what waits for a place.")


class _DisruptionShape(serializers.Serializer[Any]):
    """Something that upset a day, and when it was applied and undone."""

    id = serializers.UUIDField()
    kind = serializers.ChoiceField(DisruptionKind.choices)
    chair = ChairRef(allow_null=True)
    nurse = PersonRef(allow_null=True)
    until = Instant()
    reason = serializers.CharField()
    override = serializers.CharField(help_text="Why it went ahead although rules asked for a reason.")
    over = serializers.ListField(child=Instant(), help_text="Quarter hours that stayed too full.")
    applied_at = Instant()
    applied_by = serializers.CharField()
    undone_at = Instant(allow_null=True)
    undone_by = serializers.CharField()
    why_not_undo = serializers.CharField(help_text="Why it can't be undone any more; empty when it can.")
    visits = serializers.IntegerField(help_text="How many were touched.")


DisruptionShape = type(
    "DisruptionShape",
    (_DisruptionShape,),
    {"from": Instant(), "__doc__": _DisruptionShape.__doc__, "__module__": __name__},
)


class DisruptionDoneShape(DisruptionShape):  # type: ignore[misc, valid-type]
    """The same with what became of every visit."""

    changes = ChangeShape(many=True)
