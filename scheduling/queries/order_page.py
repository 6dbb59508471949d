"""An order with the state of every day of its courses: not booked, booked, done, missed; and whether it is covered."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID

from accounts.models import Clinic
from authorizations.queries import coverage
from authorizations.queries.coverage import Coverage, Need
from patients.models import Patient
from regimens.models import Administration, Course, CourseDay, OrderEvent, OrderStatus, Product, TreatmentOrder
from regimens.queries import orders
from regimens.queries.exchanges import exchange_cautions
from regimens.queries.weights import WeightChange, weight_change
from regimens.services import dose_notices
from scheduling.domain.statuses import OCCUPYING, VisitStatus
from scheduling.models import StaffTask, Visit
from scheduling.queries.cover_of_days import in_turn

EVENTS_SHOWN = 40
PLAN_TASK = "plan"
"""The kind of a task that says an order's booked courses would move."""


class DayState(StrEnum):
    """Where a course day stands."""

    TO_BOOK = "to_book"
    LATE = "late"
    BOOKED = "booked"
    HERE = "here"
    DONE = "done"
    STOPPED = "stopped"
    MISSED = "missed"
    PASSED = "passed"


TO_PLACE = frozenset({DayState.TO_BOOK, DayState.LATE, DayState.MISSED})
"""States of a day that still wants a visit."""


@dataclass(frozen=True, kw_only=True)
class DayRow:
    """A course day, the visit that counts for it (the live one, else the last), its cover if that matters still, and
    what was given."""

    day: CourseDay
    state: DayState
    visit: Visit | None
    coverage: Coverage | None
    given: Administration | None = None

    @property
    def is_given(self) -> bool:
        """Whether something of it went in."""
        return self.given is not None or self.state is DayState.DONE


@dataclass(frozen=True, kw_only=True)
class CourseRow:
    """A course with its days. `given_on` is when its first day was given; `is_incomplete` when only some days were."""

    course: Course
    days: tuple[DayRow, ...]
    given_on: date | None
    is_incomplete: bool


@dataclass(frozen=True, kw_only=True)
class OrderPage:
    """What the order's page shows."""

    order: TreatmentOrder
    courses: tuple[CourseRow, ...]
    last_given_on: date | None
    events: tuple[OrderEvent, ...]
    renewed_by: TreatmentOrder | None
    weight_change: WeightChange | None
    has_differences: bool
    exchanges: Mapping[date, str]
    """Cautions about plasma exchanges elsewhere, by the day of a dose to come that one would remove."""
    dose_notices: tuple[str, ...] = ()
    """What stands out about its doses beside what the catalogue lists."""

    @property
    def next_to_book(self) -> CourseDay | None:
        """The first day that no visit holds."""
        waiting = (
            row for course in self.courses for row in course.days if row.state in {DayState.TO_BOOK, DayState.LATE}
        )
        found = next(waiting, None)
        return found.day if found else None


def order_page(clinic: Clinic, order_id: UUID, *, today: date) -> OrderPage:
    """The order's page. Thirteen SQL statements at most; raises `NotFound` for another clinic's order."""
    order = orders.with_courses(clinic, order_id)
    courses = list(order.courses.all())
    days = [day for course in courses for day in course.days.all()]
    held = _visits(order, days)
    given = {each.course_day_id: each for each in order.administrations.filter(voided_at=None)}
    states = _states(courses, held, today)
    awaited = TO_PLACE | {DayState.BOOKED}
    cover = _cover(clinic, order, [day for day in days if states[day.id] in awaited], held, today)
    rows = {
        day.id: DayRow(
            day=day,
            state=states[day.id],
            visit=held.get(day.id),
            coverage=cover.get(day.id),
            given=given.get(day.id),
        )
        for day in days
    }
    return OrderPage(
        order=order,
        courses=tuple(
            _course_row(course, tuple(rows[day.id] for day in course.days.all()), clinic) for course in courses
        ),
        last_given_on=last_given_of(order.patient, order.product),
        events=tuple(order.events.all()[:EVENTS_SHOWN]),
        renewed_by=TreatmentOrder.objects.filter(renews=order).first(),
        weight_change=weight_change(order),
        has_differences=StaffTask.objects.filter(order=order, kind=PLAN_TASK, done_at=None).exists(),
        exchanges=_exchanges(order, [rows[day.id] for day in days if states[day.id] in awaited], today),
        dose_notices=() if order.status == OrderStatus.ENDED else dose_notices.of_order(order),
    )


def _exchanges(order: TreatmentOrder, awaited: Iterable[DayRow], today: date) -> dict[date, str]:
    """Days to come, booked or due, on which a dose would be removed. One SQL statement for immune globulin."""
    if order.status not in {OrderStatus.ACTIVE, OrderStatus.ON_HOLD}:
        return {}
    coming = {_service_on(row.day, row.visit, order.clinic) for row in awaited}
    return exchange_cautions(order.patient, order.product, [on for on in coming if on >= today])


def last_given_of(patient: Patient, product: Product) -> date | None:
    """When the patient last completed a visit with this product, on the clinic's wall. One SQL statement."""
    found = (
        Visit.objects.filter(patient=patient, course_day__course__order__product=product, status=VisitStatus.COMPLETED)
        .order_by("-period")
        .values_list("period", flat=True)
        .first()
    )
    return found.lower.astimezone(patient.clinic.zone).date() if found else None


def _visits(order: TreatmentOrder, days: Iterable[CourseDay]) -> dict[UUID, Visit]:
    """For each day the visit that counts: one that holds the day, else the latest."""
    by_day: dict[UUID, list[Visit]] = defaultdict(list)
    found = Visit.objects.filter(course_day__course__order=order).select_related("chair", "authorization__payer")
    for visit in found.order_by("created_at"):
        by_day[visit.course_day_id].append(visit)
    return {
        day.id: max(by_day[day.id], key=lambda visit: (visit.status in OCCUPYING, visit.created_at))
        for day in days
        if day.id in by_day
    }


def _states(courses: Sequence[Course], held: dict[UUID, Visit], today: date) -> dict[UUID, DayState]:
    """Where each day stands. A day nobody came for is passed once a later course holds a visit or was given, or once
    the plan has it no more."""
    states: dict[UUID, DayState] = {}
    is_followed = False
    for course in reversed(courses):
        found = {day.id: _state(held.get(day.id), course, today) for day in course.days.all()}
        is_over = is_followed or course.dropped_at is not None
        for id_, state in found.items():
            states[id_] = DayState.PASSED if is_over and state in TO_PLACE else state
        is_followed = is_followed or any(id_ in held and held[id_].status in OCCUPYING for id_ in found)
    return states


def _state(visit: Visit | None, course: Course, today: date) -> DayState:
    status = VisitStatus(visit.status) if visit else VisitStatus.CANCELLED
    is_over = course.latest_on < today
    if status is VisitStatus.CANCELLED:
        return DayState.LATE if is_over else DayState.TO_BOOK
    if status is VisitStatus.NO_SHOW:
        return DayState.MISSED
    ends = {VisitStatus.COMPLETED: DayState.DONE, VisitStatus.LEFT_EARLY: DayState.STOPPED}
    expected = {VisitStatus.HELD, VisitStatus.BOOKED, VisitStatus.CONFIRMED}
    return ends.get(status) or (DayState.BOOKED if status in expected else DayState.HERE)


def _cover(
    clinic: Clinic, order: TreatmentOrder, days: list[CourseDay], held: dict[UUID, Visit], today: date
) -> dict[UUID, Coverage]:
    """The cover of days to come; a booked visit that reserved units is covered by what it reserved."""
    if order.status != OrderStatus.ACTIVE:
        return {}
    answers: dict[UUID, Coverage] = {}
    asked: list[CourseDay] = []
    for day in days:
        visit = held.get(day.id)
        if visit is not None and visit.status in OCCUPYING and visit.authorization is not None:
            answers[day.id] = Coverage(visit.authorization, (), is_required=True)
        else:
            asked.append(day)
    needs = [Need(order, day.units, max(today, _service_on(day, held.get(day.id), clinic))) for day in asked]
    found = coverage.find_many(clinic=clinic, needs=needs)
    in_order = in_turn([day.units for day in asked], found)
    return answers | {day.id: answer for day, answer in zip(asked, in_order, strict=True)}


def _service_on(day: CourseDay, visit: Visit | None, clinic: Clinic) -> date:
    if visit is None or visit.status not in OCCUPYING:
        return day.due_on
    start: date = visit.period.lower.astimezone(clinic.zone).date()
    return start


def _course_row(course: Course, days: tuple[DayRow, ...], clinic: Clinic) -> CourseRow:
    given_on = [_given_on(row, clinic) for row in days if row.is_given]
    lost = {DayState.MISSED, DayState.LATE, DayState.STOPPED, DayState.PASSED}
    is_short = any(row.given is not None and row.given.is_complete is False for row in days)
    return CourseRow(
        course=course,
        days=days,
        given_on=min(given_on, default=None),
        is_incomplete=is_short or (bool(given_on) and any(row.state in lost for row in days)),
    )


def _given_on(row: DayRow, clinic: Clinic) -> date:
    if row.given is not None:
        return row.given.started_at.astimezone(clinic.zone).date()
    return _service_on(row.day, row.visit, clinic)
