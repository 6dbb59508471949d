"""Plays visits: when people came, were seated, infused, watched and left, up to a moment.

Pure apart from chance: given a visit's place and phases it says what happened, in steps that are legal moves. The
filling writes the outcome; catching up walks the same steps on rows that exist.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any

from core.intervals import QUARTER, ceil_quarter
from scheduling.domain.statuses import VisitStatus

S = VisitStatus
STAMPS = {
    S.CONFIRMED: "confirmed_at",
    S.ARRIVED: "arrived_at",
    S.SEATED: "seated_at",
    S.INFUSING: "infusion_started_at",
    S.OBSERVING: "observation_started_at",
    S.COMPLETED: "ended_at",
    S.LEFT_EARLY: "ended_at",
}
BEFORE_INFUSION = frozenset({"intake", "iv_start", "premed", "hydration"})
GETTING_READY = 0.75
"""Of the planned time before an infusion: what it usually takes."""


@dataclass(frozen=True)
class Step:
    """A status reached at a moment."""

    to: VisitStatus
    at: datetime


@dataclass(frozen=True)
class Timing:
    """A visit as planned."""

    start: datetime
    end: datetime
    minutes: dict[str, int]

    @classmethod
    def of(cls, start: datetime, end: datetime, phases: Sequence[dict[str, Any]]) -> "Timing":
        """The timing of a visit whose day has these phases."""
        return cls(start, end, {phase["kind"]: phase["minutes"] for phase in phases})

    @property
    def preparation(self) -> float:
        return sum(self.minutes.get(kind, 0) for kind in BEFORE_INFUSION) * GETTING_READY

    @property
    def infusion(self) -> int:
        return self.minutes.get("infusion", 30) + self.minutes.get("flush", 0)

    @property
    def observation(self) -> int:
        return self.minutes.get("observation", 0)


def kept(timing: Timing, rng: Random, *, leaves_early: bool = False) -> list[Step]:
    """The steps of a visit that is kept: it ends inside its place, so that the next one finds the chair free."""
    lateness = rng.choices((rng.uniform(-14, 0), rng.uniform(0, 8), rng.uniform(9, 24)), (62, 30, 8))[0]
    arrived = timing.start + timedelta(minutes=lateness)
    seated = max(arrived + timedelta(minutes=rng.uniform(2, 7)), timing.start - timedelta(minutes=3))
    infusing = seated + timedelta(minutes=timing.preparation * rng.uniform(0.85, 1.15))
    if leaves_early:
        gone = infusing + timedelta(minutes=timing.infusion * rng.uniform(0.3, 0.7))
        return _inside(timing, [(S.ARRIVED, arrived), (S.SEATED, seated), (S.INFUSING, infusing), (S.LEFT_EARLY, gone)])
    finished = infusing + timedelta(minutes=timing.infusion * rng.uniform(0.93, 1.05))
    ended = finished + timedelta(minutes=timing.observation * rng.uniform(1.0, 1.1) + rng.uniform(1, 4))
    steps = [(S.ARRIVED, arrived), (S.SEATED, seated), (S.INFUSING, infusing)]
    if timing.observation:
        steps.append((S.OBSERVING, finished))
    return _inside(timing, [*steps, (S.COMPLETED, ended)])


def _inside(timing: Timing, steps: Sequence[tuple[VisitStatus, datetime]]) -> list[Step]:
    """The steps, pressed together if they would overrun the visit's place; whole seconds."""
    first, last = steps[0][1], steps[-1][1]
    limit = timing.end - timedelta(minutes=2)
    share = min(1.0, (limit - first) / (last - first))
    return [Step(to, _second(first + (at - first) * share)) for to, at in steps]


def _second(moment: datetime) -> datetime:
    return moment.replace(microsecond=0)


def until(steps: Sequence[Step], now: datetime) -> list[Step]:
    """The steps that have happened by `now`."""
    return [step for step in steps if step.at <= now]


def freed(start: datetime, end: datetime, ended_at: datetime) -> datetime:
    """Where a visit's place ends once the patient has left: the rest of its chair time is free again."""
    return min(end, max(ceil_quarter(ended_at), start + QUARTER))


def no_show_at(start: datetime, rng: Random) -> Step:
    """When somebody who does not come is given up."""
    return Step(S.NO_SHOW, _second(start + timedelta(minutes=rng.uniform(35, 65))))


def fields(steps: Sequence[Step]) -> Iterator[tuple[str, datetime]]:
    """The columns that the steps stamp."""
    for step in steps:
        if step.to in STAMPS:
            yield STAMPS[step.to], step.at
