"""A visit in a chair: its phases in order, and the block of quarter hours it takes."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from math import ceil
from statistics import median_high

from regimens.domain.quantities import ceil_to
from regimens.domain.settings import CLINICAL_DEFAULTS, ClinicalSettings


class PhaseKind(StrEnum):
    """What happens in a stretch of a visit, in the order of the day."""

    INTAKE = "intake"
    IV_START = "iv_start"
    PREMED = "premed"  # the wait after premedication
    HYDRATION = "hydration"  # before a patient at risk
    INFUSION = "infusion"
    FLUSH = "flush"
    OBSERVATION = "observation"
    TURNOVER = "turnover"  # the chair is taken, the patient has left


@dataclass(frozen=True)
class Phase:
    """A stretch of a visit in whole minutes."""

    kind: PhaseKind
    minutes: int


@dataclass(frozen=True)
class PhaseMinutes:
    """The minutes around an infusion; the infusion's own come from its ramp or its label."""

    intake: int
    iv_start: int
    premed: int
    flush: int
    observation: int
    turnover: int
    hydration: int = 0
    grid: int = CLINICAL_DEFAULTS.grid


@dataclass(frozen=True)
class ChairTime:
    """A visit's phases (none of them empty) and how long patient, chair and board are taken up."""

    phases: tuple[Phase, ...]
    infusion_minutes: int
    patient_minutes: int
    chair_minutes: int
    block_minutes: int


def phase_minutes(
    *,
    is_first: bool,
    has_premed: bool,
    is_at_risk: bool = False,
    observation_minutes: int | None = None,
    premed_minutes: int | None = None,
    settings: ClinicalSettings = CLINICAL_DEFAULTS,
) -> PhaseMinutes:
    """The clinic's minutes around an infusion; a product's own observation or premedication wait takes their
    place.

    A patient at risk is hydrated before the infusion.

    Source: IG order form (premedication 30, P18), patient article (observation 15 to 30); the rest K.
    """
    wait = premed_minutes if premed_minutes is not None else (settings.premed_wait if has_premed else 0)
    watched = settings.observation_first if is_first else settings.observation_later
    return PhaseMinutes(
        intake=settings.intake_first if is_first else settings.intake_later,
        iv_start=settings.iv_start,
        premed=wait,
        flush=settings.flush,
        observation=watched if observation_minutes is None else observation_minutes,
        turnover=settings.turnover,
        hydration=settings.hydration_at_risk if is_at_risk else 0,
        grid=settings.grid,
    )


def chair_time(*, infusion_minutes: Fraction | int, minutes: PhaseMinutes) -> ChairTime:
    """The phases of a visit and its block: the infusion rounded up to a minute, the whole up to the grid.

    Source: vectors C01 to C03; patient article and usual practice, confidence K.
    """
    infusion = ceil(infusion_minutes)
    planned = (
        Phase(PhaseKind.INTAKE, minutes.intake),
        Phase(PhaseKind.IV_START, minutes.iv_start),
        Phase(PhaseKind.PREMED, minutes.premed),
        Phase(PhaseKind.HYDRATION, minutes.hydration),
        Phase(PhaseKind.INFUSION, infusion),
        Phase(PhaseKind.FLUSH, minutes.flush),
        Phase(PhaseKind.OBSERVATION, minutes.observation),
        Phase(PhaseKind.TURNOVER, minutes.turnover),
    )
    if infusion <= 0 or minutes.grid <= 0 or any(phase.minutes < 0 for phase in planned):
        raise ValueError("a visit has an infusion, a grid and no phase of negative length")
    chair = sum(phase.minutes for phase in planned)
    return ChairTime(
        phases=tuple(phase for phase in planned if phase.minutes),
        infusion_minutes=infusion,
        patient_minutes=chair - minutes.turnover,
        chair_minutes=chair,
        block_minutes=ceil_to(chair, step=minutes.grid),
    )


def suggest_minutes(
    actual_minutes: Sequence[int], *, needed: int = CLINICAL_DEFAULTS.actuals_before_suggesting
) -> int | None:
    """The median of what the last infusions of this patient and product really took, once there are enough of
    them.

    Source: usual practice; confidence K.
    """
    return median_high(actual_minutes) if len(actual_minutes) >= max(1, needed) else None
