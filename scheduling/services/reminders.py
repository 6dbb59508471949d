"""The reminder sweep: makes the outbox agree with the visits to come, and asks staff about visits that are not covered.

It may run as often as one likes and after any failure: rows that are missing are written, rows that are no longer
wanted are cancelled, and nothing happens twice. A fixed number of SQL statements per clinic.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Max, OuterRef, Subquery
from django.db.models.functions import Coalesce

from accounts.models import Clinic
from core import clock
from messaging.domain.reminders import OFFSETS_DAYS
from messaging.services import outbox
from messaging.services.outbox import Draft
from regimens.domain.open_days import OpenDays
from scheduling.domain.reminders import AHEAD, NOT_LATER_THAN, Reminder, reminders_to_write, review_on
from scheduling.domain.statuses import EXPECTED, VisitStatus
from scheduling.models import Visit, VisitEvent
from scheduling.services import cover_reviews, gate_rounds
from scheduling.services.visit_messages import drafts, start_minute

logger = logging.getLogger(__name__)

KIND = "visit.reminder"
PLACING = ("book", "move", "undo")


@dataclass(frozen=True, kw_only=True)
class Swept:
    """What one sweep changed at one clinic."""

    written: int
    updated: int
    cancelled: int
    reviews: int


def sweep_all() -> None:
    """Sweep every clinic; one that fails does not stop the others."""
    for clinic in Clinic.objects.order_by("id"):
        try:
            sweep(clinic=clinic)
        except Exception:
            logger.exception("The reminders of clinic %s could not be swept.", clinic.id)


def sweep(*, clinic: Clinic) -> Swept:
    """Bring the reminders and the questions to staff of one clinic up to date.

    A visit that is not covered, or that the clearance gate would not let start, is not reminded of until a person has
    looked at it; they are asked two business days before it.
    """
    now = clock.now()
    visits = _expected(clinic, now)
    today = now.astimezone(clinic.zone).date()
    open_days = _open_days(clinic)
    uncovered = cover_reviews.uncovered(clinic, visits)
    to_ask = {
        visit.id: uncovered[visit.id]
        for visit in visits
        if visit.id in uncovered and today >= review_on(_day(visit), open_days)
    }
    asked = cover_reviews.ask(clinic=clinic, visits=visits, uncovered=to_ask)
    held_back = gate_rounds.not_reminded(visits)
    clear = [
        visit
        for visit in visits
        if (visit.id not in uncovered or visit.id in asked.reviewed) and visit.id not in held_back
    ]
    agreement = outbox.agree(clinic=clinic, kind=KIND, drafts=_wanted(clear, now))
    return Swept(
        written=agreement.written,
        updated=agreement.updated,
        cancelled=agreement.cancelled,
        reviews=asked.opened,
    )


def _expected(clinic: Clinic, now: datetime) -> list[Visit]:
    """Visits that are booked or confirmed and near enough to be reminded of, with the time they got their place."""
    until = now + AHEAD + timedelta(days=max(OFFSETS_DAYS) + 1)
    placed = (
        VisitEvent.objects.filter(visit=OuterRef("pk"), kind__in=PLACING)
        .order_by()
        .values("visit")
        .values(last=Max("at"))
    )
    visits = (
        Visit.objects.for_clinic(clinic)
        .filter(
            organization_id=clinic.organization_id,
            status__in=[status.value for status in EXPECTED],
            period__overlap=(now, until),
            period__startswith__gt=now,
        )
        .select_related("patient", "authorization", "clearance", "course_day__course__order")
        .annotate(placed_at=Coalesce(Subquery(placed), "created_at"))
        .order_by("period", "id")
    )
    found = list(visits)
    for visit in found:
        visit.clinic = clinic
    return found


def _wanted(visits: Sequence[Visit], now: datetime) -> list[Draft]:
    return [
        draft
        for visit in visits
        for reminder in reminders_to_write(
            starts_at=visit.period.lower,
            placed_at=visit.placed_at,  # type: ignore[attr-defined] # annotated in _expected
            now=now,
            zone=visit.clinic.zone,
        )
        for draft in _drafts(visit, reminder)
    ]


def _drafts(visit: Visit, reminder: Reminder) -> list[Draft]:
    asks = reminder.asks_to_confirm and visit.status == VisitStatus.BOOKED
    found = drafts(
        visit,
        kind=KIND,
        wording=f"{KIND}.confirm" if asks else KIND,
        key=f"{start_minute(visit.period.lower)}:{reminder.days_before}",
        due_at=reminder.due_at,
        not_after=visit.period.lower - NOT_LATER_THAN,
    )
    return list(found)


def _open_days(clinic: Clinic) -> OpenDays:
    weekdays = frozenset(clinic.opening_hours.values_list("weekday", flat=True))
    return OpenDays(weekdays, frozenset(clinic.closures.values_list("on", flat=True)))


def _day(visit: Visit) -> date:
    start: datetime = visit.period.lower
    return start.astimezone(visit.clinic.zone).date()
