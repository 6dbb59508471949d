"""Proposing places for all courses of an order, or for visits of a series that move together.

Everything is read once for the whole time, in a fixed number of SQL statements whatever the number of courses; the
choosing itself is pure (`scheduling.domain.series`).
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TypeVar
from uuid import UUID

from accounts.models import Clinic
from authorizations.queries.coverage import Coverage, Need, find_many, still_covers
from core import clock
from core.errors import NotFound
from core.intervals import ceil_quarter
from patients.models import Patient
from regimens.models import CourseDay, OrderStatus, TreatmentOrder
from scheduling.domain import series as rules
from scheduling.domain.load import LoadProfile, profile
from scheduling.domain.openings import freed
from scheduling.domain.series import NEAR_DAYS, Asked, Choice, House, Liking, Place
from scheduling.domain.statuses import EXPECTED, VisitStatus
from scheduling.models import Chair, Visit
from scheduling.queries import openings
from scheduling.queries.cover_of_days import in_turn
from scheduling.queries.order_page import DayState, order_page
from scheduling.services.capacity import load_weights
from scheduling.services.clinic_rules import turnover_minutes

Thing = TypeVar("Thing")
LOOKED_AT = 8
"""The patient's latest visits say what is usual."""
PLACED = frozenset({DayState.TO_BOOK, DayState.MISSED})
EVERYTHING = (
    "patient__clinic",
    "clinic",
    "chair__clinic",
    "authorization",
    "course_day__course__order__patient__clinic",
    "course_day__course__order__clinic",
    "course_day__course__order__product",
)


@dataclass(frozen=True, kw_only=True)
class SeriesRow:
    """One course day, the place proposed for it, and whether it would be paid for. `visit` is the one that moves."""

    course_day: CourseDay
    choice: Choice
    coverage: Coverage | None
    visit: Visit | None = None

    @property
    def is_soft(self) -> bool:
        """Whether booking it asks for a reason."""
        uncovered = self.coverage is not None and bool(self.coverage.reasons)
        return self.choice.opening is not None and (bool(self.choice.opening.soft) or uncovered)


@dataclass(frozen=True, kw_only=True)
class SeriesPlan:
    """Places for a series. `rostered_to` is the last day with a nurse among those looked at."""

    order: TreatmentOrder
    rows: tuple[SeriesRow, ...]
    chairs: Mapping[UUID, Chair]
    liking: Liking
    rostered_to: date | None


@dataclass(frozen=True, kw_only=True)
class Range:
    """How many courses are booked at once: so many, and none due after a date. None means all."""

    courses: int | None = None
    until: date | None = None


def plan(
    clinic: Clinic,
    order_id: UUID,
    *,
    within: Range | None = None,
    liking: Liking | None = None,
    kept: Mapping[UUID, Place] | None = None,
    skipped: Iterable[UUID] = (),
) -> SeriesPlan:
    """The best place for every day of `order` to come that has no visit. Raises `NotFound` at another clinic.

    `liking` replaces what the patient prefers or usually has; `kept` places stay; `skipped` days get none.
    """
    order, days = waiting(clinic, order_id, within or Range())
    liking = liking or usual(clinic, order.patient)
    left_out = set(skipped)
    looking = _Looking(clinic, order, days)
    choices = rules.choose(
        [one for one in looking.asked if one.key not in left_out],
        looking.house,
        liking,
        kept=kept,
        gap_days=order.minimum_interval_days or 0,
    )
    skips = [Choice(asked=one, opening=None) for one in looking.asked if one.key in left_out]
    in_order = sorted((*choices, *skips), key=lambda one: (one.asked.course, one.asked.day_number))
    rows = [SeriesRow(course_day=looking.by_key[one.asked.key], choice=one, coverage=None) for one in in_order]
    return SeriesPlan(
        order=order,
        rows=tuple(_covered(clinic, order, rows)),
        chairs=looking.chairs,
        liking=liking,
        rostered_to=looking.rostered_to,
    )


def waiting(clinic: Clinic, order_id: UUID, within: Range) -> tuple[TreatmentOrder, list[CourseDay]]:
    """The order, and its days to come that no visit holds, in order."""
    today = clock.today(clinic.zone)
    page = order_page(clinic, order_id, today=today)
    courses = [
        [row.day for row in course.days if row.state in PLACED and row.given is None]
        for course in page.courses
        if course.course.latest_on >= today and (within.until is None or course.course.due_on <= within.until)
    ]
    wanted = [days for days in courses if days][: within.courses]
    for days in wanted:
        for day in days:
            day.course.order = page.order
    return page.order, [day for days in wanted for day in days] if page.order.status == OrderStatus.ACTIVE else []


def usual(clinic: Clinic, patient: Patient) -> Liking:
    """What the patient prefers, else what their latest visits had in common. One SQL statement."""
    found = Visit.objects.filter(patient=patient, clinic=clinic).exclude(
        status__in=[VisitStatus.CANCELLED, VisitStatus.HELD]
    )
    latest = list(found.order_by("-period").values_list("period", "chair_id")[:LOOKED_AT])
    starts = [period.lower.astimezone(clinic.zone) for period, _ in latest]
    weekday, at = _most([start.weekday() for start in starts]), _most([start.time() for start in starts])
    prefers = patient.prefers_weekday is not None or patient.prefers_time is not None
    return Liking(
        weekday=weekday if patient.prefers_weekday is None else patient.prefers_weekday,
        at=at if patient.prefers_time is None else patient.prefers_time,
        chair_id=_most([chair_id for _, chair_id in latest]),
        said="as they prefer" if prefers else "as usual",
    )


def _most(values: Sequence[Thing]) -> Thing | None:
    return Counter(values).most_common(1)[0][0] if values else None


class _Looking:
    """What is read for choosing: the grids of the whole time, and each day's load and window."""

    def __init__(
        self, clinic: Clinic, order: TreatmentOrder, days: Sequence[CourseDay], moving: Sequence[Visit] = ()
    ) -> None:
        self.by_key = {day.id: day for day in days}
        today, patient = clock.today(clinic.zone), order.patient
        weights = load_weights(clinic)
        self.asked = [
            _asked(day, profile([(one["kind"], one["minutes"]) for one in day.phases], weights)) for day in days
        ]
        self.chairs = openings.usable_chairs(clinic, patient)
        first = max(today, min((one.earliest_on for one in self.asked), default=today) - timedelta(days=NEAR_DAYS))
        last = max((one.latest_on for one in self.asked), default=today) + timedelta(days=NEAR_DAYS)
        grids = {day.on: day for day in openings.day_grids(clinic, first, max(first, last), patient)}
        for visit in moving:
            on = visit.period.lower.astimezone(clinic.zone).date()
            if on in grids:
                start, need = visit.period.lower, visit.load_profile
                grids[on] = freed(grids[on], visit.chair_id, start, need, visit.start_quarter)
        self.rostered_to = max((on for on, day in grids.items() if any(day.load_cap)), default=None)
        self.house = House(
            zone=clinic.zone,
            days=grids,
            chairs={chair.id: chair.kind for chair in self.chairs.values()},
            not_before=ceil_quarter(clock.now()),
            turnover_quarters=-(-turnover_minutes(clinic) // 15),
            isolation_chairs=frozenset(chair.id for chair in self.chairs.values() if chair.is_isolation),
        )


def _asked(day: CourseDay, load: LoadProfile) -> Asked:
    shift = day.due_on - day.course.due_on
    return Asked(
        key=day.id,
        course=day.course.number,
        day_number=day.day_number,
        need=load.need,
        start_quarter=load.start_quarter,
        due_on=day.due_on,
        earliest_on=day.course.earliest_on + shift,
        latest_on=day.course.latest_on + shift,
    )


def _covered(clinic: Clinic, order: TreatmentOrder, rows: Sequence[SeriesRow]) -> list[SeriesRow]:
    """The rows with their cover on the days chosen, the units given to the earliest first. One SQL statement."""
    placed = [(row, row.choice.opening.on) for row in rows if row.choice.opening is not None]
    placed.sort(key=lambda pair: pair[1])
    found = find_many(clinic=clinic, needs=[Need(order, row.course_day.units, on) for row, on in placed])
    answers = in_turn([row.course_day.units for row, _ in placed], found)
    by_day = {row.course_day.id: answer for (row, _), answer in zip(placed, answers, strict=True)}
    return [replace(row, coverage=by_day.get(row.course_day.id)) for row in rows]


def visits_of(clinic: Clinic, series_id: UUID) -> list[Visit]:
    """All visits of a series, the earliest first; raises `NotFound` when there is none at this clinic."""
    found = list(
        Visit.objects.filter(clinic=clinic, series_id=series_id).select_related(*EVERYTHING).order_by("period", "id")
    )
    if not found:
        raise NotFound("series")
    return found


def mates(visit: Visit, *, only_following: bool, with_exceptions: bool) -> list[Visit]:
    """`visit` and the visits to come of its series that go with it, the earliest first.

    Those that were moved by themselves stay, unless `with_exceptions`.
    """
    if visit.series_id is None:
        return [visit]
    return [
        one
        for one in visits_of(visit.clinic, visit.series_id)
        if one.pk == visit.pk
        or (
            one.status in EXPECTED
            and one.period.lower > (visit.period.lower if only_following else clock.now())
            and (with_exceptions or not one.is_exception)
        )
    ]


def count_mates(visit: Visit, *, with_exceptions: bool = False) -> dict[str, int]:
    """How many visits would change with `visit`, itself among them: those following, and all to come."""
    if visit.series_id is None:
        return {"following": 1, "all": 1}
    counts = (len(mates(visit, only_following=only, with_exceptions=with_exceptions)) for only in (True, False))
    return dict(zip(("following", "all"), counts, strict=True))


def plan_move(
    visit: Visit, together: Sequence[Visit], to: Place, *, kept: Mapping[UUID, Place] | None = None
) -> SeriesPlan:
    """Where `together` would go when `visit` goes to `to`: shifted as it is, each inside its own window."""
    clinic, order = visit.clinic, visit.course_day.course.order
    was, start = (moment.astimezone(clinic.zone) for moment in (visit.period.lower, to.start))
    days = [one.course_day for one in together]
    looking = _Looking(clinic, order, days, moving=together)
    by_day = {one.course_day_id: one for one in together}
    asked = [_shifted(one, by_day[one.key], start.date() - was.date(), clinic) for one in looking.asked]
    liking = Liking(weekday=None, at=start.time(), chair_id=to.chair_id, said="like the one that moves")
    chosen = rules.choose(asked, looking.house, liking, kept={**(kept or {}), visit.course_day_id: to})
    rows = [
        SeriesRow(
            course_day=looking.by_key[one.asked.key],
            choice=one,
            coverage=_still_covered(by_day[one.asked.key], one),
            visit=by_day[one.asked.key],
        )
        for one in chosen
    ]
    return SeriesPlan(
        order=order, rows=tuple(rows), chairs=looking.chairs, liking=liking, rostered_to=looking.rostered_to
    )


def _shifted(asked: Asked, visit: Visit, by: timedelta, clinic: Clinic) -> Asked:
    """The visit keeps its length and wants the day that is as far from its own as the moved one's."""
    own = visit.period.lower.astimezone(clinic.zone).date()
    need, start_quarter = tuple(visit.load_profile), visit.start_quarter
    return replace(asked, need=need, start_quarter=start_quarter, due_on=own + by, called="shifted day")


def _still_covered(visit: Visit, choice: Choice) -> Coverage | None:
    if choice.opening is None or visit.authorization is None:
        return None
    reasons = still_covers(visit.authorization, on=choice.opening.on)
    return Coverage(visit.authorization, reasons, is_required=True)
