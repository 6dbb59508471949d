"""Today at mid-morning: some done, some infusing, one watched, two waiting, one late, one who did not come.

Chance alone would leave one of these out on some days, so each is given a part; the times fit the clinic's clock.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from scheduling.demo import play
from scheduling.demo.play import S, Step, Timing
from scheduling.domain.statuses import VisitStatus

WAITING_FOR = (18, 6)
"""Minutes that the two in the waiting room have sat there."""
LEAST_OBSERVED = 3
LEAST_SEATED = 1


@dataclass
class Actor:
    """A visit of today and what has happened in it so far; no steps means that nobody has come yet."""

    key: str
    timing: Timing
    may_be_missed: bool = True
    steps: list[Step] | None = None
    is_late: bool = False

    @property
    def status(self) -> VisitStatus | None:
        return self.steps[-1].to if self.steps else None


def stage_the_morning(actors: Sequence[Actor], now: datetime, rng: Random) -> None:
    """Give every visit of today its steps up to `now`."""
    in_order = sorted(actors, key=lambda actor: (actor.timing.start, actor.key))
    _let_one_be_late(in_order, now)
    _miss_one(in_order, now, rng)
    _let_two_wait(in_order, now)
    for actor in in_order:
        if actor.steps is None and not actor.is_late:
            actor.steps = _played(actor.timing, now, rng)
    _watch_some(in_order, now, rng)
    _seat_one(in_order, now)


def _miss_one(actors: Sequence[Actor], now: datetime, rng: Random) -> None:
    early = [a for a in actors if a.may_be_missed and not a.is_late and a.timing.start <= now - timedelta(minutes=90)]
    shortest = min(early, key=lambda actor: actor.timing.end - actor.timing.start, default=None)
    if shortest is not None:
        shortest.steps = [play.no_show_at(shortest.timing.start, rng)]


def _let_two_wait(actors: Sequence[Actor], now: datetime) -> None:
    near = [
        a for a in actors if a.steps is None and not a.is_late and abs(a.timing.start - now) <= timedelta(minutes=30)
    ]
    near.sort(key=lambda actor: abs(actor.timing.start - now))
    for actor, minutes in zip(near, WAITING_FOR, strict=False):
        actor.steps = [Step(S.ARRIVED, (now - timedelta(minutes=minutes)).replace(microsecond=0))]


def _let_one_be_late(actors: Sequence[Actor], now: datetime) -> None:
    due = [actor for actor in actors if now - actor.timing.start >= timedelta(minutes=10)]
    if due:
        due[-1].is_late = True


def _played(timing: Timing, now: datetime, rng: Random) -> list[Step]:
    """What chance makes of a visit; somebody who should be here is here, and nobody comes an hour before their time."""
    if timing.start > now:
        return []
    steps = play.kept(timing, rng)
    happened = play.until(steps, now)
    return happened or [Step(S.ARRIVED, (now - timedelta(minutes=3)).replace(microsecond=0))]


def _watch_some(actors: Sequence[Actor], now: datetime, rng: Random) -> None:
    """Let those who have just left still be watched, and those nearest to their end be watched already."""
    for actor in actors:
        is_enough = sum(each.status is S.OBSERVING for each in actors) >= LEAST_OBSERVED
        steps = actor.steps or []
        if not is_enough and actor.status is S.COMPLETED and actor.timing.end > now and len(steps) > 1:
            actor.steps = _still_watched(steps, actor.timing, now)
    short = LEAST_OBSERVED - sum(actor.status is S.OBSERVING for actor in actors)
    running = [a for a in actors if a.status is S.INFUSING and a.timing.observation]
    running.sort(key=lambda actor: _infusion_left(actor, now))
    for actor in running[: max(0, short)]:
        if _infusion_left(actor, now) > timedelta(minutes=60):
            break
        since = timedelta(minutes=rng.uniform(2, min(11, actor.timing.observation - 2)))
        actor.steps = [*(actor.steps or []), Step(S.OBSERVING, (now - since).replace(microsecond=0))]


def _still_watched(steps: Sequence[Step], timing: Timing, now: datetime) -> list[Step]:
    """The steps without the last one, the watching begun late enough to go on."""
    *before, _ended = steps
    if before[-1].to is not S.OBSERVING:
        return list(steps)
    begun = max(before[-1].at, now - timedelta(minutes=max(2, timing.observation - 3)))
    return [*before[:-1], Step(S.OBSERVING, begun)]


def _infusion_left(actor: Actor, now: datetime) -> timedelta:
    started = actor.steps[-1].at if actor.steps else now
    return started + timedelta(minutes=actor.timing.infusion) - now


def _seat_one(actors: Sequence[Actor], now: datetime) -> None:
    if sum(actor.status is S.SEATED for actor in actors) >= LEAST_SEATED:
        return
    latest = [a for a in actors if a.status is S.INFUSING and a.steps and now - a.steps[-2].at < timedelta(minutes=75)]
    if latest:
        newest = max(latest, key=lambda actor: actor.steps[-1].at if actor.steps else now)
        newest.steps = (newest.steps or [])[:-1]
