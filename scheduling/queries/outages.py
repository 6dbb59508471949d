"""When chairs are out of use. A lifted outage counts nowhere."""

from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet

from accounts.models import Clinic
from core import clock
from core.errors import NotFound
from scheduling.models import OCCUPYING_VALUES, ChairOutage, Visit


def outages_between(clinic: Clinic, start: datetime, end: datetime) -> QuerySet[ChairOutage]:
    """Outages of chairs of `clinic` that count somewhere from `start` to `end`, in order."""
    found = ChairOutage.objects.filter(clinic=clinic, lifted_at=None, starts_at__lt=end, ends_at__gt=start)
    return found.order_by("starts_at", "id")


def coming(clinic: Clinic) -> QuerySet[ChairOutage]:
    """Outages that count now or later, with their chairs."""
    return (
        ChairOutage.objects.filter(clinic=clinic, lifted_at=None, ends_at__gt=clock.now())
        .select_related("chair__clinic")
        .order_by("starts_at", "chair__position")
    )


def get_outage(clinic: Clinic, outage_id: UUID) -> ChairOutage:
    """An outage of `clinic`, lifted or not. Raises `NotFound`."""
    found = ChairOutage.objects.filter(clinic=clinic, pk=outage_id).select_related("chair__clinic").first()
    if found is None:
        raise NotFound("outage")
    return found


def visits_in(outage: ChairOutage) -> QuerySet[Visit]:
    """Visits that stand in a chair while it is out of use, and are not over."""
    return (
        Visit.objects.filter(
            clinic_id=outage.clinic_id,
            chair_id=outage.chair_id,
            status__in=OCCUPYING_VALUES,
            period__overlap=(outage.starts_at, outage.ends_at),
        )
        .live()
        .select_related("patient", "chair__clinic", "clinic", "course_day__course__order__product")
        .order_by("period")
    )
