"""Fields of the order form that read more than one number, and the rows of its laboratory tests."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from django import forms

MOST_NUMBERS = 20
PLAIN = re.compile(r"[^a-z0-9_]+")


class NumbersField(forms.CharField):
    """Numbers with commas or spaces between them, as a tuple of decimals."""

    def clean(self, value: Any) -> tuple[Decimal, ...]:
        text: str = super().clean(value) or ""
        try:
            numbers = tuple(Decimal(part) for part in re.split(r"[,;\s]+", text.strip()) if part)
        except InvalidOperation:
            raise forms.ValidationError("Enter numbers with commas between them, such as 0, 14, 42.") from None
        if len(numbers) > MOST_NUMBERS:
            raise forms.ValidationError(f"Enter at most {MOST_NUMBERS} numbers.")
        return numbers


class DaysField(NumbersField):
    """Whole numbers of days."""

    def clean(self, value: Any) -> tuple[Any, ...]:
        numbers = super().clean(value)
        if not all(number.is_finite() and abs(number) < 10_000 and number == int(number) for number in numbers):
            raise forms.ValidationError("Enter whole days, such as 0, 14, 42.")
        return tuple(int(number) for number in numbers)


@dataclass(frozen=True)
class LabFields:
    """The fields of one test: whether it is asked for, for how long a result counts, and between what it must lie."""

    lab: Mapping[str, Any]
    is_wanted: forms.BoundField
    valid_days: forms.BoundField
    low: forms.BoundField
    high: forms.BoundField

    @property
    def name(self) -> str:
        return str(self.lab["name"])

    @property
    def is_shown(self) -> bool:
        """Whether it is shown at once: it is ticked, or the catalogue or the order asks for it."""
        return bool(self.lab.get("source")) or bool(self.is_wanted.value())

    @property
    def unit(self) -> str:
        return str(self.lab.get("unit") or "")

    @property
    def numbers(self) -> tuple[forms.BoundField, ...]:
        return self.valid_days, self.low, self.high

    @property
    def has_errors(self) -> bool:
        return any(field.errors for field in self.numbers)


def lab_key(code: str) -> str:
    """What the fields of a test begin with."""
    return f"lab_{PLAIN.sub('_', code.lower())}"


def lab_fields(labs: Iterable[Mapping[str, Any]]) -> dict[str, forms.Field]:
    """The fields for `labs`, by name."""
    made: dict[str, forms.Field] = {}
    for lab in labs:
        key, name = lab_key(lab["code"]), lab["name"]
        made[key] = forms.BooleanField(required=False, label=name)
        made[f"{key}_days"] = forms.IntegerField(
            required=False, min_value=1, max_value=3650, label=f"{name}: valid for days"
        )
        for end, word in (("low", "at least"), ("high", "at most")):
            made[f"{key}_{end}"] = forms.DecimalField(
                required=False, max_digits=10, decimal_places=3, label=f"{name}: {word}"
            )
    return made


def labs_chosen(labs: Iterable[Mapping[str, Any]], data: Mapping[str, Any]) -> tuple[dict[str, Any], ...]:
    """The tests that were ticked, as an order keeps them. Where a number was changed, the order is its source."""
    chosen = []
    for lab in labs:
        key = lab_key(lab["code"])
        if not data.get(key):
            continue
        low, high = data.get(f"{key}_low"), data.get(f"{key}_high")
        entered = {
            "valid_days": data.get(f"{key}_days"),
            "low": None if low is None else f"{low:f}",
            "high": None if high is None else f"{high:f}",
        }
        is_as_suggested = all(_same(lab.get(name), value) for name, value in entered.items())
        origin = {} if is_as_suggested else {"source": "this order", "confidence": ""}
        chosen.append({**_PLAIN_LAB, **lab, **entered, **origin})
    return tuple(chosen)


def lab_initial(labs: Iterable[Mapping[str, Any]], wanted: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """What the fields of `labs` show at first: those `wanted` are ticked, with their own numbers."""
    by_code = {lab["code"]: lab for lab in wanted}
    shown: dict[str, Any] = {}
    for lab in labs:
        key, held = lab_key(lab["code"]), by_code.get(lab["code"], lab)
        shown |= {
            key: lab["code"] in by_code,
            f"{key}_days": held.get("valid_days"),
            f"{key}_low": held.get("low"),
            f"{key}_high": held.get("high"),
        }
    return shown


_PLAIN_LAB = {"unit": "", "is_minor": False, "source": "this order", "confidence": ""}


def _same(suggested: Any, entered: Any) -> bool:
    if suggested is None or entered is None:
        return suggested is entered
    return Decimal(str(suggested)) == Decimal(str(entered))
