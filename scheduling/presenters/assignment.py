"""A day's visits with a nurse proposed for each, and what each nurse would carry. No rule, no SQL."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from uuid import UUID

from accounts.models import Clinic
from scheduling.domain.assignment import Carried, NurseDay, carried_by, propose
from scheduling.domain.skills import Skill
from scheduling.domain.statuses import EXPECTED
from scheduling.models import Visit
from scheduling.presenters import words
from scheduling.queries.floor import stay_of

QUARTERS_AN_HOUR = 4 * 100


@dataclass(frozen=True, kw_only=True)
class Line:
    """One visit: its nurse, chosen or proposed, who may be chosen, and when that nurse leaves before its end."""

    visit: Visit
    name: str
    drug: str
    starts: str
    ends: str
    weight: str
    skills: str
    nurse_id: UUID | None
    is_proposed: bool
    leaves: str
    choices: tuple[tuple[UUID, str], ...]


@dataclass(frozen=True, kw_only=True)
class NurseLine:
    """One nurse: shift, lunch, and what they would carry. `hours` are hours of work, `peak` per cent of one nurse."""

    name: str
    shift: str
    lunch: str
    visits: int
    hours: str
    percent: int
    peak: int


@dataclass(frozen=True, kw_only=True)
class AssignPage:
    on: date
    previous_on: date
    next_on: date
    lines: tuple[Line, ...]
    nurses: tuple[NurseLine, ...]
    open: int
    proposed: int


def page(clinic: Clinic, on: date, visits: Sequence[Visit], nurses: Sequence[NurseDay], *, is_anew: bool) -> AssignPage:
    """The page for `on`; with `is_anew` those who are still to come get a new proposal."""
    stays = {visit.id: stay_of(visit, nurses) for visit in visits}
    if is_anew:
        coming = [visit.id for visit in visits if visit.status in EXPECTED]
        stays |= {key: replace(stays[key], nurse_id=None) for key in coming}
    found = propose(stays.values(), nurses)
    carried = carried_by(replace(stay, nurse_id=found[stay.visit_id]) for stay in stays.values())
    lines = tuple(_line(visit, found[visit.id], nurses, clinic, stays[visit.id].skills) for visit in visits)
    most = max((each.weight for each in carried.values()), default=0)
    return AssignPage(
        on=on,
        previous_on=on - timedelta(days=1),
        next_on=on + timedelta(days=1),
        lines=lines,
        nurses=tuple(_nurse(nurse, carried.get(nurse.nurse_id) or Carried(), most, clinic) for nurse in nurses),
        open=sum(line.nurse_id is None for line in lines),
        proposed=sum(line.is_proposed for line in lines),
    )


def _line(
    visit: Visit, nurse_id: UUID | None, nurses: Sequence[NurseDay], clinic: Clinic, skills: frozenset[str]
) -> Line:
    choices = [(nurse.nurse_id, nurse.name) for nurse in nurses]
    if visit.nurse is not None and visit.nurse_id not in dict(choices):
        choices.append((visit.nurse.id, f"{visit.nurse.name} (not on shift)"))
    start, end = (moment.astimezone(clinic.zone) for moment in (visit.period.lower, visit.period.upper))
    return Line(
        visit=visit,
        name=visit.patient.short_name,
        drug=words.drug(visit.course_day),
        starts=f"{start:%H:%M}",
        ends=f"{end:%H:%M}",
        weight=f"{sum(visit.load_profile) / QUARTERS_AN_HOUR:.1f} h",
        skills=", ".join(Skill(skill).label for skill in sorted(skills)),
        nurse_id=nurse_id,
        is_proposed=nurse_id is not None and nurse_id != visit.nurse_id,
        leaves=_leaves(visit, nurse_id, nurses, clinic),
        choices=tuple(choices),
    )


def _leaves(visit: Visit, nurse_id: UUID | None, nurses: Sequence[NurseDay], clinic: Clinic) -> str:
    end = next((nurse.shift.end for nurse in nurses if nurse.nurse_id == nurse_id), visit.period.upper)
    return f"leaves at {end.astimezone(clinic.zone):%H:%M}" if end < visit.period.upper else ""


def _nurse(nurse: NurseDay, has: Carried, most: int, clinic: Clinic) -> NurseLine:
    def clock(*moments: datetime) -> str:
        return "–".join(f"{moment.astimezone(clinic.zone):%H:%M}" for moment in moments)

    return NurseLine(
        name=nurse.name,
        shift=clock(nurse.shift.start, nurse.shift.end),
        lunch=clock(nurse.lunch.start, nurse.lunch.end) if nurse.lunch else "",
        visits=has.visits,
        hours=f"{has.weight / QUARTERS_AN_HOUR:.1f} h",
        percent=round(100 * has.weight / most) if most else 0,
        peak=has.peak,
    )
