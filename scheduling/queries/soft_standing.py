"""What booked visits meet that forbids nothing: short turnover, a skill that is missing, a need that would be higher.

Six SQL statements. As in `standing`, what is there after a change and was not before is what the change does.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Exists, OuterRef

from accounts.models import Clinic
from core import clock
from core.intervals import Interval, floor_quarter
from patients.domain.risks import Risk
from patients.models import RiskFlag
from regimens.domain.titration import Profile
from scheduling.domain.load import profile
from scheduling.domain.skills import Skill
from scheduling.models import CapacitySlot, NurseSkill, Shift, Visit
from scheduling.queries.standing import Key, Trouble
from scheduling.services.capacity import load_weights
from scheduling.services.clinic_rules import turnover_minutes

SHORT = "turnover_short"
_READ = (
    "period",
    "status",
    "overrides",
    "load_profile",
    "clinic_id",
    "patient__given_name",
    "patient__family_name",
    "chair__name",
    "nurse__name",
    "course_day__phases",
    "course_day__profile",
)


def soft_troubles(clinic: Clinic) -> dict[Key, Trouble]:
    """Everything worth a look about the visits of `clinic` from now on, though each may stay."""
    visits = _visits(clinic)
    found = [
        *_short_turnover(visits, turnover_minutes(clinic)),
        *_unskilled(visits, clinic),
        *_counted_anew(visits, clinic),
    ]
    return {(trouble.visit.id, trouble.code): trouble for trouble in found}


def _visits(clinic: Clinic) -> Sequence[Visit]:
    port = RiskFlag.objects.filter(patient=OuterRef("patient"), code=Risk.CENTRAL_LINE, ended_on=None)
    return list(
        Visit.objects.for_clinic(clinic)
        .occupying()
        .live()
        .filter(period__endswith__gt=clock.now())
        .exclude(status="held", hold_until__lte=clock.now())
        .annotate(has_port=Exists(port))
        .select_related("patient", "chair", "nurse", "course_day")
        .only(*_READ)
        .order_by("period", "id")
    )


def _short_turnover(visits: Sequence[Visit], minutes: int) -> Iterator[Trouble]:
    """Visits that follow another in their chair sooner than it can be made ready, and gave no reason for that."""
    last: dict[UUID, Visit] = {}
    for visit in visits:
        before = last.get(visit.chair_id)
        last[visit.chair_id] = visit
        if before is None or any(item["code"] == SHORT for item in (*before.overrides, *visit.overrides)):
            continue
        gap = visit.period.lower - before.period.upper
        if gap < timedelta(minutes=minutes):
            after = f"{int(gap.total_seconds()) // 60} min after {before.patient.short_name}"
            sentence = f"{after}; making {visit.chair.name} ready takes {minutes} min."
            yield Trouble(visit=visit, code=SHORT, sentence=sentence)


def _unskilled(visits: Sequence[Visit], clinic: Clinic) -> Iterator[Trouble]:
    """Visits that want a skill which their nurse, or everybody on shift at their start, does not have."""
    skilled: dict[str, set[UUID]] = defaultdict(set)
    for nurse_id, skill in NurseSkill.objects.filter(clinic=clinic).values_list("nurse_id", "skill"):
        skilled[skill].add(nurse_id)
    shifts = _shifts(clinic)
    for visit in visits:
        for skill in _wanted(visit):
            if visit.nurse is not None and visit.nurse.id not in skilled[skill]:
                yield Trouble(visit=visit, code=skill, sentence=f"{visit.nurse.name} has not: {skill.label.lower()}.")
            elif visit.nurse is None and not _on_shift(shifts, visit.period.lower) & skilled[skill]:
                yield Trouble(visit=visit, code=skill, sentence=f"Nobody on shift then has: {skill.label.lower()}.")


def _wanted(visit: Visit) -> Iterator[Skill]:
    if visit.course_day.profile == Profile.FIRST:
        yield Skill.FIRST_DOSE
    if getattr(visit, "has_port", False):
        yield Skill.PORT


def _shifts(clinic: Clinic) -> Mapping[UUID, Sequence[Interval]]:
    found: dict[UUID, list[Interval]] = defaultdict(list)
    rows = Shift.objects.filter(clinic=clinic, ends_at__gt=clock.now())
    for nurse_id, starts_at, ends_at in rows.values_list("nurse_id", "starts_at", "ends_at"):
        found[nurse_id].append(Interval(starts_at, ends_at))
    return found


def _on_shift(shifts: Mapping[UUID, Sequence[Interval]], moment: datetime) -> set[UUID]:
    return {nurse_id for nurse_id, worked in shifts.items() if any(one.contains(moment) for one in worked)}


def _counted_anew(visits: Sequence[Visit], clinic: Clinic) -> Iterator[Trouble]:
    """Visits that would need more than the nurses there are, were the nurse need of all counted again as it is now."""
    weights = load_weights(clinic)
    known: dict[tuple[tuple[str, int], ...], tuple[int, ...]] = {}
    booked: dict[datetime, int] = defaultdict(int)
    anew: dict[datetime, int] = defaultdict(int)
    needs: dict[UUID, list[tuple[datetime, int, int]]] = {}
    for visit in visits:
        phases = tuple((phase["kind"], phase["minutes"]) for phase in visit.course_day.phases)
        if phases and phases not in known:
            known[phases] = profile(phases, weights).need
        need = known.get(phases, ())
        if len(need) != len(visit.load_profile):
            need = tuple(visit.load_profile)
        moments = Interval(visit.period.lower, visit.period.upper).quarters()
        needs[visit.id] = list(zip(moments, visit.load_profile, need, strict=False))
        for moment, was, now in needs[visit.id]:
            booked[moment] += was
            anew[moment] += now
    caps = _caps(clinic, [moment for moment, need in anew.items() if need > booked[moment]])
    full = {at for at, cap in caps.items() if booked[at] <= cap < anew[at]}
    for visit in visits:
        over = next((at for at, was, now in needs[visit.id] if at in full and now > was), None)
        if over is not None:
            local = over.astimezone(clinic.zone)
            sentence = f"Counted anew, {local:%H:%M} needs {anew[over] / 100:.1f} of {caps[over] / 100:.0f} nurses."
            yield Trouble(visit=visit, code="need", sentence=sentence)


def _caps(clinic: Clinic, moments: Sequence[datetime]) -> dict[datetime, int]:
    """The nurses at `moments` to come, in hundredths of a nurse."""
    slots = CapacitySlot.objects.filter(clinic=clinic, starts_at__gte=floor_quarter(clock.now()), starts_at__in=moments)
    return dict(slots.values_list("starts_at", "load_cap"))
