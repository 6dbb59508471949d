"""A visit under way against its plan: the next rate, when it will be over, and what it knocks on if it runs over. Pure.

Times come from what was stamped, never from what was planned. Rates are those of the plan, for the eye only: they
never set a pump.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from uuid import UUID

from core.intervals import QUARTER

MINUTE = timedelta(minutes=1)
INFUSION, OBSERVATION = "infusion", "observation"


@dataclass(frozen=True)
class RateStep:
    """A planned rate, and after how many minutes of the infusion it begins."""

    after_minutes: int
    ml_per_hour: Fraction


@dataclass(frozen=True)
class RateChange:
    """The next planned change of rate. `is_increase` says that it goes up."""

    at: datetime
    ml_per_hour: Fraction
    is_increase: bool


@dataclass(frozen=True, kw_only=True)
class Run:
    """A visit as planned and as stamped. `phases` are (kind, minutes) in order; the block ends at `ends_at`.

    `usual_minutes` is what the patient's infusions of the product usually take, where that is known by now; `lag` how
    much later than planned the coming steps are, and `held_since` when the pump was held (`scheduling.domain.pace`).
    """

    starts_at: datetime
    ends_at: datetime
    phases: tuple[tuple[str, int], ...]
    steps: tuple[RateStep, ...] = ()
    seated_at: datetime | None = None
    started_at: datetime | None = None
    observing_at: datetime | None = None
    usual_minutes: int | None = None
    lag: timedelta = timedelta()
    held_since: datetime | None = None

    def step_at(self, step: RateStep, now: datetime) -> datetime | None:
        """When `step` begins, or began; None before the infusion. What lies behind is not moved by a lag."""
        if self.started_at is None:
            return None
        planned = self.started_at + step.after_minutes * MINUTE
        return planned + self.lag if planned + self.lag > now else min(planned, now)

    @property
    def infusion(self) -> timedelta:
        """How long the infusion takes: as usual for the patient, else as planned, and what it has fallen behind."""
        planned = sum(minutes for kind, minutes in self.phases if kind == INFUSION)
        usual = timedelta(minutes=planned if self.usual_minutes is None else self.usual_minutes)
        return usual + max(self.lag, timedelta())

    @property
    def observation(self) -> timedelta:
        return timedelta(minutes=sum(minutes for kind, minutes in self.phases if kind == OBSERVATION))

    def before(self, kind: str) -> timedelta:
        """The planned minutes of everything before the first phase of `kind`."""
        kinds = [each for each, _ in self.phases]
        until = kinds.index(kind) if kind in kinds else len(kinds)
        return timedelta(minutes=sum(minutes for _, minutes in self.phases[:until]))

    def after(self, kind: str) -> timedelta:
        """The planned minutes of everything after the last phase of `kind`."""
        places = [place for place, (each, _) in enumerate(self.phases) if each == kind]
        rest = self.phases[places[-1] + 1 :] if places else ()
        return timedelta(minutes=sum(minutes for _, minutes in rest))


@dataclass(frozen=True)
class Following:
    """A later visit of the same chair."""

    visit_id: UUID
    who: str
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True)
class Knock:
    """A later visit that cannot begin on time, and by how many minutes."""

    visit_id: UUID
    who: str
    starts_at: datetime
    minutes: int


@dataclass(frozen=True)
class Overrun:
    """A visit that will hold its chair until `until`, `minutes` longer than booked, and what comes of it.

    `short` are the quarter hours in which nurses then fall short; `is_past_closing` that the clinic is closed by then.
    """

    until: datetime
    minutes: int
    knocks: tuple[Knock, ...] = ()
    short: tuple[datetime, ...] = ()
    is_past_closing: bool = False


def rate_steps(stored: Sequence[Mapping[str, object]]) -> tuple[RateStep, ...]:
    """The steps of a course day as they are stored: numbers as text, the first one at the start."""
    return tuple(
        RateStep(int(Fraction(str(step["starts_at_minute"]))), Fraction(str(step["ml_per_hour"]))) for step in stored
    )


def next_rate(run: Run, now: datetime) -> RateChange | None:
    """The next planned change of rate of an infusion that runs; None before, after, held, or on the last step."""
    if run.observing_at is not None or run.held_since is not None:
        return None
    for before, step in zip(run.steps, run.steps[1:], strict=False):
        at = run.step_at(step, now)
        if at is not None and at > now:
            return RateChange(at, step.ml_per_hour, step.ml_per_hour > before.ml_per_hour)
    return None


def rate_now(run: Run, now: datetime) -> Fraction | None:
    """The rate that the plan has now, in mL/h; None for an infusion that does not run, is held, or has no steps."""
    if run.started_at is None or run.observing_at is not None or run.held_since is not None:
        return None
    begun = [step for step in run.steps if run.started_at + step.after_minutes * MINUTE + run.lag <= now]
    return begun[-1].ml_per_hour if begun else None


def predicted_end(run: Run, now: datetime) -> datetime:
    """When the chair will be free: from the last thing that was stamped, and no part of it sooner than now.

    Source: planned minutes of the order, else the median of the patient's own infusions; confidence K.
    """
    if run.observing_at is not None:
        return max(run.observing_at + run.observation, now) + run.after(OBSERVATION)
    if run.started_at is not None:
        return max(run.started_at + run.infusion, now) + run.after(INFUSION)
    begins = run.starts_at if run.seated_at is None else run.seated_at
    if run.seated_at is None:
        begins = max(begins, now)
    return max(begins + run.before(INFUSION), now) + run.infusion + run.after(INFUSION)


def over_by(run: Run, now: datetime) -> int:
    """By how many minutes the visit will outlast its block; 0 when it will not."""
    return max(0, -((run.ends_at - predicted_end(run, now)) // MINUTE))


def knocks(until: datetime, following: Iterable[Following]) -> tuple[Knock, ...]:
    """The visits of a chair that is free at `until` which must wait, each passing on what it is late."""
    found: list[Knock] = []
    for one in sorted(following, key=lambda each: (each.starts_at, str(each.visit_id))):
        if until <= one.starts_at:
            break
        late = until - one.starts_at
        found.append(Knock(one.visit_id, one.who, one.starts_at, -(-late // MINUTE)))
        until = one.ends_at + late
    return tuple(found)


def extra_need(need: Sequence[int], quarters: int) -> tuple[int, ...]:
    """What a visit takes of nurses in the `quarters` after its block: its end moves there, in hundredths of a nurse."""
    return tuple(need[max(0, len(need) - quarters + place)] for place in range(quarters)) if need else ()


def overrun(
    run: Run,
    now: datetime,
    *,
    following: Iterable[Following] = (),
    need: Sequence[int] = (),
    load: Mapping[datetime, tuple[int, int]] | None = None,
) -> Overrun | None:
    """What comes of a visit that will outlast its block; None when it will not.

    `load` is (taken, capacity) per open quarter hour, in hundredths of a nurse; without it nurses are not looked at.
    """
    minutes = over_by(run, now)
    if not minutes:
        return None
    until = predicted_end(run, now)
    longer = extra_need(need, -(-(until - run.ends_at) // QUARTER))
    quarters = [(run.ends_at + place * QUARTER, more) for place, more in enumerate(longer)]
    open_load = {} if load is None else load
    return Overrun(
        until=until,
        minutes=minutes,
        knocks=knocks(until, following),
        short=tuple(at for at, more in quarters if at in open_load and open_load[at][0] + more > open_load[at][1]),
        is_past_closing=load is not None and any(at not in open_load for at, _ in quarters),
    )
