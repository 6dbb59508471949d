"""What waits for a person to look at."""

from django.db.models import QuerySet

from accounts.models import Clinic
from scheduling.models import StaffTask


def to_look_at(clinic: Clinic) -> QuerySet[StaffTask]:
    """Open tasks of `clinic`: what is urgent on top, then the oldest first."""
    tasks = StaffTask.objects.filter(clinic=clinic, done_at=None)
    return tasks.select_related("visit__patient", "visit__chair", "order__patient", "patient").order_by(
        "-is_urgent", "created_at", "id"
    )
