"""Numbers that a changed rule would get wrong by a little: found by mutation testing (docs/mutation-testing.md)."""

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import pytest

from core.errors import Reason, Refusal
from patients.domain.lab_results import LabState, LabTest, state_of
from regimens.domain.administration import Planned
from regimens.domain.chair_time import chair_time, phase_minutes
from regimens.domain.dose import DoseBasis, DoseRule, WeightBand, exact_dose, split_over_days
from regimens.domain.quantities import plain
from regimens.domain.units import volume_ml
from regimens.domain.vials import Tie, choose_vials, round_to_vial
from regimens.domain.weight import Sex, WeightBasis, dosing_weight, ideal_weight
from scheduling.domain.clearance import Hold, check_eligibility, decide, held
from scheduling.domain.clearance_checks import LabFact, check_interval, check_rems, check_required_labs
from tests.rules.test_a_patient_s_papers import DAY, IN_WORDS, TEST, ago
from tests.rules.test_the_gate_s_checks import COURSE, CREATININE
from tests.rules.test_what_was_given import FACTS, LOT, NOW, PLANNED, found, lots, rates


def test_a_woman_s_ideal_weight_begins_four_and_a_half_kilograms_lower() -> None:
    tall = Fraction(1524, 10)  # five feet
    assert ideal_weight(height_cm=tall, sex=Sex.FEMALE) == Fraction("45.5")
    assert ideal_weight(height_cm=tall, sex=Sex.MALE) == 50
    assert ideal_weight(height_cm=tall + Fraction("2.54"), sex=Sex.FEMALE) == Fraction("47.8")


def test_a_cut_off_at_a_percentage_of_ideal_weight_is_not_reached_by_its_very_number() -> None:
    tall = Fraction(1524, 10)

    def basis(kg: int | str, sex: Sex | None = Sex.MALE) -> WeightBasis:
        found = dosing_weight(actual_kg=Fraction(kg), height_cm=tall, sex=sex, ideal_pct_threshold=Fraction(120))
        return found.basis

    assert basis(60) is WeightBasis.ACTUAL
    assert basis("60.1") is WeightBasis.ADJUSTED
    assert basis("59.7") is WeightBasis.ACTUAL
    assert basis(90, None) is WeightBasis.ACTUAL


def test_an_actual_weight_is_kept_to_a_tenth_with_what_it_was_chosen_from() -> None:
    weight = dosing_weight(actual_kg=Fraction("70.26"), height_cm=Fraction(175), sex=Sex.MALE)
    assert (weight.kg, weight.basis) == (Fraction("70.3"), WeightBasis.ACTUAL)
    assert weight.ideal_kg == ideal_weight(height_cm=Fraction(175), sex=Sex.MALE)
    assert dosing_weight(actual_kg=Fraction("0.9")).kg == Fraction("0.9")


def test_a_dose_says_what_it_was_before_it_was_rounded() -> None:
    near, exact = (round_to_vial(exact_mg=Fraction(mg), increments_mg=[5000]) for mg in (14_900, 1400))
    assert (near.exact_mg, near.rounded_mg) == (Fraction(14_900), Fraction(15_000))
    assert (exact.exact_mg, exact.rounded_mg) == (Fraction(1400), Fraction(1400))
    assert round_to_vial(exact_mg=Fraction(1), increments_mg=[1]).increment_mg == 1
    whole = exact_dose(DoseRule(DoseBasis.FIXED, Fraction(300)), weight_kg=Fraction(70))
    assert (whole.exact_mg, whole.dose_mg) == (Fraction(300), Fraction(300))


@pytest.mark.parametrize(("grams", "rounded"), [(11, 10), (12, 10), (13, 15), (14, 15)])
def test_only_a_tie_goes_up_where_ties_go_up(grams: int, rounded: int) -> None:
    got = round_to_vial(exact_mg=Fraction(grams * 1000), increments_mg=[5000], tolerance_pct=Fraction(50), tie=Tie.UP)
    assert got.rounded_mg == rounded * 1000


def test_a_dose_far_below_an_increment_is_never_rounded_to_nothing() -> None:
    got = round_to_vial(exact_mg=Fraction(100), increments_mg=[5000], tolerance_pct=Fraction(100))
    assert (got.rounded_mg, got.increment_mg) == (Fraction(100), None)


def test_vials_of_parts_of_a_milligram_are_picked_exactly() -> None:
    pick = choose_vials(dose_mg=Fraction("3.5"), vial_sizes_mg=[Fraction("0.5"), Fraction("1.5")])
    assert (pick.vials, pick.waste_mg) == (((Fraction("1.5"), 2), (Fraction("0.5"), 1)), Fraction(0))
    assert choose_vials(dose_mg=Fraction("0.4"), vial_sizes_mg=[Fraction("0.5")]).total_mg == Fraction("0.5")


def test_a_dose_in_milligrams_is_divided_to_the_milligram() -> None:
    assert split_over_days(total_mg=Fraction(301), days=2, increment_mg=Fraction(1)) == (Fraction(151), Fraction(150))


def test_bands_doses_and_volumes_at_their_last_number() -> None:
    assert not WeightBand(Fraction(1), above_kg=Fraction(100)).holds(Fraction(100))
    with pytest.raises(Refusal) as refused:
        exact_dose(DoseRule(DoseBasis.FIXED, Fraction(0)), weight_kg=Fraction(70))
    assert refused.value.code == "dose_missing"
    assert volume_ml(dose_mg=Fraction(5), mg_per_ml=Fraction(1, 2)) == 10
    assert plain(Fraction("0.125")) == "0.13"


def test_a_first_visit_is_longer_before_and_after_the_infusion() -> None:
    first, later = (phase_minutes(is_first=is_first, has_premed=False) for is_first in (True, False))
    assert (first.intake, first.observation, first.grid) == (30, 30, 15)
    assert (later.intake, later.observation, later.hydration) == (15, 15, 0)
    assert chair_time(infusion_minutes=61, minutes=replace(later, grid=1)).block_minutes == 121


def test_a_laboratory_s_limits_may_be_open_on_one_side_and_are_read_exactly() -> None:
    assert (TEST.least, TEST.most) == (Decimal("0.1"), Decimal(20))
    row = {"code": "iga", "name": "IgA", "unit": "", "least": None, "most": None, "source": "", "confidence": "K"}
    assert (LabTest.read(row).least, LabTest.read(row).most) == (None, None)
    limited = LabTest.read(row | {"least": "0.1", "most": "20"})
    assert (limited.least, limited.most) == (Decimal("0.1"), Decimal(20))
    assert IN_WORDS.can_measure(Decimal(10**6))
    assert replace(TEST, least=None).can_measure(Decimal(99))
    assert replace(TEST, most=None).can_measure(Decimal(0))
    low = state_of(taken_on=DAY, is_as_wanted=False, valid_days=90, on=DAY)
    assert low is LabState.OUT_OF_RANGE


def test_a_record_at_its_last_numbers() -> None:
    assert found(replace(FACTS, started_at=NOW, stopped_at=None, rates=(), lots=FACTS.lots)) == [
        ("stop_missing", "stopped_at")
    ]
    one = replace(LOT, vial_mg=Fraction(30_000), vials=1)
    assert found(replace(FACTS, lots=(one,))) == []
    many = replace(LOT, vial_mg=Fraction(150), vials=200)
    assert found(replace(FACTS, lots=(many,))) == []
    small = replace(LOT, vial_mg=Fraction(1), vials=1)
    tiny = replace(FACTS, dose_mg=Fraction(1), volume_ml=None, lots=(small,), stop_reason="A test dose")
    assert found(tiny) == []
    assert found(replace(tiny, lots=())) == [("lot_missing", "lots-0-lot_number")]
    assert found(replace(tiny, dose_mg=Fraction(2))) == [("dose_above_vials", "dose_mg")]
    half = replace(tiny, volume_ml=Fraction(1, 100))
    assert found(half) == []
    wasted = replace(FACTS, lots=(LOT, replace(LOT, vials=1, wasted_mg=Fraction(10_000))))
    assert found(wasted) == []
    over = replace(FACTS, dose_mg=Fraction(31_000), volume_ml=None, lots=wasted.lots)
    assert found(over) == [("waste_above_vials", "lots-1-wasted_mg")]
    nothing = replace(FACTS, dose_mg=Fraction(0), volume_ml=Fraction(0), is_complete=False, stop_reason="No vein")
    assert found(nothing) == []
    assert found(lots(vials=1, vial_mg=Fraction(30_000))) == []
    assert [code for code, _ in found(rates((20, 10), (10, 20), (15, 30)))] == ["rate_order", "rate_order"]
    assert Planned(dose_mg=Fraction(1), on=DAY, started_on=DAY, is_immune_globulin=False).mg_per_ml is None
    assert PLANNED.mass(Fraction(1000)) == "1 g"


def test_the_gate_sorts_unknown_codes_last_and_says_when_and_how_much() -> None:
    unknown = [Reason("something_new", "Look."), Reason("something_else", "Look there.")]
    listed = decide([*unknown, held(Hold.TOO_EARLY)]).reasons
    assert [reason.code for reason in listed] == ["too_early", "something_new", "something_else"]
    assert "is not checked" in check_eligibility(verified_on=None, service_on=DAY)[0].sentence
    assert "last checked" in check_eligibility(verified_on=ago(90), service_on=DAY)[0].sentence
    (lab,) = check_required_labs(
        [CREATININE],
        latest={"creatinine": LabFact(DAY, Decimal("2.0"), "mg/dL")},
        service_on=DAY,
        is_at_risk=False,
    )
    assert "is 2 mg/dL, above" in lab.sentence
    (early,) = check_interval(COURSE, service_on=ago(1))
    assert early.sentence.startswith("The last dose was on 3 Nov 2026. The earliest date is 24 Nov 2026.")
    (first,) = check_interval(replace(COURSE, last_given_on=None), service_on=ago(1))
    assert first.sentence.startswith("The earliest date is 24 Nov 2026.")
    assert check_rems(code="rem", name="The REM Plan", enrolments=[("rem", ago(1), None)], service_on=DAY) == ()
