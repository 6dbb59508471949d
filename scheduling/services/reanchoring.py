"""After a visit was given, or that was taken back: the courses after it are recalculated from what was really given."""

from collections import defaultdict
from datetime import date

from core.actor import Actor
from core.transactions import business_act
from regimens.models import TreatmentOrder
from regimens.services import orders
from regimens.services.orders import CourseChange
from scheduling.domain.statuses import VisitStatus
from scheduling.models import OCCUPYING_VALUES, Visit


@business_act
def recalculate(*, order: TreatmentOrder, by: Actor) -> tuple[CourseChange, ...]:
    """Move the courses after the last one given by the order's policy; those with a visit are listed as kept.

    A person approves or rebooks those: a booked visit is never moved silently. Calling it again changes nothing.
    """
    visits = (
        Visit.objects.filter(course_day__course__order=order, status__in=OCCUPYING_VALUES)
        .order_by("period")
        .values_list("course_day__course__number", "status", "period")
    )
    given: dict[int, list[date]] = defaultdict(list)
    booked: set[int] = set()
    for number, status, period in visits:
        if status == VisitStatus.COMPLETED:
            given[number].append(period.lower.astimezone(order.clinic.zone).date())
        booked.add(number)
    first_days = [(number, min(days)) for number, days in sorted(given.items())]
    return orders.reanchor(order=order, given=first_days, by=by, booked=booked)
