"""Exact numbers: doses, rates and minutes are rationals, so no rounding happens that nobody asked for.

Promises never to pass through binary floating point: `exact` refuses a float.
"""

from decimal import Decimal
from fractions import Fraction
from math import ceil, floor

_NOT_EXACT = "a dose needs an exact number (int, Fraction, Decimal or text), not a binary float"

Exact = Fraction | Decimal | int | str


def exact(value: Exact) -> Fraction:
    """`value` as a Fraction. Raises TypeError for a float and ValueError for text or numbers that are not
    finite.
    """
    if isinstance(value, bool | float):
        raise TypeError(_NOT_EXACT)
    try:
        return Fraction(value)
    except (OverflowError, ZeroDivisionError) as error:
        raise ValueError(f"{value!r} is not a finite number") from error


def round_half_up(value: Fraction, *, places: int) -> Fraction:
    """`value` to a number of decimal places, halves away from zero as a person rounds."""
    scale = 10**places
    size = Fraction(floor(abs(value) * scale + Fraction(1, 2)), scale)
    return size if value >= 0 else -size


def ceil_to(value: Fraction | int, *, step: int) -> int:
    """The smallest multiple of `step` that is not less than `value`."""
    return ceil(Fraction(value) / step) * step


def plain(value: Fraction) -> str:
    """`value` as a person writes it: at most two decimals and no trailing zeros."""
    shown = round_half_up(value, places=2)
    text = f"{Decimal(shown.numerator) / Decimal(shown.denominator):.2f}"
    return text.rstrip("0").rstrip(".")
