"""What a nurse records of an infusion, and what is wrong with it: times, dose, vials, lots, rates, volume.

Times of day compare as instants; dates are clinic-local. Each check names the field at fault, a row's as
``lots-0-lot_number``.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from fractions import Fraction

from core.errors import Reason
from regimens.domain.quantities import plain
from regimens.domain.settings import CARE_DEFAULTS

MUCH_PCT = CARE_DEFAULTS.dose_difference_pct
"""Per cent by which a dose may differ from the planned one before somebody must say why."""
LONGEST = timedelta(hours=24)
FASTEST_ML_PER_HOUR = 2000
LONGEST_SHELF_LIFE_YEARS = 10
MOST_VIALS = 200
NDC = re.compile(r"\d{4,5}-?\d{3,4}-?\d{1,2}")
NDC_DIGITS = range(10, 12)


@dataclass(frozen=True, kw_only=True)
class GivenLot:
    """Vials of one lot that were opened; masses in mg, `wasted_mg` of all of them together."""

    lot_number: str
    expires_on: date | None
    vial_mg: Fraction
    vials: int
    ndc: str = ""
    wasted_mg: Fraction = Fraction(0)
    witness: str = ""

    @property
    def total_mg(self) -> Fraction:
        return self.vial_mg * self.vials


@dataclass(frozen=True, kw_only=True)
class GivenRate:
    """A pump rate set at a moment; nought is a pause."""

    at: datetime
    ml_per_hour: Fraction


@dataclass(frozen=True, kw_only=True)
class GivenFacts:
    """What was given. `stop_reason` says why the infusion was stopped early, or why the dose differs from the plan.

    `product_id` names the product that the pharmacist gave instead; empty for the one that was ordered.
    """

    dose_mg: Fraction
    started_at: datetime
    stopped_at: datetime | None
    is_complete: bool
    volume_ml: Fraction | None = None
    lots: tuple[GivenLot, ...] = ()
    rates: tuple[GivenRate, ...] = ()
    stop_reason: str = ""
    note: str = ""
    product_id: str = ""

    @property
    def vials_mg(self) -> Fraction:
        return sum((lot.total_mg for lot in self.lots), Fraction(0))

    @property
    def wasted_mg(self) -> Fraction:
        return sum((lot.wasted_mg for lot in self.lots), Fraction(0))


@dataclass(frozen=True, kw_only=True)
class Planned:
    """What the record is held against: the planned dose, the day, and how the product is written and mixed."""

    dose_mg: Fraction
    on: date
    started_on: date
    is_immune_globulin: bool
    mg_per_ml: Fraction | None = field(default=None)

    def mass(self, mg: Fraction) -> str:
        """Grams of immune globulin, milligrams of anything else."""
        return f"{plain(mg / 1000)} g" if self.is_immune_globulin else f"{plain(mg)} mg"


def check_given(facts: GivenFacts, planned: Planned, *, now: datetime) -> tuple[Reason, ...]:
    """Everything that can't be right about a record, or that wants a reason; empty when it may be kept."""
    return (
        *_check_times(facts, planned, now),
        *_check_dose(facts, planned),
        *_check_lots(facts, planned),
        *_check_amounts(facts, planned),
        *_check_volume(facts, planned),
        *_check_rates(facts, now),
    )


def _check_times(facts: GivenFacts, planned: Planned, now: datetime) -> Iterator[Reason]:
    if planned.started_on != planned.on:
        sentence = f"The infusion was on {planned.on:%A %-d %B}; enter a time of that day."
        yield Reason("start_other_day", sentence, "started_at")
    elif facts.started_at > now:
        yield Reason("start_in_future", "It can't have started in the future.", "started_at")
    if facts.stopped_at is None:
        yield Reason("stop_missing", "Enter when it stopped; while it runs, wait.", "stopped_at")
    elif facts.stopped_at <= facts.started_at:
        yield Reason("stop_before_start", "It stopped before it started. Check both times.", "stopped_at")
    elif facts.stopped_at > now:
        yield Reason("stop_in_future", "It can't have stopped in the future.", "stopped_at")
    elif facts.stopped_at - facts.started_at > LONGEST:
        yield Reason("too_long", "That is more than 24 hours. Check both times.", "stopped_at")


def _check_dose(facts: GivenFacts, planned: Planned) -> Iterator[Reason]:
    if facts.dose_mg < 0 or (facts.dose_mg == 0 and facts.is_complete):
        yield Reason("bad_dose", "Enter the dose that went in, above zero.", "dose_mg")
        return
    pct = (facts.dose_mg - planned.dose_mg) * 100 / planned.dose_mg if planned.dose_mg else Fraction(0)
    has_reason = bool(facts.stop_reason.strip())
    given, wanted = planned.mass(facts.dose_mg), planned.mass(planned.dose_mg)
    if pct > MUCH_PCT and not has_reason:
        sentence = (
            f"{given} is {plain(pct)} % more than the planned {wanted}. If it was given, say why; else correct it."
        )
        yield Reason("dose_above_plan", sentence, "stop_reason", is_hard=False)
    elif not facts.is_complete and not has_reason:
        yield Reason("stop_reason_missing", "Say why not all of the dose went in.", "stop_reason")
    elif facts.is_complete and pct < -MUCH_PCT and not has_reason:
        sentence = f"Only {given} of the planned {wanted} went in. Choose “No, stopped before the end”, or say why."
        yield Reason("dose_below_plan", sentence, "stop_reason", is_hard=False)


def _check_lots(facts: GivenFacts, planned: Planned) -> Iterator[Reason]:
    if not facts.lots and facts.dose_mg > 0:
        sentence = "Enter the lot number on each vial, so that its patients can be found after a recall."
        yield Reason("lot_missing", sentence, "lots-0-lot_number")
    for index, lot in enumerate(facts.lots):
        yield from _check_lot(lot, planned, f"lots-{index}-")


def _check_lot(lot: GivenLot, planned: Planned, at: str) -> Iterator[Reason]:
    if not lot.lot_number.strip():
        yield Reason("lot_missing", "Enter the lot number on the vial.", f"{at}lot_number")
    if lot.expires_on is None:
        yield Reason("expiry_missing", "Enter the expiry date on the vial.", f"{at}expires_on")
    elif lot.expires_on < planned.on:
        sentence = (
            f"Lot {lot.lot_number} expired on {lot.expires_on:%-d %B %Y}, before this infusion. Read the date on the "
            "vial again; if it is right, keep the vial and tell the pharmacist and the prescriber."
        )
        yield Reason("lot_expired", sentence, f"{at}expires_on")
    elif lot.expires_on.year > planned.on.year + LONGEST_SHELF_LIFE_YEARS:
        yield Reason("expiry_too_far", "No vial lasts that long. Check the year.", f"{at}expires_on")
    if lot.vial_mg <= 0:
        yield Reason("bad_vial", "Enter the size of the vial, above zero.", f"{at}vial_mg")
    if not 1 <= lot.vials <= MOST_VIALS:
        yield Reason("bad_vials", f"Enter how many vials were opened, 1 to {MOST_VIALS}.", f"{at}vials")
    if lot.wasted_mg < 0:
        yield Reason("bad_waste", "What was thrown away can't be below zero.", f"{at}wasted_mg")
    if lot.ndc and not (NDC.fullmatch(lot.ndc) and sum(c.isdigit() for c in lot.ndc) in NDC_DIGITS):
        yield Reason("bad_ndc", "An NDC has 10 or 11 digits, such as 00944-2700-05.", f"{at}ndc")


def _check_amounts(facts: GivenFacts, planned: Planned) -> Iterator[Reason]:
    """What went in and what was thrown away both came out of the vials."""
    held = facts.vials_mg
    if not facts.lots or held <= 0:
        return
    if facts.dose_mg > held:
        sentence = f"The vials below hold {planned.mass(held)}, less than the {planned.mass(facts.dose_mg)} given."
        yield Reason("dose_above_vials", sentence, "dose_mg")
        return
    for index, lot in enumerate(facts.lots):
        if lot.wasted_mg > lot.total_mg:
            sentence = f"More was thrown away than these vials hold ({planned.mass(lot.total_mg)})."
            yield Reason("waste_above_vials", sentence, f"lots-{index}-wasted_mg")
            return
    if facts.dose_mg + facts.wasted_mg > held:
        both = planned.mass(facts.dose_mg + facts.wasted_mg)
        wasting = next(index for index, lot in enumerate(facts.lots) if lot.wasted_mg > 0)
        sentence = f"Given and thrown away come to {both}, but the vials hold {planned.mass(held)}."
        yield Reason("waste_above_vials", sentence, f"lots-{wasting}-wasted_mg")


def _check_volume(facts: GivenFacts, planned: Planned) -> Iterator[Reason]:
    """The volume of a ready-made solution follows from its strength; drugs diluted in a bag are left alone."""
    if facts.volume_ml is None:
        return
    if facts.volume_ml < 0 or (facts.volume_ml == 0 and facts.dose_mg > 0):
        yield Reason("bad_volume", "Enter the volume in mL, above zero.", "volume_ml")
    elif planned.is_immune_globulin and planned.mg_per_ml:
        expected = facts.dose_mg / planned.mg_per_ml
        if abs(facts.volume_ml - expected) * 100 > expected * MUCH_PCT:
            sentence = (
                f"{planned.mass(facts.dose_mg)} of a {plain(planned.mg_per_ml / 10)} % solution is "
                f"{plain(expected)} mL. Check dose and volume."
            )
            yield Reason("volume_mismatch", sentence, "volume_ml")


def _check_rates(facts: GivenFacts, now: datetime) -> Iterator[Reason]:
    end = facts.stopped_at or now
    before: datetime | None = None
    for index, rate in enumerate(facts.rates):
        at = f"rates-{index}-"
        if rate.ml_per_hour < 0 or rate.ml_per_hour > FASTEST_ML_PER_HOUR:
            yield Reason(
                "bad_rate", f"Enter a rate from 0 to {FASTEST_ML_PER_HOUR} mL/h; 0 is a pause.", f"{at}ml_per_hour"
            )
        if not facts.started_at <= rate.at <= end:
            yield Reason("rate_outside", "This rate was set before the start or after the stop.", f"{at}at")
        elif before is not None and rate.at <= before:
            yield Reason("rate_order", "The rates go in order of time; this one is not after the one above.", f"{at}at")
        before = rate.at if before is None else max(before, rate.at)


def unaccounted_mg(*, vials_mg: Fraction, dose_mg: Fraction, wasted_mg: Fraction) -> Fraction:
    """What the vials held and nobody gave or threw away, as far as the record says; nothing where no vial is known."""
    return max(Fraction(0), vials_mg - dose_mg - wasted_mg)


def actual_minutes(started_at: datetime, stopped_at: datetime) -> int:
    """Whole minutes that an infusion took, a started one counted from its half."""
    return round((stopped_at - started_at) / timedelta(minutes=1))


def last_few(minutes: Sequence[int], *, most: int = 5) -> tuple[int, ...]:
    """The latest infusions' minutes from which the next is guessed; `minutes` has the newest first."""
    return tuple(minutes[:most])
