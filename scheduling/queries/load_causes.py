"""Which visits cause the nurse load of a quarter hour, and what part of it is whose."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from accounts.models import Clinic
from core.intervals import QUARTER
from scheduling.models import CapacitySlot, ChairOutage, Visit
from scheduling.queries.outages import outages_between

PHASE_WORDS: Mapping[str, str] = {
    "intake": "preparation",
    "iv_start": "start of the infusion",
    "premed": "premedication",
    "hydration": "hydration",
    "infusion": "infusion",
    "flush": "flush",
    "observation": "observation",
    "turnover": "making the chair ready",
}


@dataclass(frozen=True, kw_only=True)
class Cause:
    """One visit and the nurses it needs in the quarter hour."""

    visit: Visit
    need: float
    phase: str


@dataclass(frozen=True, kw_only=True)
class QuarterLoad:
    """The load of the quarter hour from `at` on, and its causes, the largest first. `nurses` is 0 when closed.

    `closed_for` is why the clinic is closed that day, if it is; `out` are the chairs out of use then.
    """

    at: datetime
    need: float
    nurses: float
    causes: tuple[Cause, ...]
    closed_for: str
    out: tuple[ChairOutage, ...]


def of_quarter(clinic: Clinic, at: datetime) -> QuarterLoad:
    """The load of `clinic` in the quarter hour from `at` on, in four SQL statements."""
    slot = CapacitySlot.objects.filter(clinic=clinic, starts_at=at).values_list("load_used", "load_cap").first()
    found = (
        Visit.objects.for_clinic(clinic)
        .occupying()
        .filter(period__contains=at)
        .select_related("patient", "chair", "course_day__course__order__product")
        .order_by("chair__position")
    )
    causes = [_cause(visit, at) for visit in found]
    used, cap = slot or (0, 0)
    in_order = sorted((cause for cause in causes if cause.need), key=lambda cause: -cause.need)
    closed_for = clinic.closures.filter(on=at.astimezone(clinic.zone).date()).values_list("reason", flat=True).first()
    return QuarterLoad(
        at=at,
        need=used / 100,
        nurses=cap / 100,
        causes=tuple(in_order),
        closed_for=closed_for or "",
        out=tuple(outages_between(clinic, at, at + QUARTER).select_related("chair")),
    )


def _cause(visit: Visit, at: datetime) -> Cause:
    quarter = (at - visit.period.lower) // QUARTER
    need = visit.load_profile[quarter] if quarter < len(visit.load_profile) else 0
    return Cause(visit=visit, need=need / 100, phase=_phase(visit, quarter * 15))


def _phase(visit: Visit, minute: int) -> str:
    """The phase in which the quarter hour begins, in words; a visit made longer stays in its last one."""
    passed, name = 0, ""
    for phase in visit.course_day.phases:
        if passed > minute:
            break
        passed, name = passed + phase["minutes"], phase["kind"]
    return PHASE_WORDS.get(name, name.replace("_", " "))
