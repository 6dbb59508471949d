"""Visits under way: the next rate, when the chair is free, and what running over knocks on."""

from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from scheduling.domain.running import (
    Following,
    RateStep,
    Run,
    extra_need,
    knocks,
    next_rate,
    over_by,
    overrun,
    predicted_end,
    rate_steps,
)

NINE = datetime(2026, 3, 2, 9, tzinfo=UTC)
PHASES = (("intake", 15), ("iv_start", 15), ("infusion", 60), ("observation", 15), ("turnover", 15))
RAMP = (RateStep(0, Fraction(35)), RateStep(30, Fraction(70)), RateStep(45, Fraction(50)))


def at(minutes: int) -> datetime:
    return NINE + timedelta(minutes=minutes)


def run(**stamps: int) -> Run:
    usual = stamps.pop("usual", None)
    named: dict[str, Any] = {f"{name}_at": at(minutes) for name, minutes in stamps.items()}
    return Run(starts_at=NINE, ends_at=at(120), phases=PHASES, steps=RAMP, usual_minutes=usual, **named)


def test_stored_steps_are_read_exactly() -> None:
    stored: list[dict[str, object]] = [
        {"starts_at_minute": "0", "minutes": "30", "ml_per_hour": "35"},
        {"starts_at_minute": "61/2", "minutes": None, "ml_per_hour": "395/2"},
    ]
    assert rate_steps(stored) == (RateStep(0, Fraction(35)), RateStep(30, Fraction(395, 2)))


def test_the_next_rate_counts_from_the_real_start() -> None:
    late = run(seated=20, started=50)
    coming = next_rate(late, at(55))
    assert coming is not None
    assert (coming.at, coming.ml_per_hour, coming.is_increase) == (at(80), Fraction(70), True)
    then = next_rate(late, at(80))
    assert then is not None
    assert (then.at, then.is_increase) == (at(95), False)
    assert next_rate(late, at(95)) is None


def test_no_rate_is_next_before_the_start_and_while_the_patient_is_watched() -> None:
    assert next_rate(run(seated=0), at(10)) is None
    assert next_rate(run(started=0, observing=10), at(12)) is None


def test_a_visit_to_plan_ends_with_its_block() -> None:
    assert predicted_end(run(), at(-30)) == at(120)
    assert predicted_end(run(seated=0), at(5)) == at(120)
    assert predicted_end(run(seated=0, started=30), at(40)) == at(120)
    assert predicted_end(run(seated=0, started=30, observing=90), at(95)) == at(120)
    assert over_by(run(seated=0, started=30), at(40)) == 0


def test_each_part_that_is_late_makes_the_end_late() -> None:
    assert predicted_end(run(), at(20)) == at(140)
    assert predicted_end(run(seated=20), at(25)) == at(140)
    assert predicted_end(run(seated=0), at(40)) == at(130)
    assert predicted_end(run(seated=0, started=45), at(50)) == at(135)
    assert predicted_end(run(seated=0, started=30), at(100)) == at(130)
    assert predicted_end(run(seated=0, started=30, observing=100), at(101)) == at(130)
    assert predicted_end(run(seated=0, started=30, observing=90), at(118)) == at(133)


def test_the_patient_s_own_median_goes_before_the_plan() -> None:
    slow = run(seated=0, started=30, usual=85)
    assert predicted_end(slow, at(40)) == at(145)
    assert over_by(slow, at(40)) == 25
    assert over_by(slow, at(40) + timedelta(seconds=1)) == 25


def test_a_visit_of_nothing_but_a_wait_still_ends() -> None:
    bare = Run(starts_at=NINE, ends_at=at(15), phases=(("intake", 10),))
    assert predicted_end(bare, at(0)) == at(10)
    assert predicted_end(Run(starts_at=NINE, ends_at=at(15), phases=(), started_at=NINE), at(0)) == NINE


def after(number: int, starts: int, ends: int) -> Following:
    return Following(UUID(int=number), f"P{number}", at(starts), at(ends))


def test_what_is_late_is_passed_on_until_there_is_room() -> None:
    late = knocks(at(140), [after(3, 240, 300), after(2, 180, 210), after(1, 120, 180)])
    assert [(one.who, one.minutes) for one in late] == [("P1", 20), ("P2", 20)]
    assert knocks(at(120), [after(1, 120, 180)]) == ()
    assert knocks(at(120) + timedelta(seconds=1), [after(1, 120, 180)])[0].minutes == 1
    assert knocks(at(140), []) == ()


def test_the_end_of_the_load_moves_with_the_visit() -> None:
    assert extra_need((75, 40, 20, 15), 2) == (20, 15)
    assert extra_need((75, 40), 4) == (75, 75, 75, 40)
    assert extra_need((), 3) == ()


def test_an_overrun_names_the_visits_the_quarter_hours_and_closing_time() -> None:
    slow = run(seated=0, started=60)
    load = {at(120): (90, 100), at(135): (80, 100)}
    found = overrun(slow, at(70), following=[after(1, 120, 150)], need=(40, 20, 15), load=load)
    assert found is not None
    assert (found.until, found.minutes) == (at(150), 30)
    assert [one.who for one in found.knocks] == ["P1"]
    assert found.short == (at(120),)
    assert not found.is_past_closing
    closing = overrun(slow, at(70), need=(40, 20, 15), load={at(120): (0, 100)})
    assert closing is not None
    assert closing.is_past_closing
    unasked = overrun(slow, at(70), need=(40, 20, 15))
    assert unasked is not None
    assert (unasked.knocks, unasked.short, unasked.is_past_closing) == ((), (), False)
    assert overrun(run(seated=0, started=30), at(40)) is None


stamps = st.lists(st.integers(0, 400), max_size=3).map(sorted)


@given(stamps, st.integers(0, 200), st.one_of(st.none(), st.integers(1, 300)))
def test_no_chair_is_predicted_free_in_the_past_and_time_never_makes_it_sooner(
    moments: list[int], wait: int, usual: int | None
) -> None:
    names = ("seated", "started", "observing")
    given_so_far = dict(zip(names, moments, strict=False))
    visit = run(**given_so_far, **({"usual": usual} if usual else {}))
    now = at(max(moments, default=0))
    first, later = predicted_end(visit, now), predicted_end(visit, now + timedelta(minutes=wait))
    assert first >= now
    assert later >= first
    assert later >= now + timedelta(minutes=wait)
    assert (over_by(visit, now) == 0) == (first <= visit.ends_at)


@given(
    st.integers(0, 300),
    st.lists(st.tuples(st.integers(0, 40), st.integers(1, 8)), max_size=6),
)
def test_everybody_who_is_knocked_on_waits_and_nobody_after_a_gap_does(
    until: int, chain: list[tuple[int, int]]
) -> None:
    following, reached = [], 0
    for number, (gap, quarters) in enumerate(chain):
        starts = reached + gap * 15
        reached = starts + quarters * 15
        following.append(after(number, starts, reached))
    late = knocks(at(until), following)
    assert [one.visit_id for one in late] == [one.visit_id for one in following[: len(late)]]
    assert all(one.minutes > 0 for one in late)
    minutes = [one.minutes for one in late]
    assert minutes == sorted(minutes, reverse=True)
