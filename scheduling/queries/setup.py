"""What the set-up pages list: chairs, hours, closures, shifts, skills and weights of one clinic."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from django.db.models import Count, Q

from accounts.domain.policy import Role
from accounts.models import Clinic, Closure, OpeningHours, User
from core import clock
from core.errors import NotFound
from scheduling.domain.load import LoadPhase
from scheduling.domain.skills import Skill
from scheduling.domain.vitals import VitalsCadence
from scheduling.models import OCCUPYING_VALUES, Chair, LoadWeight, NurseSkill, Shift
from scheduling.services.capacity import default_weights, open_times
from scheduling.services.clinic_rules import cadence_of, rules_of


@dataclass(frozen=True, kw_only=True)
class Weight:
    """The nurse need of a phase, in hundredths of a nurse, with where it comes from."""

    phase: LoadPhase
    hundredths: int
    source: str
    confidence: str


@dataclass(frozen=True, kw_only=True)
class Cadence:
    """The times for vital signs; the source is empty while they are the project's (`is_own` says they are not)."""

    times: VitalsCadence
    is_own: bool
    source: str
    confidence: str


def chairs(clinic: Clinic) -> Sequence[Chair]:
    """All chairs in the board's order; `visits_ahead` counts the visits to come in each."""
    ahead = Q(visits__status__in=OCCUPYING_VALUES, visits__period__startswith__gt=clock.now())
    found = Chair.objects.filter(clinic=clinic).annotate(visits_ahead=Count("visits", filter=ahead))
    return list(found.select_related("clinic").order_by("-is_active", "position", "name"))


def hours(clinic: Clinic) -> dict[int, OpeningHours]:
    """Opening hours by weekday, 0 is Monday; a day without is closed."""
    return {row.weekday: row for row in OpeningHours.objects.filter(clinic=clinic)}


def closures(clinic: Clinic) -> Sequence[Closure]:
    """Days to come on which the clinic is closed, in order."""
    return list(Closure.objects.filter(clinic=clinic, on__gte=clock.today(clinic.zone)).order_by("on"))


def get_closure(clinic: Clinic, closure_id: int) -> Closure:
    """A closure of `clinic`. Raises `NotFound`."""
    found = Closure.objects.filter(clinic=clinic, pk=closure_id).select_related("clinic").first()
    if found is None:
        raise NotFound("closure")
    return found


def nurses(clinic: Clinic) -> Sequence[User]:
    """Everybody who is a nurse at `clinic`, by name."""
    found = User.objects.filter(memberships__clinic=clinic, memberships__role=Role.NURSE, is_active=True)
    return list(found.order_by("name").distinct())


def get_nurse(clinic: Clinic, nurse_id: UUID) -> User:
    """A nurse of `clinic`. Raises `NotFound`."""
    found = next((nurse for nurse in nurses(clinic) if nurse.id == nurse_id), None)
    if found is None:
        raise NotFound("nurse")
    return found


def shifts(clinic: Clinic, monday: date) -> Sequence[Shift]:
    """The shifts of the week that starts on `monday`, in order."""
    starts_at, _ = clock.day_bounds(monday, clinic.zone)
    _, ends_at = clock.day_bounds(monday + timedelta(days=6), clinic.zone)
    found = Shift.objects.filter(clinic=clinic, starts_at__gte=starts_at, starts_at__lt=ends_at)
    return list(found.select_related("nurse").order_by("starts_at"))


def closed_days(clinic: Clinic, monday: date) -> set[date]:
    """The days of a week on which the clinic is closed."""
    days = {monday + timedelta(days=offset) for offset in range(7)}
    times = open_times(clinic, monday, monday + timedelta(days=6))
    return days - {hours.start.astimezone(clinic.zone).date() for hours in times}


def get_shift(clinic: Clinic, shift_id: int) -> Shift:
    """A shift of `clinic`. Raises `NotFound`."""
    found = Shift.objects.filter(clinic=clinic, pk=shift_id).select_related("clinic", "nurse").first()
    if found is None:
        raise NotFound("shift")
    return found


def skills(clinic: Clinic) -> dict[UUID, tuple[Skill, ...]]:
    """What each nurse may do, by the nurse's id; words that are not known any more are left out."""
    known = {skill.value for skill in Skill}
    found: dict[UUID, list[Skill]] = defaultdict(list)
    for nurse_id, code in NurseSkill.objects.filter(clinic=clinic).order_by("skill").values_list("nurse_id", "skill"):
        if code in known:
            found[nurse_id].append(Skill(code))
    return {nurse_id: tuple(codes) for nurse_id, codes in found.items()}


def weights(clinic: Clinic) -> Sequence[Weight]:
    """The nurse need of every phase: the clinic's own, else the project's starting value."""
    own = {row.phase: row for row in LoadWeight.objects.filter(clinic=clinic)}
    start = default_weights()
    return [
        Weight(
            phase=phase,
            hundredths=own[phase].hundredths if phase in own else start["weights"][phase],
            source=own[phase].source if phase in own else start["source"],
            confidence=own[phase].confidence if phase in own else start["confidence"],
        )
        for phase in LoadPhase
    ]


def cadence(clinic: Clinic) -> Cadence:
    """When vital signs are due at `clinic`, with where these times come from."""
    rules = rules_of(clinic)
    return Cadence(
        times=cadence_of(rules),
        is_own=rules.vitals_after_start_minutes is not None,
        source=rules.vitals_source,
        confidence=rules.vitals_confidence,
    )


def get_weight(clinic: Clinic, phase: str) -> Weight:
    """The nurse need of one phase. Raises `NotFound` for a phase there is not."""
    found = next((weight for weight in weights(clinic) if weight.phase == phase), None)
    if found is None:
        raise NotFound("phase")
    return found
