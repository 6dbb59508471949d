"""What the floor shows: who is here or comes next, what is due at each chair, and the nurses of the day.

Four SQL statements however many visits there are. The board's version is read first, so that no change is missed.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Exists, F, OuterRef, Q, Subquery

from accounts.models import Clinic
from core import clock
from core.intervals import QUARTER, Interval
from patients.domain.risks import Risk
from patients.models import RiskFlag
from regimens.domain.titration import Profile
from regimens.models import Administration
from scheduling.domain.assignment import NurseDay, Stay, asked_skills
from scheduling.domain.skills import Skill
from scheduling.domain.statuses import EXPECTED, FINISHED, VisitStatus
from scheduling.domain.vitals import VitalsCadence
from scheduling.models import (
    Assignment,
    BoardVersion,
    CapacitySlot,
    ClinicRules,
    NurseSkill,
    PreInfusionCheck,
    Shift,
    Visit,
    VisitQuerySet,
    VitalsCheck,
)
from scheduling.queries.running import HERE, with_pace, with_pumped
from scheduling.services.clinic_rules import cadence_of, known_rules

LEAVING_FOR = timedelta(hours=1)
"""How long somebody who is done stays on the floor; who is not recorded yet stays all day."""
LEFT_OPEN_FOR = timedelta(days=4)
"""How long somebody whom nobody let go stays on the floor: over a long weekend."""


@dataclass(frozen=True, kw_only=True)
class FloorDay:
    """A day on the floor of one clinic. `load` is (taken, capacity) per open quarter hour, in hundredths of a nurse."""

    clinic: Clinic
    on: date
    now: datetime
    version: int
    assignment: Assignment
    cadence: VitalsCadence
    visits: tuple[Visit, ...]
    nurses: tuple[NurseDay, ...]
    load: dict[datetime, tuple[int, int]]


def floor(clinic: Clinic, on: date) -> FloorDay:
    """The floor of `clinic` on the clinic-local date `on`."""
    start, end = clock.day_bounds(on, clinic.zone)
    version, rules = _version_and_rules(clinic, on)
    slots = CapacitySlot.objects.filter(clinic=clinic, starts_at__gte=start, starts_at__lt=end)
    return FloorDay(
        clinic=clinic,
        on=on,
        now=clock.now(),
        version=version,
        assignment=Assignment(rules.assignment),
        cadence=cadence_of(rules),
        visits=tuple(_visits(clinic, start, end)),
        nurses=nurses_on(clinic, on),
        load={at: (used, cap) for at, used, cap in slots.values_list("starts_at", "load_used", "load_cap")},
    )


def nurses_on(clinic: Clinic, on: date) -> tuple[NurseDay, ...]:
    """The nurses on shift on `on`, by name, with their lunches and skills. One SQL statement."""
    start, end = clock.day_bounds(on, clinic.zone)
    skills = NurseSkill.objects.filter(clinic=clinic, nurse=OuterRef("nurse")).values("skill")
    shifts = (
        Shift.objects.filter(clinic=clinic, starts_at__lt=end, ends_at__gt=start)
        .annotate(skills=ArraySubquery(skills), nurse_name=F("nurse__name"))
        .order_by("nurse__name", "nurse_id", "starts_at")
    )
    found: dict[UUID, NurseDay] = {}
    for shift in shifts:
        known = found.get(shift.nurse_id)
        found[shift.nurse_id] = _nurse(shift) if known is None else _longer(known, _nurse(shift))
    return tuple(found.values())


def to_assign(clinic: Clinic, on: date) -> tuple[Visit, ...]:
    """The visits of `on` that are not over, in order, with what an assignment looks at. One SQL statement."""
    start, end = clock.day_bounds(on, clinic.zone)
    visits = Visit.objects.for_clinic(clinic).filter(period__startswith__gte=start, period__startswith__lt=end)
    return tuple(_with_port(visits.live()).select_related(*_NAMES).order_by("period", "id"))


def stay_of(visit: Visit, nurses: Iterable[NurseDay]) -> Stay:
    """`visit` as the rules of assignment want it; skills count where any of `nurses` is listed with them."""
    wanted = set()
    if visit.course_day.profile == Profile.FIRST:
        wanted.add(Skill.FIRST_DOSE.value)
    if getattr(visit, "has_port", False):
        wanted.add(Skill.PORT.value)
    return Stay(
        visit_id=visit.id,
        starts_at=visit.period.lower,
        need=tuple(visit.load_profile),
        start_quarter=visit.start_quarter,
        skills=asked_skills(wanted, nurses),
        nurse_id=visit.nurse_id,
    )


def vitals_of(visit: Visit) -> tuple[VitalsCheck, ...]:
    """Every set of vital signs of `visit`, the latest first, those that were taken back too. One SQL statement."""
    return tuple(VitalsCheck.objects.filter(visit=visit))


def get_vitals(visit: Visit, vitals_id: UUID) -> VitalsCheck | None:
    """The set with this id at `visit`, or None."""
    return VitalsCheck.objects.filter(visit=visit, pk=vitals_id).first()


def vitals_times(visit: Visit) -> tuple[datetime, ...]:
    """When sets that count were taken. One SQL statement."""
    return tuple(VitalsCheck.objects.filter(visit=visit, voided_at=None).values_list("at", flat=True))


def _longer(first: NurseDay, second: NurseDay) -> NurseDay:
    """A nurse who works twice on a day: the time between counts as lunch."""
    away = Interval(first.shift.end, second.shift.start) if first.shift.end < second.shift.start else first.lunch
    return replace(first, shift=Interval(first.shift.start, max(first.shift.end, second.shift.end)), lunch=away)


def _nurse(shift: Shift) -> NurseDay:
    begins, ends = shift.lunch_starts_at, shift.lunch_ends_at
    return NurseDay(
        nurse_id=shift.nurse_id,
        name=getattr(shift, "nurse_name", ""),
        shift=Interval(shift.starts_at, shift.ends_at),
        lunch=Interval(begins, ends) if begins and ends and begins < ends else None,
        skills=frozenset(getattr(shift, "skills", ())),
    )


def _version_and_rules(clinic: Clinic, on: date) -> tuple[int, ClinicRules]:
    latest = BoardVersion.objects.filter(clinic=OuterRef("pk"), on=on).values("version")
    found = Clinic.objects.select_related("rules").annotate(board_version=Subquery(latest)).get(pk=clinic.pk)
    return found.board_version or 0, known_rules(found)


def _visits(clinic: Clinic, start: datetime, end: datetime) -> Iterable[Visit]:
    """Everybody of the day who is here, comes still, or left just now; those who left unrecorded, or were left open."""
    now = clock.now()
    unrecorded = Administration.objects.filter(visit_id=OuterRef("pk"), recorded_at=None, voided_at=None)
    checked = PreInfusionCheck.objects.filter(visit=OuterRef("pk"), at__gte=start)
    taken = VitalsCheck.objects.filter(visit=OuterRef("pk"), voided_at=None).order_by("at").values("at")
    gone = [VisitStatus.NO_SHOW, VisitStatus.CANCELLED, VisitStatus.HELD]
    over = [status.value for status in FINISHED]
    visits = (
        Visit.objects.for_clinic(clinic)
        .filter(period__overlap=(start - LEFT_OPEN_FOR, end))
        .filter(Q(period__overlap=(start, end)) | Q(status__in=[status.value for status in HERE]))
        .exclude(status__in=[status.value for status in gone])
        .annotate(
            has_check=Exists(checked),
            is_unrecorded=Exists(unrecorded),
            taken=ArraySubquery(taken),
        )
        .filter(~Q(status__in=over) | Q(ended_at__gte=now - LEAVING_FOR) | Q(is_unrecorded=True))
    )
    return _with_port(with_pumped(with_pace(visits))).select_related(*_NAMES, "clearance").order_by("period", "id")


def _with_port(visits: VisitQuerySet) -> VisitQuerySet:
    port = RiskFlag.objects.filter(patient=OuterRef("patient"), code=Risk.CENTRAL_LINE, ended_on=None)
    return visits.annotate(has_port=Exists(port))


_NAMES = ("patient", "chair", "clinic", "nurse", "course_day__course__order__product")
SOON = timedelta(hours=2) + QUARTER
"""How far ahead the floor looks for who comes next."""


def is_soon(visit: Visit, now: datetime) -> bool:
    """Whether an expected visit belongs on the floor already."""
    return visit.status in EXPECTED and visit.period.lower <= now + SOON
