"""The clinic's clinical settings, each with its source and how sure we are of it.

These are planning numbers for chair time and authorization arithmetic. They must not be used to prescribe or
to program a pump; the clinic's pharmacist signs them before go-live.
"""

from dataclasses import dataclass
from fractions import Fraction
from typing import Annotated

from core.sourced import Confidence, Sourced

P, S, K = Confidence.PUBLISHED, Confidence.ARTICLE, Confidence.CLINIC


@dataclass(frozen=True)
class ClinicalSettings:
    """Defaults for dose, titration, chair time and cadence. Masses in mg, weights in kg, times in minutes or
    days.
    """

    # Dosing weight
    bmi_threshold: Annotated[Fraction, Sourced("payer IG policy: adjusted weight when BMI > 30", P)] = Fraction(30)
    adjusted_weight_factor: Annotated[Fraction, Sourced("IG dosing-weight calculator (P14)", P)] = Fraction(2, 5)
    weight_change_pct: Annotated[Fraction, Sourced("belatacept label; as a general rule", K)] = Fraction(10)
    # Dose
    rounding_increments_mg: Annotated[
        tuple[int, ...],
        Sourced("IG order form: nearest whole 5 g vial (P18); smaller steps usual practice", K),
    ] = (5000, 2500, 1000)
    rounding_tolerance_pct: Annotated[Fraction, Sourced("usual practice; some sites use 5 %", K)] = Fraction(10)
    max_course_g_per_kg: Annotated[Fraction, Sourced("IG labels: 2 g/kg in total, divided", P)] = Fraction(2)
    # Titration
    first_ramp_after_days: Annotated[int, Sourced("IG label: more than 8 weeks since the last treatment", P)] = 56
    at_risk_mg_per_kg_per_min: Annotated[Fraction, Sourced("IG labels of two products; default for others", K)] = (
        Fraction(33, 10)
    )
    # Phases of a visit, in minutes
    intake_first: Annotated[int, Sourced("usual practice", K)] = 30
    intake_later: Annotated[int, Sourced("usual practice", K)] = 15
    iv_start: Annotated[int, Sourced("usual practice", K)] = 15
    premed_wait: Annotated[int, Sourced("IG order form (P18)", P)] = 30
    hydration_at_risk: Annotated[int, Sourced("usual practice: 30 to 60 before patients at risk", K)] = 30
    flush: Annotated[int, Sourced("usual practice", K)] = 5
    observation_first: Annotated[int, Sourced("patient article: 15 to 30", S)] = 30
    observation_later: Annotated[int, Sourced("patient article: 15 to 30", S)] = 15
    turnover: Annotated[int, Sourced("usual practice", K)] = 10
    grid: Annotated[int, Sourced("the board's quarter hours", K)] = 15
    actuals_before_suggesting: Annotated[int, Sourced("usual practice", K)] = 3
    # Cadence, in days
    early_days: Annotated[int, Sourced("usual practice; a published IG order form allows 4", K)] = 3
    late_days: Annotated[int, Sourced("usual practice; a published IG order form allows 4", K)] = 3
    reassess_after_intervals: Annotated[int, Sourced("usual practice", K)] = 2
    reassess_gap_days: Annotated[int, Sourced("IG label: more than 8 weeks since the last treatment", P)] = 56
    exchange_removes_days: Annotated[int, Sourced("usual practice: immune globulin follows a plasma exchange", K)] = 3
    order_valid_months: Annotated[int, Sourced("IG order form: x 1 year (P18)", P)] = 12


CLINICAL_DEFAULTS = ClinicalSettings()


@dataclass(frozen=True)
class CareSettings:
    """What makes somebody look twice, and when the treatment itself is reviewed."""

    dose_difference_pct: Annotated[int, Sourced("usual practice: a reason for more or less than planned", K)] = 10
    single_dose_spread: Annotated[
        int, Sourced("usual practice: where one dose is listed, half to twice of it is not far outside", K)
    ] = 2
    most_vials: Annotated[int, Sourced("usual practice: the largest vials of one course", K)] = 60
    latest_onset_days: Annotated[
        int, Sourced("usual practice: what begins later is hardly a reaction to the infusion", K)
    ] = 60
    longest_day_minutes: Annotated[int, Sourced("usual practice: a clinic's longest day", K)] = 720
    usual_loading_days: Annotated[int, Sourced("usual practice: 2 g/kg as 0.4 g/kg on each of five days", K)] = 5
    # Reviews of whether the treatment helps
    review_months: Annotated[tuple[int, ...], Sourced("usual practice: half-yearly in the first year", K)] = (6, 12)
    review_shown_before_days: Annotated[int, Sourced("usual practice", K)] = 14
    review_shown_after_days: Annotated[int, Sourced("usual practice", K)] = 30


CARE_DEFAULTS = CareSettings()
