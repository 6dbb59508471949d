"""An infusion's ramp is walked exactly, and a visit's phases fill a block of quarter hours."""

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import Refusal
from regimens.domain.chair_time import PhaseKind, PhaseMinutes, chair_time, phase_minutes, suggest_minutes
from regimens.domain.titration import (
    Profile,
    Ramp,
    RateStep,
    choose_ramp,
    infusion_time,
    lowest_cap,
    profile_for,
)

HALF_HOUR = Fraction(30)
RAMP = (
    RateStep(Fraction("0.5"), HALF_HOUR),
    RateStep(Fraction(1), HALF_HOUR),
    RateStep(Fraction(2), HALF_HOUR),
    RateStep(Fraction(5), None),
)
weights = st.fractions(min_value=3, max_value=200, max_denominator=10)
volumes = st.fractions(min_value=1, max_value=2000, max_denominator=4)
caps = st.fractions(min_value=Fraction(1, 10), max_value=8, max_denominator=10)
steps = st.lists(
    st.builds(
        RateStep,
        st.fractions(min_value=Fraction(1, 10), max_value=8, max_denominator=10),
        st.sampled_from([Fraction(10), Fraction(15), HALF_HOUR]),
    ),
    min_size=1,
    max_size=6,
).map(lambda found: sorted(found, key=lambda step: step.ml_per_kg_per_hour))


@given(steps, weights, volumes, volumes)
def test_more_volume_never_takes_fewer_minutes(
    ramp: list[RateStep], weight: Fraction, volume: Fraction, more: Fraction
) -> None:
    shorter = infusion_time(volume_ml=volume, weight_kg=weight, steps=ramp)
    longer = infusion_time(volume_ml=volume + more, weight_kg=weight, steps=ramp)
    assert longer.exact_minutes > shorter.exact_minutes
    assert longer.minutes >= shorter.minutes


@given(steps, weights, volumes, caps, caps)
def test_a_lower_cap_never_takes_fewer_minutes(
    ramp: list[RateStep], weight: Fraction, volume: Fraction, one: Fraction, other: Fraction
) -> None:
    low, high = sorted((one, other))
    times = [
        infusion_time(volume_ml=volume, weight_kg=weight, steps=ramp, cap_ml_per_kg_per_hour=cap).exact_minutes
        for cap in (low, high, None)
    ]
    assert times == sorted(times, reverse=True)


@given(steps, weights, volumes, st.integers(min_value=10, max_value=600))
def test_a_pump_cap_holds_every_rate_and_never_saves_time(
    ramp: list[RateStep], weight: Fraction, volume: Fraction, pump: int
) -> None:
    free = infusion_time(volume_ml=volume, weight_kg=weight, steps=ramp)
    held = infusion_time(volume_ml=volume, weight_kg=weight, steps=ramp, pump_cap_ml_per_hour=Fraction(pump))
    assert held.exact_minutes >= free.exact_minutes
    assert all(segment.ml_per_hour <= pump for segment in held.segments)


@given(steps, weights, volumes)
def test_the_stretches_of_an_infusion_deliver_exactly_its_volume(
    ramp: list[RateStep], weight: Fraction, volume: Fraction
) -> None:
    time = infusion_time(volume_ml=volume, weight_kg=weight, steps=ramp)
    assert sum(part.ml_per_hour * part.minutes / 60 for part in time.segments) == volume
    assert sum(part.minutes for part in time.segments) == time.exact_minutes


def test_a_cap_joins_the_steps_above_it_so_no_rate_change_is_announced_that_is_none() -> None:
    free = infusion_time(volume_ml=Fraction(600), weight_kg=Fraction(70), steps=RAMP)
    capped = infusion_time(
        volume_ml=Fraction(600), weight_kg=Fraction(70), steps=RAMP, cap_ml_per_kg_per_hour=Fraction(1)
    )
    assert free.rate_changes_at == (30, 60, 90)
    assert capped.rate_changes_at == (30,)


def test_an_infusion_that_ends_during_the_ramp_stops_there() -> None:
    time = infusion_time(volume_ml=Fraction(35), weight_kg=Fraction(70), steps=RAMP)
    assert (time.minutes, len(time.segments)) == (45, 2)


def test_a_ramp_that_is_not_entered_refuses_instead_of_guessing_chair_time() -> None:
    with pytest.raises(Refusal) as refused:
        choose_ramp([Ramp(first=())], indication="PI")
    assert refused.value.code == "rates_unknown"
    assert refused.value.sentence == (
        "No infusion rates are entered for this product, so its chair time is unknown. "
        "Ask the pharmacist to enter them."
    )
    with pytest.raises(Refusal):
        infusion_time(volume_ml=Fraction(300), weight_kg=Fraction(70), steps=[])
    with pytest.raises(Refusal):
        infusion_time(volume_ml=Fraction(300), weight_kg=Fraction(70), steps=RAMP, pump_cap_ml_per_hour=Fraction(0))


def test_the_indication_s_own_ramp_goes_before_the_general_one() -> None:
    general, cidp = Ramp(first=RAMP), Ramp(first=RAMP[1:], indication="CIDP")
    assert choose_ramp([general, cidp], indication="CIDP") is cidp
    assert choose_ramp([general, cidp], indication="MG") is general


def test_a_label_with_one_table_uses_it_for_later_infusions_too() -> None:
    assert Ramp(first=RAMP).steps(Profile.SUBSEQUENT) == RAMP
    assert Ramp(first=RAMP, subsequent=RAMP[2:]).steps(Profile.SUBSEQUENT) == RAMP[2:]


def test_after_a_grade_2_reaction_the_first_ramp_returns() -> None:
    assert profile_for(prior_infusions_of_product=6, days_since_last=21, last_reaction_grade=1) == "subsequent"
    assert profile_for(prior_infusions_of_product=6, days_since_last=21, last_reaction_grade=2) == "first"


def test_the_lowest_cap_applies() -> None:
    assert lowest_cap(None, Fraction(5), Fraction(2)) == 2
    assert lowest_cap(None, None) is None


def test_the_first_ivig_visit_of_the_worked_example_has_its_phases_in_order() -> None:
    minutes = phase_minutes(is_first=True, has_premed=True)
    time = chair_time(infusion_minutes=Fraction("216.875"), minutes=minutes)
    assert [(phase.kind.value, phase.minutes) for phase in time.phases] == [
        ("intake", 30),
        ("iv_start", 15),
        ("premed", 30),
        ("infusion", 217),
        ("flush", 5),
        ("observation", 30),
        ("turnover", 10),
    ]
    assert (time.patient_minutes, time.chair_minutes, time.block_minutes) == (327, 337, 345)


def test_a_patient_at_risk_is_hydrated_before_the_infusion() -> None:
    time = chair_time(infusion_minutes=120, minutes=phase_minutes(is_first=False, has_premed=False, is_at_risk=True))
    kinds = [phase.kind for phase in time.phases]
    assert kinds.index(PhaseKind.HYDRATION) == kinds.index(PhaseKind.INFUSION) - 1
    assert PhaseKind.PREMED not in kinds


def test_a_product_s_own_observation_takes_the_clinic_s_place_even_when_it_is_none() -> None:
    minutes = phase_minutes(is_first=False, has_premed=True, observation_minutes=0, premed_minutes=60)
    assert (minutes.observation, minutes.premed) == (0, 60)


@given(st.fractions(min_value=1, max_value=600), st.integers(min_value=0, max_value=90))
def test_a_block_is_the_smallest_run_of_quarters_that_holds_every_phase(infusion: Fraction, watched: int) -> None:
    minutes = PhaseMinutes(intake=15, iv_start=15, premed=0, flush=5, observation=watched, turnover=10)
    time = chair_time(infusion_minutes=infusion, minutes=minutes)
    assert time.block_minutes % 15 == 0
    assert 0 <= time.block_minutes - sum(phase.minutes for phase in time.phases) < 15
    assert all(phase.minutes > 0 for phase in time.phases)


def test_chair_time_is_learned_only_after_three_visits() -> None:
    assert suggest_minutes([150, 170]) is None
    assert suggest_minutes([150, 170, 400]) == 170
    assert suggest_minutes([150], needed=1) == suggest_minutes([150], needed=0) == 150
    assert suggest_minutes([], needed=0) is None


def test_a_step_without_an_end_runs_until_the_infusion_is_done() -> None:
    steps = [RateStep(Fraction(1), HALF_HOUR), RateStep(Fraction(2), None), RateStep(Fraction(9), None)]
    time = infusion_time(volume_ml=Fraction(100), weight_kg=Fraction(10), steps=steps)
    assert (time.exact_minutes, len(time.segments)) == (Fraction(315), 2)


@pytest.mark.parametrize(
    ("volume", "weight", "code"), [(0, 70, "bad_volume"), (100, 0, "bad_volume"), (-1, 70, "bad_volume")]
)
def test_nothing_is_infused_into_nobody(volume: int, weight: int, code: str) -> None:
    with pytest.raises(Refusal) as refused:
        infusion_time(volume_ml=Fraction(volume), weight_kg=Fraction(weight), steps=RAMP)
    assert (refused.value.code, refused.value.reasons[0].field) == (code, "volume_ml")


@pytest.mark.parametrize("cap", [Fraction(0), Fraction(-1)])
def test_a_cap_of_nought_is_refused_because_such_an_infusion_never_ends(cap: Fraction) -> None:
    with pytest.raises(Refusal) as refused:
        infusion_time(volume_ml=Fraction(1), weight_kg=Fraction(1), steps=RAMP, cap_ml_per_kg_per_hour=cap)
    assert refused.value.code == "bad_rate"


def test_a_visit_without_an_infusion_or_a_grid_is_an_error() -> None:
    minutes = phase_minutes(is_first=False, has_premed=False)
    for infusion, changed in (
        (0, minutes),
        (60, replace(minutes, grid=0)),
        (60, replace(minutes, flush=-1)),
    ):
        with pytest.raises(ValueError, match="a visit has an infusion"):
            chair_time(infusion_minutes=infusion, minutes=changed)
