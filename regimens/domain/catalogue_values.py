"""Reading what a person writes for a number of the catalogue, refusing nonsense in words, and writing it out again.

A value that was read is fit for JSON and exact: whole numbers as numbers, all others as text.
"""

import re
from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Any

from core.errors import BadInput
from regimens.domain.catalogue_fields import Field, Kind
from regimens.domain.due_dates import LatePolicy
from regimens.domain.quantities import exact, plain

NUMBER = re.compile(r"\d{1,6}(\.\d{1,4})?")
MOST_STEPS = 12
MOST_SIZES = 12
LONGEST_STEP = 240
CHECKED, UNCHECKED = "checked", "unchecked"
POLICIES = {
    LatePolicy.ORIGINAL: "Keep the original calendar",
    LatePolicy.ACTUAL: "Count from the dose given",
    LatePolicy.HYBRID: "Keep the calendar inside the window, else count from the dose given",
}
CHOICES: dict[Kind, dict[str, str]] = {
    Kind.POLICY: {policy.value: words for policy, words in POLICIES.items()},
    Kind.CHECK: {CHECKED: "Checked: chair time may be worked out", UNCHECKED: "Not checked yet"},
}


def read(field: Field, text: str) -> Any:
    """The value that `text` says, None where the field may be empty. Raises BadInput (field "value")."""
    text = text.strip()
    if not text:
        if field.is_optional:
            return None
        raise _bad(missing(field))
    if field.kind is Kind.CHECK:
        return _one_of(text, field) == UNCHECKED
    if field.kind is Kind.POLICY:
        return _one_of(text, field)
    if field.kind is Kind.RAMP:
        return _ramp(field, text)
    if field.kind is Kind.SIZES:
        return _sizes(field, text)
    if field.kind is Kind.COUNTS:
        return sorted({_count(field, part) for part in _parts(text)})
    if field.kind is Kind.RANGE:
        return _range(field, text)
    return _count(field, text) if field.kind is Kind.COUNT else _number(field, text)


def written(field: Field, value: Any) -> str:
    """The value as `read` takes it: what a form shows first."""
    if value is None:
        return ""
    if field.kind is Kind.CHECK:
        return UNCHECKED if value else CHECKED
    if field.kind is Kind.RAMP:
        return "\n".join(f"{_plain(row['ml_per_kg_per_hour'])} {_minutes(row)}".strip() for row in value)
    if field.kind is Kind.RANGE and isinstance(value, list):
        return " to ".join(_plain(each) for each in (value if value[0] != value[-1] else value[:1]))
    if isinstance(value, list):
        return ", ".join(_plain(each) for each in value)
    return str(value) if field.kind is Kind.POLICY else _plain(value)


def words(field: Field, value: Any) -> str:
    """The value in a line for people, with its unit."""
    if value is None or value == []:
        return field.silent
    if field.kind is Kind.CHECK:
        return "Not checked yet" if value else "Checked"
    if field.kind is Kind.POLICY:
        return CHOICES[Kind.POLICY].get(str(value), str(value))
    if field.kind is Kind.RAMP:
        return f"{', '.join(_step(row, is_only=len(value) == 1) for row in value)} {field.unit}"
    unit = field.unit[:-1] if field.unit in {"days", "weeks"} and _plain_one(value) else field.unit
    return f"{written(field, value)} {unit}".strip()


def missing(field: Field) -> str:
    """What to say when nothing is entered where something must be."""
    return f"Enter {_article(field)}."


def _one_of(text: str, field: Field) -> str:
    if text not in CHOICES[field.kind]:
        raise _bad("Choose one of the answers.")
    return text


def _number(field: Field, text: str) -> str:
    """A number above the least, as text."""
    cleaned = text.strip()
    if not NUMBER.fullmatch(cleaned):
        raise _bad(f"“{cleaned[:20]}” is not a number such as 2 or 0.5. Negative numbers make no sense here.")
    value = exact(cleaned)
    if not max(field.least, Fraction(0)) < value <= field.most:
        raise _bad(f"{_name(field)} must be above {plain(field.least)} and at most {_amount(field)}.")
    return plain_exact(value)


def _count(field: Field, text: str) -> int:
    cleaned = text.strip()
    if not cleaned.isdecimal() or not cleaned.isascii() or len(cleaned) > 6:
        raise _bad(f"“{cleaned[:20]}” is not a whole number of {_counted(field)}.")
    least = max(field.least, Fraction(1)) if field.kind is Kind.COUNTS else field.least
    if not least <= int(cleaned) <= field.most:
        raise _bad(f"{_name(field)} must be between {plain(least)} and {_amount(field)}.")
    return int(cleaned)


def _sizes(field: Field, text: str) -> list[str]:
    sizes = [_number(field, part) for part in _parts(text)]
    if len(set(sizes)) != len(sizes):
        raise _bad("Write each vial size once.")
    if len(sizes) > MOST_SIZES:
        raise _bad(f"Enter at most {MOST_SIZES} vial sizes.")
    return sorted(sizes, key=exact)


def _range(field: Field, text: str) -> list[Any] | Any:
    """One number, or the least and the most of a range; weeks are whole."""
    parts = [part for part in re.split(r"\s+to\s+|\s*[–-]\s*", text) if part]
    if len(parts) > 2 or not parts:
        raise _bad("Write one number, or two with “to” between them, such as 3 to 4.")
    is_whole = field.unit == "weeks"
    ends = [_weeks(field, part) if is_whole else _number(field, part) for part in parts]
    if len(ends) == 1:
        return ends * 2 if field.name.endswith("_range") else ends[0]
    if exact(ends[0]) > exact(ends[1]):
        raise _bad("The first number of a range is the smaller one.")
    return ends


def _weeks(field: Field, text: str) -> int:
    weeks = _count(field, text)
    if weeks < 1:
        raise _bad("An interval is at least 1 week.")
    return weeks


def _ramp(field: Field, text: str) -> list[dict[str, Any]]:
    lines = [line for line in text.splitlines() if line.strip()]
    if len(lines) > MOST_STEPS:
        raise _bad(f"A ramp has at most {MOST_STEPS} steps.")
    steps = [_ramp_step(field, line, is_last=line is lines[-1]) for line in lines]
    rates = [exact(step["ml_per_kg_per_hour"]) for step in steps]
    if any(later < earlier for earlier, later in pairwise(rates)):
        raise _bad("The rates of a ramp rise from step to step. Put the slowest first.")
    return steps


def _ramp_step(field: Field, line: str, *, is_last: bool) -> dict[str, Any]:
    """One line: a rate and its minutes; the last line is a rate alone, held until the infusion is done."""
    parts = line.replace(",", " ").split()
    rate = _number(field, parts[0])
    if is_last:
        if len(parts) != 1:
            raise _bad(
                f"The last line is a rate alone: it runs until the infusion is done. “{line.strip()[:30]}” is more."
            )
        return {"ml_per_kg_per_hour": rate, "minutes": None}
    if len(parts) != 2:
        raise _bad(f"“{line.strip()[:30]}” is not a step. Write a rate and its minutes, such as 0.5 30.")
    if not parts[1].isdecimal() or not parts[1].isascii() or not 1 <= int(parts[1][:6]) <= LONGEST_STEP:
        raise _bad(f"A step lasts between 1 and {LONGEST_STEP} minutes, not “{parts[1][:20]}”.")
    return {"ml_per_kg_per_hour": rate, "minutes": int(parts[1])}


def _parts(text: str) -> list[str]:
    return [part for part in re.split(r"[,;\s]+", text) if part]


def _bad(sentence: str) -> BadInput:
    return BadInput("bad_value", sentence, field="value")


def _name(field: Field) -> str:
    return "A rate" if field.kind is Kind.RAMP else "A vial" if field.kind is Kind.SIZES else "It"


def _article(field: Field) -> str:
    named = {
        Kind.RAMP: "at least one step: a ramp cannot be empty",
        Kind.SIZES: "at least one vial size",
        Kind.COUNTS: "at least one number of days",
        Kind.CHECK: "whether the rates are checked",
        Kind.POLICY: "what a late dose does",
    }
    return named.get(field.kind, f"a number of {_counted(field)}")


def _counted(field: Field) -> str:
    return {"min": "minutes", "": "its unit"}.get(field.unit, field.unit)


def _amount(field: Field) -> str:
    return f"{plain(field.most)} {_counted(field)}"


def plain_exact(value: Fraction) -> str:
    """A decimal number with all its places and no trailing zeros."""
    return f"{Decimal(value.numerator) / Decimal(value.denominator):.4f}".rstrip("0").rstrip(".")


def _plain(value: Any) -> str:
    return plain_exact(exact(str(value)))


def _plain_one(value: Any) -> bool:
    return not isinstance(value, list) and str(value) == "1"


def _minutes(row: Mapping[str, Any]) -> str:
    return "" if row["minutes"] is None else _plain(row["minutes"])


def _step(row: Mapping[str, Any], *, is_only: bool) -> str:
    rate = _plain(row["ml_per_kg_per_hour"])
    if row["minutes"] is not None:
        return f"{rate} for {_minutes(row)} min"
    return rate if is_only else f"then {rate}"
