"""What requests look like: a body or an address in which every name is known, and no name means two things."""

from collections.abc import Mapping
from typing import Any

from django.http import QueryDict
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail

from api.fields import COMMON, Day, Text, Whole
from api.pagination import LAST_PAGE, MOST, USUAL
from api.problems import shown

MOST_NAMED = 10


class Body(serializers.Serializer[Any]):
    """A JSON object. A name it does not know is refused and not ignored: it may be a typing mistake in a dose."""

    default_error_messages = COMMON | {"invalid": "must be a JSON object."}
    unknown = "is not a field of this request. Known: {known}."

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        """The checked values. Raises for anything that is not an object with known names only."""
        if not isinstance(data, Mapping):
            raise serializers.ValidationError({"non_field_errors": [ErrorDetail("must be a JSON object.", "object")]})
        strange = [name for name in data if name not in self.fields]
        if strange:
            known = ", ".join(sorted(self.fields)) or "none"
            message = ErrorDetail(self.unknown.format(known=known), "unknown_field")
            raise serializers.ValidationError({shown(name): [message] for name in strange[:MOST_NAMED]})
        values: dict[str, Any] = super().to_internal_value(data)
        return values


class Query(Body):
    """What stands in the address after the question mark. Each name once."""

    is_from_an_address = True
    unknown = "is not known in this address. Known: {known}."

    @classmethod
    def of(cls, sent: QueryDict) -> "Query":
        """The shape over what was sent. Raises for a name that is given twice."""
        twins = [name for name, values in sent.lists() if len(values) > 1]
        if twins:
            twice = ErrorDetail("is given more than once.", "named_twice")
            raise serializers.ValidationError({shown(name): [twice] for name in twins[:MOST_NAMED]})
        return cls(data=sent.dict())


class PageQuery(Query):
    """A list's page."""

    page = Whole(least=1, most=LAST_PAGE, default=1, help_text="Which page, from 1.")
    page_size = Whole(least=1, most=MOST, default=USUAL, help_text=f"How many on a page, at most {MOST}.")


class Nothing(Body):
    """An empty object, or no body at all."""


class OverrideShape(Body):
    """Why to go ahead although rules that allow exceptions stand in the way."""

    reason = Text(max_length=200, help_text="Stays on the visit and shows everywhere.")


def between_dates(query: type[Query], *, first: str, last: str) -> type[Query]:
    """`query` with `from` and `to`, two words that Python keeps for itself."""
    fields = {"from": Day(required=False, help_text=first), "to": Day(required=False, help_text=last)}
    return type(query.__name__, (query,), fields | {"__doc__": query.__doc__, "__module__": query.__module__})
