"""What the pump rates that were written down say: the plan as it is really followed, held, slower, or a step ahead."""

from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest

from scheduling.domain.pace import Pace, Pumped, pace_of
from scheduling.domain.running import RateStep, Run, next_rate, predicted_end, rate_now
from scheduling.domain.vitals import Occasion, next_vitals

NINE = datetime(2026, 3, 2, 9, tzinfo=UTC)
RAMP = (
    RateStep(0, Fraction(35)),
    RateStep(30, Fraction(70)),
    RateStep(60, Fraction(140)),
    RateStep(90, Fraction(70)),
)


def at(minutes: int) -> datetime:
    return NINE + timedelta(minutes=minutes)


def pace(now: int, *read: tuple[int, float]) -> Pace:
    return pace_of(RAMP, NINE, [Pumped(at(minutes), Fraction(rate)) for minutes, rate in read], at(now))


def lag(now: int, *read: tuple[int, float]) -> int:
    return int(pace(now, *read).lag.total_seconds() // 60)


@pytest.mark.parametrize(
    ("read", "minutes"),
    [
        ([], 0),
        ([(2, 35), (31, 70), (62, 140)], 0),
        ([(-20, 140)], 0),  # before the start: somebody else's
        ([(38, 35)], 0),  # a little late is in turn
        ([(50, 35)], 20),  # the increase of half past was not made: it comes now
        ([(50, 35), (51, 70)], 20),
        ([(20, 140)], -40),  # a step was skipped
        ([(65, 140), (66, 35)], 66),  # down to the first step again
        ([(70, 999)], 0),  # a rate off the plan says nothing
        ([(100, 70)], 0),  # the nearest of two steps with that rate
        ([(95, 140)], 0),
        ([(200, 140)], 110),
    ],
)
def test_the_plan_goes_on_from_where_the_pump_was_read(read: list[tuple[int, float]], minutes: int) -> None:
    assert lag(240, *read) == minutes


def test_a_held_pump_stops_the_plan_until_it_runs_again() -> None:
    assert pace(55, (40, 0), (45, 0)) == Pace(timedelta(minutes=15), at(40))
    assert lag(70, (40, 0), (60, 70)) == 20
    assert pace(70, (40, 0), (60, 70)).held_since is None
    assert lag(70, (40, 0), (60, 35)) == 60  # from the first step on again
    assert lag(70, (40, 0), (60, 999)) == 20
    assert pace(35, (40, 0)).lag == timedelta()


def run(now: int, *read: tuple[int, float], **stamps: datetime) -> Run:
    found = pace(now, *read)
    return Run(
        starts_at=NINE,
        ends_at=at(150),
        phases=(("infusion", 120), ("observation", 15)),
        steps=RAMP,
        seated_at=NINE,
        started_at=stamps.get("started_at", NINE),
        observing_at=stamps.get("observing_at"),
        lag=found.lag,
        held_since=found.held_since,
    )


def test_the_next_rate_the_next_vitals_and_the_end_follow() -> None:
    resumed = run(61, (31, 70), (40, 0), (60, 70))
    coming = next_rate(resumed, at(61))
    assert coming is not None
    assert (coming.at, coming.ml_per_hour) == (at(80), Fraction(140))
    assert rate_now(resumed, at(61)) == 70
    assert predicted_end(resumed, at(61)) == at(155)
    due = next_vitals(resumed, [at(60)], at(61))
    assert due is not None
    assert (due.at, due.occasion) == (at(80), Occasion.INCREASE)


def test_while_held_no_rate_is_next_and_no_increase_is_due() -> None:
    held = run(100, (31, 70), (40, 0))
    assert (next_rate(held, at(100)), rate_now(held, at(100))) == (None, None)
    assert predicted_end(held, at(100)) == at(195)
    due = next_vitals(held, [at(40)], at(100))
    assert due is not None
    assert due.at > at(100)


def test_a_skipped_step_brings_the_next_one_forward_but_promises_no_earlier_end() -> None:
    ahead = run(21, (20, 140))
    coming = next_rate(ahead, at(21))
    assert coming is not None
    assert (coming.at, coming.is_increase) == (at(50), False)
    assert predicted_end(ahead, at(21)) == at(135)


def test_no_rate_is_now_before_the_start_or_without_steps() -> None:
    waits = Run(starts_at=NINE, ends_at=at(150), phases=(("infusion", 120),), steps=RAMP)
    assert (rate_now(waits, at(5)), waits.step_at(RAMP[1], at(5))) == (None, None)
    flat = Run(starts_at=NINE, ends_at=at(150), phases=(("infusion", 120),), started_at=NINE)
    assert rate_now(flat, at(5)) is None
