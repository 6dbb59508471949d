"""Anybody who may see the catalogue can check the arithmetic: dose, vials, units, minutes, from plain inputs."""

from typing import Any

import pytest

from accounts.domain.policy import Permission
from core.actor import system
from regimens.models import Product
from regimens.services import catalogue
from tests.api.conftest import Answered, World

PI = {
    "product": "gammagard_liquid",
    "indication": "PI",
    "on": "2026-11-24",
    "dose_basis": "fixed_mg",
    "dose_amount": "30000",
    "weight_kg": "70",
    "days_since_last": 21,
    "needs_premedication": True,
}
CIDP = {
    "product": "privigen",
    "indication": "CIDP",
    "on": "2026-11-24",
    "dose_basis": "g_per_kg",
    "dose_amount": "1",
    "weight_kg": "80",
    "needs_premedication": True,
}


@pytest.fixture(autouse=True)
def _catalogue(db: None) -> None:
    catalogue.load(by=system("test"))


def asked(world: World, **changes: Any) -> Answered:
    return world.program(Permission.CATALOGUE_VIEW).post("estimates/visit/", PI | changes, key=None)


def day(answered: Answered) -> dict[str, Any]:
    assert answered.status == 200, answered.data
    (found,) = answered.data["days"]
    return dict(found)


def test_the_worked_example_of_a_later_visit_comes_out(world: World) -> None:
    found = day(asked(world))
    assert (found["infusion_minutes"], found["volume_ml"], found["profile"]) == (136, "300.00", "subsequent")
    assert (found["patient_minutes"], found["chair_minutes"], found["block_minutes"]) == (216, 226, 240)
    assert (found["units"], found["admin_units"], found["jw_units"], found["modifier"]) == (60, 60, 0, "JZ")
    assert found["vials"] == [{"vial_mg": "30000.00", "vials": 1}]
    assert found["rate_steps"][0] == {"starts_at_minute": "0.00", "minutes": "30.00", "ml_per_hour": "35.00"}
    assert found["rate_steps"][-1]["ml_per_hour"] == "280.00"


def test_the_worked_example_of_a_first_visit_comes_out(world: World) -> None:
    answered = world.caller.post("estimates/visit/", CIDP, key=None)
    found = day(answered)
    assert answered.data["exact_mg"] == answered.data["dose_mg"] == "80000.00"
    assert (found["infusion_minutes"], found["patient_minutes"], found["block_minutes"]) == (217, 327, 345)
    assert [phase["kind"] for phase in found["phases"]][:3] == ["intake", "iv_start", "premed"]


def test_a_course_is_divided_over_its_days_larger_first(world: World) -> None:
    body = CIDP | {"dose_amount": "2", "weight_kg": "73", "days": 4}
    answered = world.caller.post("estimates/visit/", body, key=None)
    assert [each["dose_mg"] for each in answered.data["days"]] == ["40000.00", "35000.00", "35000.00", "35000.00"]
    assert [each["due_on"] for each in answered.data["days"]][-1] == "2026-11-27"
    assert answered.data["units"] == sum(each["units"] for each in answered.data["days"])


def test_height_and_sex_choose_the_adjusted_weight_above_bmi_30(world: World) -> None:
    body = CIDP | {"weight_kg": "110", "height_cm": "175", "sex": "male"}
    found = world.caller.post("estimates/visit/", body, key=None).data
    assert found["dosing_weight"] == {"kg": "86.3", "basis": "adjusted", "bmi": "35.92", "ideal_kg": "70.5"}
    assert (found["exact_mg"], found["dose_mg"]) == ("86300.00", "85000.00")
    actual = world.caller.post("estimates/visit/", body | {"weight_basis": "actual"}, key=None).data
    assert actual["dosing_weight"]["kg"] == "110.0"


def test_units_go_by_the_code_of_the_day(world: World) -> None:
    body = {
        "product": "eculizumab",
        "indication": "MG",
        "dose_basis": "fixed_mg",
        "dose_amount": "900",
        "weight_kg": "70",
    }
    before = world.caller.post("estimates/visit/", body | {"on": "2025-03-31"}, key=None)
    after = world.caller.post("estimates/visit/", body | {"on": "2025-04-01"}, key=None)
    assert (day(before)["hcpcs"], day(before)["units"], before.data["billing_unit_mg"]) == ("J1300", 90, "10.0000")
    assert (day(after)["hcpcs"], day(after)["units"], after.data["billing_unit_mg"]) == ("J1299", 450, "2.0000")


def test_waste_is_billed_on_a_line_of_its_own(world: World) -> None:
    body = {
        "product": "infliximab",
        "indication": "RA",
        "dose_basis": "fixed_mg",
        "dose_amount": "305",
        "weight_kg": "61",
    }
    found = day(world.caller.post("estimates/visit/", body, key=None))
    assert (found["vials"], found["waste_mg"]) == ([{"vial_mg": "100.00", "vials": 4}], "95.00")
    assert (found["admin_units"], found["jw_units"], found["units"], found["modifier"]) == (31, 9, 40, "JW")


def test_risk_caps_and_reactions_make_a_visit_longer(world: World) -> None:
    usual = day(asked(world))["infusion_minutes"]
    at_risk = day(asked(world, is_at_risk=True))
    assert at_risk["infusion_minutes"] > usual
    assert {"kind": "hydration", "minutes": 30} in at_risk["phases"]
    assert day(asked(world, pump_cap_ml_per_hour="100"))["infusion_minutes"] > usual
    slowed = day(asked(world, max_rate_ml_per_kg_per_hour="1"))
    assert max(float(step["ml_per_hour"]) for step in slowed["rate_steps"]) == 70
    after = day(asked(world, last_reaction_grade=2, needs_premedication=False))
    assert (after["profile"], after["phases"][2]["kind"]) == ("first", "premed")
    assert day(asked(world, days_since_last=56))["profile"] == "subsequent"
    assert day(asked(world, days_since_last=57))["profile"] == "first"
    assert day(asked(world, observation_minutes=0, hydration_minutes=60))["phases"][-1]["kind"] == "turnover"


def test_every_number_says_where_it_is_from_and_how_sure_we_are(world: World) -> None:
    sources = {each["name"]: each for each in asked(world).data["sources"]}
    assert sources["concentration_mg_per_ml"]["value"] == "100 mg/mL"
    assert sources["rounding_tolerance_pct"]["value"] == "10"
    assert all(each["confidence"] for each in sources.values())
    assert "Not for prescribing" in asked(world).data["disclaimer"]


@pytest.mark.parametrize(
    ("changes", "field", "code"),
    [
        ({"product": "moon_dust"}, "product", "unknown_product"),
        ({"indication": "moon"}, "indication", "unknown_indication"),
        ({"weight_kg": "700"}, "weight_kg", "bad_weight"),
        ({"weight_kg": "0"}, "weight_kg", "bad_weight"),
        ({"dose_amount": "-1"}, "dose_amount", "bad_dose"),
        ({"dose_amount": None}, "dose_amount", "dose_missing"),
        ({"dose_basis": "g_per_kg", "dose_amount": "2.001"}, "dose_amount", "course_dose_exceeds_limit"),
        ({"days": 0}, "days", "bad_days"),
        ({"days": 6}, "days", "bad_days"),
        ({"height_cm": "999"}, "height_cm", "bad_height"),
        ({"weight_basis": "ideal"}, "height_cm", "weight_basis_unknown"),
        ({"hcpcs": "J9999"}, "hcpcs", "unknown_hcpcs"),
        ({"max_rate_ml_per_kg_per_hour": "0"}, "max_rate_ml_per_kg_per_hour", None),
        ({"pump_cap_ml_per_hour": "0"}, "pump_cap_ml_per_hour", "bad_cap"),
        ({"product": "infliximab", "pump_cap_ml_per_hour": "100"}, "pump_cap_ml_per_hour", "no_rates"),
        ({"days_since_last": 0}, "days_since_last", None),
        ({"sex": "other"}, "sex", None),
    ],
)
def test_nonsense_is_refused_at_its_field(world: World, changes: dict[str, Any], field: str, code: str | None) -> None:
    refused = asked(world, **changes)
    assert (refused.status, field in refused.fields) == (400, True), refused.data
    assert code is None or code in {error["code"] for error in refused.data["errors"]}
    assert refused.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("product", ["yimmugo", "qivigy"])
def test_a_product_whose_rates_nobody_checked_is_refused_with_why(world: World, product: str) -> None:
    refused = asked(world, product=product)
    assert (refused.status, refused.fields) == (400, {"product"}), refused.data
    assert "have not been checked against its label" in refused.data["detail"]


def test_every_product_answers_or_says_why_not(world: World) -> None:
    for product in Product.objects.all():
        dose = {"dose_basis": "fixed_mg", "dose_amount": "300" if not product.is_immune_globulin else "30000"}
        answered = asked(world, product=product.pk, on="2026-03-03", **dose)
        assert answered.status in {200, 400}, (product.pk, answered.data)
        if answered.status == 400:
            assert all(error["sentence"] for error in answered.data["errors"])


def test_it_needs_the_catalogue_and_nothing_else(world: World) -> None:
    assert world.program(Permission.VISIT_VIEW).post("estimates/visit/", PI, key=None).status == 403
    assert asked(world).status == 200
