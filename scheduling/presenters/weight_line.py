"""A patient's weights as a line, drawn by the server. The same numbers stand beside it in a table."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from patients.models import WeightMeasurement

WIDTH, HEIGHT = 320, 84
LEFT, RIGHT, TOP, BOTTOM = 36, 10, 10, 20
LEAST_SPAN_KG = Decimal(4)


@dataclass(frozen=True, kw_only=True)
class Dot:
    x: float
    y: float


@dataclass(frozen=True, kw_only=True)
class WeightLine:
    """The drawing. `title` says what it shows."""

    title: str
    dots: tuple[Dot, ...]
    top_kg: Decimal
    bottom_kg: Decimal
    first_on: date
    last_on: date

    @property
    def points(self) -> str:
        return " ".join(f"{dot.x},{dot.y}" for dot in self.dots)


def weight_line(weights: Sequence[WeightMeasurement]) -> WeightLine | None:
    """The line of at least two weights on different days, newest first in `weights`; None for fewer."""
    found = sorted(weights, key=_when)
    if len({weight.measured_on for weight in found}) < 2:
        return None
    low, high = min(weight.kg for weight in found), max(weight.kg for weight in found)
    pad = max(LEAST_SPAN_KG - (high - low), Decimal(0)) / 2
    low, high = low - pad, high + pad
    first_on, last_on = found[0].measured_on, found[-1].measured_on
    days = (last_on - first_on).days
    dots = tuple(
        Dot(
            x=round(LEFT + (WIDTH - LEFT - RIGHT) * (weight.measured_on - first_on).days / days, 1),
            y=round(TOP + (HEIGHT - TOP - BOTTOM) * float((high - weight.kg) / (high - low)), 1),
        )
        for weight in found
    )
    change = found[-1].kg - found[0].kg
    how = "unchanged" if change == 0 else f"{abs(change)} kg {'up' if change > 0 else 'down'}"
    title = f"Weight {found[-1].kg} kg, {how} since {first_on:%-d %b %Y}"
    return WeightLine(title=title, dots=dots, top_kg=high, bottom_kg=low, first_on=first_on, last_on=last_on)


def _when(weight: WeightMeasurement) -> tuple[date, int]:
    return weight.measured_on, weight.pk
