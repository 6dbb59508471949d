"""What comes due for a person: renewals, reviews of the response, courses that are overdue or need a new assessment.

Source of the times: order forms count a year (P18), so renewal is asked for at 60 and 30 days; "individualise beyond
6 months" (an IG label, P3) for reviews. All are the clinic's to change; nothing here prescribes.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.db.models import Min

from accounts.models import Clinic
from regimens.domain.due_dates import DueState, standing
from regimens.domain.settings import CLINICAL_DEFAULTS
from regimens.models import Administration, Course, OrderStatus, TreatmentOrder
from regimens.queries.orders import VALID_FOR, OrderFilter, listed
from scheduling.models import OCCUPYING_VALUES, Visit

RENEWAL, REVIEW, OVERDUE, REASSESS = "renewal", "review", "overdue", "reassess"
KINDS = (RENEWAL, REVIEW, OVERDUE, REASSESS)
REVIEW_MONTHS = (6, 12)
REVIEW_OPEN_DAYS = 182


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
    orders = list(_orders(clinic))
    given = _given(orders)
    found[REVIEW] = list(_reviews(orders, clinic, today))
    for due in _standings(orders, given, today):
        found[REASSESS if due.is_urgent else OVERDUE].append(due)
    return found


def _orders(clinic: Clinic) -> Iterable[TreatmentOrder]:
    return TreatmentOrder.objects.filter(clinic=clinic, status=OrderStatus.ACTIVE).select_related(
        "patient", "product", "clinic"
    )


def _renewals(clinic: Clinic, today: date) -> Iterable[Due]:
    """Orders that run out within sixty days and that nobody has begun to renew."""
    for order in listed(clinic, OrderFilter.ENDING, today=today).filter(renewed_by__isnull=True):
        valid_until = order.ends_on or order.signed_on + VALID_FOR
        stage = 30 if (valid_until - today).days <= 30 else 60
        ends = "ended" if valid_until < today else "ends"
        yield Due(
            key=f"{RENEWAL}:{order.id}:{valid_until}:{stage}",
            text=(
                f"The order of {order.patient.short_name} for {order.product.name} {ends} on {valid_until:%-d %b %Y}. "
                "Ask the prescriber to renew it or to end the treatment."
            ),
            order=order,
        )


def _given(orders: Collection[TreatmentOrder]) -> dict[UUID, dict[int, date]]:
    """For each order the day on which each of its courses was given last."""
    found: dict[UUID, dict[int, date]] = defaultdict(dict)
    zones = {order.id: order.clinic.zone for order in orders}
    rows = Administration.objects.filter(order__in=orders, voided_at__isnull=True).order_by("started_at")
    for order_id, number, at in rows.values_list("order_id", "course_day__course__number", "started_at"):
        found[order_id][number] = at.astimezone(zones[order_id]).date()
    return found


def _reviews(orders: Iterable[TreatmentOrder], clinic: Clinic, today: date) -> Iterable[Due]:
    """A review six and twelve months after the patient first had the product, for half a year each."""
    began = {
        (patient_id, product_id): at.astimezone(clinic.zone).date()
        for patient_id, product_id, at in Administration.objects.filter(order__clinic=clinic, voided_at__isnull=True)
        .values_list("order__patient_id", "product_id")
        .annotate(first=Min("started_at"))
    }
    for order in orders:
        began_on = began.get((order.patient_id, order.product_id))
        for months in REVIEW_MONTHS if began_on else ():
            on = _months_after(began_on, months) if began_on else today
            if 0 <= (today - on).days < REVIEW_OPEN_DAYS:
                yield Due(
                    key=f"{REVIEW}:{order.patient_id}:{order.product_id}:{months}",
                    text=(
                        f"{order.patient.short_name} has had {order.product.name} for {months} months. "
                        "Review with the prescriber how well it works, and whether to go on."
                    ),
                    order=order,
                )


def _standings(orders: Collection[TreatmentOrder], given: dict[UUID, dict[int, date]], today: date) -> Iterable[Due]:
    """The first course of each order that nobody gave or overtook, when its window has closed."""
    by_id = {order.id: order for order in orders}
    late = Course.objects.filter(order__in=orders, latest_on__lt=today).order_by("order_id", "number")
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


def _months_after(day: date, months: int) -> date:
    """The same day some months later, or the last day of that month."""
    year, month = divmod(day.month - 1 + months, 12)
    for number in range(day.day, 27, -1):
        try:
            return date(day.year + year, month + 1, number)
        except ValueError:
            continue
    return date(day.year + year, month + 1, day.day)
