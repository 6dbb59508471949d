"""Patients as the API takes and gives them."""

from typing import Any

from rest_framework import serializers

from api.fields import Amount, Choice, Clock, Day, Flag, Given, Text, Whole
from api.reading import Body, PageQuery
from patients.models import Sex


class PatientQuery(PageQuery):
    """Which patients to list."""

    q = Text(
        required=False,
        allow_blank=True,
        max_length=80,
        help_text="Beginnings of names in any order, a record number, or a date of birth.",
    )


class PatientBody(Body):
    """What is written down about a person. Consent is a yes or no here; when it was given is kept."""

    record_number = Text(max_length=20)
    given_name = Text(max_length=60)
    family_name = Text(max_length=60)
    birth_date = Day()
    sex = Choice(Sex.choices, default="unknown")
    height_cm = Amount(digits=4, places=1, allow_null=True, default=None)
    email = Text(max_length=254, allow_blank=True, default="")
    phone = Text(max_length=32, allow_blank=True, default="", help_text="Such as +1 312 555 0142.")
    time_zone = Text(max_length=64, allow_blank=True, default="", help_text="IANA name; empty means the clinic's.")
    language = Text(max_length=8, default="en")
    needs_private_room = Flag(default=False)
    needs_interpreter = Flag(default=False)
    prefers_weekday = Whole(least=0, most=6, allow_null=True, default=None, help_text="0 is Monday.")
    prefers_time = Clock(allow_null=True, default=None)
    agrees_to_email = Flag(default=False)
    agrees_to_sms = Flag(default=False)


class PatientShape(serializers.Serializer[Any]):
    """A patient."""

    id = serializers.UUIDField()
    record_number = serializers.CharField()
    given_name = serializers.CharField()
    family_name = serializers.CharField()
    birth_date = serializers.DateField()
    sex = serializers.ChoiceField(Sex.choices)
    height_cm = serializers.DecimalField(max_digits=4, decimal_places=1, allow_null=True)
    email = serializers.CharField()
    phone = serializers.CharField()
    time_zone = serializers.CharField()
    language = serializers.CharField()
    needs_private_room = serializers.BooleanField()
    needs_interpreter = serializers.BooleanField()
    prefers_weekday = serializers.IntegerField(allow_null=True)
    prefers_time = serializers.TimeField(allow_null=True)
    agrees_to_email = Given(source="email_consent_at")
    agrees_to_sms = Given(source="sms_consent_at")
    version = serializers.IntegerField()
