"""The rules at their edges: on a threshold, at nought, and with only what an example must say."""

from decimal import Decimal
from typing import Any

import pytest

from tests.rules.test_vectors import answer_for

D = Decimal
TITRATION = {"weight_kg": 50, "volume_ml": 100, "steps": [{"ml_per_kg_per_hour": D("1")}]}
EDGES: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    # exactly 10 % off is inside the tolerance: 4.5 g is 10 % below 5 g
    (
        "dose.round_to_vial",
        {"exact_g": D("5.0"), "increments_g": [D("4.5"), 1], "tolerance_pct": 10},
        {"rounded_g": D("4.5"), "deviation_pct": -10},
    ),
    (
        "dose.round_to_vial",
        {"exact_g": D("5.0"), "increments_g": [D("4.5"), 1], "tolerance_pct": D("9.99")},
        {"rounded_g": 5, "increment_used_g": 1, "deviation_pct": 0},
    ),
    (
        "dose.round_to_vial",
        {"exact_g": D("0.4"), "increments_g": [5, D("2.5"), 1], "tolerance_pct": 10, "vial_sizes_g": [1]},
        {"rounded_g": D("0.4"), "increment_used_g": None, "waste_g": D("0.6"), "jw_units": 1, "modifier": "JW"},
    ),
    (
        "dose.round_to_vial",
        {"exact_g": D("37.5"), "increments_g": [5], "tolerance_pct": 10, "tie": "up"},
        {"rounded_g": 40},
    ),
    (
        "dose.round_to_vial_mg",
        {"exact_mg": 410, "increment_mg": None, "vial_sizes_mg": [100], "billing_unit_mg": 10},
        {"rounded_mg": 410, "admin_units": 41, "jw_units": 9, "modifier": "JW", "vial_count": 5},
    ),
    (
        "dose.dosing_weight",
        {"sex": "male", "height_cm": 170, "actual_kg": D("86.7"), "bmi_threshold": 30},
        {"bmi": 30, "basis": "actual", "dosing_weight_kg": D("86.7")},
    ),
    ("dose.dosing_weight", {"actual_kg": 140}, {"basis": "actual", "dosing_weight_kg": 140}),
    ("dose.split_days", {"total_g": 5, "days": 1, "increment_g": 5}, {"per_day_g": [5]}),
    ("dose.split_days", {"total_g": 12, "days": 2, "increment_g": 5}, {"per_day_g": [7, 5]}),
    (
        "dose.course_limit_guard",
        {"per_day_g_per_kg": D("0.4"), "days": 5, "max_course_g_per_kg": 2},
        {"course_g_per_kg": 2, "allowed": True, "reason": None},
    ),
    ("dose.max_cap", {"mg_per_kg": 8, "weight_kg": 100, "max_mg": 800}, {"dose_mg": 800, "capped": False}),
    ("dose.max_cap", {"mg_per_kg": 8, "weight_kg": 300}, {"dose_mg": 2400, "capped": False}),
    (
        "dose.weight_change",
        {"reference_kg": 80, "threshold_pct": 0, "current_kg": [80, D("80.1")]},
        {"flag": [False, True]},
    ),
    ("units.jw", {"dose_mg": 400, "vial_sizes_mg": [100], "billing_unit_mg": 10}, {"waste_mg": 0, "modifier": "JZ"}),
    (
        "units.effective_dated_code",
        {"dose_mg": 1, "codes": [{"hcpcs": "J3380", "unit_mg": 1}], "dos": ["2026-11-24"]},
        {"result": [{"hcpcs": "J3380", "units": 1}]},
    ),
    ("titration.minutes", TITRATION, {"exact_minutes": 120, "minutes": 120}),
    ("titration.minutes", TITRATION | {"cap_ml_per_kg_per_hour": D("0.5")}, {"minutes": 240}),
    ("titration.minutes", TITRATION | {"pump_cap_ml_per_hour": 40}, {"minutes": 150}),
    (
        "titration.restart_profile",
        {"cases": [{"prior_infusions_same_product": 3, "days_since_last": 56}, {"prior_infusions_same_product": 3}]},
        {"profile": ["subsequent", "first"]},
    ),
    ("chair.block", {"infusion": 15, "grid": 15}, {"patient_minutes": 15, "block_minutes": 15}),
    ("chair.block", {"infusion": 15, "hydration": 30, "turnover": 1}, {"chair_minutes": 46, "block_minutes": 60}),
    ("nurse.capacity", {"nurses": 1, "ratio": 4, "load": {"first": 0, "subsequent": 4}}, {"fits_normal": True}),
    (
        "schedule.next_due",
        {"last_actual": "2026-11-26", "last_planned": "2026-11-23", "interval_weeks": 3, "policy": "hybrid"},
        {"due": "2026-12-14", "window": ["2026-12-11", "2026-12-17"]},
    ),
    (
        "schedule.next_due",
        {"last_actual": "2026-11-27", "last_planned": "2026-11-23", "interval_days": 21, "policy": "hybrid"},
        {"due": "2026-12-18"},
    ),
    (
        "schedule.multi_day_anchor",
        {"course_start": "2026-11-16", "course_days": 5, "interval_weeks": 3, "anchor": "course_end"},
        {"due": "2026-12-11"},
    ),
    ("schedule.closed_day", {"due": "2026-11-28", "early": 0, "late": 1}, {"date": None}),
    ("schedule.closed_day", {"due": "2026-11-28", "early": 1, "late": 2}, {"date": "2026-11-27"}),
    ("schedule.overdue", {"due": "2026-12-14", "late": 4, "today": "2026-12-18"}, {"state": "due", "days_overdue": 0}),
    (
        "schedule.overdue",
        {"due": "2026-12-14", "late": 4, "today": "2027-01-05", "last_actual": "2026-11-23", "interval_weeks": 3},
        {"state": "reassess", "days_overdue": 18},
    ),
    (
        "schedule.overdue",
        {"due": "2026-12-14", "late": 4, "today": "2027-01-19", "last_actual": "2026-11-23", "gap_threshold_days": 56},
        {"state": "reassess"},
    ),
    (
        "schedule.overdue",
        {"due": "2026-12-14", "late": 4, "today": "2027-01-19", "status": "given"},
        {"state": "given"},
    ),
    (
        "schedule.induction",
        {"start": "2026-11-23", "induction_offsets_weeks": [0, 1], "count": 4},
        {"dates": ["2026-11-23", "2026-11-30"]},
    ),
    (
        "schedule.induction",
        {"start": "2026-11-23", "induction_offsets_weeks": [], "maintenance_interval_weeks": 4, "count": 2},
        {"dates": ["2026-11-23", "2026-12-21"]},
    ),
    (
        "auth.units_remaining",
        {"authorized": 160, "billed": [], "per_infusion": 160},
        {"infusions_left": 1, "short_by": 0},
    ),
    ("labs.validity", {"collected": "2026-11-24", "dos": ["2026-11-23", "2031-01-01"]}, {"valid": [False, True]}),
    (
        "vaccine.live_interval",
        {"dos": "2026-11-23", "dose_mg_per_kg": [300, 401]},
        {"not_before": ["2027-07-23", "2027-09-23"]},
    ),
    ("clearance", {}, {"cleared": True, "level": "green", "reasons": []}),
    (
        "clearance",
        {"eligibility_ok": False},
        {"cleared": False, "level": "amber", "reasons": ["eligibility_not_verified"]},
    ),
    (
        "clearance",
        {"weight_recent": False, "drug_available": False, "order_active": False},
        {"level": "red", "reasons": ["order_inactive", "weight_outdated", "drug_not_available"]},
    ),
]


@pytest.mark.parametrize(("rule", "inputs", "expected"), EDGES, ids=[f"{n}-{edge[0]}" for n, edge in enumerate(EDGES)])
def test_a_rule_holds_at_its_edge(rule: str, inputs: dict[str, Any], expected: dict[str, Any]) -> None:
    answer = answer_for(rule)
    assert answer is not None
    answers = answer(inputs)
    assert {name: answers.get(name, "no answer") for name in expected} == expected
