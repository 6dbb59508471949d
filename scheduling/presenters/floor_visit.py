"""What the floor adds to a visit's panel: its nurse, its vital signs, and what it knocks on."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from accounts.domain.policy import Permission
from core import clock
from core.actor import Actor
from scheduling.domain.assignment import NurseDay
from scheduling.domain.pace import Pumped
from scheduling.domain.running import Overrun
from scheduling.domain.statuses import FINISHED
from scheduling.domain.vitals import next_vitals
from scheduling.models import Visit, VitalsCheck
from scheduling.presenters import running
from scheduling.queries.running import run_of
from scheduling.services.clinic_rules import cadence_of, known_rules
from scheduling.services.vitals import MAY_BE_TAKEN


@dataclass(frozen=True)
class VitalsLine:
    """One set in words: "36.8 °C · 120/80 · pulse 72 · breaths 14 · SpO₂ 98 %"."""

    vitals: VitalsCheck
    words: str


def for_panel(
    visit: Visit, found: Overrun | None, taken: Sequence[VitalsCheck], nurses: Sequence[NurseDay], by: Actor
) -> dict[str, Any]:
    """What the panel of `visit` shows of the floor to `by`."""
    may_run = by.can(Permission.VISIT_STATUS) and visit.status not in FINISHED
    is_said = found is not None and running.is_worth_saying(found)
    return {
        "overrun_words": running.sentence(found, visit.clinic.zone) if found is not None and is_said else "",
        "nurse_choices": [(nurse.nurse_id, nurse.name) for nurse in nurses] if may_run else [],
        "can_assign": may_run,
        "can_take_vitals": visit.status in MAY_BE_TAKEN and by.can(Permission.ADMINISTRATION_RECORD),
    } | asking(visit, taken)


def asking(visit: Visit, taken: Sequence[VitalsCheck]) -> dict[str, Any]:
    """The sets of a visit and the one that is due next."""
    times = [one.at for one in taken if one.voided_at is None]
    cadence = cadence_of(known_rules(visit.clinic))
    read = [
        Pumped(one.at, Fraction(one.ml_per_hour))
        for one in taken
        if one.voided_at is None and one.ml_per_hour is not None
    ]
    due = (
        next_vitals(run_of(visit, read=read), times, clock.now(), cadence=cadence)
        if visit.status not in FINISHED
        else None
    )
    return {"visit": visit, "vitals": [VitalsLine(one, vitals_words(one)) for one in taken], "vitals_due": due}


def vitals_words(one: VitalsCheck) -> str:
    """A set in one line; what was not measured is left out."""
    parts = [
        f"{one.temperature_c} °C" if one.temperature_c is not None else "",
        f"{one.systolic}/{one.diastolic}" if one.systolic is not None else "",
        f"pulse {one.heart_rate}" if one.heart_rate is not None else "",
        f"breaths {one.respiratory_rate}" if one.respiratory_rate is not None else "",
        f"SpO₂ {one.spo2} %" if one.spo2 is not None else "",
        f"{one.ml_per_hour.normalize():f} mL/h" if one.ml_per_hour is not None else "",
        one.symptoms,
    ]
    return " · ".join(part for part in parts if part)
