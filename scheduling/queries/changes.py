"""What people changed at a clinic on one day, newest first, and which of it can be undone; two SQL statements."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from accounts.models import Clinic
from core import clock
from scheduling.models import VisitEvent
from scheduling.services import undo

SHOWN = 60
WORTH_SHOWING = (*undo.UNDOABLE, "refit")


@dataclass(frozen=True, kw_only=True)
class Change:
    """One change of a visit. `why_not` says why undo would refuse it; empty when it is next in turn."""

    event: VisitEvent
    why_not: str
    is_undone: bool


def of_day(clinic: Clinic, on: date, *, by_id: UUID | None) -> tuple[Change, ...]:
    """Changes made on the clinic-local date `on`, by one person or, with None, by everybody."""
    start, end = clock.day_bounds(on, clinic.zone)
    found = (
        VisitEvent.objects.filter(visit__clinic=clinic, at__gte=start, at__lt=end, kind__in=WORTH_SHOWING, undoes=None)
        .select_related("visit__patient", "visit__clinic", "visit__chair")
        .order_by("-at", "-id")
    )
    events = list((found if by_id is None else found.filter(by_id=by_id))[:SHOWN])
    histories: dict[UUID, list[VisitEvent]] = defaultdict(list)
    for event in VisitEvent.objects.filter(visit__in={event.visit_id for event in events}):
        histories[event.visit_id].append(event)
    return tuple(_change(event, histories[event.visit_id]) for event in events)


def _change(event: VisitEvent, history: list[VisitEvent]) -> Change:
    return Change(
        event=event,
        why_not=undo.why_not(event, history, event.visit),
        is_undone=any(one.undoes_id == event.pk for one in history),
    )
