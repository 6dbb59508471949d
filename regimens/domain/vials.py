"""From an exact dose to what comes out of the cupboard: rounding to vials, and the vials with least waste.

All masses are milligrams.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from math import ceil, floor, gcd, lcm

from core.errors import Refusal
from regimens.domain.settings import CLINICAL_DEFAULTS


class Tie(StrEnum):
    """Where a dose exactly between two increments goes."""

    DOWN = "down"
    UP = "up"


@dataclass(frozen=True)
class RoundedDose:
    """A dose rounded to whole increments; `increment_mg` is None when no increment was close enough."""

    exact_mg: Fraction
    rounded_mg: Fraction
    increment_mg: Fraction | None
    deviation_pct: Fraction


@dataclass(frozen=True)
class VialPick:
    """Which vials to open: (size in mg, how many), largest first."""

    vials: tuple[tuple[Fraction, int], ...]
    total_mg: Fraction
    waste_mg: Fraction

    @property
    def count(self) -> int:
        return sum(many for _, many in self.vials)


def round_to_vial(
    *,
    exact_mg: Fraction,
    increments_mg: Sequence[Fraction | int] = CLINICAL_DEFAULTS.rounding_increments_mg,
    tolerance_pct: Fraction = CLINICAL_DEFAULTS.rounding_tolerance_pct,
    tie: Tie = Tie.DOWN,
) -> RoundedDose:
    """The dose at the nearest multiple of the first increment that stays within the tolerance (inclusive).

    When none does, the exact dose stands and some of a vial is wasted. A tie goes down, which saves product.

    Source: IG order form, nearest whole 5 g vial (P18); tolerance and tie are usual practice, confidence K.
    """
    if exact_mg <= 0:
        raise Refusal("bad_dose", "The dose must be above zero.", field="amount")
    for increment in increments_mg:
        rounded = _nearest(exact_mg, Fraction(increment), tie)
        deviation = (rounded - exact_mg) * 100 / exact_mg
        if rounded > 0 and abs(deviation) <= tolerance_pct:
            return RoundedDose(exact_mg, rounded, Fraction(increment), deviation)
    return RoundedDose(exact_mg, exact_mg, None, Fraction(0))


def _nearest(value: Fraction, increment: Fraction, tie: Tie) -> Fraction:
    steps = value / increment
    whole = ceil(steps - Fraction(1, 2)) if tie is Tie.DOWN else floor(steps + Fraction(1, 2))
    return whole * increment


def choose_vials(*, dose_mg: Fraction, vial_sizes_mg: Sequence[Fraction | int]) -> VialPick:
    """The vials that cover the dose with least waste, then with fewest vials, then with the largest ones.

    Source: usual pharmacy practice; confidence K.
    """
    if dose_mg <= 0:
        raise Refusal("bad_dose", "The dose must be above zero.", field="amount")
    sizes = sorted({Fraction(size) for size in vial_sizes_mg}, reverse=True)
    if not sizes or sizes[-1] <= 0:
        raise Refusal("no_vials", "The product has no vial sizes. Ask the pharmacist to enter them.")
    unit = _common_measure(sizes)
    steps = [int(size / unit) for size in sizes]
    fewest = _fewest_vials(steps, reach=ceil(dose_mg / unit) + steps[-1])
    total = next(amount for amount in range(ceil(dose_mg / unit), len(fewest)) if fewest[amount] is not None)
    counts = _largest_first(steps, fewest, total)
    picked = tuple((size, counts[step]) for size, step in zip(sizes, steps, strict=True) if counts[step])
    return VialPick(picked, total * unit, total * unit - dose_mg)


def _common_measure(sizes: Sequence[Fraction]) -> Fraction:
    """The largest mass that divides every vial size."""
    below = lcm(*(size.denominator for size in sizes))
    return Fraction(gcd(*(int(size * below) for size in sizes)), below)


def _fewest_vials(steps: Sequence[int], *, reach: int) -> list[int | None]:
    """For each amount up to `reach`, the fewest vials that make exactly it, or None."""
    fewest: list[int | None] = [0]
    for amount in range(1, reach + 1):
        ways = [fewest[amount - step] for step in steps if step <= amount]
        made = [way for way in ways if way is not None]
        fewest.append(min(made) + 1 if made else None)
    return fewest


def _largest_first(steps: Sequence[int], fewest: Sequence[int | None], total: int) -> dict[int, int]:
    counts = dict.fromkeys(steps, 0)
    left = total
    while left:
        here = fewest[left]
        step = next(s for s in steps if s <= left and here is not None and fewest[left - s] == here - 1)
        counts[step] += 1
        left -= step
    return counts
