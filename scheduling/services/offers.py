"""Offering a free place to one who waits: one offer at a time for a place, answered once, and ended by itself.

A place is kept by a held visit, so nobody else can be given it meanwhile. Who has a visit already cannot be held a
second one: their offer keeps others' offers away, and accepting it is a move. Capacity rows are locked first, then the
visit, then the offer; whoever comes second finds the offer answered.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from accounts.domain.policy import Permission
from core import clock
from core.actor import Actor
from core.errors import Conflict, NotFound, Refusal
from core.intervals import Interval
from core.transactions import business_act
from regimens.models import CourseDay
from scheduling.domain.statuses import EXPECTED
from scheduling.models import Chair, Offer, OfferState, RequestState, Visit, WaitlistEntry, WaitState
from scheduling.queries import dry_run
from scheduling.services import (
    booking,
    held_places,
    holds,
    notices,
    offer_messages,
    places,
    records,
    staff_tasks,
    waiting,
    waitlist,
)
from scheduling.services.answered import settle_open
from scheduling.services.booking import Hold, Wish
from scheduling.services.clinic_rules import rules_of

HELD_BY = "an offer"
_VISIT = ("clinic", "patient", "chair__clinic", "authorization", "course_day__course__order__patient__clinic")


@dataclass(frozen=True, kw_only=True)
class FreedPlace:
    """A chair and a start that are offered; `freed_by` is the visit that left them, if one did."""

    chair: Chair
    start: datetime
    freed_by: Visit | None = None


@business_act
def make(*, entry: WaitlistEntry, place: FreedPlace, by: Actor) -> Offer:
    """Offer `place` to `entry`, keep it for them, and tell them.

    Raises `Conflict` naming what is against it; a place that only an override would allow is not offered.
    """
    by.require(Permission.VISIT_BOOK, "offer places")
    if by.clinic_id is not None and entry.clinic_id != by.clinic_id:
        raise NotFound("waitlist entry")
    start = booking.as_instant(place.start)
    course_day, visit = entry.course_day, _visit(entry.visit_id) if entry.visit_id else None
    minutes = (visit.period.upper - visit.period.lower) if visit else timedelta(minutes=course_day.chair_minutes)
    places.lock_capacity(place.chair.clinic, Interval(start, start + minutes))
    rules = rules_of(place.chair.clinic)
    _check_notice(start, entry.notice_hours)
    _check_offered_once(place.chair, Interval(start, start + minutes))
    if visit is None:
        seen = Visit(clinic=place.chair.clinic, patient=course_day.course.order.patient)
        until = offer_messages.answer_by(seen, minutes=rules.offer_minutes, start=start)
        wish = Wish(course_day=course_day, chair=place.chair, start=start)
        held = held_places.keep(wish=wish, hold=Hold(until, HELD_BY), by=by)
        told = held
    else:
        until = offer_messages.answer_by(visit, minutes=rules.offer_minutes, start=start)
        held, told = None, visit
        against = dry_run.move(visit=visit, chair=place.chair, start=start).reasons
        if against:
            raise Conflict.of(against)
    return _write(entry, place, start, until, held, told, by)


@business_act
def make_for_course_day(*, course_day: CourseDay, place: FreedPlace, by: Actor) -> Offer:
    """Offer `place` to somebody who is due but not on the waitlist: they are put on it, for that day."""
    on = records.day_at(place.start, place.chair)
    entry = WaitlistEntry.objects.filter(course_day=course_day, state=WaitState.WAITING).first()
    if entry is None:
        entry = waitlist.add(
            course_day=course_day,
            earliest_on=on,
            latest_on=on,
            notice_hours=rules_of(place.chair.clinic).notice_hours,
            note=waitlist.FOR_ONE_OFFER,
            by=by,
        )
    return make(entry=entry, place=place, by=by)


@business_act
def accept(*, offer: Offer, by: Actor) -> Visit:
    """Yes: the held place is booked, or the visit moves there. Patients answer for themselves, staff for anybody."""
    _check_may_answer(offer, by)
    if offer.held_visit_id is not None:
        held = _visit(offer.held_visit_id)
        places.lock_capacity(held.clinic, places.interval_of(held))
        _check_open(_fresh(offer))
        return held_places.take(_visit(offer.held_visit_id), held.version, by)
    entry = offer.entry
    visit = _visit(entry.visit_id)
    if visit.status not in EXPECTED:
        said = f"{visit.patient.short_name} is {records.label(visit)}, so the visit moves no more."
        raise Conflict("already_started", said)
    length = visit.period.upper - visit.period.lower
    interval = Interval(offer.starts_at, offer.starts_at + length)
    places.lock_capacity(visit.clinic, places.interval_of(visit), interval)
    _check_open(_fresh(offer))
    place = booking.Place(offer.chair, offer.starts_at, is_exception=True if visit.series_id else None)
    moved = booking.relocate(visit, place, expected_version=visit.version, by=by, override=None)
    if _fresh(offer).state != OfferState.ACCEPTED:  # moving there accepts it, unless it was answered a moment ago
        _check_open(_fresh(offer))
        raise Conflict("offer_over", "This offer has ended. The visit stays as it is.")
    settle_open(moved, RequestState.MOVED, by)
    notices.moved(visit=moved, is_asked=True)
    days = [records.local_day(visit), records.local_day(moved)]
    booking.shown(visit.clinic, [moved], days)
    return moved


@business_act
def decline(*, offer: Offer, by: Actor) -> Offer:
    """No: the place is free again, and who was asked goes on waiting."""
    _check_may_answer(offer, by)
    return _close(offer, OfferState.DECLINED, by)


@business_act
def withdraw(*, offer: Offer, by: Actor) -> Offer:
    """Staff take an offer back."""
    by.require(Permission.VISIT_BOOK, "take offers back")
    return _close(offer, OfferState.WITHDRAWN, by)


@business_act
def run_out(*, offer: Offer, by: Actor) -> Offer:
    """Nobody answered in time."""
    return _close(offer, OfferState.EXPIRED, by)


@business_act
def take_back_gone(*, offer: Offer, by: Actor) -> Offer:
    """The place that was offered went to somebody else, so nobody needs to answer any more."""
    return _close(offer, OfferState.WITHDRAWN, by)


def expire(*, by: Actor) -> int:
    """End every offer that no held visit ends by itself and that was not answered in time, or whose place is gone."""
    waits = Offer.objects.filter(state=OfferState.OPEN, held_visit=None)
    ended = 0
    for offer in waits.select_related("entry__visit"):
        is_late = offer.expires_at <= clock.now()
        if not is_late and not _is_gone(offer):
            continue
        try:
            (run_out if is_late else take_back_gone)(offer=offer, by=by)
            ended += 1
        except Refusal:  # answered meanwhile
            continue
    return ended


@business_act
def say_yes_failed(*, offer: Offer, why: str, by: Actor) -> None:
    """A patient said yes to a place that they could not be given: somebody calls them."""
    _check_may_answer(offer, by)
    start = offer.starts_at.astimezone(offer.chair.clinic.zone)
    patient = offer.entry.course_day.course.order.patient
    staff_tasks.open_task(
        clinic=offer.chair.clinic,
        kind="offer",
        text=f"{patient.short_name} said yes to {start:%a} {start.day} {start:%b %H:%M}, but was not booked. {why}",
        dedupe_key=f"offer-yes:{offer.id}",
        visit=offer.entry.visit,
        patient=patient,
    )


def _close(offer: Offer, state: OfferState, by: Actor) -> Offer:
    if offer.held_visit_id is not None:
        held = _visit(offer.held_visit_id)
        places.lock_capacity(held.clinic, places.interval_of(held))
        _check_open(_fresh(offer), is_late_too=True)
        held = _visit(offer.held_visit_id)
        holds.free(held, holds.LET_GO, expected_version=held.version, by=by, offer_state=state)
        return _fresh(offer)
    current = _fresh(offer, lock=True)
    _check_open(current, is_late_too=True)
    waiting.close_offer(current, state, by)
    return current


def _write(  # noqa: PLR0917 (its one caller names each of these)
    entry: WaitlistEntry,
    place: FreedPlace,
    start: datetime,
    until: datetime,
    held: Visit | None,
    told: Visit,
    by: Actor,
) -> Offer:
    current = waitlist.lock(entry)
    if current.state != WaitState.WAITING:
        raise Conflict("not_waiting", f"{told.patient.short_name} does not wait any more.")
    if Offer.objects.filter(entry=entry, state=OfferState.OPEN).exists():
        raise Conflict("offered_already", f"{told.patient.short_name} has an offer to answer already.")
    offer = Offer.objects.create(
        entry=entry,
        chair=place.chair,
        starts_at=start,
        held_visit=held,
        freed_by=place.freed_by,
        expires_at=until,
        made_at=clock.now(),
        made_by_label=by.label[:150],
    )
    offer_messages.tell(offer, told)
    return offer


def _check_notice(start: datetime, hours: int) -> None:
    if start - clock.now() < timedelta(hours=hours):
        raise Conflict("too_short_notice", f"This place is less than {hours} h away; they want to know earlier.")


def _check_offered_once(chair: Chair, interval: Interval) -> None:
    """With the capacity rows locked: no other open offer is about this chair at this time."""
    about = Offer.objects.filter(chair=chair, state=OfferState.OPEN, starts_at__lt=interval.end)
    for other in about.select_related("entry__course_day__course__order__patient", "entry__visit"):
        visit = other.entry.visit
        length = visit.period.upper - visit.period.lower if visit else None
        length = length or timedelta(minutes=other.entry.course_day.chair_minutes)
        if Interval(other.starts_at, other.starts_at + length).overlaps(interval):
            name = other.entry.course_day.course.order.patient.short_name
            raise Conflict("offered_to_another", f"{name} was offered this place and has not answered yet.")


def _is_gone(offer: Offer) -> bool:
    """Whether somebody else has the place that one with a visit was offered."""
    visit = offer.entry.visit
    if visit is None:
        return False
    there = (offer.starts_at, offer.starts_at + (visit.period.upper - visit.period.lower))
    return Visit.objects.occupying().filter(chair=offer.chair, period__overlap=there).exclude(pk=visit.pk).exists()


def _check_may_answer(offer: Offer, by: Actor) -> None:
    if by.patient_id is not None:
        if offer.entry.course_day.course.order.patient_id != by.patient_id:
            raise NotFound("offer")
        by.require(Permission.SELF_CHANGE, "answer offers")
        return
    by.require(Permission.VISIT_BOOK, "answer offers for patients")
    if by.clinic_id is not None and offer.entry.clinic_id != by.clinic_id:
        raise NotFound("offer")


def _check_open(offer: Offer, *, is_late_too: bool = False) -> None:
    if offer.state != OfferState.OPEN:
        state = OfferState(offer.state).label.lower()
        raise Conflict("offer_over", f"This offer was answered or ended already: {state}.")
    if not is_late_too and offer.expires_at <= clock.now():
        raise Conflict("offer_over", "This offer was not answered in time. The place may go to somebody else now.")


def _fresh(offer: Offer, *, lock: bool = False) -> Offer:
    rows = Offer.objects.select_for_update(of=("self",)) if lock else Offer.objects.all()
    return rows.get(pk=offer.pk)


def _visit(visit_id: UUID | None) -> Visit:
    if visit_id is None:
        raise NotFound("visit")
    return Visit.objects.select_related(*_VISIT).get(pk=visit_id)
