"""The waitlist: who wants a place, or a better time than they have, and on which days.

An entry closes by itself when its wish comes true, its visit ends (`waiting`), or its last day has passed.
"""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef

from accounts.domain.policy import Permission
from audit.services.record import record
from core import clock
from core.actor import Actor
from core.errors import BadInput, Conflict, NotFound, Reason
from core.transactions import business_act
from regimens.models import CourseDay, OrderStatus
from scheduling.domain.statuses import EXPECTED, VisitStatus
from scheduling.models import OCCUPYING_VALUES, Offer, OfferState, Visit, WaitlistEntry, WaitState
from scheduling.services import holds, waiting

PARTS = ("morning", "afternoon")
MOST_NOTICE_HOURS = 336
FOR_ONE_OFFER = "Put here to be offered a free place."
"""The note of an entry whose patient did not ask to wait: it ends with its offer."""
_ONE_OPEN = "waitlist_one_open"


@business_act
def add(
    *,
    course_day: CourseDay,
    earliest_on: date,
    latest_on: date,
    by: Actor,
    parts_of_day: Sequence[str] = (),
    notice_hours: int = 24,
    note: str = "",
) -> WaitlistEntry:
    """Let `course_day` wait for a place on those days, or for a better time if it has a visit already.

    Days are clinic-local and inclusive; `parts_of_day` are morning and afternoon, none for both. Raises `BadInput`
    naming the field, `Conflict` when it waits already or can't be booked any more.
    """
    by.require(Permission.VISIT_BOOK, "put patients on the waitlist")
    order = course_day.course.order
    if by.clinic_id is not None and order.clinic_id != by.clinic_id:
        raise NotFound("course day")
    reasons = check_wish(
        earliest_on=earliest_on,
        latest_on=latest_on,
        parts_of_day=parts_of_day,
        notice_hours=notice_hours,
        today=clock.today(order.clinic.zone),
    )
    if reasons:
        raise BadInput.of(reasons)
    name = order.patient.short_name
    if order.status != OrderStatus.ACTIVE:
        raise Conflict("order_inactive", f"The order for {name} is not active; accept it first.")
    entry = WaitlistEntry(
        clinic=order.clinic,
        course_day=course_day,
        visit=_visit_to_better(course_day),
        earliest_on=earliest_on,
        latest_on=latest_on,
        parts_of_day=[part for part in PARTS if part in parts_of_day],
        notice_hours=notice_hours,
        note=note.strip()[:200],
        created_at=clock.now(),
        created_by_label=by.label[:150],
    )
    _insert(entry, name)
    detail = {"course_day": str(course_day.id), "from": str(earliest_on), "to": str(latest_on)}
    _audit("waitlist.add", entry, by, order.patient_id, detail)
    return entry


def check_wish(
    *, earliest_on: date, latest_on: date, parts_of_day: Sequence[str], notice_hours: int, today: date
) -> list[Reason]:
    """Every reason against an entry's days, parts of day and notice."""
    reasons = []
    if latest_on < earliest_on:
        reasons.append(Reason("days_backwards", "The last day is before the first.", "latest_on"))
    elif latest_on < today:
        reasons.append(Reason("days_past", "The last day has passed. Choose a later one.", "latest_on"))
    if set(parts_of_day) - set(PARTS):
        reasons.append(Reason("part_unknown", "Choose morning, afternoon, or both.", "parts_of_day"))
    if not 0 <= notice_hours <= MOST_NOTICE_HOURS:
        reasons.append(Reason("notice_out_of_range", "Notice is 0 to 336 hours (two weeks).", "notice_hours"))
    return reasons


@business_act
def withdraw(*, entry: WaitlistEntry, by: Actor) -> WaitlistEntry:
    """Take an entry off the list, with the place that may be held for it."""
    by.require(Permission.VISIT_BOOK, "change the waitlist")
    held = held_for(entry)
    if held is not None:
        holds.free(held, holds.LET_GO, expected_version=held.version, by=by, offer_state=OfferState.WITHDRAWN)
    current = lock(entry)
    if current.state != WaitState.WAITING:
        state = WaitState(current.state).label.lower()
        raise Conflict("not_waiting", f"This entry is closed already: {state} ({current.closed_by_label}).")
    waiting.close_entry(current, WaitState.WITHDRAWN, by)
    return current


@business_act
def expire(*, entry: WaitlistEntry, by: Actor) -> None:
    """Close an entry that waits for nothing any more."""
    current = lock(entry)
    if current.state == WaitState.WAITING:
        waiting.close_entry(current, WaitState.EXPIRED, by)


def sweep(*, by: Actor) -> int:
    """Close every entry that waits for nothing any more; how many.

    Its last day has passed where its clinic is, its visit has begun, or it was put here for one offer that is over.
    """
    waits = WaitlistEntry.objects.filter(state=WaitState.WAITING).select_related("clinic", "visit")
    offered = Offer.objects.filter(entry=OuterRef("pk"), state=OfferState.OPEN)
    over = [entry for entry in waits.annotate(is_offered=Exists(offered)) if _is_over(entry)]
    for entry in over:
        expire(entry=entry, by=by)
    return len(over)


def _is_over(entry: WaitlistEntry) -> bool:
    has_begun = entry.visit is not None and entry.visit.status not in EXPECTED
    was_asked = entry.note == FOR_ONE_OFFER and not getattr(entry, "is_offered", False)
    return has_begun or was_asked or entry.latest_on < clock.today(entry.clinic.zone)


def lock(entry: WaitlistEntry) -> WaitlistEntry:
    """The entry's row, locked and fresh."""
    return WaitlistEntry.objects.select_for_update(of=("self",)).get(pk=entry.pk)


def held_for(entry: WaitlistEntry) -> Visit | None:
    """The visit that keeps a place for the entry's open offer, if there is one."""
    held = Visit.objects.select_related("clinic", "chair__clinic", "authorization")
    return held.filter(offer__entry=entry, offer__state=OfferState.OPEN).first()


def _visit_to_better(course_day: CourseDay) -> Visit | None:
    visit = (
        Visit.objects.filter(course_day=course_day, status__in=OCCUPYING_VALUES)
        .exclude(status=VisitStatus.HELD, hold_until__lte=clock.now())
        .first()
    )
    if visit is None or visit.status in EXPECTED:
        return visit
    if visit.status == VisitStatus.HELD:
        raise Conflict("held", "A place is held for this patient: book it, or let it go first.")
    raise Conflict("already_here", "This visit has begun, so there is nothing to wait for.")


def _insert(entry: WaitlistEntry, name: str) -> None:
    try:
        with transaction.atomic():
            entry.save(force_insert=True)
    except IntegrityError as problem:
        if getattr(getattr(problem.__cause__, "diag", None), "constraint_name", None) != _ONE_OPEN:
            raise
        raise Conflict("already_waiting", f"{name} is on the waitlist for this already.") from problem


def _audit(action: str, entry: WaitlistEntry, by: Actor, patient_id: UUID, detail: dict[str, str]) -> None:
    record(action=action, entity_type="waitlist_entry", entity_id=entry.id, by=by, patient_id=patient_id, detail=detail)
