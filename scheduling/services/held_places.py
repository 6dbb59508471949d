"""Places that are held while somebody decides: the same checks as booking, and an end by themselves.

A held visit takes its chair, its nurses' time and its units like a booked one, so nothing is promised twice. Whoever
may book may book it or let it go (`holds.let_go`).
"""

from datetime import datetime, timedelta

from accounts.domain.policy import Permission
from authorizations.models import Authorization
from core import clock
from core.actor import Actor
from core.errors import Conflict
from core.transactions import business_act
from regimens.models import CourseDay, OrderStatus
from scheduling.domain.statuses import VisitStatus
from scheduling.models import Chair, Visit
from scheduling.services import boards, booking, cover_reviews, coverage, holds, notices, places, records, waiting
from scheduling.services.booking import Hold, Override, Wish
from scheduling.services.clinic_rules import rules_of


@business_act
def hold(*, course_day: CourseDay, chair: Chair, start: datetime, by: Actor, override: Override | None = None) -> Visit:
    """Keep a place for `course_day` for as long as the clinic's rules say. Raises whatever `booking.book` does."""
    until = clock.now() + timedelta(minutes=rules_of(chair.clinic).hold_minutes)
    wish = Wish(course_day=course_day, chair=chair, start=booking.as_instant(start), override=override)
    return keep(wish=wish, hold=Hold(until, by.label), by=by)


@business_act
def keep(*, wish: Wish, hold: Hold, by: Actor) -> Visit:
    """Keep the place of `wish` until `hold` ends."""
    booking.check_may_book(wish, by)
    visit = booking.seat(wish, places.lock_capacity(wish.chair.clinic, wish.interval), by, hold=hold)
    boards.bump(visit.clinic, [records.local_day(visit)])
    return visit


@business_act
def book(*, visit: Visit, expected_version: int, by: Actor) -> Visit:
    """Book what is held. Raises `Conflict` when the hold is over, `Stale` when somebody was quicker."""
    by.require(Permission.VISIT_BOOK, "book visits")
    return take(visit, expected_version, by)


def take(visit: Visit, expected_version: int, by: Actor) -> Visit:
    """Book a held visit inside the caller's transaction, for whoever may have it; its offer is accepted by that.

    Raises `Conflict` also when its place went meanwhile: the chair is out of use, or the clinic closes.
    """
    holds.check_held(visit, now=clock.now())
    slots = places.lock_capacity(visit.clinic, places.interval_of(visit))
    authorization = _still_covered(visit, by)
    current = records.lock(visit, expected_version)
    holds.check_held(current, now=clock.now())
    order = current.course_day.course.order
    if order.status != OrderStatus.ACTIVE:
        raise Conflict("order_inactive", f"The order for {order.patient.short_name} is not active any more.")
    against = places.gone(current, slots)
    if against:
        raise Conflict.of(against)
    current.status, current.hold_until, current.held_by_label = VisitStatus.BOOKED, None, ""
    current.authorization = authorization
    records.save(current)
    records.note(current, "book", by, before={"status": VisitStatus.HELD.value}, after=records.place(current))
    waiting.booked(current, by)
    notices.booked(visit=current)
    booking.shown(current.clinic, [current], [records.local_day(current)])
    return current


def _still_covered(visit: Visit, by: Actor) -> Authorization | None:
    """What pays for a held visit: what was set aside for it, or another where that ended meanwhile.

    Raises `Conflict` where nothing does: a hold promises the place, not the payer.
    """
    if visit.authorization is None or cover_reviews.holds_units(visit, visit.clinic):
        return visit.authorization
    coverage.release(visit, by)
    on = records.local_day(visit)
    found, uncovered = coverage.cover(visit.course_day, on)
    if uncovered:
        name = visit.patient.short_name
        raise Conflict("cover_ended", f"{name} is not covered any more. {uncovered[0].sentence}", field="authorization")
    coverage.reserve(visit, found, on, by)
    return found
