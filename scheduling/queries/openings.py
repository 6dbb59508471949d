"""Reading the grid that `scheduling.domain.openings` searches, in a few SQL statements for any number of days."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from uuid import UUID

from django.db.models import Q

from accounts.models import Clinic
from core import clock
from core.intervals import QUARTER, ceil_quarter
from patients.models import Patient
from regimens.models import CourseDay
from scheduling.domain import openings as rules
from scheduling.domain.load import profile
from scheduling.domain.openings import DayGrid, Opening, Wish
from scheduling.domain.statuses import VisitStatus
from scheduling.models import OCCUPYING_VALUES, CapacitySlot, Chair, ChairKind, Visit
from scheduling.queries.outages import outages_between
from scheduling.services.capacity import load_weights
from scheduling.services.clinic_rules import turnover_minutes

PARTS_OF_DAY = {"morning": (time(0), time(12)), "afternoon": (time(12), time(23, 59))}


@dataclass(frozen=True, kw_only=True)
class FoundOpening:
    """An opening with the chair it is in."""

    chair: Chair
    opening: Opening


def find(
    *,
    clinic: Clinic,
    course_day: CourseDay,
    first_on: date | None = None,
    last_on: date | None = None,
    part_of_day: str | None = None,
    limit: int | None = 5,
    moving: Visit | None = None,
    usual: tuple[int, time] | None = None,
    calendar: "Calendar | None" = None,
) -> list[FoundOpening]:
    """The best openings for `course_day`, best first, at most one per half hour.

    Looks from `first_on` to `last_on` (clinic-local, inclusive; the order's window unless given). `moving` is a visit
    whose own place counts as free; `usual` the weekday and time the patient usually has. `limit` None gives all.
    Many searches share one `calendar`, which holds all their days and patients.
    """
    shift = course_day.due_on - course_day.course.due_on
    earliest_on, latest_on = course_day.course.earliest_on + shift, course_day.course.latest_on + shift
    today = clock.today(clinic.zone)
    first_on = max(first_on or earliest_on, today)
    last_on = last_on or max(latest_on, first_on)
    patient = course_day.course.order.patient
    calendar = calendar or read(clinic, first_on, last_on, [patient.id])
    load = profile([(phase["kind"], phase["minutes"]) for phase in course_day.phases], calendar.weights)
    chairs = calendar.chairs_for(patient)
    days = calendar.grids(first_on, last_on, patient.id, moving)
    turnover = -(-calendar.turnover_minutes // 15)
    isolation = frozenset(chair.id for chair in chairs.values() if chair.is_isolation)
    weekday = patient.prefers_weekday if usual is None else usual[0]
    at = patient.prefers_time if usual is None else usual[1]
    found: list[Opening] = []
    for day in days:
        bounds = _bounds(day, clinic, part_of_day)
        wish = Wish(
            need=load.need,
            start_quarter=load.start_quarter,
            due_on=course_day.due_on,
            earliest_on=earliest_on,
            latest_on=latest_on,
            not_before=ceil_quarter(clock.now()),
            prefers_weekday=weekday,
            prefers_minute=None if at is None else _minute(day, at, clinic),
            first_quarter=bounds[0],
            last_quarter=bounds[1],
            turnover_quarters=turnover,
            isolation_chairs=isolation,
        )
        found.extend(rules.find([day], list(chairs), wish))
    found.sort(key=lambda opening: opening.rank)
    chosen = rules.one_per_half_hour(found, limit) if limit else found
    return [FoundOpening(chair=chairs[opening.chair_id], opening=opening) for opening in chosen]


Slot = tuple[datetime, int, int, int, int]
"""A quarter hour: its start, load taken, load there is, starts taken, starts there are."""
Taken = tuple[UUID, UUID, UUID, datetime, datetime]
"""A visit that holds its place: its id, its chair's, its patient's, from when and until when."""


@dataclass(frozen=True, kw_only=True)
class Calendar:
    """What is open, taken and out of use at a clinic on some days, read once for any number of searches.

    `chairs` are those in use, private rooms last.
    """

    weights: Mapping[str, int]
    turnover_minutes: int
    chairs: Sequence[Chair]
    slots: Mapping[date, Sequence[Slot]]
    taken: Mapping[date, Sequence[Taken]]
    out: Sequence[tuple[UUID, datetime, datetime]]

    def chairs_for(self, patient: Patient) -> dict[UUID, Chair]:
        """Chairs that would do; private rooms last unless one is needed, so that they stay free for who needs them."""
        return _for(patient, self.chairs)

    def grids(self, first_on: date, last_on: date, patient_id: UUID, moving: Visit | None) -> list[DayGrid]:
        """Every open day from `first_on` to `last_on` as it is for a patient, the place of `moving` free."""
        own = None if moving is None else moving.id
        return [
            replace(
                _grid(on, rows, [one for one in self.taken.get(on, ()) if one[0] != own], patient_id, moving),
                out=_out(rows, self.out),
            )
            for on, rows in self.slots.items()
            if first_on <= on <= last_on
        ]


def read(clinic: Clinic, first_on: date, last_on: date, patients: Iterable[UUID]) -> Calendar:
    """The calendar of `clinic` from `first_on` to `last_on`, with what `patients` have elsewhere meanwhile.

    Six SQL statements for any number of days and patients.
    """
    start, _ = clock.day_bounds(first_on, clinic.zone)
    _, end = clock.day_bounds(last_on, clinic.zone)
    return Calendar(
        weights=load_weights(clinic),
        turnover_minutes=turnover_minutes(clinic),
        chairs=_chairs(clinic),
        slots=_slots(clinic, start, end),
        taken=_taken(clinic, start, end, set(patients)),
        out=list(outages_between(clinic, start, end).values_list("chair_id", "starts_at", "ends_at")),
    )


def usable_chairs(clinic: Clinic, patient: Patient) -> dict[UUID, Chair]:
    """The chairs that would do for `patient`, best first. One SQL statement."""
    return _for(patient, _chairs(clinic))


def day_grids(clinic: Clinic, first_on: date, last_on: date, patient: Patient) -> list[DayGrid]:
    """Every open day from `first_on` to `last_on` with what is taken. Three SQL statements for any number of days."""
    start, _ = clock.day_bounds(first_on, clinic.zone)
    _, end = clock.day_bounds(last_on, clinic.zone)
    taken = _taken(clinic, start, end, {patient.id})
    out = list(outages_between(clinic, start, end).values_list("chair_id", "starts_at", "ends_at"))
    return [
        replace(_grid(on, rows, taken.get(on, ()), patient.id, None), out=_out(rows, out))
        for on, rows in _slots(clinic, start, end).items()
    ]


def _for(patient: Patient, chairs: Iterable[Chair]) -> dict[UUID, Chair]:
    return {
        chair.id: chair for chair in chairs if chair.kind == ChairKind.PRIVATE_ROOM or not patient.needs_private_room
    }


def _chairs(clinic: Clinic) -> list[Chair]:
    chairs = Chair.objects.filter(clinic=clinic, is_active=True).select_related("clinic")
    return sorted(chairs, key=lambda chair: (chair.kind == ChairKind.PRIVATE_ROOM, chair.position))


def _slots(clinic: Clinic, start: datetime, end: datetime) -> Mapping[date, Sequence[Slot]]:
    slots = CapacitySlot.objects.filter(clinic=clinic, starts_at__gte=start, starts_at__lt=end).order_by("starts_at")
    by_day: dict[date, list[Slot]] = defaultdict(list)
    for row in slots.values_list("starts_at", "load_used", "load_cap", "starts_used", "starts_cap"):
        by_day[row[0].astimezone(clinic.zone).date()].append(row)
    return by_day


def _taken(clinic: Clinic, start: datetime, end: datetime, patients: set[UUID]) -> Mapping[date, Sequence[Taken]]:
    visits = (
        Visit.objects.filter(
            Q(clinic=clinic) | Q(patient_id__in=patients),
            organization_id=clinic.organization_id,
            status__in=OCCUPYING_VALUES,
            period__overlap=(start, end),
        )
        .exclude(status=VisitStatus.HELD, hold_until__lte=clock.now())
        .values_list("id", "chair_id", "patient_id", "period")
    )
    by_day: dict[date, list[Taken]] = defaultdict(list)
    for key, chair_id, patient, period in visits:
        by_day[period.lower.astimezone(clinic.zone).date()].append((key, chair_id, patient, period.lower, period.upper))
    return by_day


def _out(rows: Sequence[Slot], outages: Sequence[tuple[UUID, datetime, datetime]]) -> dict[UUID, int]:
    masks: dict[UUID, int] = defaultdict(int)
    for chair_id, starts_at, ends_at in outages:
        masks[chair_id] |= _mask(rows[0][0], starts_at, ends_at, len(rows))
    return masks


def _grid(
    on: date,
    rows: Sequence[Slot],
    taken: Iterable[Taken],
    patient_id: UUID,
    moving: Visit | None,
) -> DayGrid:
    opens_at = rows[0][0]
    masks: dict[UUID, int] = defaultdict(int)
    patient_mask = 0
    for _, chair_id, patient, lower, upper in taken:
        mask = _mask(opens_at, lower, upper, len(rows))
        masks[chair_id] |= mask
        if patient == patient_id:
            patient_mask |= mask
    used = [row[1] for row in rows]
    starts = [row[3] for row in rows]
    if moving is not None:
        _give_back(moving, opens_at, used, starts)
    return DayGrid(
        on=on,
        opens_at=opens_at,
        load_used=tuple(used),
        load_cap=tuple(row[2] for row in rows),
        starts_used=tuple(starts),
        starts_cap=tuple(row[4] for row in rows),
        taken=masks,
        patient_taken=patient_mask,
    )


def _give_back(moving: Visit, opens_at: datetime, used: list[int], starts: list[int]) -> None:
    first = (moving.period.lower - opens_at) // QUARTER
    for offset, need in enumerate(moving.load_profile):
        if 0 <= first + offset < len(used):
            used[first + offset] -= need
    if 0 <= first + moving.start_quarter < len(starts):
        starts[first + moving.start_quarter] -= 1


def _mask(opens_at: datetime, lower: datetime, upper: datetime, quarters: int) -> int:
    first = max(0, (lower - opens_at) // QUARTER)
    last = min(quarters, -((opens_at - upper) // QUARTER))
    return ((1 << max(0, last - first)) - 1) << first


def _bounds(day: DayGrid, clinic: Clinic, part_of_day: str | None) -> tuple[int, int | None]:
    if part_of_day not in PARTS_OF_DAY:
        return 0, None
    begins, ends = PARTS_OF_DAY[part_of_day]
    return max(0, _minute(day, begins, clinic) // 15), max(-1, _minute(day, ends, clinic) // 15 - 1)


def _minute(day: DayGrid, wall: time, clinic: Clinic) -> int:
    """Minutes from the day's opening to `wall` on the clinic's clock."""
    local = datetime.combine(day.on, wall, tzinfo=clinic.zone)
    return int((local - day.opens_at) / timedelta(minutes=1))
