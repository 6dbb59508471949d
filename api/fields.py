"""The kinds of values the API reads, strictly: a number is a number and not a word that looks like one.

Every message completes "<field> …", so that each sentence names its field. Ranges are those that the database and the
calendar can hold; what makes sense beyond that is for the services to say.
"""

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any
from uuid import UUID

from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail

FIRST_YEAR, LAST_YEAR = 1900, 2100
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_CLOCK = re.compile(r"\d\d:\d\d(:\d\d)?", re.ASCII)
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,6})?)?(?P<zone>Z|[+-]\d\d:\d\d)?", re.ASCII)
_ID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", re.ASCII)
_AMOUNT = re.compile(r"-?\d{1,12}(\.\d{1,12})?", re.ASCII)
_WHOLE = re.compile(r"-?\d{1,12}", re.ASCII)
COMMON: dict[str, Any] = {"required": "is missing.", "null": "may not be null."}


class Text(serializers.CharField):
    """Text of at most `max_length` characters, without spaces around it."""

    default_error_messages = COMMON | {
        "invalid": "must be text in quotes.",
        "blank": "may not be empty.",
        "max_length": "may have at most {max_length} characters.",
        "min_length": "must have at least {min_length} characters.",
    }

    def run_validation(self, data: Any = serializers.empty) -> Any:
        if isinstance(data, str) and "\x00" in data:
            self.fail_with("may not hold the character NUL.", "nul")
        if isinstance(data, str) and any("\ud800" <= sign <= "\udfff" for sign in data):
            self.fail_with("holds half a character (a lone surrogate).", "surrogate")
        return super().run_validation(data)

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return str(super().to_internal_value(data))

    def fail_with(self, message: str, code: str) -> None:
        raise serializers.ValidationError(ErrorDetail(message, code))


class Whole(serializers.IntegerField):
    """A whole number from `least` to `most`."""

    default_error_messages = COMMON

    def __init__(self, *, least: int, most: int, **kwargs: Any) -> None:
        super().__init__(min_value=least, max_value=most, **kwargs)
        self.error_messages["invalid"] = f"must be a whole number from {least} to {most}."

    def to_internal_value(self, data: Any) -> int:
        if _is_from_an_address(self) and isinstance(data, str) and _WHOLE.fullmatch(data):
            data = int(data)
        if isinstance(data, bool) or not isinstance(data, int):
            self.fail("invalid")
        if not (self.min_value or 0) <= data <= (self.max_value or 0):
            self.fail("invalid")
        return int(data)


class Flag(serializers.BooleanField):
    """true or false."""

    default_error_messages = COMMON | {"invalid": "must be true or false."}

    def to_internal_value(self, data: Any) -> bool:
        if _is_from_an_address(self) and data in {"true", "false"}:
            return bool(data == "true")
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return bool(data)


class Amount(serializers.DecimalField):
    """A decimal number, best sent as text so that nothing rounds it on the way."""

    default_error_messages = COMMON | {"invalid": "must be a decimal number such as “0.4”."}

    def __init__(self, *, digits: int, places: int, **kwargs: Any) -> None:
        super().__init__(max_digits=digits, decimal_places=places, **kwargs)
        self.error_messages |= {
            "max_digits": f"may have at most {digits} digits.",
            "max_decimal_places": f"may have at most {places} decimals.",
            "max_whole_digits": f"may have at most {digits - places} digits before the point.",
        }

    def validate_empty_values(self, data: Any) -> tuple[bool, Any]:
        """Only null is nothing; an empty text is a mistake."""
        return serializers.Field.validate_empty_values(self, data)

    def to_internal_value(self, data: Any) -> Decimal:
        if isinstance(data, bool) or not isinstance(data, str | int | Decimal):
            self.fail("invalid")
        if not _AMOUNT.fullmatch(str(data)):
            self.fail("invalid")
        return Decimal(super().to_internal_value(data))


class Choice(serializers.ChoiceField):
    """One of a few words."""

    def __init__(self, choices: Sequence[tuple[str, str]] | Sequence[str], **kwargs: Any) -> None:
        super().__init__(choices, **kwargs)
        self.error_messages |= COMMON | {"invalid_choice": f"must be one of: {', '.join(map(str, self.choices))}."}

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str) or data not in self.choices:
            self.fail("invalid_choice", input=data)
        return data


class Day(serializers.DateField):
    """A date at the clinic, as 2026-11-20."""

    default_error_messages = COMMON | {
        "invalid": f"must be a date such as 2026-11-20, from {FIRST_YEAR} to {LAST_YEAR}."
    }

    def to_internal_value(self, value: Any) -> date:
        if not isinstance(value, str) or not _DAY.fullmatch(value):
            self.fail("invalid")
        try:
            day = date.fromisoformat(value)
        except ValueError:
            self.fail("invalid")
        if not FIRST_YEAR <= day.year <= LAST_YEAR:
            self.fail("invalid")
        return day


class Clock(serializers.TimeField):
    """A time on the clinic's wall clock, as 09:30."""

    default_error_messages = COMMON | {"invalid": "must be a time such as 09:30."}

    def to_internal_value(self, value: Any) -> time:
        if not isinstance(value, str) or not _CLOCK.fullmatch(value):
            self.fail("invalid")
        try:
            return time.fromisoformat(value)
        except ValueError:
            self.fail("invalid")


class Instant(serializers.DateTimeField):
    """An instant, as 2026-11-20T09:00:00-06:00. A time without an offset could mean two instants and is refused."""

    default_error_messages = COMMON | {
        "invalid": f"must be an instant such as 2026-11-20T09:00:00-06:00, from {FIRST_YEAR} to {LAST_YEAR}.",
        "no_offset": "has no offset from UTC. Send an instant such as 2026-11-20T09:00:00-06:00.",
    }

    def to_internal_value(self, value: Any) -> datetime:
        found = _MOMENT.fullmatch(value) if isinstance(value, str) else None
        if found is None:
            self.fail("invalid")
        if not found["zone"]:
            self.fail("no_offset")
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            self.fail("invalid")
        if not FIRST_YEAR <= moment.year <= LAST_YEAR:
            self.fail("invalid")
        return moment.astimezone(UTC)

    def to_representation(self, value: datetime) -> str:
        """The instant with the clinic's offset, so that its date and time read as on the clinic's wall."""
        return value.astimezone(self.context["zone"]).isoformat()


class Id(serializers.UUIDField):
    """The id of something, as the API gave it."""

    default_error_messages = COMMON | {"invalid": "must be an id such as 01936d2e-7c1a-7000-8000-0123456789ab."}

    def to_internal_value(self, data: Any) -> UUID:
        if not isinstance(data, str) or not _ID.fullmatch(data):
            self.fail("invalid")
        return UUID(data)


class Several(serializers.ListField):
    """A list of at most `max_length` values."""

    default_error_messages = COMMON | {
        "not_a_list": "must be a list.",
        "empty": "may not be empty.",
        "max_length": "may have at most {max_length} entries.",
    }

    def to_internal_value(self, data: Any) -> list[Any]:
        if not isinstance(data, list):
            self.fail("not_a_list", input_type=type(data).__name__)
        return list(super().to_internal_value(data))


def _is_from_an_address(field: serializers.Field[Any, Any, Any, Any]) -> bool:
    """Whether the value stood in the address, where everything is text."""
    return bool(getattr(field.root, "is_from_an_address", False))


class Given(serializers.BooleanField):
    """Shows whether something was given at all, such as a consent kept as the instant it was given."""

    def get_attribute(self, instance: Any) -> bool:
        return super().get_attribute(instance) is not None
