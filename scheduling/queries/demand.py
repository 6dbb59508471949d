"""What booked visits want of authorizations, which may not look at visits and so asks this through its hook."""

from collections.abc import Collection, Sequence
from datetime import date
from uuid import UUID

from accounts.models import Clinic
from authorizations.demand import UpcomingVisit
from core.clock import day_bounds
from scheduling.domain.statuses import EXPECTED, VisitStatus
from scheduling.models import Visit

WAITING = [status.value for status in (*EXPECTED, VisitStatus.ARRIVED)]


def upcoming_visits(
    *, clinic: Clinic, today: date, order_ids: Collection[UUID] | None = None
) -> Sequence[UpcomingVisit]:
    """Visits from `today` on that have not begun, first the earliest; of all orders or of some. One SQL statement."""
    start, _ = day_bounds(today, clinic.zone)
    visits = Visit.objects.for_clinic(clinic).filter(status__in=WAITING, period__startswith__gte=start)
    if order_ids is not None:
        visits = visits.filter(course_day__course__order_id__in=order_ids)
    rows = visits.order_by("period", "id").values_list(
        "course_day__course__order_id",
        "course_day__course__order__product_id",
        "patient_id",
        "id",
        "period",
        "units",
        "authorization_id",
    )
    return [
        UpcomingVisit(
            order_id=order_id,
            product_id=product_id,
            patient_id=patient_id,
            visit_id=visit_id,
            starts_at=period.lower,
            on=period.lower.astimezone(clinic.zone).date(),
            units=units,
            authorization_id=authorization_id,
        )
        for order_id, product_id, patient_id, visit_id, period, units, authorization_id in rows
    ]
