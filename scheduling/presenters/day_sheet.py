"""The day sheet's lines: what is printed for each visit. No rule, no SQL."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from authorizations.queries.coverage import COVERAGE_CODES
from scheduling.domain.clearance import Light
from scheduling.domain.statuses import IN_CHAIR, VisitStatus
from scheduling.models import Visit
from scheduling.presenters import words
from scheduling.presenters.bars import OWN_WORDS

LIGHTS: Mapping[str, tuple[str, str]] = {
    Light.GREEN: ("tick", "Clear"),
    Light.AMBER: ("diamond", "To decide"),
    Light.RED: ("no-entry", "Not clear"),
}
RULES: Mapping[str, str] = {
    "nurse_load": "Over load",
    "nurse_starts": "Over load",
    "too_early": "Before its window",
    "too_late": "After its window",
    **{code: word for code, word, _ in OWN_WORDS},
}
S = VisitStatus
HAS_ARRIVED = IN_CHAIR | {S.ARRIVED, S.COMPLETED, S.LEFT_EARLY}


@dataclass(frozen=True, kw_only=True)
class SheetLine:
    """One visit on paper. `is_*` tick the boxes that are ticked already."""

    start: datetime
    end: datetime
    patient: str
    record_number: str
    drug: str
    chair: str
    nurse: str
    cover: str
    light_icon: str
    light: str
    notes: tuple[str, ...]
    is_arrived: bool
    is_started: bool
    is_done: bool
    is_no_show: bool


def lines(visits: Iterable[Visit], *, has_initials: bool) -> list[SheetLine]:
    """The lines of the sheet; with `has_initials` nobody who finds it learns a name."""
    return [_line(visit, has_initials=has_initials) for visit in visits]


def _line(visit: Visit, *, has_initials: bool) -> SheetLine:
    kept = getattr(visit, "clearance", None)
    icon, light = LIGHTS.get(kept.light, ("", "")) if kept is not None else ("", "")
    patient = visit.patient
    return SheetLine(
        start=visit.period.lower,
        end=visit.period.upper,
        patient=f"{patient.given_name[:1]}. {patient.family_name[:1]}." if has_initials else str(patient),
        record_number=patient.record_number,
        drug=words.drug(visit.course_day),
        chair=visit.chair.name,
        nurse=visit.nurse.name if visit.nurse else "",
        cover=_cover(visit),
        light_icon=icon,
        light=light,
        notes=_notes(visit),
        is_arrived=visit.status in HAS_ARRIVED,
        is_started=visit.infusion_started_at is not None,
        is_done=visit.status in {S.COMPLETED, S.LEFT_EARLY},
        is_no_show=visit.status == S.NO_SHOW,
    )


def _cover(visit: Visit) -> str:
    if visit.authorization is not None:
        return visit.authorization.reference or "approved"
    return "none" if any(item["code"] in COVERAGE_CODES for item in visit.overrides) else "not needed"


def _notes(visit: Visit) -> tuple[str, ...]:
    found = []
    if visit.patient.needs_interpreter:
        found.append(f"Interpreter ({visit.patient.language})")
    if visit.patient.needs_private_room:
        found.append("Private room")
    if visit.status == S.NO_SHOW:
        found.append("No-show")
    return (*found, *dict.fromkeys(_overridden(item) for item in visit.overrides))


def _overridden(item: Mapping[str, str]) -> str:
    """Which rule somebody went ahead against, and why; never the rule's sentence, which may name another patient."""
    code = item["code"]
    rule = RULES.get(code) or ("No PA" if code in COVERAGE_CODES else "")
    return f"{rule}. Went ahead: {item['reason']}" if rule else f"Went ahead: {item['reason']}"
