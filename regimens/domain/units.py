"""Billing arithmetic: HCPCS units by date, the wasted units of a line of their own, and the hours of an
infusion.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from fractions import Fraction
from math import ceil, floor

from core.errors import Refusal


@dataclass(frozen=True)
class BillingCode:
    """A HCPCS code and the mg in one unit, from one date to another (both inclusive, None is open)."""

    hcpcs: str
    unit_mg: Fraction
    effective_from: date | None = None
    effective_to: date | None = None

    def holds(self, on: date) -> bool:
        """Whether the code is in force on a date of service."""
        return (self.effective_from is None or self.effective_from <= on) and (
            self.effective_to is None or on <= self.effective_to
        )


class Modifier(StrEnum):
    """JW bills a wasted amount on its own line; JZ says that nothing billable was wasted."""

    JW = "JW"
    JZ = "JZ"


@dataclass(frozen=True)
class BilledUnits:
    """Units given, units wasted, and the modifier that must go with them."""

    admin_units: int
    jw_units: int
    modifier: Modifier

    def consumed(self, *, counts_wastage: bool) -> int:
        """Units this takes from an authorization; whether waste counts is the payer's rule."""
        return self.admin_units + (self.jw_units if counts_wastage else 0)


def code_on(codes: Sequence[BillingCode], *, on: date) -> BillingCode:
    """The code in force on a date of service; the latest one where two overlap. Raises Refusal when there is
    none.

    Source: payer policy, eculizumab J1300 (10 mg) to J1299 (2 mg) on 1 April 2025 (P28); confidence P.
    """
    held = [code for code in codes if code.holds(on)]
    if not held:
        raise Refusal("no_billing_code", f"No billing code is in force on {on:%d %B %Y}. Enter one for the product.")
    return max(held, key=lambda code: code.effective_from or date.min)


def admin_units(*, dose_mg: Fraction, unit_mg: Fraction) -> int:
    """Units of the dose given, a part of a unit counting as a whole one.

    Source: Medicare contractor's JW/JZ article (P53); confidence P.
    """
    if unit_mg <= 0:
        raise ValueError("a billing unit is above zero")
    return ceil(dose_mg / unit_mg)


def billed_units(*, dose_mg: Fraction, vial_total_mg: Fraction, unit_mg: Fraction) -> BilledUnits:
    """Units given and wasted. Waste that rounding up already absorbed is not billed again: JZ.

    Source: Medicare contractor's JW/JZ article (P53); confidence P, waste below a unit K.
    """
    given = admin_units(dose_mg=dose_mg, unit_mg=unit_mg)
    wasted = max(0, floor(vial_total_mg / unit_mg) - given)
    return BilledUnits(given, wasted, Modifier.JW if wasted else Modifier.JZ)


def volume_ml(*, dose_mg: Fraction, mg_per_ml: Fraction) -> Fraction:
    """Millilitres that hold the dose: a 5 % product (50 mg/mL) needs twice the volume of a 10 % one.

    Source: product labels; confidence P.
    """
    if mg_per_ml <= 0:
        raise ValueError("a concentration is above zero")
    return dose_mg / mg_per_ml


@dataclass(frozen=True)
class InfusionHours:
    """How often 96365 (first hour) and 96366 (each further hour) are billed; neither for a push of 15
    minutes.
    """

    first_hour: int
    further_hours: int


def infusion_hours(minutes: int) -> InfusionHours:
    """Hour codes for an infusion: the first from 16 minutes, a further one only from 31 minutes past the
    hour.

    Source: CPT 96365 and 96366 coding guides (P54); confidence P.
    """
    if minutes < 16:
        return InfusionHours(0, 0)
    return InfusionHours(1, max(0, (minutes - 31) // 60))
