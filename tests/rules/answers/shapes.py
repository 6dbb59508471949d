"""Reading the worked examples: JSON values to exact numbers, dates and times, and answers back."""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

from regimens.domain.quantities import exact, round_half_up

Inputs = Mapping[str, Any]
Answer = Callable[[Inputs], dict[str, Any]]


def number(value: int | Decimal) -> Fraction:
    return exact(value)


def maybe(value: int | Decimal | None) -> Fraction | None:
    return None if value is None else exact(value)


def numbers(values: list[int | Decimal]) -> list[Fraction]:
    return [exact(value) for value in values]


def milligrams(grams: int | Decimal) -> Fraction:
    return exact(grams) * 1000


def day(value: str) -> date:
    return date.fromisoformat(value)


def moment(value: str) -> datetime:
    return datetime.fromisoformat(value)


def rounded(value: Fraction, places: int) -> Fraction:
    return round_half_up(value, places=places)
