"""A whole regimen as the API proposes and books it."""

from typing import Any

from rest_framework import serializers

from api.fields import Clock, Day, Flag, Id, Instant, Several, Whole
from api.reading import Body, OverrideShape
from api.shapes.references import ChairRef
from scheduling.domain.series import Problem

MOST_VISITS = 260
PROBLEMS = [(problem.value, problem.name) for problem in Problem]


class PickBody(Body):
    """A course day and the place chosen for it."""

    course_day = Id()
    chair = Id()
    start = Instant(help_text="On a quarter hour.")


class SeriesBody(Body):
    """What to propose, and which places to book: those in `visits`, else every one that is proposed."""

    dry_run = Flag(default=False, help_text="True proposes and changes nothing.")
    courses = Whole(least=1, most=60, allow_null=True, default=None, help_text="How many courses; null means all.")
    until = Day(allow_null=True, default=None, help_text="Only courses due until then.")
    weekday = Whole(
        least=0, most=6, allow_null=True, default=None, help_text="0 is Monday; null means what the patient prefers."
    )
    time = Clock(allow_null=True, default=None, help_text="Wished time; null means what the patient prefers.")
    visits = Several(child=PickBody(), max_length=MOST_VISITS, default=list)
    override = OverrideShape(required=False, allow_null=True, default=None)


class PlaceShape(serializers.Serializer[Any]):
    """A chair and a time that no hard rule forbids."""

    chair = ChairRef()
    start = Instant(source="opening.interval.start")
    end = Instant(source="opening.interval.end")
    needs_override_for = serializers.ListField(child=serializers.CharField(), source="opening.soft")


class SeriesVisitShape(serializers.Serializer[Any]):
    """A day of a course with its place: proposed, or booked as `visit`."""

    course_day = serializers.UUIDField()
    course = serializers.IntegerField()
    day_number = serializers.IntegerField()
    due_on = serializers.DateField()
    units = serializers.IntegerField()
    visit = serializers.UUIDField(allow_null=True, help_text="Null while nothing is booked.")
    chair = ChairRef(allow_null=True)
    start = Instant(allow_null=True)
    end = Instant(allow_null=True)
    is_covered = serializers.BooleanField(help_text="False where booking asks for a reason, as nobody would pay.")
    needs_override_for = serializers.ListField(child=serializers.CharField())
    reasons = serializers.ListField(child=serializers.CharField(), help_text="Why this place.")
    problem = serializers.ChoiceField(PROBLEMS, allow_null=True, help_text="Why there is no place.")
    others = PlaceShape(many=True, help_text="Other places, best first.")


class SeriesShape(serializers.Serializer[Any]):
    """All visits of a regimen together."""

    id = serializers.UUIDField(allow_null=True, help_text="The series' own; null while nothing is booked.")
    order = serializers.UUIDField()
    visits = SeriesVisitShape(many=True)
