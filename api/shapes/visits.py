"""Visits, chairs and openings as the API takes and gives them."""

from typing import Any

from rest_framework import serializers

from api.fields import Choice, Flag, Id, Instant, Text, Whole
from api.reading import Body, OverrideShape, PageQuery, Query, between_dates
from api.shapes.references import ChairRef, PatientRef, ProductRef
from scheduling.domain.statuses import FORWARD, VisitStatus
from scheduling.models import ChairKind
from scheduling.queries.openings import PARTS_OF_DAY

STATUSES = [(status.value, status.label) for status in VisitStatus]
FIRST, LAST = "First date at the clinic.", "Last date at the clinic, inclusive."
STEPS = [(status.value, status.label) for status in VisitStatus if any(status in steps for steps in FORWARD.values())]


class _VisitQuery(PageQuery):
    """Which visits to list. Without `patient`, a week from today unless dates are given."""

    status = Choice(STATUSES, required=False)
    patient = Id(required=False)
    chair = Id(required=False)


VisitQuery = between_dates(_VisitQuery, first=FIRST, last=LAST)


class BookBody(Body):
    """A course day, a chair and a start."""

    course_day = Id()
    chair = Id()
    start = Instant(help_text="On a quarter hour.")
    override = OverrideShape(required=False, allow_null=True, default=None)
    hold = Flag(default=False, help_text="Only hold the place for some minutes, until somebody books it or lets it go.")


class MoveBody(Body):
    """Another chair or another start; the visit keeps its length."""

    chair = Id()
    start = Instant(help_text="On a quarter hour.")
    override = OverrideShape(required=False, allow_null=True, default=None)


class CancelBody(Body):
    """Why."""

    reason = Text(max_length=120)


class StatusBody(Body):
    """The next status. Which ones can follow is in the refusal when one cannot."""

    to = Choice(STEPS)
    reason = Text(max_length=120, allow_blank=True, default="")
    at = Instant(
        allow_null=True,
        default=None,
        help_text="When it happened, if nobody pressed then: not before the step before it. Null means now; for "
        "confirmed, no-show and booked it says nothing.",
    )


class AcceptedRule(serializers.Serializer[Any]):
    """A rule that a person went ahead against, and why."""

    code = serializers.CharField()
    sentence = serializers.CharField()
    reason = serializers.CharField()
    by = serializers.CharField()


class VisitShape(serializers.Serializer[Any]):
    """A patient in a chair for some time, for one course day."""

    id = serializers.UUIDField()
    patient = PatientRef()
    course_day = serializers.UUIDField(source="course_day_id")
    order = serializers.UUIDField(source="course_day.course.order_id")
    product = ProductRef(source="course_day.course.order.product")
    chair = ChairRef()
    start = Instant(source="period.lower")
    end = Instant(source="period.upper")
    planned_minutes = serializers.IntegerField()
    status = serializers.ChoiceField(STATUSES)
    hold_until = Instant(allow_null=True, help_text="When a held place is free again by itself.")
    units = serializers.IntegerField()
    authorization = serializers.UUIDField(source="authorization_id", allow_null=True)
    overrides = AcceptedRule(many=True)
    is_over_capacity = serializers.BooleanField()
    confirmed_at = Instant(allow_null=True)
    arrived_at = Instant(allow_null=True)
    seated_at = Instant(allow_null=True)
    infusion_started_at = Instant(allow_null=True)
    observation_started_at = Instant(allow_null=True)
    ended_at = Instant(allow_null=True)
    cancel_reason = serializers.CharField()
    version = serializers.IntegerField()


class _OpeningQuery(Query):
    """For which course day, and where to look. Dates default to the order's window."""

    course_day = Id()
    part_of_day = Choice(tuple(PARTS_OF_DAY), required=False)
    limit = Whole(least=1, most=50, default=10, help_text="How many, best first.")


OpeningQuery = between_dates(_OpeningQuery, first=FIRST, last=LAST)


class OpeningShape(serializers.Serializer[Any]):
    """A chair and a time that no hard rule forbids."""

    chair = ChairRef()
    start = Instant(source="opening.interval.start")
    end = Instant(source="opening.interval.end")
    peak_load_percent = serializers.IntegerField(
        source="opening.peak_percent", help_text="The most of the nurses' time that would be taken; 999 means no nurse."
    )
    leftover_minutes = serializers.IntegerField(source="opening.leftover_minutes")
    needs_override_for = serializers.ListField(child=serializers.CharField(), source="opening.soft")
    reasons = serializers.ListField(child=serializers.CharField(), source="opening.reasons")


class OutageShape(serializers.Serializer[Any]):
    """Some time for which a chair can't be booked."""

    starts_at = Instant()
    ends_at = Instant()
    reason = serializers.CharField()


class ChairShape(serializers.Serializer[Any]):
    """A place where one patient is infused at a time."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    kind = serializers.ChoiceField(ChairKind.choices)
    position = serializers.IntegerField()
    is_active = serializers.BooleanField()
    is_isolation = serializers.BooleanField()
    outages = OutageShape(many=True, source="times_out", help_text="Out of use now or later, the earliest first.")
