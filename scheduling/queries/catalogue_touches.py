"""The accepted orders that a change of the catalogue could touch, with what was given, what is planned and booked."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from django.db.models import Prefetch

from regimens.models import (
    Administration,
    Course,
    CourseDay,
    Indication,
    OrderStatus,
    Product,
    TreatmentOrder,
)
from scheduling.domain.statuses import EXPECTED, IN_CHAIR, VisitStatus
from scheduling.models import Visit

TO_COME = [status.value for status in EXPECTED | IN_CHAIR | {VisitStatus.ARRIVED, VisitStatus.HELD}]
PLANNED = [OrderStatus.ACTIVE, OrderStatus.ON_HOLD]

Place = tuple[int, int]
"""Course number and day number."""


@dataclass(frozen=True, kw_only=True)
class PlannedOrder:
    """An order and its course days by place. `given_on` is the day of each course up to the last one given,
    `given` the day of each course day that really was."""

    order: TreatmentOrder
    days: Mapping[Place, CourseDay]
    visits: Mapping[UUID, Visit]
    given: Mapping[Place, date]
    given_on: tuple[date, ...]
    through_on: date


def planned_orders(
    *, organization_id: UUID, product: Product | None = None, indication: Indication | None = None
) -> tuple[PlannedOrder, ...]:
    """Orders of the organization that are active or on hold, of a product or an indication. Five SQL statements."""
    orders = TreatmentOrder.objects.filter(clinic__organization_id=organization_id, status__in=PLANNED)
    orders = orders.filter(product=product) if product else orders.filter(indication=indication)
    courses = Course.objects.order_by("number").prefetch_related(
        Prefetch("days", CourseDay.objects.order_by("day_number"))
    )
    found = list(
        orders.select_related("clinic", "patient__clinic", "product", "indication")
        .prefetch_related(Prefetch("courses", courses))
        .order_by("patient__family_name", "patient__given_name", "pk")
    )
    given = _given([order.pk for order in found], organization_id)
    visits = _visits([order.pk for order in found], organization_id)
    return tuple(_planned(order, given[order.pk], visits) for order in found)


def drafts_of(*, organization_id: UUID, product: Product) -> int:
    """How many drafts of a product wait to be accepted. One SQL statement."""
    drafts = TreatmentOrder.objects.filter(
        clinic__organization_id=organization_id, product=product, status=OrderStatus.DRAFT
    )
    return drafts.count()


def _given(orders: Sequence[UUID], organization_id: UUID) -> dict[UUID, list[Administration]]:
    rows = Administration.objects.filter(
        order__in=orders, order__clinic__organization_id=organization_id, voided_at__isnull=True
    ).select_related("course_day__course")
    found: dict[UUID, list[Administration]] = defaultdict(list)
    for row in rows:
        found[row.order_id].append(row)
    return found


def _visits(orders: Sequence[UUID], organization_id: UUID) -> dict[UUID, Visit]:
    """Visits that are still to come or here now, by the id of their course day."""
    rows = Visit.objects.filter(
        organization_id=organization_id, course_day__course__order__in=orders, status__in=TO_COME
    ).select_related("chair")
    return {visit.course_day_id: visit for visit in rows}


def _planned(order: TreatmentOrder, given: Sequence[Administration], visits: Mapping[UUID, Visit]) -> PlannedOrder:
    courses = list(order.courses.all())
    days = {(course.number, day.day_number): day for course in courses for day in course.days.all()}
    ends = [order.laid_out_through_on, *(course.due_on for course in courses)]
    zone = order.clinic.zone
    return PlannedOrder(
        order=order,
        days=days,
        visits={day.pk: visits[day.pk] for day in days.values() if day.pk in visits},
        given={
            (row.course_day.course.number, row.course_day.day_number): row.started_at.astimezone(zone).date()
            for row in given
        },
        given_on=_given_on(order, courses, given),
        through_on=max((day for day in ends if day is not None), default=order.starts_on),
    )


def _given_on(order: TreatmentOrder, courses: Sequence[Course], given: Sequence[Administration]) -> tuple[date, ...]:
    """When each course up to the last one given began; a course that was missed counts as given when it was due."""
    began: dict[int, date] = {}
    for row in given:
        number, on = row.course_day.course.number, row.started_at.astimezone(order.clinic.zone).date()
        began[number] = min(on, began.get(number, on))
    found: list[date] = []
    for course in courses:
        if course.number <= max(began, default=0):
            on = began.get(course.number, course.due_on)
            found.append(max(on, found[-1] + timedelta(days=1)) if found else on)
    return tuple(found)
