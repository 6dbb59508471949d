"""Reading a body: one JSON object in UTF-8, of a sane size, in which nothing means two things.

REST framework's own parser takes NaN-free JSON; this one also refuses a name given twice, nesting beyond reason and
numbers that no column holds, and never turns a decimal into a float.
"""

import json
from decimal import Decimal, InvalidOperation
from typing import IO, Any

from rest_framework.parsers import BaseParser

from api.problems import Malformed, TooLarge, shown

MOST_BYTES = 100_000


class StrictJSON(BaseParser):
    """`application/json`, strictly."""

    media_type = "application/json"

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,  # noqa: ARG002
        parser_context: Any = None,
    ) -> Any:
        """The body as Python data. Raises `Malformed` or `TooLarge`."""
        declared = str((parser_context or {})["request"].META.get("CONTENT_LENGTH") or "0")
        if int(declared) > MOST_BYTES:
            raise _too_large()
        raw = stream.read(MOST_BYTES + 1)
        if len(raw) > MOST_BYTES:
            raise _too_large()
        try:
            return json.loads(
                raw.decode(), parse_float=Decimal, parse_constant=_refuse_constant, object_pairs_hook=_without_twins
            )
        except RecursionError:
            raise Malformed("malformed", "The body is nested too deeply.") from None
        except UnicodeDecodeError:
            raise Malformed("malformed", "The body is not text in UTF-8.") from None
        except json.JSONDecodeError as problem:
            where = f"line {problem.lineno}, column {problem.colno}"
            raise Malformed("malformed", f"The body is not JSON: see {where}.") from None
        except (ValueError, InvalidOperation):  # a number of thousands of digits, or an exponent of twenty
            raise Malformed("malformed", "The body holds a number that is too long.") from None


def _too_large() -> TooLarge:
    return TooLarge("too_large", f"The body has more than {MOST_BYTES:,} bytes.")


def _refuse_constant(name: str) -> None:
    raise Malformed("malformed", f"{name} is not JSON. Leave the field out, or send null.")


def _without_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twin = next(name for name in names if names.count(name) > 1)
        raise Malformed("named_twice", f"The body names {shown(twin)} twice. Send it once.", field=shown(twin))
    return found
