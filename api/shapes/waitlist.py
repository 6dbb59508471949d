"""The waitlist and offers as the API takes and gives them."""

from typing import Any

from rest_framework import serializers

from api.fields import Choice, Day, Id, Instant, Several, Text, Whole
from api.reading import Body, PageQuery
from api.shapes.references import ChairRef, PatientRef
from scheduling.models import OfferState, WaitState
from scheduling.queries.openings import PARTS_OF_DAY
from scheduling.services.waitlist import MOST_NOTICE_HOURS

STATES = [(state.value, state.label) for state in WaitState]


class WaitQuery(PageQuery):
    """Which entries to list."""

    state = Choice(STATES, default=WaitState.WAITING.value)


class WaitBody(Body):
    """Who waits, for which days, and how early they want to be told."""

    course_day = Id(help_text="One that has a visit waits for a better time.")
    earliest_on = Day()
    latest_on = Day()
    parts_of_day = Several(
        child=Choice(tuple(PARTS_OF_DAY)), max_length=2, default=list, help_text="None means that both suit."
    )
    notice_hours = Whole(least=0, most=MOST_NOTICE_HOURS, default=24)
    note = Text(max_length=200, allow_blank=True, default="")


class OfferShape(serializers.Serializer[Any]):
    """A place that is offered to one who waits."""

    id = serializers.UUIDField()
    entry = serializers.UUIDField(source="entry_id")
    chair = ChairRef()
    start = Instant(source="starts_at")
    state = serializers.ChoiceField(OfferState.choices)
    expires_at = Instant()
    held_visit = serializers.UUIDField(
        source="held_visit_id", allow_null=True, help_text="Keeps the place; null where accepting moves a visit."
    )
    answered_at = Instant(allow_null=True)


class WaitShape(serializers.Serializer[Any]):
    """A course day that waits for a place, or for a better one than its visit has."""

    id = serializers.UUIDField()
    patient = PatientRef(source="course_day.course.order.patient")
    course_day = serializers.UUIDField(source="course_day_id")
    visit = serializers.UUIDField(source="visit_id", allow_null=True)
    earliest_on = serializers.DateField()
    latest_on = serializers.DateField()
    parts_of_day = serializers.ListField(child=serializers.CharField())
    notice_hours = serializers.IntegerField()
    note = serializers.CharField()
    state = serializers.ChoiceField(WaitState.choices)
    created_at = Instant()
    offers = OfferShape(many=True, source="offers.all", help_text="Those that wait for an answer.")
