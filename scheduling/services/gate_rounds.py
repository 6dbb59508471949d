"""The gate's rounds: it looks at every visit to come, and staff are asked about those that are not clear in time.

Two business days before a visit that is not clear, a task goes to staff; the patient is never told, and not reminded
either of a visit that cannot start as things stand, until a person has looked at it. What no authorization covers has
its own question (`cover_reviews`) and is not asked twice. A round may run as often as one likes.
"""

import logging
from collections.abc import Iterator, Sequence
from datetime import timedelta
from uuid import UUID

from django.db.models import QuerySet

from accounts.models import Clinic
from authorizations.queries.coverage import COVERAGE_CODES, SITE_CODES
from core import clock
from regimens.domain.open_days import OpenDays
from scheduling.domain.clearance import Light
from scheduling.domain.reminders import review_on
from scheduling.models import StaffTask, Visit, VisitClearance
from scheduling.queries.clearance import service_day
from scheduling.services import gate
from scheduling.services.settling import Wanted, settle_kind

KIND = "not_cleared"
SWEEP = "Gate rounds"
AT_A_TIME = 200
SOON = timedelta(days=3)

logger = logging.getLogger(__name__)


def sweep_all(*, only_soon: bool) -> None:
    """Make the round at every clinic; one that fails does not stop the others."""
    for clinic in Clinic.objects.order_by("id"):
        try:
            sweep(clinic=clinic, only_soon=only_soon)
        except Exception:
            logger.exception("The gate of clinic %s could not be asked.", clinic.id)


def sweep(*, clinic: Clinic, only_soon: bool = False) -> int:
    """Look at the visits of `clinic` that are to be started, or only at those of the next days; how many staff tasks.

    Each batch is a transaction of its own.
    """
    visits = _to_start(clinic)
    near = visits.filter(period__startswith__lt=clock.now() + SOON) if only_soon else visits
    for some in _batches(list(near)):
        gate.look(some)
    return ask(clinic=clinic)


def ask(*, clinic: Clinic) -> int:
    """Put the visits of the next two business days that are not clear before staff; how many tasks were opened."""
    weekdays = frozenset(clinic.opening_hours.values_list("weekday", flat=True))
    open_days = OpenDays(weekdays, frozenset(clinic.closures.values_list("on", flat=True)))
    today = clock.today(clinic.zone)
    coming = _to_start(clinic).select_related(
        "clearance", "patient", "clinic", "course_day__course__order__clinic", "course_day__course__order__patient"
    )
    near = coming.filter(period__startswith__gt=clock.now(), period__startswith__lt=clock.now() + timedelta(days=14))
    wanted = {
        _key(visit): Wanted(text=_text(visit, reasons), order=visit.course_day.course.order, visit=visit)
        for visit in near
        if today >= review_on(service_day(visit), open_days) and (reasons := _standing(visit))
    }
    return settle_kind(clinic=clinic, kind=KIND, wanted=wanted, by_label=SWEEP)


def not_reminded(visits: Sequence[Visit]) -> set[UUID]:
    """Those of `visits` that cannot start as things stand and that nobody has looked at. One SQL statement.

    Expects their `clearance` to be read along.
    """
    keys = {_key(visit): visit.id for visit in visits if _is_red(visit)}
    seen = StaffTask.objects.filter(kind=KIND, visit__in=[visit.id for visit in visits], done_at__isnull=False)
    reviewed = set(seen.exclude(done_by_label=SWEEP).values_list("dedupe_key", flat=True))
    return {visit_id for key, visit_id in keys.items() if key not in reviewed}


def _to_start(clinic: Clinic) -> QuerySet[Visit]:
    start, _ = clock.day_bounds(clock.today(clinic.zone), clinic.zone)
    waiting = [status.value for status in gate.TO_START]
    visits = Visit.objects.for_clinic(clinic).filter(status__in=waiting, period__startswith__gte=start)
    return visits.select_related("clinic").order_by("id")


def _batches(visits: Sequence[Visit]) -> Iterator[Sequence[Visit]]:
    return (visits[at : at + AT_A_TIME] for at in range(0, len(visits), AT_A_TIME))


def _standing(visit: Visit) -> list[dict[str, str]]:
    """What holds the visit; cover left out, except that a payer who set units aside wants another site or clinician."""
    kept: VisitClearance | None = getattr(visit, "clearance", None)
    reasons: list[dict[str, str]] = kept.reasons if kept is not None else []
    elsewhere = COVERAGE_CODES - SITE_CODES if visit.authorization_id is not None else COVERAGE_CODES
    return [one for one in reasons if "reason" not in one and one["code"] not in elsewhere]


def _is_red(visit: Visit) -> bool:
    return any(one["level"] == Light.RED for one in _standing(visit))


def _key(visit: Visit) -> str:
    return f"{KIND}:{visit.id}:{int(visit.period.lower.timestamp())}"


def _text(visit: Visit, reasons: list[dict[str, str]]) -> str:
    start = visit.period.lower.astimezone(visit.clinic.zone)
    more = f" And {len(reasons) - 1} more." if len(reasons) > 1 else ""
    return f"{visit.patient.short_name}, {start:%a %-d %b %H:%M}: not clear. {reasons[0]['sentence']}{more}"
