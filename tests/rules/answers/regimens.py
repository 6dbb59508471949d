"""Worked examples of dose, units, titration and chair time."""

from fractions import Fraction
from typing import Any

from regimens.domain.chair_time import PhaseMinutes, chair_time
from regimens.domain.dose import (
    DoseBasis,
    DoseRule,
    WeightBand,
    band_dose,
    check_course_limit,
    exact_dose,
    split_over_days,
)
from regimens.domain.settings import CLINICAL_DEFAULTS
from regimens.domain.titration import RateStep, infusion_time, ml_per_kg_per_hour, profile_for
from regimens.domain.units import BillingCode, admin_units, billed_units, code_on, infusion_hours, volume_ml
from regimens.domain.vials import Tie, choose_vials, round_to_vial
from regimens.domain.weight import Sex, dosing_weight, has_weight_changed
from tests.rules.answers.shapes import Answer, Inputs, day, maybe, milligrams, number, numbers, rounded


def _vials(dose_mg: Fraction, sizes_mg: list[Fraction], unit_mg: Fraction, per: int) -> dict[str, Any]:
    pick = choose_vials(dose_mg=dose_mg, vial_sizes_mg=sizes_mg)
    billed = billed_units(dose_mg=dose_mg, vial_total_mg=pick.total_mg, unit_mg=unit_mg)
    return {
        "vials": {f"{float(size / per):g}": many for size, many in pick.vials},
        "vial_count": pick.count,
        "total_mg": pick.total_mg,
        "waste_mg": pick.waste_mg,
        "waste_g": pick.waste_mg / 1000,
        "admin_units": billed.admin_units,
        "jw_units": billed.jw_units,
        "modifier": billed.modifier,
    }


def _exact(i: Inputs) -> Fraction:
    """The dose in mg, however an example gives it: outright, or by weight."""
    if "exact_g" in i:
        return milligrams(i["exact_g"])
    for name in ("dose_mg", "exact_mg"):
        if name in i:
            return number(i[name])
    basis = DoseBasis.G_PER_KG if "g_per_kg" in i else DoseBasis.MG_PER_KG
    weight = number(i["dosing_weight_kg"] if "dosing_weight_kg" in i else i["weight_kg"])
    return exact_dose(DoseRule(basis, number(i[basis])), weight_kg=weight).dose_mg


def _tolerance(i: Inputs) -> Fraction:
    return number(i.get("tolerance_pct", CLINICAL_DEFAULTS.rounding_tolerance_pct.numerator))


def _tie(i: Inputs) -> Tie:
    return Tie(i.get("tie") or Tie.DOWN)


def round_grams(i: Inputs) -> dict[str, Any]:
    dose = _exact(i)
    got = round_to_vial(
        exact_mg=dose,
        increments_mg=[milligrams(g) for g in i["increments_g"]],
        tolerance_pct=_tolerance(i),
        tie=_tie(i),
    )
    answers = {
        "exact_g": dose / 1000,
        "rounded_g": got.rounded_mg / 1000,
        "increment_used_g": None if got.increment_mg is None else got.increment_mg / 1000,
        "deviation_pct": rounded(got.deviation_pct, 2),
        "volume_ml_at_100mg_ml": volume_ml(dose_mg=got.rounded_mg, mg_per_ml=Fraction(100)),
        "volume_ml_at_50mg_ml": volume_ml(dose_mg=got.rounded_mg, mg_per_ml=Fraction(50)),
    }
    if "vial_sizes_g" in i:
        sizes = [milligrams(g) for g in i["vial_sizes_g"]]
        answers |= _vials(got.rounded_mg, sizes, number(i.get("billing_unit_mg", 500)), per=1000)
    return answers


def round_milligrams(i: Inputs) -> dict[str, Any]:
    increment = i.get("increment_mg")
    got = round_to_vial(
        exact_mg=_exact(i),
        increments_mg=[] if increment is None else [number(increment)],
        tolerance_pct=_tolerance(i),
        tie=_tie(i),
    )
    return {
        "exact_mg": got.exact_mg,
        "rounded_mg": got.rounded_mg,
        "deviation_pct": rounded(got.deviation_pct, 2),
        **_vials(got.rounded_mg, numbers(i["vial_sizes_mg"]), number(i["billing_unit_mg"]), per=1),
    }


def weigh(i: Inputs) -> dict[str, Any]:
    weight = dosing_weight(
        actual_kg=number(i["actual_kg"]),
        height_cm=maybe(i.get("height_cm")),
        sex=Sex(i["sex"]) if i.get("sex") else None,
        bmi_threshold=number(i.get("bmi_threshold", 30)),
        ideal_pct_threshold=maybe(i.get("ibw_pct_threshold")),
    )
    answers: dict[str, Any] = {
        "bmi": rounded(weight.bmi or Fraction(0), 2),
        "ibw_kg": rounded(weight.ideal_kg or Fraction(0), 1),
        "dosing_weight_kg": weight.kg,
        "basis": weight.basis,
    }
    if "g_per_kg" in i:
        dose = exact_dose(DoseRule(DoseBasis.G_PER_KG, number(i["g_per_kg"])), weight_kg=weight.kg).dose_mg
        increments = [milligrams(g) for g in i["increments_g"]]
        got = round_to_vial(exact_mg=dose, increments_mg=increments, tolerance_pct=_tolerance(i))
        answers |= {
            "exact_g": dose / 1000,
            "rounded_g": got.rounded_mg / 1000,
            "deviation_pct": rounded(got.deviation_pct, 2),
        }
        if "days" in i:
            split = split_over_days(total_mg=got.rounded_mg, days=i["days"], increment_mg=increments[0])
            answers["per_day_g"] = [mg / 1000 for mg in split]
    return answers


def split(i: Inputs) -> dict[str, Any]:
    per_day = split_over_days(
        total_mg=milligrams(i["total_g"]), days=i["days"], increment_mg=milligrams(i["increment_g"])
    )
    return {"per_day_g": [mg / 1000 for mg in per_day]}


def course_limit(i: Inputs) -> dict[str, Any]:
    per_day = number(i["per_day_g_per_kg"])
    reasons = check_course_limit(
        per_day_g_per_kg=per_day, days=i["days"], max_course_g_per_kg=number(i.get("max_course_g_per_kg", 2))
    )
    return {
        "course_g_per_kg": per_day * i["days"],
        "allowed": not reasons,
        "reason": reasons[0].code if reasons else None,
    }


def least_waste(i: Inputs) -> dict[str, Any]:
    dose = _exact(i)
    return {"exact_mg": dose} | _vials(dose, numbers(i["vial_sizes_mg"]), number(i["billing_unit_mg"]), per=1)


def max_cap(i: Inputs) -> dict[str, Any]:
    dose = exact_dose(
        DoseRule(DoseBasis.MG_PER_KG, number(i["mg_per_kg"]), max_mg=maybe(i.get("max_mg"))),
        weight_kg=number(i["weight_kg"]),
    )
    return {"exact_mg": dose.exact_mg, "dose_mg": dose.dose_mg, "capped": dose.is_capped}


def weight_band(i: Inputs) -> dict[str, Any]:
    bands = [WeightBand(number(mg), at_least_kg=number(low), below_kg=maybe(high)) for low, high, mg in i["bands"]]
    return {"dose_mg": [band_dose(bands, weight_kg=kg) for kg in numbers(i["weights_kg"])]}


def weight_change(i: Inputs) -> dict[str, Any]:
    reference, threshold = number(i["reference_kg"]), number(i.get("threshold_pct", 10))
    return {
        "flag": [
            has_weight_changed(reference_kg=reference, current_kg=kg, threshold_pct=threshold)
            for kg in numbers(i["current_kg"])
        ]
    }


def units_per_product(i: Inputs) -> dict[str, Any]:
    dose = number(i["dose_mg"])
    return {"units": [admin_units(dose_mg=dose, unit_mg=number(p["billing_unit_mg"])) for p in i["products"]]}


def dated_code(i: Inputs) -> dict[str, Any]:
    codes = [
        BillingCode(
            c["hcpcs"],
            number(c["unit_mg"]),
            day(c["from"]) if c.get("from") else None,
            day(c["to"]) if c.get("to") else None,
        )
        for c in i["codes"]
    ]
    held = [code_on(codes, on=day(dos)) for dos in i["dos"]]
    dose = number(i["dose_mg"])
    return {
        "result": [{"hcpcs": code.hcpcs, "units": admin_units(dose_mg=dose, unit_mg=code.unit_mg)} for code in held]
    }


def volumes(i: Inputs) -> dict[str, Any]:
    dose = milligrams(i["dose_g"])
    return {"volume_ml": [volume_ml(dose_mg=dose, mg_per_ml=c) for c in numbers(i["conc_mg_ml"])]}


def rate_conversion(i: Inputs) -> dict[str, Any]:
    return {
        "ml_per_kg_per_hour": [
            ml_per_kg_per_hour(mg_per_kg_per_min=number(rate), mg_per_ml=number(conc)) for rate, conc in i["items"]
        ]
    }


def titration(i: Inputs) -> dict[str, Any]:
    steps = [RateStep(number(s["ml_per_kg_per_hour"]), maybe(s.get("minutes"))) for s in i["steps"]]
    time = infusion_time(
        volume_ml=number(i["volume_ml"]),
        weight_kg=number(i["weight_kg"]),
        steps=steps,
        cap_ml_per_kg_per_hour=maybe(i.get("cap_ml_per_kg_per_hour")),
        pump_cap_ml_per_hour=maybe(i.get("pump_cap_ml_per_hour")),
    )
    return {"exact_minutes": rounded(time.exact_minutes, 4), "minutes": time.minutes}


def restart_profile(i: Inputs) -> dict[str, Any]:
    return {
        "profile": [
            profile_for(
                prior_infusions_of_product=case["prior_infusions_same_product"],
                days_since_last=case.get("days_since_last"),
                gap_threshold_days=i.get("gap_threshold_days", CLINICAL_DEFAULTS.first_ramp_after_days),
                last_reaction_grade=case.get("last_reaction_grade") or 0,
            )
            for case in i["cases"]
        ]
    }


def chair_block(i: Inputs) -> dict[str, Any]:
    phases = ("intake", "iv_start", "premed", "hydration", "flush", "observation", "turnover")
    minutes = PhaseMinutes(**{name: i.get(name) or 0 for name in phases}, grid=i.get("grid", CLINICAL_DEFAULTS.grid))
    time = chair_time(infusion_minutes=number(i["infusion"]), minutes=minutes)
    return {
        "infusion_minutes": time.infusion_minutes,
        "patient_minutes": time.patient_minutes,
        "chair_minutes": time.chair_minutes,
        "block_minutes": time.block_minutes,
    }


def admin_cpt(i: Inputs) -> dict[str, Any]:
    hours = [infusion_hours(minutes) for minutes in i["minutes"]]
    return {"result": [[each.first_hour, each.further_hours] for each in hours]}


ANSWERS: dict[str, Answer] = {
    "dose.round_to_vial": round_grams,
    "dose.round_to_vial_mg": round_milligrams,
    "dose.dosing_weight": weigh,
    "dose.split_days": split,
    "dose.course_limit_guard": course_limit,
    "dose.max_cap": max_cap,
    "dose.weight_band": weight_band,
    "dose.weight_change": weight_change,
    "vials.min_waste": least_waste,
    "units.jw": least_waste,
    "units.waste_below_one_unit": least_waste,
    "units.per_product": units_per_product,
    "units.effective_dated_code": dated_code,
    "units.volume": volumes,
    "rate.unit_conversion": rate_conversion,
    "titration.minutes": titration,
    "titration.restart_profile": restart_profile,
    "chair.block": chair_block,
    "billing.admin_cpt": admin_cpt,
}
