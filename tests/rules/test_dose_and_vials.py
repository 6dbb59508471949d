"""Doses are exact, held to the course limit, and come out of whole vials with the least waste there is."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from fractions import Fraction
from itertools import product as combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import Refusal
from core.sourced import sourced_settings
from regimens.domain.dose import (
    DoseBasis,
    DoseRule,
    WeightBand,
    band_dose,
    check_course_limit,
    exact_dose,
    split_over_days,
)
from regimens.domain.quantities import exact, plain, round_half_up
from regimens.domain.settings import CARE_DEFAULTS, CLINICAL_DEFAULTS
from regimens.domain.units import BillingCode, Modifier, admin_units, billed_units, code_on, infusion_hours, volume_ml
from regimens.domain.vials import Tie, choose_vials, round_to_vial
from regimens.domain.weight import Sex, WeightBasis, dosing_weight, has_weight_changed

vial_sets = st.lists(st.sampled_from([50, 80, 100, 250, 500, 1000, 2500]), min_size=1, max_size=4, unique=True)
doses = st.fractions(min_value=Fraction(1, 10), max_value=6000, max_denominator=10)


def test_a_binary_float_is_never_a_dose() -> None:
    with pytest.raises(TypeError, match="binary float"):
        exact(0.1)  # type: ignore[arg-type]
    assert exact("0.1") == Fraction(1, 10)
    for nonsense in ("NaN", "1/0", Decimal("Infinity"), Decimal("NaN")):
        with pytest.raises(ValueError):
            exact(nonsense)
    with pytest.raises(TypeError, match="binary float"):
        exact(True)


def test_numbers_are_rounded_and_written_as_a_person_does() -> None:
    assert round_half_up(Fraction(25, 100), places=1) == Fraction(3, 10)
    assert round_half_up(Fraction(-25, 100), places=1) == Fraction(-3, 10)
    assert [plain(Fraction(n)) for n in ("100", "2.5", "0", "86.27")] == ["100", "2.5", "0", "86.27"]


def test_two_grams_a_kilogram_on_each_of_five_days_is_refused_in_words() -> None:
    reasons = check_course_limit(per_day_g_per_kg=Fraction(2), days=5)
    assert [reason.code for reason in reasons] == ["course_dose_exceeds_limit"]
    assert "10 g/kg in one course" in reasons[0].sentence
    assert reasons[0].is_hard


def test_two_grams_a_kilogram_divided_over_five_days_is_allowed() -> None:
    assert check_course_limit(per_day_g_per_kg=Fraction(2, 5), days=5) == ()


def test_a_dose_by_weight_is_the_dose_of_the_whole_course() -> None:
    dose = exact_dose(DoseRule(DoseBasis.G_PER_KG, Fraction(2)), weight_kg=Fraction(70))
    assert dose.dose_mg == 140_000
    assert sum(split_over_days(total_mg=dose.dose_mg, days=4, increment_mg=Fraction(5000))) == 140_000


def test_a_fixed_dose_does_not_ask_for_the_weight() -> None:
    assert exact_dose(DoseRule(DoseBasis.FIXED, Fraction(300)), weight_kg=Fraction(1)).dose_mg == 300


def test_an_order_without_an_amount_is_refused() -> None:
    with pytest.raises(Refusal) as refused:
        exact_dose(DoseRule(DoseBasis.MG_PER_KG), weight_kg=Fraction(70))
    assert refused.value.code == "dose_missing"


def test_band_edges_follow_the_label_whichever_side_they_are_on() -> None:
    abatacept = [
        WeightBand(Fraction(500), below_kg=Fraction(60)),
        WeightBand(Fraction(750), at_least_kg=Fraction(60), at_most_kg=Fraction(100)),
        WeightBand(Fraction(1000), above_kg=Fraction(100)),
    ]
    weights = [Fraction(n) for n in ("59.9", "60", "100", "100.1")]
    assert [band_dose(abatacept, weight_kg=kg) for kg in weights] == [500, 750, 750, 1000]


def test_a_weight_outside_every_band_is_refused_and_not_guessed() -> None:
    with pytest.raises(Refusal) as refused:
        band_dose([WeightBand(Fraction(2400), at_least_kg=Fraction(40))], weight_kg=Fraction(39))
    assert refused.value.code == "no_weight_band"


def test_more_days_than_increments_are_refused() -> None:
    with pytest.raises(Refusal) as refused:
        split_over_days(total_mg=Fraction(10_000), days=3, increment_mg=Fraction(5000))
    assert refused.value.code == "too_many_days"


@given(
    st.integers(min_value=1, max_value=60),
    st.integers(min_value=1, max_value=5),
    st.sampled_from([Fraction(1000), Fraction(2500), Fraction(5000)]),
    st.integers(min_value=0, max_value=999),
)
def test_a_split_course_adds_up_and_its_days_differ_by_at_most_an_increment(
    increments: int, days: int, increment: Fraction, rest: int
) -> None:
    total = increments * increment + rest
    if increments < days:
        return
    split = split_over_days(total_mg=total, days=days, increment_mg=increment)
    assert sum(split) == total
    assert list(split) == sorted(split, reverse=True)
    assert split[0] - rest - split[-1] <= increment


def test_the_adjusted_weight_needs_height_and_sex() -> None:
    with pytest.raises(Refusal) as refused:
        dosing_weight(actual_kg=Fraction(120), height_cm=Fraction(165))
    assert refused.value.code == "weight_basis_unknown"
    assert dosing_weight(actual_kg=Fraction(120)).basis is WeightBasis.ACTUAL


def test_a_bmi_of_exactly_the_threshold_keeps_the_actual_weight() -> None:
    at = dosing_weight(actual_kg=Fraction("86.7"), height_cm=Fraction(170), sex=Sex.MALE)
    above = dosing_weight(actual_kg=Fraction("86.8"), height_cm=Fraction(170), sex=Sex.MALE)
    assert (at.bmi, at.basis, at.kg) == (Fraction(30), WeightBasis.ACTUAL, Fraction("86.7"))
    assert above.basis is WeightBasis.ADJUSTED


def test_a_policy_may_cut_off_at_a_percentage_of_ideal_weight() -> None:
    weight = dosing_weight(
        actual_kg=Fraction(86), height_cm=Fraction(175), sex=Sex.MALE, ideal_pct_threshold=Fraction(120)
    )
    assert weight.basis is WeightBasis.ADJUSTED
    ordered = dosing_weight(actual_kg=Fraction(86), height_cm=Fraction(175), sex=Sex.MALE, basis=WeightBasis.IDEAL)
    assert ordered.kg == Fraction("70.5")


def test_a_weight_loss_counts_as_a_gain_does() -> None:
    for current, flagged in ((Fraction(88), False), (Fraction("88.1"), True), (Fraction("71.9"), True)):
        assert has_weight_changed(reference_kg=Fraction(80), current_kg=current) is flagged


def test_when_no_increment_is_close_enough_the_exact_dose_stands() -> None:
    got = round_to_vial(exact_mg=Fraction(1400), increments_mg=[5000], tolerance_pct=Fraction(10))
    assert (got.rounded_mg, got.increment_mg, got.deviation_pct) == (Fraction(1400), None, Fraction(0))


def test_the_tie_is_a_setting() -> None:
    up = round_to_vial(exact_mg=Fraction(37_500), increments_mg=[5000], tie=Tie.UP)
    assert up.rounded_mg == 40_000


@given(doses, st.sampled_from([[500], [500, 100], [1000, 250]]))
def test_a_rounded_dose_stays_within_the_tolerance(dose: Fraction, increments: list[int]) -> None:
    got = round_to_vial(exact_mg=dose, increments_mg=increments, tolerance_pct=Fraction(10))
    assert abs(got.rounded_mg - dose) * 100 <= 10 * dose
    if got.increment_mg is not None:
        assert got.rounded_mg % got.increment_mg == 0


@given(doses, vial_sets)
def test_vials_cover_the_dose(dose: Fraction, sizes: list[int]) -> None:
    pick = choose_vials(dose_mg=dose, vial_sizes_mg=sizes)
    assert sum(size * many for size, many in pick.vials) == pick.total_mg == dose + pick.waste_mg
    assert pick.waste_mg >= 0
    assert pick.waste_mg < min(sizes)


@given(st.integers(min_value=1, max_value=1200), st.sets(st.sampled_from([80, 100, 250, 400]), min_size=1, max_size=3))
def test_no_other_vials_waste_less_or_are_fewer(dose: int, sizes: set[int]) -> None:
    pick = choose_vials(dose_mg=Fraction(dose), vial_sizes_mg=sorted(sizes))
    ranges = [range(dose // size + 2) for size in sorted(sizes)]
    totals = (
        (sum(n * size for n, size in zip(counts, sorted(sizes), strict=True)), sum(counts))
        for counts in combinations(*ranges)
    )
    best = min((Fraction(total - dose), count) for total, count in totals if total >= dose)
    assert (pick.waste_mg, pick.count) == best


def test_a_product_without_vials_is_refused() -> None:
    with pytest.raises(Refusal) as refused:
        choose_vials(dose_mg=Fraction(100), vial_sizes_mg=[])
    assert refused.value.code == "no_vials"


@given(doses, vial_sets, st.sampled_from([Fraction(1, 10), Fraction(1), Fraction(10), Fraction(100)]))
def test_given_and_wasted_units_never_exceed_the_vials_by_more_than_the_part_of_a_unit(
    dose: Fraction, sizes: list[int], unit: Fraction
) -> None:
    pick = choose_vials(dose_mg=dose, vial_sizes_mg=sizes)
    billed = billed_units(dose_mg=dose, vial_total_mg=pick.total_mg, unit_mg=unit)
    assert billed.admin_units * unit >= dose
    assert (billed.admin_units + billed.jw_units) * unit < pick.total_mg + unit
    assert (billed.modifier is Modifier.JW) == (billed.jw_units > 0)
    assert billed.consumed(counts_wastage=True) - billed.consumed(counts_wastage=False) == billed.jw_units


def test_a_day_without_a_billing_code_is_refused() -> None:
    codes = [BillingCode("J1553", Fraction(100), effective_from=date(2025, 4, 1))]
    with pytest.raises(Refusal) as refused:
        code_on(codes, on=date(2025, 3, 31))
    assert "31 March 2025" in refused.value.sentence


def test_of_two_codes_in_force_the_newer_one_is_billed() -> None:
    old, new = BillingCode("J1599", Fraction(500)), BillingCode("J1552", Fraction(500), date(2025, 1, 1))
    assert code_on([old, new], on=date(2025, 1, 1)) is new
    assert code_on([old, new], on=date(2024, 12, 31)) is old


def test_a_push_of_fifteen_minutes_bills_no_infusion_hour() -> None:
    assert (infusion_hours(15).first_hour, infusion_hours(15).further_hours) == (0, 0)
    assert (infusion_hours(271).first_hour, infusion_hours(271).further_hours) == (1, 4)


def test_every_clinical_setting_shows_its_source_and_how_sure_we_are() -> None:
    for settings in (CLINICAL_DEFAULTS, CARE_DEFAULTS):
        shown = sourced_settings(settings)
        assert {item.name for item in shown} == set(settings.__dataclass_fields__)
        assert all(item.source and item.confidence in {"P", "S", "K"} for item in shown)


def test_nonsense_is_refused_at_its_field_and_never_divided_by() -> None:
    nought, some = Fraction(0), Fraction(100)
    refused: list[Callable[[], object]] = [
        lambda: exact_dose(DoseRule(DoseBasis.FIXED, some), weight_kg=nought),
        lambda: exact_dose(DoseRule(DoseBasis.FIXED), weight_kg=some),
        lambda: exact_dose(DoseRule(DoseBasis.MG_PER_KG, Fraction(-1)), weight_kg=some),
        lambda: round_to_vial(exact_mg=nought),
        lambda: choose_vials(dose_mg=nought, vial_sizes_mg=[1]),
        lambda: choose_vials(dose_mg=some, vial_sizes_mg=[0, 5]),
        lambda: dosing_weight(actual_kg=nought),
        lambda: dosing_weight(actual_kg=some, height_cm=nought),
    ]
    found = []
    for attempt in refused:
        with pytest.raises(Refusal) as refusal:
            attempt()
        found.append((refusal.value.code, refusal.value.reasons[0].field))
    assert found == [
        ("bad_weight", "weight_kg"),
        ("dose_missing", "amount"),
        ("dose_missing", "amount"),
        ("bad_dose", "amount"),
        ("bad_dose", "amount"),
        ("no_vials", None),
        ("bad_weight", "weight_kg"),
        ("bad_weight", "weight_kg"),
    ]


def test_a_split_a_unit_and_a_concentration_of_nought_are_errors() -> None:
    for days, increment in ((0, 5), (1, 0)):
        with pytest.raises(ValueError, match="at least one day"):
            split_over_days(total_mg=Fraction(10), days=days, increment_mg=Fraction(increment))
    with pytest.raises(ValueError, match="billing unit"):
        admin_units(dose_mg=Fraction(10), unit_mg=Fraction(0))
    with pytest.raises(ValueError, match="concentration"):
        volume_ml(dose_mg=Fraction(10), mg_per_ml=Fraction(0))


@given(
    st.fractions(min_value=40, max_value=250, max_denominator=10),
    st.integers(min_value=140, max_value=210),
    st.sampled_from(Sex),
)
def test_an_adjusted_weight_lies_between_the_ideal_and_the_actual_one(kg: Fraction, height: int, sex: Sex) -> None:
    found = dosing_weight(actual_kg=kg, height_cm=Fraction(height), sex=sex, basis=WeightBasis.ADJUSTED)
    assert found.ideal_kg is not None
    low, high = sorted((found.ideal_kg, kg))
    assert low - Fraction(1, 20) <= found.kg <= high + Fraction(1, 20)
    assert found.kg * 10 == int(found.kg * 10)


@given(doses, st.sampled_from([[500], [500, 100], [1000, 250]]), st.sampled_from(Tie))
def test_a_dose_is_rounded_by_the_first_increment_that_is_close_enough_or_not_at_all(
    dose: Fraction, increments: list[int], tie: Tie
) -> None:
    got = round_to_vial(exact_mg=dose, increments_mg=increments, tolerance_pct=Fraction(10), tie=tie)
    near = [
        step
        for step in increments
        if any(n and abs(n * step - dose) * 10 <= dose for n in range(int(dose // step) + 2))
    ]
    assert got.increment_mg == (near[0] if near else None)
    if near:
        assert abs(got.rounded_mg - dose) * 2 <= near[0]
    else:
        assert got.rounded_mg == dose


@given(doses, vial_sets, st.sampled_from([Fraction(1), Fraction(10), Fraction(100)]))
def test_units_cover_the_dose_and_a_bill_never_has_more_than_the_vials_hold(
    dose: Fraction, sizes: list[int], unit: Fraction
) -> None:
    pick = choose_vials(dose_mg=dose, vial_sizes_mg=sizes)
    billed = billed_units(dose_mg=dose, vial_total_mg=pick.total_mg, unit_mg=unit)
    assert (billed.admin_units - 1) * unit < dose <= billed.admin_units * unit
    if billed.modifier is Modifier.JW:
        assert (billed.admin_units + billed.jw_units) * unit <= pick.total_mg


def test_a_band_s_dose_is_held_to_the_order_s_maximum() -> None:
    bands = (WeightBand(Fraction(2400), below_kg=Fraction(60)), WeightBand(Fraction(3000), at_least_kg=Fraction(60)))
    rule = DoseRule(DoseBasis.BAND, bands=bands, max_mg=Fraction(2700))
    low, high = (exact_dose(rule, weight_kg=Fraction(kg)) for kg in (59, 60))
    assert (low.dose_mg, low.is_capped) == (Fraction(2400), False)
    assert (high.exact_mg, high.dose_mg, high.is_capped) == (Fraction(3000), Fraction(2700), True)
