"""Vital signs: when a set is due, and numbers that cannot be right."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.sourced import sourced_settings
from scheduling.domain.running import RateStep, Run
from scheduling.domain.vitals import (
    BOUNDS,
    CADENCE,
    CADENCE_LIMITS,
    Measured,
    Occasion,
    VitalsCadence,
    check_cadence,
    check_measured,
    next_vitals,
    schedule,
)

NINE = datetime(2026, 3, 2, 9, tzinfo=UTC)
PHASES = (("intake", 30), ("infusion", 180), ("observation", 30), ("turnover", 15))
RAMP = (
    RateStep(0, Fraction(35)),
    RateStep(30, Fraction(70)),
    RateStep(60, Fraction(140)),
    RateStep(150, Fraction(100)),
)
O = Occasion  # noqa: E741 (short in tables)


def at(minutes: int) -> datetime:
    return NINE + timedelta(minutes=minutes)


def run(steps: tuple[RateStep, ...] = RAMP, **stamps: int) -> Run:
    named = {f"{name}_at": at(minutes) for name, minutes in stamps.items()}
    return Run(starts_at=NINE, ends_at=at(255), phases=PHASES, steps=steps, **named)  # type: ignore[arg-type]


def due(visit: Run, now: int, *taken: int) -> tuple[str, int, bool] | None:
    found = next_vitals(visit, [at(minutes) for minutes in taken], at(now))
    if found is None:
        return None
    return found.occasion.value, minutes(found.at), found.is_overdue


def test_the_whole_course_of_sets() -> None:
    during = [(minutes(moment), occasion) for moment, occasion in schedule(run(seated=0, started=30), at(40))]
    assert during == [
        (0, O.BASELINE),
        (45, O.AFTER_START),
        (60, O.INCREASE),
        (90, O.INCREASE),
        (150, O.AT_MAXIMUM),
        (210, O.END),
    ]
    watched = run(seated=0, started=30, observing=130)
    assert [(minutes(moment), occasion) for moment, occasion in schedule(watched, at(140))][-2:] == [
        (130, O.END),
        (160, O.OBSERVED),
    ]


def minutes(moment: datetime) -> int:
    return (moment - NINE) // timedelta(minutes=1)


def test_nothing_is_due_before_the_chair_and_the_baseline_from_then_on() -> None:
    assert due(run(), 0) is None
    assert due(run(seated=0), 4) == ("baseline", 0, False)
    assert due(run(seated=0), 6) == ("baseline", 0, True)
    assert due(run(seated=10), 12, 2) is None


def test_a_set_covers_what_was_due_until_five_minutes_later() -> None:
    visit = run(seated=0, started=30)
    assert due(visit, 32, 5) == ("after_start", 45, False)
    assert due(visit, 51, 5) == ("after_start", 45, True)
    assert due(visit, 50, 5) == ("after_start", 45, False)
    assert due(visit, 45, 5, 40) == ("increase", 60, False)
    assert due(visit, 45, 5, 39) == ("after_start", 45, False)
    assert due(visit, 92, 5, 91) == ("at_maximum", 150, False)


def test_without_any_set_the_baseline_stays_what_is_missing() -> None:
    assert due(run(seated=0, started=30), 100) == ("baseline", 0, True)


def test_an_infusion_that_runs_over_is_looked_at_every_hour_until_it_ends() -> None:
    visit = run(seated=0, started=30)
    assert due(visit, 215, 151) == ("end", 210, False)
    assert due(visit, 265, 211) is None
    assert due(visit, 271, 211) == ("at_maximum", 270, False)
    over = run(seated=0, started=30, observing=280)
    assert due(over, 281, 271) == ("end", 280, False)
    assert due(over, 282, 281) == ("observed", 310, False)
    assert due(over, 320, 311) is None


def test_a_steady_rate_is_at_its_maximum_from_the_start() -> None:
    visit = run((), seated=0, started=30)
    assert due(visit, 60, 46) == ("at_maximum", 90, False)


def test_the_cadence_and_its_words_are_known() -> None:
    named = {one.name: (one.value, bool(one.source)) for one in sourced_settings(CADENCE)}
    assert named == {
        "after_start": (15, True),
        "at_maximum_every": (60, True),
        "early": (5, True),
        "late": (5, True),
    }
    assert len({occasion.words() for occasion in Occasion}) == len(Occasion)
    assert O.AFTER_START.words() == "15 min after the start"
    assert O.AT_MAXIMUM.words() == "every hour at the full rate"


OWN = VitalsCadence(after_start=20, at_maximum_every=30, early=0, late=10)


def test_a_clinic_s_own_times_are_said_and_followed() -> None:
    assert O.AFTER_START.words(OWN) == "20 min after the start"
    assert O.AT_MAXIMUM.words(OWN) == "every 30 min at the full rate"
    found = next_vitals(run(seated=0, started=30), [at(0)], at(61), cadence=OWN)
    assert found is not None
    assert (minutes(found.at), found.words, found.is_overdue) == (50, "20 min after the start", True)


@pytest.mark.parametrize("name", CADENCE_LIMITS)
def test_times_are_refused_one_step_outside_their_limits(name: str) -> None:
    low, high = CADENCE_LIMITS[name]
    wide = replace(CADENCE, after_start=60, at_maximum_every=240)
    for inside in (low, high):
        assert "out_of_range" not in {reason.code for reason in check_cadence(replace(wide, **{name: inside}))}
    for outside in (low - 1, high + 1):
        (reason,) = check_cadence(replace(wide, **{name: outside}))
        assert (reason.code, reason.field) == ("out_of_range", name)


def test_times_that_contradict_each_other_are_refused() -> None:
    assert check_cadence(CADENCE) == []
    (early,) = check_cadence(replace(CADENCE, after_start=5, early=5))
    assert (early.code, early.field) == ("early_too_long", "early")
    (late,) = check_cadence(replace(CADENCE, at_maximum_every=15, late=15))
    assert (late.code, late.field) == ("late_too_long", "late")
    assert check_cadence(replace(CADENCE, after_start=6, at_maximum_every=16, early=5, late=15)) == []


@pytest.mark.parametrize("name", BOUNDS)
def test_numbers_are_refused_one_step_outside_their_bounds(name: str) -> None:
    lowest, highest, _ = BOUNDS[name]
    base: dict[str, Any] = {"heart_rate": 70}
    if name == "systolic":
        base["diastolic"] = 35
    if name == "diastolic":
        base["systolic"] = 280
    for value, is_refused in ((lowest, False), (highest, False), (lowest - 1, True), (highest + 1, True)):
        fields = {
            reason.field
            for reason in check_measured(Measured(**base | {name: value}))
            if "number from" in reason.sentence
        }
        assert (name in fields) is is_refused, value


def test_a_pressure_is_two_numbers_the_lower_below_the_upper() -> None:
    def fields(**values: Any) -> list[tuple[str, str | None]]:
        return [(reason.code, reason.field) for reason in check_measured(Measured(**values))]

    assert fields(systolic=120, diastolic=80) == []
    assert fields(systolic=80, diastolic=80) == [("pressure_swapped", "diastolic")]
    assert fields(systolic=120) == [("half_a_pressure", "diastolic")]
    assert fields(diastolic=80) == [("half_a_pressure", "systolic")]


def test_an_empty_set_is_refused_a_rate_alone_too() -> None:
    for empty in (Measured(), Measured(ml_per_hour=Decimal(70))):
        assert [reason.code for reason in check_measured(empty)] == ["nothing_measured"]


@given(
    st.lists(st.integers(0, 300), min_size=1, max_size=3).map(sorted),
    st.lists(st.integers(0, 400), max_size=6),
    st.integers(0, 200),
)
def test_taking_a_set_now_leaves_nothing_overdue(stamps: list[int], taken: list[int], wait: int) -> None:
    visit = run(RAMP, **dict(zip(("seated", "started", "observing"), stamps, strict=False)))
    now = stamps[-1] + wait
    before = [one for one in taken if one <= now]
    found = next_vitals(visit, [at(one) for one in [*before, now]], at(now))
    assert found is None or (found.at > at(now) and not found.is_overdue)
