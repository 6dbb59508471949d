"""Visits whose day is over and of which nobody said how they went: put before staff, so that none is lost.

Until somebody says it, the visit keeps its units, and its course waits for it.
"""

from accounts.models import Clinic
from core import clock
from scheduling.domain.statuses import EXPECTED, FINISHED, VisitStatus
from scheduling.models import Visit
from scheduling.services.settling import Wanted, settle_kind

KIND = "left_open"
SWEEP = "Day's end"


def sweep_all() -> None:
    """Look at every clinic."""
    for clinic in Clinic.objects.order_by("id"):
        sweep(clinic=clinic)


def sweep(*, clinic: Clinic) -> int:
    """Ask about every visit of `clinic` that was left open on an earlier day, once; how many are new."""
    begins, _ = clock.day_bounds(clock.today(clinic.zone), clinic.zone)
    over = [*(status.value for status in FINISHED), VisitStatus.HELD.value]
    left = Visit.objects.for_clinic(clinic).filter(period__startswith__lt=begins).exclude(status__in=over)
    visits = left.select_related("patient", "course_day__course__order").order_by("period", "id")
    wanted = {f"{KIND}:{visit.id}": _question(visit, clinic) for visit in visits}
    return settle_kind(clinic=clinic, kind=KIND, wanted=wanted, by_label=SWEEP)


def _question(visit: Visit, clinic: Clinic) -> Wanted:
    start = visit.period.lower.astimezone(clinic.zone)
    status = VisitStatus(visit.status)
    what = "did they come?" if status in EXPECTED else f"still “{status.label}”. When did it end?"
    text = f"{visit.patient.short_name}, {start:%a} {start.day} {start:%b %H:%M}: {what} Open the visit and enter it."
    return Wanted(text=text, order=visit.course_day.course.order, visit=visit)
