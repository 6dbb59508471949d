"""Taking back what was done to several visits of a series at once: all of it, or nothing, told in one message."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from django.db import transaction

from accounts.domain.policy import Permission
from accounts.models import Clinic
from core.actor import Actor
from core.errors import Conflict, Reason, Refusal
from core.intervals import Interval
from core.transactions import business_act
from scheduling.models import Visit, VisitEvent
from scheduling.queries.series import visits_of
from scheduling.services import coverage, places, records, series_notices, undo
from scheduling.services.series import Series

KINDS = {"move": series_notices.MOVED, "cancel": series_notices.CANCELLED}


@dataclass(frozen=True, kw_only=True)
class Together:
    """Visits that one act moved or cancelled (`kind`), each with the change that undo would take back."""

    kind: str
    changed: tuple[tuple[Visit, VisitEvent], ...]


def newest(visits: Sequence[Visit]) -> Together | None:
    """Of what was done to several of `visits` at once the newest that still holds; without those changed since."""
    histories: dict[UUID, list[VisitEvent]] = defaultdict(list)
    for event in VisitEvent.objects.filter(visit__in=visits):
        histories[event.visit_id].append(event)
    nexts = [(visit, undo.next_of(histories[visit.id])) for visit in visits]
    found = [(visit, event) for visit, event in nexts if event is not None and "together" in event.after]
    if not found:
        return None
    last = max((event for _, event in found), key=lambda event: event.at)
    changed = tuple(pair for pair in found if pair[1].after["together"] == last.after["together"])
    return Together(kind=last.kind, changed=changed)


@business_act
@transaction.atomic
def undo_together(*, clinic: Clinic, series_id: UUID, by: Actor) -> Series:
    """Put every visit back that the newest act moved or cancelled together, or none of them.

    Raises `Conflict` naming each that can't go back, or when there is nothing of that kind to undo.
    """
    by.require(Permission.VISIT_CHANGE, "undo changes")
    found = newest(visits_of(clinic, series_id))
    if found is None:
        raise Conflict("nothing_to_undo", "Each visit of this series changed again since. Undo them one by one.")
    visits = [visit for visit, _ in found.changed]
    places.lock_capacity(clinic, *map(places.interval_of, visits), *(_before(event) for _, event in found.changed))
    coverage.lock((visit.patient_id, visit.course_day.course.order.product_id) for visit in visits)
    unheard = series_notices.unheard(visits)
    undone = _put_back(list(found.changed), by)
    series_notices.taken_back(undone, KINDS[found.kind], unheard)
    return Series(pk=series_id, visits=tuple(undone))


def _before(event: VisitEvent) -> Interval:
    """Where the visit was before `event`, for a move; else where it is."""
    if "start" not in event.before:
        return places.interval_of(event.visit)
    return Interval(*(datetime.fromisoformat(event.before[end]) for end in ("start", "end")))


def _put_back(waiting: list[tuple[Visit, VisitEvent]], by: Actor) -> list[Visit]:
    """One after the other; one whose old place another of them still has comes again after it."""
    undone: list[Visit] = []
    while waiting:
        refused: list[Reason] = []
        again: list[tuple[Visit, VisitEvent]] = []
        for visit, event in waiting:
            try:
                with transaction.atomic():
                    undone.append(undo.undo(visit=visit, event_id=event.pk, by=by))
            except Refusal as refusal:
                refused.extend(_on_its_day(reason, visit) for reason in refusal.reasons)
                again.append((visit, event))
        if len(again) == len(waiting):
            raise Conflict.of(refused)
        waiting = again
    return undone


def _on_its_day(reason: Reason, visit: Visit) -> Reason:
    course = visit.course_day.course.number
    return replace(reason, sentence=f"Course {course}, {records.local_day(visit):%a %-d %b}: {reason.sentence}")
