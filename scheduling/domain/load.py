"""How much of a nurse a visit needs, quarter hour by quarter hour. Pure.

Need is counted in hundredths of a nurse. The weights are clinic settings (`LoadWeight` rows, each with its source and
confidence); this module only spreads them over the phases of a visit.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

QUARTER_MINUTES = 15
RAMP_MINUTES = 30
"""The first part of an infusion, in which its rate is raised and the patient is watched closely."""


class LoadPhase(StrEnum):
    """The kinds of attention that have a weight of their own."""

    PREPARATION = "preparation"
    RAMP = "ramp"
    RUNNING = "running"
    FINISHING = "finishing"
    OBSERVATION = "observation"
    TURNOVER = "turnover"


PREPARING = frozenset({"intake", "premed", "hydration"})
STARTING = "iv_start"


@dataclass(frozen=True)
class LoadProfile:
    """Nurse need per quarter hour, in hundredths, and the index of the quarter in which the infusion is started."""

    need: tuple[int, ...]
    start_quarter: int

    @property
    def quarters(self) -> int:
        return len(self.need)


def profile(phases: Sequence[tuple[str, int]], weights: Mapping[str, int]) -> LoadProfile:
    """The load of a visit whose `phases` are ``(kind, minutes)`` in order.

    Each quarter hour takes the weight of every minute in it, averaged and rounded up, so no need is ever lost.
    """
    minutes: list[LoadPhase] = []
    start_minute: int | None = None
    for kind, length in phases:
        if kind == STARTING and start_minute is None:
            start_minute = len(minutes)
        minutes.extend(_attention(kind, length))
    if not minutes:
        raise ValueError("a visit needs at least one phase")
    quarters = -(-len(minutes) // QUARTER_MINUTES)
    minutes.extend([LoadPhase.TURNOVER] * (quarters * QUARTER_MINUTES - len(minutes)))
    need = tuple(
        -(-sum(weights[phase] for phase in minutes[at : at + QUARTER_MINUTES]) // QUARTER_MINUTES)
        for at in range(0, len(minutes), QUARTER_MINUTES)
    )
    return LoadProfile(need, (start_minute or 0) // QUARTER_MINUTES)


def _attention(kind: str, length: int) -> list[LoadPhase]:
    if kind == "infusion":
        ramp = min(RAMP_MINUTES, length)
        finishing = min(QUARTER_MINUTES, length - ramp)
        running = length - ramp - finishing
        return [LoadPhase.RAMP] * ramp + [LoadPhase.RUNNING] * running + [LoadPhase.FINISHING] * finishing
    if kind in PREPARING or kind == STARTING:
        return [LoadPhase.PREPARATION] * length
    if kind == "observation":
        return [LoadPhase.OBSERVATION] * length
    if kind == "turnover":
        return [LoadPhase.TURNOVER] * length
    return [LoadPhase.FINISHING] * length
