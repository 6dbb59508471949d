"""What happens to those who wait when a visit is booked, moved or ends: their entries and offers close by themselves.

Called inside the transaction of that change, with its capacity rows and its visit locked, so offers and entries are
locked after visits everywhere (`core.transactions`). Nothing here gives or takes a place.
"""

from collections.abc import Iterable
from datetime import date, datetime

from audit.services.record import record
from core import clock
from core.actor import Actor
from core.errors import Conflict
from messaging.services import outbox
from scheduling.domain.backfill import suits
from scheduling.domain.statuses import OCCUPYING, VisitStatus
from scheduling.models import Chair, Offer, OfferState, Visit, VisitEvent, WaitlistEntry, WaitState
from scheduling.services import staff_tasks

OFFER_SUBJECT = "offer"
BACKFILL = "backfill"
MISPLACED = "setup"
"""Tasks about a visit that a change of the set-up left badly placed: another place, or none, settles them."""


def booked(visit: Visit, by: Actor) -> None:
    """The course day of `visit` has its place: the offer that kept it is taken, and nobody waits for one any more."""
    close_offer_of(visit, OfferState.ACCEPTED, by)
    new([visit], by)


def new(visits: Iterable[Visit], by: Actor) -> None:
    """The course days of `visits` have their places; no offer has kept those. One SQL statement where nobody waits."""
    by_day = {visit.course_day_id: visit for visit in visits}
    for entry in _waiting(course_day__in=list(by_day), visit=None):
        close_entry(entry, WaitState.BOOKED, by, visit=by_day[entry.course_day_id])


def moved(visit: Visit, by: Actor, *, chair: Chair, start: datetime) -> None:
    """`visit` left `chair` at `start` for another place: if it was offered that one, it is accepted by this.

    A wish that came true is closed.
    """
    stays = visit.chair_id == chair.id and visit.period.lower <= start < visit.period.upper
    if visit.status != VisitStatus.HELD and not stays:
        left(visit, chair, start)
    staff_tasks.close_about(visit, MISPLACED, by)
    start = visit.period.lower
    local = start.astimezone(visit.clinic.zone)
    for entry in _waiting(visit=visit):
        there = Offer.objects.filter(entry=entry, state=OfferState.OPEN, chair=visit.chair, starts_at=start)
        taken = there.select_for_update().first()
        if taken is not None:
            close_offer(taken, OfferState.ACCEPTED, by)
        if taken is not None or suits(local, entry.earliest_on, entry.latest_on, entry.parts_of_day):
            close_entry(entry, WaitState.BOOKED, by, visit=visit)


def ended(visit: Visit, by: Actor, *, offer_state: OfferState = OfferState.WITHDRAWN, was_held: bool = False) -> None:
    """`visit` holds its place no longer: the offer that kept it closes, and so do wishes for a better time for it."""
    staff_tasks.close_about(visit, MISPLACED, by)
    close_offer_of(visit, offer_state, by)
    if visit.status in {VisitStatus.CANCELLED, VisitStatus.NO_SHOW} and not was_held:
        left(visit, visit.chair, visit.period.lower)
    state = WaitState.WITHDRAWN if visit.status == VisitStatus.CANCELLED else WaitState.EXPIRED
    for entry in _waiting(visit=visit):
        close_entry(entry, state, by, visit=visit)


def taken_back(undone: VisitEvent, visit: Visit, by: Actor) -> None:
    """The change `undone` of `visit` was undone: who stopped waiting by it waits again, while there are days left."""
    if visit.status in OCCUPYING and visit.status != VisitStatus.HELD:
        staff_tasks.forget(backfill_key(visit, visit.period.lower))
        for entry in _waiting(course_day=visit.course_day_id, visit=None):
            close_entry(entry, WaitState.BOOKED, by, visit=visit)
    closed = WaitlistEntry.objects.filter(closed_with=undone).exclude(state=WaitState.WAITING)
    for entry in closed.select_for_update(of=("self",)).order_by("id"):
        for offer in Offer.objects.select_for_update().filter(entry=entry, state=OfferState.ACCEPTED):
            close_offer(offer, OfferState.WITHDRAWN, by)
        _reopen(entry, clock.today(visit.clinic.zone), by)


def _reopen(entry: WaitlistEntry, today: date, by: Actor) -> None:
    waits = WaitlistEntry.objects.filter(course_day=entry.course_day_id, state=WaitState.WAITING)
    if entry.latest_on < today or waits.exists():
        return
    entry.state, entry.closed_at, entry.closed_by_label, entry.closed_with = WaitState.WAITING, None, "", None
    entry.save(update_fields=["state", "closed_at", "closed_by_label", "closed_with"])
    record(
        action="waitlist.reopen",
        entity_type="waitlist_entry",
        entity_id=entry.id,
        by=by,
        detail={"course_day": str(entry.course_day_id)},
    )


def left(visit: Visit, chair: Chair, start: datetime) -> None:
    """`visit` left a place to come: if somebody waits for that day, staff are told that it could be offered."""
    if start <= clock.now():
        return
    local = start.astimezone(visit.clinic.zone)
    waits = WaitlistEntry.objects.filter(clinic=visit.clinic, state=WaitState.WAITING)
    wanted = waits.filter(earliest_on__lte=local.date(), latest_on__gte=local.date()).exclude(visit=visit).count()
    if wanted:
        who = "1 patient waits" if wanted == 1 else f"{wanted} patients wait"
        staff_tasks.open_task(
            clinic=visit.clinic,
            kind=BACKFILL,
            text=f"{chair.name} is free on {local:%a} {local.day} {local:%b %H:%M}, and {who} for that day.",
            dedupe_key=backfill_key(visit, start),
            visit=visit,
        )


def backfill_key(visit: Visit, start: datetime) -> str:
    """What names the task about the place that `visit` left."""
    return f"{BACKFILL}:{visit.id}:{start.isoformat()}"


def check_not_offered(held: Visit) -> None:
    """Refuse another time for a place that was offered: whoever says yes says it to the time they were told."""
    if held.status == VisitStatus.HELD and Offer.objects.filter(held_visit=held, state=OfferState.OPEN).exists():
        at, name = held.period.lower.astimezone(held.clinic.zone), held.patient.short_name
        sentence = f"{name} was offered {at:%a %-d %b %H:%M} and has not answered yet. Take the offer back first."
        raise Conflict("offered", sentence)


def close_offer_of(held: Visit, state: OfferState, by: Actor) -> None:
    """Close the open offer that the visit `held` keeps a place for, if there is one."""
    offer = Offer.objects.select_for_update().filter(held_visit=held, state=OfferState.OPEN).first()
    if offer is not None:
        close_offer(offer, state, by)


def close_offer(offer: Offer, state: OfferState, by: Actor) -> None:
    """Close a locked offer; a message about it that has not left never will."""
    offer.state, offer.answered_at, offer.answered_by_label = state, clock.now(), by.label
    offer.save(update_fields=["state", "answered_at", "answered_by_label"])
    outbox.cancel_for(subject_type=OFFER_SUBJECT, subject_id=offer.id)
    record(
        action=f"offer.{state.value}",
        entity_type="offer",
        entity_id=offer.id,
        by=by,
        detail={"entry": str(offer.entry_id), "start": offer.starts_at.isoformat()},
    )


def close_entry(entry: WaitlistEntry, state: WaitState, by: Actor, *, visit: Visit | None = None) -> None:
    """Close a locked, open entry and take back an offer that only it could answer.

    Where the newest change of `visit` closes it, undoing that change opens it again (`taken_back`).
    """
    entry.state, entry.closed_at, entry.closed_by_label = state, clock.now(), by.label
    entry.closed_with = visit.events.first() if visit is not None else None
    entry.save(update_fields=["state", "closed_at", "closed_by_label", "closed_with"])
    for offer in Offer.objects.select_for_update().filter(entry=entry, held_visit=None, state=OfferState.OPEN):
        close_offer(offer, OfferState.WITHDRAWN, by)
    record(
        action=f"waitlist.{state.value}",
        entity_type="waitlist_entry",
        entity_id=entry.id,
        by=by,
        detail={"course_day": str(entry.course_day_id)},
    )


def _waiting(**of: object) -> list[WaitlistEntry]:
    found = WaitlistEntry.objects.filter(state=WaitState.WAITING, **of)
    return list(found.select_for_update().order_by("id"))
