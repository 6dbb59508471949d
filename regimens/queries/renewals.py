"""Orders that run out soon, and treatments whose effect should be looked at.

Source: an order is valid for 12 months (IG order form, P18); not every patient needs maintenance for ever, so the
response is reviewed after 6 and 12 months (Gammagard CIDP, P3; stop criteria of the patient article, S2).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from django.db.models import F, OuterRef, QuerySet, Subquery

from accounts.models import Clinic
from regimens.domain.settings import CARE_DEFAULTS
from regimens.models import Administration, OrderStatus, TreatmentOrder
from regimens.queries.orders import RENEWAL_NOTICE, valid_until

SECOND_NOTICE = timedelta(days=30)
REVIEW_MONTHS = CARE_DEFAULTS.review_months
REVIEW_SHOWN_BEFORE = timedelta(days=CARE_DEFAULTS.review_shown_before_days)
REVIEW_SHOWN_AFTER = timedelta(days=CARE_DEFAULTS.review_shown_after_days)
DAYS_IN_12_MONTHS = 365


class RunsOut(StrEnum):
    """Why an order runs out."""

    EXPIRES = "expires"
    COURSES_USED = "courses_used"


@dataclass(frozen=True, kw_only=True)
class RenewalDue:
    """An order that runs out on `on`, the last date it counts or that of its last course; `notice_days` is 60 or 30."""

    order: TreatmentOrder
    on: date
    days_left: int
    notice_days: int
    why: RunsOut


@dataclass(frozen=True, kw_only=True)
class ReviewDue:
    """A treatment whose response is looked at `months` after its first dose, on `on`."""

    order: TreatmentOrder
    months: int
    on: date


def renewals_due(clinic: Clinic, today: date) -> tuple[RenewalDue, ...]:
    """Orders of `clinic` that repeat, run out within 60 days or ran out, and have no renewal; soonest first.

    Two SQL statements.
    """
    orders = _repeating(clinic).filter(renewed_by__isnull=True)
    last_courses = _last_courses(clinic)
    found = [_renewal(order, last_courses.get(str(order.id)), today) for order in orders]
    due = [renewal for renewal in found if renewal is not None]
    return tuple(sorted(due, key=lambda renewal: (renewal.on, str(renewal.order.id))))


def reviews_due(clinic: Clinic, today: date) -> tuple[ReviewDue, ...]:
    """Treatments of `clinic` to review, from two weeks before the date until a month after it. One SQL statement.

    They count from the first dose of the product here, whatever order it was of; a renewal begins nothing anew.
    """
    given = Administration.objects.filter(
        order__patient=OuterRef("patient"), product=OuterRef("product"), voided_at__isnull=True
    ).order_by("started_at")
    orders = _repeating(clinic).annotate(first_given_at=Subquery(given.values("started_at")[:1]))
    latest = {(order.patient_id, order.product_id): order for order in orders.order_by("created_at", "pk")}
    found = [review for order in latest.values() for review in _reviews(order, order.first_given_at, today)]
    return tuple(sorted(found, key=lambda review: (review.on, str(review.order.id))))


def _repeating(clinic: Clinic) -> QuerySet[TreatmentOrder]:
    return (
        TreatmentOrder.objects.for_clinic(clinic)
        .filter(status__in=[OrderStatus.ACTIVE, OrderStatus.ON_HOLD], interval_days__isnull=False)
        .select_related("clinic", "patient", "product", "indication")
    )


def _last_courses(clinic: Clinic) -> dict[str, date]:
    """The due date of the last course of every order that is limited to a number of courses."""
    rows = (
        TreatmentOrder.objects.for_clinic(clinic)
        .filter(course_limit__isnull=False, courses__number=F("course_limit"))
        .values_list("id", "courses__due_on")
    )
    return {str(order_id): due_on for order_id, due_on in rows}


def _renewal(order: TreatmentOrder, last_due_on: date | None, today: date) -> RenewalDue | None:
    expires_on = valid_until(order)
    is_used_first = last_due_on is not None and last_due_on < expires_on
    on = last_due_on if is_used_first and last_due_on is not None else expires_on
    days_left = (on - today).days
    if days_left > RENEWAL_NOTICE.days:
        return None
    notice = SECOND_NOTICE if days_left <= SECOND_NOTICE.days else RENEWAL_NOTICE
    why = RunsOut.COURSES_USED if is_used_first else RunsOut.EXPIRES
    return RenewalDue(order=order, on=on, days_left=days_left, notice_days=notice.days, why=why)


def _reviews(order: TreatmentOrder, first_given_at: datetime | None, today: date) -> Iterator[ReviewDue]:
    if first_given_at is None:
        return
    first_on = first_given_at.astimezone(order.clinic.zone).date()
    for months in REVIEW_MONTHS:
        on = first_on + timedelta(days=DAYS_IN_12_MONTHS * months // 12)
        if on - REVIEW_SHOWN_BEFORE <= today <= on + REVIEW_SHOWN_AFTER:
            yield ReviewDue(order=order, months=months, on=on)
