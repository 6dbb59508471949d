"""What comes due for a person: renewals, reviews of the response, courses that are overdue or need a new assessment.

When an order is renewed and a response reviewed is the rule of `regimens.queries.renewals`. Nothing here prescribes.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from accounts.models import Clinic
from regimens.domain.due_dates import DueState, standing
from regimens.domain.settings import CLINICAL_DEFAULTS
from regimens.models import Administration, Course, OrderStatus, TreatmentOrder
from regimens.queries.renewals import RunsOut, renewals_due, reviews_due
from scheduling.models import OCCUPYING_VALUES, Visit

RENEWAL, REVIEW, OVERDUE, REASSESS = "renewal", "review", "overdue", "reassess"
KINDS = (RENEWAL, REVIEW, OVERDUE, REASSESS)


@dataclass(frozen=True, kw_only=True)
class Due:
    """One thing to do about an order; `key` names it, so that it is asked once."""

    key: str
    text: str
    order: TreatmentOrder
    is_urgent: bool = False


def tasks(clinic: Clinic, *, today: date) -> dict[str, list[Due]]:
    """Everything that is due at `clinic`, by kind; every kind is listed. A fixed number of SQL statements."""
    found: dict[str, list[Due]] = {kind: [] for kind in KINDS}
    found[RENEWAL] = list(_renewals(clinic, today))
    found[REVIEW] = list(_reviews(clinic, today))
    orders = list(_orders(clinic))
    given = _given(orders)
    for due in _standings(orders, given, today):
        found[REASSESS if due.is_urgent else OVERDUE].append(due)
    return found


def _orders(clinic: Clinic) -> Iterable[TreatmentOrder]:
    return TreatmentOrder.objects.filter(clinic=clinic, status=OrderStatus.ACTIVE).select_related(
        "patient", "product", "clinic"
    )


def _renewals(clinic: Clinic, today: date) -> Iterable[Due]:
    """Orders that run out soon and that nobody has begun to renew, asked for once at each notice."""
    for due in renewals_due(clinic, today):
        name = f"{due.order.patient.short_name} for {due.order.product.name}"
        if due.why is RunsOut.COURSES_USED:
            what = f"The last course of the order of {name} {'was' if due.on < today else 'is'} due on"
        else:
            what = f"The order of {name} {'ended' if due.on < today else 'ends'} on"
        yield Due(
            key=f"{RENEWAL}:{due.order.id}:{due.on}:{due.notice_days}",
            text=f"{what} {due.on:%-d %b %Y}. Ask the prescriber to renew it or to end the treatment.",
            order=due.order,
        )


def _given(orders: Collection[TreatmentOrder]) -> dict[UUID, dict[int, date]]:
    """For each order the day on which each of its courses was given last."""
    found: dict[UUID, dict[int, date]] = defaultdict(dict)
    zones = {order.id: order.clinic.zone for order in orders}
    rows = Administration.objects.filter(order__in=orders, voided_at__isnull=True).order_by("started_at")
    for order_id, number, at in rows.values_list("order_id", "course_day__course__number", "started_at"):
        found[order_id][number] = at.astimezone(zones[order_id]).date()
    return found


def _reviews(clinic: Clinic, today: date) -> Iterable[Due]:
    """Treatments whose response is looked at about now."""
    for due in reviews_due(clinic, today):
        yield Due(
            key=f"{REVIEW}:{due.order.patient_id}:{due.order.product_id}:{due.months}",
            text=(
                f"{due.order.patient.short_name} has had {due.order.product.name} for {due.months} months. "
                "Review with the prescriber how well it works, and whether to go on."
            ),
            order=due.order,
        )


def _standings(orders: Collection[TreatmentOrder], given: dict[UUID, dict[int, date]], today: date) -> Iterable[Due]:
    """The first course of each order that nobody gave or overtook, when its window has closed."""
    by_id = {order.id: order for order in orders}
    late = Course.objects.filter(order__in=orders, latest_on__lt=today, dropped_at=None).order_by("order_id", "number")
    held = set(
        Visit.objects.filter(course_day__course__in=late, status__in=OCCUPYING_VALUES).values_list(
            "course_day__course_id", flat=True
        )
    )
    overtaken = _overtaken(orders, given)
    seen: set[UUID] = set()
    for course in late:
        history = given.get(course.order_id, {})
        if course.order_id in seen or course.id in held or course.number <= overtaken.get(course.order_id, 0):
            continue
        seen.add(course.order_id)
        order = by_id[course.order_id]
        last = max(history.values(), default=order.prior_dose_on)
        due = _standing(order, course, last, today)
        if due is not None:
            yield due


def _overtaken(orders: Collection[TreatmentOrder], given: dict[UUID, dict[int, date]]) -> dict[UUID, int]:
    """For each order the number of the last course that was given or holds a visit."""
    found = {order_id: max(history) for order_id, history in given.items()}
    held = Visit.objects.filter(course_day__course__order__in=orders, status__in=OCCUPYING_VALUES)
    for order_id, number in held.values_list("course_day__course__order_id", "course_day__course__number"):
        found[order_id] = max(number, found.get(order_id, 0))
    return found


def _standing(order: TreatmentOrder, course: Course, last: date | None, today: date) -> Due | None:
    state = standing(
        earliest_on=course.earliest_on,
        latest_on=course.latest_on,
        today=today,
        last_given_on=last,
        interval_days=order.interval_days,
        gap_limit_days=CLINICAL_DEFAULTS.reassess_gap_days if order.product.is_immune_globulin else None,
    )
    who = f"{order.patient.short_name}, {order.product.name}, course {course.number}"
    if state.state is DueState.REASSESS:
        text = f"{who}: so long overdue that the patient is assessed anew: new tests, the slow ramp, the prescriber."
        return Due(key=f"{REASSESS}:{course.id}", text=text, order=order, is_urgent=True)
    if state.state is DueState.OVERDUE:
        text = f"{who}: not booked, and its window closed on {course.latest_on:%-d %b}. Book it or call the patient."
        return Due(key=f"{OVERDUE}:{course.id}", text=text, order=order)
    return None
