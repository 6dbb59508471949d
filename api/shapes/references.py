"""How things appear inside other things: an id and a name."""

from typing import Any

from rest_framework import serializers


class PatientRef(serializers.Serializer[Any]):
    """A patient, by id and name."""

    id = serializers.UUIDField()
    name = serializers.CharField(source="short_name", help_text="Family name and initial, as on the board.")
    record_number = serializers.CharField()


class ChairRef(serializers.Serializer[Any]):
    """A chair, by id and name."""

    id = serializers.UUIDField()
    name = serializers.CharField()


class PersonRef(serializers.Serializer[Any]):
    """Somebody who works at the clinic, by id and name."""

    id = serializers.UUIDField()
    name = serializers.CharField()


class ProductRef(serializers.Serializer[Any]):
    """A drug of the catalogue, by id and name."""

    id = serializers.CharField()
    name = serializers.CharField()


class PayerRef(serializers.Serializer[Any]):
    """A payer, by id and name."""

    id = serializers.UUIDField()
    name = serializers.CharField()
