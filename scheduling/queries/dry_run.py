"""What would happen if a visit went there: every reason against it, the nurse load it would bring, and ways out.

The same checks as `scheduling.services.booking`, on the same facts, but nothing is locked and nothing is changed: the
answer is advice for the person who is choosing, and booking asks again.
"""

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db.models import Q

from accounts.models import Clinic
from core import clock
from core.errors import Reason, Refusal
from core.intervals import QUARTER, Interval, ceil_quarter, floor_quarter
from regimens.models import CourseDay
from scheduling.domain.load import LoadProfile
from scheduling.domain.placement import carried_over, still_said
from scheduling.domain.statuses import VisitStatus
from scheduling.models import OCCUPYING_VALUES, CapacitySlot, Chair, ChairKind, Visit
from scheduling.queries.outages import outages_between
from scheduling.services import booking, coverage, places, records, resizing, swapping
from scheduling.services.clinic_rules import turnover_minutes

OTHER_CHAIRS = 3
NOBODY = UUID(int=0)


@dataclass(frozen=True, kw_only=True)
class LoadChange:
    """Nurse need in one quarter hour before and after, and nurses on shift."""

    at: datetime
    before: float
    after: float
    nurses: float


@dataclass(frozen=True, kw_only=True)
class DryRun:
    """A place that was tried. `reasons` is empty when nothing is against it, hard ones first."""

    chair: Chair
    interval: Interval
    reasons: tuple[Reason, ...]
    load: tuple[LoadChange, ...]

    @property
    def is_refused(self) -> bool:
        """Whether a rule forbids the place that nobody may override."""
        return any(reason.is_hard for reason in self.reasons)


@dataclass(frozen=True, kw_only=True)
class WayOut:
    """A place near the one that was refused, free in its chair and for the patient."""

    chair: Chair
    start: datetime
    is_same_chair: bool


def book(*, course_day: CourseDay, chair: Chair, start: datetime) -> DryRun:
    """What booking `course_day` into `chair` at `start` would meet."""
    load = places.profile_for(chair.clinic, course_day)
    interval = Interval(start, start + load.quarters * QUARTER)
    slots = _slots(chair.clinic, interval, interval)
    wanted = places.placement(course_day=course_day, chair=chair, interval=interval, load=load)
    _, uncovered = coverage.cover(course_day, start.astimezone(chair.clinic.zone).date())
    reasons = (*places.check(wanted, slots, chair=chair), *uncovered)
    return DryRun(chair=chair, interval=interval, reasons=reasons, load=_changes(slots, interval, load.need))


def move(*, visit: Visit, chair: Chair, start: datetime) -> DryRun:
    """What moving `visit` to `chair` at `start` would meet; rules already overridden for it are not asked again."""
    old = places.interval_of(visit)
    interval = Interval(start, start + (old.end - old.start))
    load = LoadProfile(tuple(visit.load_profile), visit.start_quarter)
    slots = _slots(chair.clinic, interval, old)
    wanted = places.placement(course_day=visit.course_day, chair=chair, interval=interval, load=load)
    uncovered = (
        () if _stays_that_day(visit, start) else coverage.cover(visit.course_day, records.day_at(start, chair))[1]
    )
    found = (*places.check(wanted, slots, chair=chair, moving=visit), *uncovered)
    reasons = _asked_anew(visit, found, chair, start)
    changes = _changes(slots, interval, load.need, leaving=visit)
    return DryRun(chair=chair, interval=interval, reasons=reasons, load=changes)


def each(
    *, chair: Chair, start: datetime, people: Sequence[tuple[CourseDay, Visit | None]]
) -> list[tuple[Reason, ...]]:
    """Why each of `people` could not have one place, if they were alone: as `book`, or as `move` of their visit.

    As many SQL statements for many as for one.
    """
    clinic, turnover = chair.clinic, turnover_minutes(chair.clinic)
    wanted = [
        places.placement(
            course_day=day,
            chair=chair,
            interval=Interval(start, start + load.quarters * QUARTER),
            load=load,
            turnover=turnover,
        )
        for (day, _), load in zip(people, _loads(clinic, people), strict=True)
    ]
    olds = [places.interval_of(visit) for _, visit in people if visit is not None]
    ground = places.survey(clinic, wanted, _slots(clinic, *(place.interval for place in wanted), *olds))
    answers = coverage.covers_alone([(day, records.day_at(start, chair)) for day, _ in people])
    found = []
    for (_, visit), place, (_, uncovered) in zip(people, wanted, answers, strict=True):
        against = ground.reasons(place, moving=visit)
        if visit is None:
            found.append((*against, *uncovered))
        else:
            missing = () if _stays_that_day(visit, start) else uncovered
            found.append(_asked_anew(visit, (*against, *missing), chair, start))
    return found


def _loads(clinic: Clinic, people: Sequence[tuple[CourseDay, Visit | None]]) -> list[LoadProfile]:
    """What each brings: a visit keeps its own."""
    planned = places.profiles_for(clinic, [day for day, _ in people])
    return [
        load if visit is None else LoadProfile(tuple(visit.load_profile), visit.start_quarter)
        for (_, visit), load in zip(people, planned, strict=True)
    ]


def _stays_that_day(visit: Visit, start: datetime) -> bool:
    return records.local_day(visit) == records.day_at(start, visit.chair)


def _asked_anew(visit: Visit, found: Sequence[Reason], chair: Chair, start: datetime) -> tuple[Reason, ...]:
    """The reasons of a move that an earlier override does not speak for."""
    kept = carried_over(
        visit.overrides,
        found,
        is_same_day=_stays_that_day(visit, start),
        is_same_start=start == visit.period.lower,
        is_same_chair=chair.id == visit.chair_id,
    )
    known = {override["code"] for override in kept}
    return tuple(reason for reason in found if reason.is_hard or reason.code not in known)


def resize(*, visit: Visit, end: datetime) -> DryRun:
    """What letting `visit` end at `end` would meet; nothing where it ends already."""
    old = places.interval_of(visit)
    if end == old.end:
        return DryRun(chair=visit.chair, interval=old, reasons=(), load=())
    try:
        resizing.check_end(visit, end)
    except Refusal as refusal:
        return DryRun(chair=visit.chair, interval=old, reasons=refusal.reasons, load=())
    shape = resizing.stretched(visit, end)
    slots = _slots(visit.clinic, shape.interval, old)
    try:
        resizing.check_may(visit, end)
        reasons = tuple(resizing.asked(visit, shape, slots))
    except Refusal as refusal:
        reasons = refusal.reasons
    changes = _changes(slots, shape.interval, shape.load.need, leaving=visit)
    return DryRun(chair=visit.chair, interval=shape.interval, reasons=reasons, load=changes)


def could_swap(*, visit: Visit, chair: Chair, start: datetime) -> Visit | None:
    """The one visit that stands in the way of `visit` in `chair`, if the two could change chairs at their own times."""
    if start != visit.period.lower or visit.status not in booking.MOVABLE:
        return None
    interval = places.interval_of(visit)
    there = Visit.objects.filter(chair=chair, period__overlap=(interval.start, interval.end))
    there = there.filter(status__in=OCCUPYING_VALUES).exclude(status=VisitStatus.HELD).exclude(pk=visit.pk)
    found = list(there.select_related("patient", "chair__clinic", "clinic", "course_day__course__order__patient")[:2])
    if len(found) != 1 or found[0].status not in booking.MOVABLE:
        return None
    slots = _slots(visit.clinic, interval, places.interval_of(found[0]))
    reasons = [*swapping.against(visit, found[0], slots), *swapping.against(found[0], visit, slots)]
    return None if any(reason.is_hard for reason in reasons) else found[0]


def ways_out(
    *, course_day: CourseDay, chair: Chair, start: datetime, moving: Visit | None = None
) -> tuple[WayOut, ...]:
    """The next time that is free in `chair` on that day, and other chairs that are free at `start`."""
    patient = course_day.course.order.patient
    length = (moving.period.upper - moving.period.lower) if moving else timedelta(minutes=course_day.chair_minutes)
    staffed, taken = _day(chair.clinic, start, moving)
    busy = [interval for _, who, interval in taken if who == patient.id]
    here = (moving.chair_id, moving.period.lower) if moving else None
    first = max(ceil_quarter(start), floor_quarter(clock.now()))

    def is_free(seat: Chair, at: datetime) -> bool:
        wanted = Interval(at, at + length)
        others = [interval for where, _, interval in taken if where == seat.id] + busy
        is_staffed = all(quarter in staffed for quarter in wanted.quarters())
        return is_staffed and (seat.id, at) != here and not any(other.overlaps(wanted) for other in others)

    chairs = [
        seat
        for seat in Chair.objects.filter(clinic=chair.clinic, is_active=True).select_related("clinic")
        if seat.kind == ChairKind.PRIVATE_ROOM or not patient.needs_private_room
    ]
    later = [at for at in sorted(staffed) if at >= first and at != start and chair in chairs and is_free(chair, at)]
    others = [seat for seat in chairs if seat != chair and start >= first and is_free(seat, start)]
    return (
        *(WayOut(chair=chair, start=at, is_same_chair=True) for at in later[:1]),
        *(WayOut(chair=seat, start=start, is_same_chair=False) for seat in others[:OTHER_CHAIRS]),
    )


def _slots(clinic: Clinic, *intervals: Interval) -> list[CapacitySlot]:
    """The capacity of all `intervals`, unlocked, in order and each quarter hour once."""
    wanted = Q()
    for interval in set(intervals):
        wanted |= Q(starts_at__gte=interval.start, starts_at__lt=interval.end)
    return list(CapacitySlot.objects.filter(wanted, clinic=clinic).order_by("starts_at"))


def _changes(
    slots: Sequence[CapacitySlot], interval: Interval, need: Sequence[int], *, leaving: Visit | None = None
) -> tuple[LoadChange, ...]:
    brings = dict(zip(interval.quarters(), need, strict=True))
    takes: dict[datetime, int] = {}
    if leaving is not None:
        takes = dict(zip(places.interval_of(leaving).quarters(), leaving.load_profile, strict=True))
    return tuple(
        LoadChange(
            at=slot.starts_at,
            before=slot.load_used / 100,
            after=(slot.load_used - takes.get(slot.starts_at, 0) + brings.get(slot.starts_at, 0)) / 100,
            nurses=slot.load_cap / 100,
        )
        for slot in slots
        if takes.get(slot.starts_at, 0) != brings.get(slot.starts_at, 0)
    )


def _day(
    clinic: Clinic, moment: datetime, moving: Visit | None
) -> tuple[set[datetime], list[tuple[UUID, UUID, Interval]]]:
    """The staffed quarter hours of the day around `moment`, and who sits where on it (chair, patient, when)."""
    start, end = clock.day_bounds(moment.astimezone(clinic.zone).date(), clinic.zone)
    slots = CapacitySlot.objects.filter(clinic=clinic, starts_at__gte=start, starts_at__lt=end, load_cap__gt=0)
    visits = (
        Visit.objects.filter(
            organization_id=clinic.organization_id, status__in=OCCUPYING_VALUES, period__overlap=(start, end)
        )
        .exclude(status=VisitStatus.HELD, hold_until__lte=clock.now())
        .exclude(pk__in=[moving.pk] if moving else [])
        .values_list("chair_id", "patient_id", "period")
    )
    taken = [(chair_id, patient_id, Interval(period.lower, period.upper)) for chair_id, patient_id, period in visits]
    taken += [
        (one.chair_id, NOBODY, Interval(one.starts_at, one.ends_at)) for one in outages_between(clinic, start, end)
    ]
    return set(slots.values_list("starts_at", flat=True)), taken


def refit(*, visit: Visit, planned: CourseDay, chair: Chair, start: datetime) -> DryRun:
    """What refitting `visit` to its day as `planned` (unsaved) would meet in `chair` at `start`."""
    old = places.interval_of(visit)
    load = places.profile_for(chair.clinic, planned)
    interval = Interval(start, start + timedelta(minutes=planned.chair_minutes))
    slots = _slots(chair.clinic, interval, old)
    wanted = places.placement(course_day=planned, chair=chair, interval=interval, load=load)
    day, new_day = (moment.astimezone(chair.clinic.zone).date() for moment in (old.start, start))
    is_same_cover = day == new_day and planned.units == visit.units
    uncovered = () if is_same_cover else _uncovered(visit, planned, new_day)
    known = {override["code"] for override in still_said(visit.overrides)} if is_same_cover else set()
    found = (*places.check(wanted, slots, chair=chair, moving=visit), *uncovered)
    reasons = tuple(reason for reason in found if reason.is_hard or reason.code not in known)
    changes = _changes(slots, interval, load.need, leaving=visit)
    return DryRun(chair=chair, interval=interval, reasons=reasons, load=changes)


def _uncovered(visit: Visit, planned: CourseDay, on: date) -> tuple[Reason, ...]:
    """Why the day as planned has no cover; the units that the visit holds already count for it."""
    held = visit.units if visit.authorization_id is not None else 0
    more = copy.copy(planned)
    more.units = max(1, planned.units - held)
    return coverage.cover(more, on)[1]
