"""How far an infusion has come on its plan, by the pump rates written down: held, slower, or a step ahead. Pure.

Nobody is asked to write every rate: what was not written down is taken to have gone as planned.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction

from scheduling.domain.running import MINUTE, RateStep

GRACE = 10 * MINUTE
"""A rate written down so long before or after its turn is in its turn; usual practice, K."""
NEAR = Fraction(2, 100)
"""A rate is a step's when it differs by no more than this share of it, or by 1 mL/h; usual practice, K."""


@dataclass(frozen=True)
class Pumped:
    """A pump rate as it was read at a moment; nought means that the infusion is held."""

    at: datetime
    ml_per_hour: Fraction


@dataclass(frozen=True)
class Pace:
    """How much later than planned each coming step is (earlier where negative), and since when the pump is held."""

    lag: timedelta = timedelta()
    held_since: datetime | None = None


def pace_of(steps: Sequence[RateStep], started_at: datetime, pumped: Iterable[Pumped], now: datetime) -> Pace:
    """The pace of an infusion that began at `started_at`, from the rates read since."""
    lag, held_since, last = timedelta(), None, 0
    for one in sorted(pumped, key=lambda each: each.at):
        since = one.at - started_at
        if since < timedelta():
            continue
        if not one.ml_per_hour:
            held_since = held_since or one.at
            continue
        done = (held_since - started_at if held_since else since) - lag
        lag, step = since - done, _step_of(steps, one.ml_per_hour, done)
        if step is not None:
            lag = since - _done_at(steps, step, done, is_anew=held_since is not None or step < last)
            last = step
        held_since = None
    return Pace(lag if held_since is None else lag + max(now - held_since, timedelta()), held_since)


def _done_at(steps: Sequence[RateStep], step: int, done: timedelta, *, is_anew: bool) -> timedelta:
    """How much of the plan is done on `step`, where `done` would be by the clock; `is_anew` begins it once more."""
    begins = steps[step].after_minutes * MINUTE
    ends = steps[step + 1].after_minutes * MINUTE if step + 1 < len(steps) else None
    if done < begins - GRACE:
        return begins
    if ends is None or done < ends:
        return done
    if is_anew:
        return begins
    return ends if done > ends + GRACE else done


def _step_of(steps: Sequence[RateStep], rate: Fraction, done: timedelta) -> int | None:
    """The step whose rate this is, the nearest in time where several have it; None for a rate off the plan."""
    found = [
        place
        for place, step in enumerate(steps)
        if abs(step.ml_per_hour - rate) <= max(Fraction(1), NEAR * step.ml_per_hour)
    ]
    return min(found, key=lambda place: abs(steps[place].after_minutes * MINUTE - done), default=None)
