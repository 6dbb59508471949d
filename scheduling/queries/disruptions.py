"""What a disruption touches and the smallest repair of it, read without changing anything; and those that were applied.

A fixed number of SQL statements however many visits there are. `services.disruptions` asks the same again, under its
locks, before it changes anything.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db.models import Q, QuerySet

from accounts.models import Clinic
from authorizations.queries.coverage import Need, find_many
from core import clock
from core.errors import NotFound
from core.intervals import QUARTER, Interval, ceil_quarter, floor_quarter
from scheduling.domain import absence, repair
from scheduling.domain.openings import DayGrid, Opening
from scheduling.domain.relief import Limits
from scheduling.domain.repair import Repair
from scheduling.domain.series import House
from scheduling.domain.statuses import IN_CHAIR, VisitStatus
from scheduling.domain.upset import Firmness, Line, Upset, asks
from scheduling.models import OCCUPYING_VALUES, CapacitySlot, Chair, ChairKind, Disruption, DisruptionKind, Visit
from scheduling.queries import openings, visits
from scheduling.services import disruption_facts
from scheduling.services.capacity import nurses_present
from scheduling.services.clinic_rules import rules_of
from scheduling.services.disruption_facts import Happening

HORIZON = timedelta(days=45)
"""How far around the upset days other places are looked for."""
FIRMNESS = {
    VisitStatus.HELD: Firmness.HELD,
    VisitStatus.CONFIRMED: Firmness.CONFIRMED,
    VisitStatus.ARRIVED: Firmness.HERE,
    **dict.fromkeys(IN_CHAIR, Firmness.BEGUN),
}
OWN_UNITS = frozenset({"auth_units_short", "auth_visits_short", "frequency_limit"})
"""What a visit that holds units of its own is not short of: it takes them along."""
Other = tuple[UUID, UUID, UUID, UUID, datetime, datetime]
"""Another visit: its id, patient, course and order, and from when to when."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """One visit that is touched, with what is proposed for it; `uncovered` are the rules of cover, by other day."""

    visit: Visit
    line: Line
    uncovered: Mapping[date, tuple[str, ...]]

    def needs(self, opening: Opening) -> tuple[str, ...]:
        """The codes of the rules that would need a reason there."""
        return (*asks(self.line.upset, opening), *self.uncovered.get(opening.on, ()))


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """What is touched, what would become of it, and what stays too much for the nurses."""

    happening: Happening
    rows: tuple[Row, ...]
    repair: Repair
    chairs: Mapping[UUID, Chair]
    nursed: tuple[Visit, ...]
    """Visits of the nurse who is away: each gets another nurse, or none yet."""


def propose(happening: Happening) -> Proposal:
    """The smallest repair. Raises `BadInput` when the happening makes no sense."""
    disruption_facts.check(happening)
    clinic, upset = happening.clinic, touched(happening)
    found = [*upset.displaced, *upset.crowded]
    chairs = {chair.id: chair for chair in _chairs(clinic)}
    house = _house(happening, upset, chairs)
    others = _others(clinic, found)
    gone = {visit.id for visit in upset.displaced}
    upsets = {visit.id: _upset(visit, house.days, chairs, others[visit.patient_id], gone) for visit in found}
    mended = repair.plan(
        house,
        displaced=[upsets[visit.id] for visit in upset.displaced],
        crowded=[upsets[visit.id] for visit in upset.crowded],
        limits=upset.limits,
        earlier_from=ceil_quarter(clock.now() + timedelta(hours=rules_of(clinic).notice_hours)),
    )
    return Proposal(
        happening=happening,
        rows=tuple(_rows(clinic, mended, {visit.id: visit for visit in found})),
        repair=mended,
        chairs=chairs,
        nursed=upset.nursed,
    )


def of_clinic(clinic: Clinic) -> QuerySet[Disruption]:
    """What was applied at `clinic`, the latest first."""
    return Disruption.objects.filter(clinic=clinic).select_related("clinic")


def get(clinic: Clinic, disruption_id: UUID) -> Disruption:
    """One that was applied. Raises `NotFound`."""
    found = of_clinic(clinic).filter(pk=disruption_id).first()
    if found is None:
        raise NotFound("disruption")
    return found


@dataclass(frozen=True, kw_only=True)
class Touched:
    """Who is in the way: those who can't stay, those in crowded quarter hours, those of the nurse who is away.

    `limits` are the most that each short quarter hour may carry, `missing` how many nurses fewer there are.
    """

    displaced: tuple[Visit, ...]
    crowded: tuple[Visit, ...] = ()
    nursed: tuple[Visit, ...] = ()
    limits: Limits
    missing: Mapping[datetime, int]


def touched(happening: Happening) -> Touched:
    """Who is in the way, and by how many nurses each quarter hour is short."""
    here = _live(happening.clinic, happening.away)
    if happening.kind == DisruptionKind.CHAIR:
        return Touched(displaced=tuple(here.filter(chair=happening.chair)), limits={}, missing={})
    if happening.kind == DisruptionKind.CLOSED:
        return Touched(displaced=tuple(here), limits={}, missing={})
    missing = _missing(happening)
    limits, crowded, closed = _limits(happening, missing)
    there = list(here)

    def touches(visit: Visit, moments: set[datetime]) -> bool:
        return any(moment in moments for moment in Interval(visit.period.lower, visit.period.upper).quarters())

    gone = [visit for visit in there if touches(visit, closed)]
    return Touched(
        displaced=tuple(gone),
        crowded=tuple(visit for visit in there if visit not in gone and touches(visit, crowded)),
        nursed=tuple(visit for visit in there if visit.nurse_id == happening.nurse.id) if happening.nurse else (),
        limits=limits,
        missing=missing,
    )


def _live(clinic: Clinic, away: Interval) -> QuerySet[Visit]:
    now = clock.now()
    found = visits.between(clinic, max(away.start, now), max(away.end, now + timedelta(minutes=1)))
    return found.occupying().live().exclude(status=VisitStatus.HELD, hold_until__lte=now)


def _missing(happening: Happening) -> dict[datetime, int]:
    """How many nurses fewer there are in each quarter hour."""
    missing: dict[datetime, int] = {}
    for shift in disruption_facts.shifts_of(happening):
        left = disruption_facts.pieces_of(shift, happening.away)
        for moment in Interval(floor_quarter(shift.starts_at), ceil_quarter(shift.ends_at)).quarters():
            less = nurses_present([shift], moment) - nurses_present(left, moment)
            if less > 0:
                missing[moment] = missing.get(moment, 0) + less
    return missing


def _limits(
    happening: Happening, missing: Mapping[datetime, int]
) -> tuple[dict[datetime, tuple[int, int]], set[datetime], set[datetime]]:
    """The most that each short quarter hour may carry; which carry more; and which have no nurse left at all."""
    limits: dict[datetime, tuple[int, int]] = {}
    crowded, closed = set(), set()
    slots = CapacitySlot.objects.filter(
        clinic=happening.clinic, starts_at__in=missing, starts_at__gte=floor_quarter(clock.now()), load_cap__gt=0
    )
    for slot in slots:
        less = missing[slot.starts_at]
        cap, starts_cap = slot.load_cap - less * absence.NURSE, slot.starts_cap - less
        if cap <= 0:
            closed.add(slot.starts_at)
            continue
        load = cap + max(0, slot.load_used - slot.load_cap)
        starts = max(0, starts_cap) + max(0, slot.starts_used - slot.starts_cap)
        limits[slot.starts_at] = load, starts
        if slot.load_used > load or slot.starts_used > starts:
            crowded.add(slot.starts_at)
    return limits, crowded, closed


def _chairs(clinic: Clinic) -> list[Chair]:
    found = Chair.objects.filter(clinic=clinic, is_active=True).select_related("clinic")
    return sorted(found, key=lambda chair: (chair.kind == ChairKind.PRIVATE_ROOM, chair.position))


def _house(happening: Happening, upset: Touched, chairs: Mapping[UUID, Chair]) -> House:
    """The days around, as the disruption leaves them; every visit is still in its place."""
    clinic, today = happening.clinic, clock.today(happening.clinic.zone)
    found = [*upset.displaced, *upset.crowded]
    grids: list[DayGrid] = []
    if found:
        first, last = max(today, happening.days[0] - HORIZON), happening.days[-1] + HORIZON
        grids = openings.day_grids(clinic, first, last, found[0].patient)
    if happening.kind == DisruptionKind.NURSE:
        grids = [absence.fewer(day, upset.missing) if day.on in happening.days else day for day in grids]
    else:
        gone = chairs if happening.chair is None else [happening.chair.id]
        grids = [absence.shut(day, gone, happening.away) if day.on in happening.days else day for day in grids]
    return House(
        zone=clinic.zone,
        days={day.on: replace(day, patient_taken=0) for day in grids},
        chairs={chair.id: chair.kind for chair in chairs.values()},
        not_before=ceil_quarter(clock.now()),
        turnover_quarters=-(-rules_of(clinic).turnover_minutes // 15),
        isolation_chairs=frozenset(chair.id for chair in chairs.values() if chair.is_isolation),
    )


def _others(clinic: Clinic, found: Sequence[Visit]) -> dict[UUID, list[Other]]:
    """All visits of these patients around, by patient. One SQL statement."""
    if not found:
        return {}
    first = min(visit.period.lower for visit in found) - 2 * HORIZON
    last = max(visit.period.upper for visit in found) + 2 * HORIZON
    rows = Visit.objects.filter(
        Q(organization_id=clinic.organization_id),
        patient__in={visit.patient_id for visit in found},
        status__in=OCCUPYING_VALUES,
        period__overlap=(first, last),
    ).exclude(status=VisitStatus.HELD, hold_until__lte=clock.now())
    by_patient: dict[UUID, list[Other]] = defaultdict(list)
    for pk, patient, course, order, period in rows.values_list(
        "id", "patient_id", "course_day__course_id", "course_day__course__order_id", "period"
    ):
        by_patient[patient].append((pk, patient, course, order, period.lower, period.upper))
    return by_patient


def _upset(
    visit: Visit, days: Mapping[date, DayGrid], chairs: Mapping[UUID, Chair], others: Iterable[Other], gone: set[UUID]
) -> Upset:
    """A visit as the rules want it; `others` are its patient's, `gone` the visits that leave their places, too."""
    zone, day = visit.clinic.zone, visit.course_day
    on = visit.period.lower.astimezone(zone).date()
    shift = day.due_on - day.course.due_on
    earliest, latest = day.course.earliest_on + shift, day.course.latest_on + shift
    theirs = [other for other in others if other[0] != visit.id and other[0] not in gone]
    possible = _possible(visit, on, theirs)
    first, last = max(earliest, possible[0]), min(latest, possible[1])
    if visit.authorization is not None:
        held = visit.authorization
        first, last = max(first, held.starts_on or first), min(last, held.ends_on or last)
    first = max(first, clock.today(zone))
    return Upset(
        key=visit.id,
        patient_id=visit.patient_id,
        course_id=day.course_id,
        on=on,
        start=visit.period.lower,
        chair_id=visit.chair_id,
        need=tuple(visit.load_profile),
        start_quarter=visit.start_quarter,
        chairs=tuple(_would_do(visit, chairs.values())),
        earliest_on=earliest,
        latest_on=latest,
        first_on=first,
        last_on=last,
        possible=possible,
        firmness=FIRMNESS.get(VisitStatus(visit.status), Firmness.BOOKED),
        spoken_for=frozenset(override["code"] for override in visit.overrides),
        busy=_busy(days.get(on), theirs),
        elsewhere=frozenset(other[4].astimezone(zone).date() for other in theirs),
        course_days=frozenset(other[4].astimezone(zone).date() for other in theirs if other[2] == day.course_id),
    )


def _possible(visit: Visit, on: date, theirs: Iterable[Other]) -> tuple[date, date]:
    """The days on which the order's shortest interval to the courses before and after lets it be."""
    order, zone = visit.course_day.course.order, visit.clinic.zone
    apart = timedelta(days=order.minimum_interval_days or 1)
    courses = {
        other[4].astimezone(zone).date()
        for other in theirs
        if other[3] == order.id and other[2] != visit.course_day.course_id
    }
    before, after = [day for day in courses if day < on], [day for day in courses if day > on]
    return max(before) + apart if before else date.min, min(after) - apart if after else date.max


def _would_do(visit: Visit, chairs: Iterable[Chair]) -> list[UUID]:
    """Chairs for the patient, the visit's own and those like it first."""
    own, needs_room = visit.chair, visit.patient.needs_private_room
    fit = [chair for chair in chairs if chair.kind == ChairKind.PRIVATE_ROOM or not needs_room]
    fit.sort(key=lambda chair: (chair.id != own.id, chair.is_isolation != own.is_isolation, chair.kind != own.kind))
    return [chair.id for chair in fit]


def _busy(day: DayGrid | None, theirs: Iterable[Other]) -> int:
    """The quarter hours of the visit's own day in which its patient is elsewhere."""
    if day is None:
        return 0
    mask = 0
    for *_, start, end in theirs:
        for place in range(day.quarters):
            mask |= (start <= day.opens_at + place * QUARTER < end) << place
    return mask


def _rows(clinic: Clinic, mended: Repair, found: Mapping[UUID, Visit]) -> Iterator[Row]:
    """The lines with their visits, and what each other day lacks of cover. One SQL statement."""
    wanted = []
    for line in mended.lines:
        days = {one.on for one in (line.place, *line.others) if one is not None} - {line.upset.on}
        wanted += [(line.upset.key, on) for on in sorted(days)]
    needs = [Need(found[key].course_day.course.order, found[key].units, on) for key, on in wanted]
    uncovered: dict[UUID, dict[date, tuple[str, ...]]] = defaultdict(dict)
    for (key, on), answer in zip(wanted, find_many(clinic=clinic, needs=needs), strict=True):
        own = OWN_UNITS if found[key].authorization_id is not None else frozenset()
        uncovered[key][on] = tuple(reason.code for reason in answer.reasons if reason.code not in own)
    for line in mended.lines:
        yield Row(visit=found[line.upset.key], line=line, uncovered=uncovered[line.upset.key])
