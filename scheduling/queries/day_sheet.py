"""The day sheet: every visit of one day, by time, with what a nurse wants on paper; one SQL statement."""

from datetime import date

from django.db.models import QuerySet

from accounts.models import Clinic
from core import clock
from scheduling.domain.statuses import VisitStatus
from scheduling.models import Visit


def of_day(clinic: Clinic, on: date) -> QuerySet[Visit]:
    """The visits of `clinic` on the clinic-local date `on`, without those that are cancelled or only held."""
    start, end = clock.day_bounds(on, clinic.zone)
    return (
        Visit.objects.for_clinic(clinic)
        .filter(period__startswith__gte=start, period__startswith__lt=end)
        .exclude(status__in=[VisitStatus.CANCELLED, VisitStatus.HELD])
        .select_related("patient", "chair", "nurse", "authorization", "clearance", "course_day__course__order__product")
        .order_by("period", "chair__position")
    )
