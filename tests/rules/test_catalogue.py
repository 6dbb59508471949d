"""The catalogue is usable by the rules: every drug has vials, a code in force, a ramp or a time, and a cadence."""

import json
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

import regimens
from regimens.domain.cadence import Cadence, lay_out
from regimens.domain.chair_time import chair_time, phase_minutes
from regimens.domain.due_dates import LatePolicy
from regimens.domain.quantities import exact
from regimens.domain.titration import RateStep, infusion_time
from regimens.domain.units import BillingCode, code_on
from regimens.domain.vials import choose_vials, round_to_vial

CATALOGUE = json.loads(
    (Path(regimens.__file__).parent / "data" / "catalogue.json").read_text(encoding="utf-8"), parse_float=Decimal
)
IG = {product["id"]: product for product in CATALOGUE["ig_products"]}
THERAPIES = {therapy["id"]: therapy for therapy in CATALOGUE["other_therapies"]}
WITHOUT_RATES = {"yimmugo", "qivigy"}
TODAY = date(2026, 11, 24)


def codes_of(rows: list[dict[str, Any]]) -> list[BillingCode]:
    def day(text: str | None) -> date | None:
        return date.fromisoformat(text) if text else None

    return [
        BillingCode(row["code"], exact(row["unit_mg"]), day(row["effective_from"]), day(row["effective_to"]))
        for row in rows
    ]


def minutes_of(product: dict[str, Any], steps: list[dict[str, Any]], cap: Decimal | None) -> int:
    ramp = [
        RateStep(exact(step["ml_per_kg_per_hour"]), None if step["minutes"] is None else exact(step["minutes"]))
        for step in steps
    ]
    time = infusion_time(
        volume_ml=Fraction(30_000) / exact(product["concentration_mg_per_ml"]),
        weight_kg=Fraction(70),
        steps=ramp,
        cap_ml_per_kg_per_hour=None if cap is None else exact(cap),
    )
    return time.minutes


@pytest.mark.parametrize("name", sorted(set(IG) - WITHOUT_RATES))
def test_thirty_grams_of_each_immune_globulin_take_a_plausible_time_longer_at_risk(name: str) -> None:
    product = IG[name]
    first = minutes_of(product, product["rate_steps_first_infusion"], None)
    later = minutes_of(product, product["rate_steps_subsequent_infusion"], None)
    at_risk = minutes_of(
        product, product["rate_steps_first_infusion"], product["at_risk_planning_default_ml_per_kg_per_hour"]
    )
    assert 60 <= later <= first <= at_risk <= 480


@pytest.mark.parametrize("name", sorted(WITHOUT_RATES))
def test_a_product_whose_rates_nobody_has_entered_says_so(name: str) -> None:
    assert IG[name]["rate_steps_first_infusion"] is None
    assert IG[name]["requires_label_check"] is True


@pytest.mark.parametrize("name", sorted(set(IG) - {"qivigy"}))
def test_thirty_grams_of_each_immune_globulin_come_out_of_whole_vials_and_bill_by_its_own_unit(name: str) -> None:
    product = IG[name]
    pick = choose_vials(dose_mg=Fraction(30_000), vial_sizes_mg=[exact(g) * 1000 for g in product["vial_sizes_g"]])
    assert pick.waste_mg == 0
    code = code_on(codes_of(product["hcpcs_history"]), on=TODAY)
    assert code.unit_mg == (100 if name == "yimmugo" else 500)
    assert code.hcpcs == product["hcpcs"]


@pytest.mark.parametrize("name", sorted(THERAPIES))
def test_each_other_therapy_lays_out_its_courses(name: str) -> None:
    therapy = THERAPIES[name]
    first, interval = therapy["first_maintenance_offset_weeks"], therapy["maintenance_interval_weeks"]
    cadence = Cadence(
        interval_days=None if interval is None else int(interval) * 7,
        induction_offsets_days=tuple(therapy["induction_offsets_days"]),
        first_maintenance_offset_days=None if first is None else int(first) * 7,
        early_days=therapy["window_days"]["early"],
        late_days=therapy["window_days"]["late"],
        late_policy=LatePolicy(therapy["late_dose_policy"]),
        min_interval_days=therapy["min_interval_days"],
    )
    courses = lay_out(cadence, starts_on=TODAY, course_limit=10)
    induction = therapy["induction_offsets_days"]
    assert [(course.due_on - TODAY).days for course in courses[: len(induction)]] == induction
    assert len(courses) == (len(induction) if interval is None else 10)
    assert code_on(codes_of(therapy["hcpcs"]), on=TODAY).unit_mg > 0
    block = chair_time(
        infusion_minutes=therapy["infusion_minutes_first"],
        minutes=phase_minutes(
            is_first=True,
            has_premed=bool(therapy["premed_minutes"]),
            premed_minutes=therapy["premed_minutes"],
            observation_minutes=therapy["observation_minutes_first"],
        ),
    ).block_minutes
    assert 75 <= block <= 480


def test_a_dose_of_the_catalogue_s_smallest_unit_is_counted_exactly() -> None:
    therapy = THERAPIES["patisiran"]
    dose = round_to_vial(exact_mg=Fraction("21.03"), increments_mg=[], tolerance_pct=Fraction(10)).rounded_mg
    assert dose / exact(therapy["billing_unit_mg"]) == Fraction("210.3")
