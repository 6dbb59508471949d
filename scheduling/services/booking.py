"""Booking, moving and cancelling visits: the only code that gives a chair to a patient.

Each act is one transaction in the lock order of `core.transactions`: capacity rows, authorization, visit, then events,
audit, messages, and the board's version. A refusal changes nothing and says who, when and what instead.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from accounts.domain.policy import Permission
from accounts.models import Clinic
from core.actor import Actor
from core.errors import BadInput, Conflict, NotFound, Reason
from core.intervals import Interval
from core.transactions import business_act
from regimens.models import CourseDay, OrderStatus
from scheduling.domain.load import LoadProfile
from scheduling.domain.placement import Placement, carried_over
from scheduling.domain.statuses import EXPECTED, VisitStatus
from scheduling.models import Chair, RequestState, Visit, VisitEvent
from scheduling.services import boards, coverage, gate, holds, incomplete_courses, notices, places, records, waiting
from scheduling.services.answered import settle_open
from scheduling.services.placing import Hold, Override, Wish, as_range, is_over_capacity, judge, seat

__all__ = ["Hold", "Override", "Wish", "as_range", "is_over_capacity", "judge", "seat"]  # of booking for its callers

MOVABLE = EXPECTED | {VisitStatus.HELD, VisitStatus.ARRIVED}


@business_act
def book(*, course_day: CourseDay, chair: Chair, start: datetime, by: Actor, override: Override | None = None) -> Visit:
    """Book `course_day` into `chair` from `start` for as long as it needs.

    Raises `Conflict` when a hard rule forbids it, `NeedsReason` when only soft rules do and no `override` was given,
    `BadInput` for a start without a time zone.
    """
    wish = Wish(course_day=course_day, chair=chair, start=as_instant(start), override=override)
    check_may_book(wish, by)
    visit = seat(wish, places.lock_capacity(chair.clinic, wish.interval), by)
    notices.booked(visit=visit)
    shown(chair.clinic, [visit], [records.local_day(visit)])
    return visit


def check_may_book(wish: Wish, by: Actor) -> None:
    """What can be refused before anything is locked."""
    by.require(Permission.VISIT_BOOK, "book visits")
    order = wish.course_day.course.order
    check_same_clinic(wish.course_day, wish.chair, by)
    if order.status != OrderStatus.ACTIVE:
        raise Conflict("order_inactive", f"The order for {order.patient.short_name} is not active; accept it first.")


def shown(clinic: Clinic, visits: Sequence[Visit], days: Sequence[date]) -> None:
    """Let boards of `days` know, and ask the gate about the visits: the end of every act."""
    gate.look(visits)
    boards.bump(clinic, days)


@business_act
def move(
    *,
    visit: Visit,
    chair: Chair,
    start: datetime,
    expected_version: int,
    by: Actor,
    override: Override | None = None,
) -> Visit:
    """Move `visit` to `chair` at `start`, keeping its length; it keeps its old place when this is refused.

    Raises `Stale` when the visit changed after version `expected_version` was shown, and what `book` raises.
    """
    by.require(Permission.VISIT_CHANGE, "move visits")
    place = Place(chair, as_instant(start), is_exception=visit.series_id is not None)
    moved = relocate(visit, place, expected_version=expected_version, by=by, override=override)
    was_asked = settle_open(moved, RequestState.MOVED, by)
    if moved.status != VisitStatus.HELD:
        notices.moved(visit=moved, is_asked=was_asked)
    shown(chair.clinic, [moved], [records.local_day(visit), records.local_day(moved)])
    return moved


@business_act
def cancel(*, visit: Visit, reason: str, expected_version: int, by: Actor) -> Visit:
    """Cancel a visit that has not begun: its chair, its nurses' time and its units are free again."""
    by.require(Permission.VISIT_CHANGE, "cancel visits")
    reason = reason.strip()
    if not reason:
        raise BadInput("reason_missing", "Say why the visit is cancelled.", field="reason")
    return call_off(visit=visit, reason=reason, expected_version=expected_version, by=by)


def call_off(*, visit: Visit, reason: str, expected_version: int, by: Actor) -> Visit:
    """`cancel` inside the transaction of a caller who has checked that `by` may."""
    places.lock_capacity(visit.clinic, places.interval_of(visit))
    current = withdraw(visit, reason, expected_version, by)
    if visit.status != VisitStatus.HELD:  # of a hold the patient never heard
        notices.cancelled(visit=current)
    boards.bump(current.clinic, [records.local_day(current)])
    return current


@business_act
def take_back(*, visit: Visit, booked: VisitEvent, by: Actor) -> Visit:
    """Undo the booking that `booked` tells of: the visit is cancelled. Who never heard of it is told nothing."""
    by.require(Permission.VISIT_CHANGE, "undo bookings")
    places.lock_capacity(visit.clinic, places.interval_of(visit))
    current = withdraw(visit, "Booked by mistake (undone).", visit.version, by, undoes=booked)
    notices.cancelled(visit=current)
    boards.bump(current.clinic, [records.local_day(current)])
    return current


def withdraw(
    visit: Visit, reason: str, version: int, by: Actor, *, undoes: VisitEvent | None = None, together: str = ""
) -> Visit:
    """Cancel one visit inside the caller's transaction, which holds its capacity rows; `together` as in `Place`."""
    coverage.release(visit, by)
    current = records.lock(visit, version)
    if current.status not in MOVABLE:
        raise Conflict(
            "already_started",
            f"{current.patient.short_name} is {records.label(current)}; only a visit to come can be cancelled.",
        )
    before = {"status": current.status}
    current.status = VisitStatus.CANCELLED
    current.cancel_reason = reason[:120]
    records.save(current)
    after = {"status": current.status} | records.with_others(together)
    records.note(current, "cancel", by, before=before, after=after, reason=reason, undoes=undoes)
    incomplete_courses.look(current.course_day.course, by)
    settle_open(current, RequestState.CANCELLED, by)
    waiting.ended(current, by, was_held=before["status"] == VisitStatus.HELD)
    return current


def restore_place(*, visit: Visit, chair: Chair, start: datetime, moved: VisitEvent, by: Actor) -> Visit:
    """Put a moved visit back where it was before `moved` (undo), with the overrides it had there.

    Refused like any move when the old place is taken.
    """
    was = moved.before
    place = Place(chair, start, was.get("overrides", []), was.get("is_exception"), undoes=moved)
    restored = relocate(visit, place, expected_version=visit.version, by=by, override=None)
    shown(chair.clinic, [restored], [records.local_day(visit), records.local_day(restored)])
    return restored


@dataclass(frozen=True)
class Place:
    """Where a visit goes. `spoken_for` are overrides that an undo brings back; None for a move.

    `is_exception` says whether it then stands apart from its series; None leaves that as it is. `undoes` is the move
    that is taken back, `together` the act that moves others with it.
    """

    chair: Chair
    start: datetime
    spoken_for: list[dict[str, str]] | None = None
    is_exception: bool | None = None
    undoes: VisitEvent | None = None
    together: str = ""


def relocate(visit: Visit, place: Place, *, expected_version: int, by: Actor, override: Override | None) -> Visit:
    """Move one visit inside the caller's transaction; the caller tells the boards and the gate."""
    chair, start = place.chair, place.start
    check_same_clinic(visit.course_day, chair, by)
    old = places.interval_of(visit)
    interval = Interval(start, start + (old.end - old.start))
    slots = places.lock_capacity(chair.clinic, old, interval)
    old_day, new_day = records.local_day(visit), records.day_at(start, chair)
    authorization = visit.authorization
    uncovered: tuple[Reason, ...] = ()
    if new_day != old_day:
        authorization, uncovered = _cover_anew(visit, new_day, by)
    current = records.lock(visit, expected_version)
    check_movable(current, start)
    load = as_long_as(current, places.profile_for(chair.clinic, current.course_day))
    wanted = places.placement(course_day=current.course_day, chair=chair, interval=interval, load=load)
    reasons = [*places.check(wanted, slots, chair=chair, moving=current), *uncovered]
    overrides = allowed(place, current, reasons, override, by)
    before = records.place(current)
    holds.drop_dead(chair=chair, patient_id=current.patient_id, interval=interval, by=by)
    put(current, place, wanted, overrides)
    current.authorization = authorization
    records.save(current)
    why = override.reason if override else "Undone." if place.undoes else ""
    kind = "undo" if place.undoes else "move"
    after = records.place(current) | records.with_others(place.together)
    records.note(current, kind, by, before=before, after=after, reason=why, undoes=place.undoes)
    waiting.moved(current, by, chair=visit.chair, start=old.start)
    return current


def _cover_anew(visit: Visit, on: date, by: Actor) -> coverage.Cover:
    """Give the visit's units back and reserve them for another day."""
    coverage.release(visit, by)
    authorization, uncovered = coverage.cover(visit.course_day, on)
    coverage.reserve(visit, authorization, on, by)
    return authorization, uncovered


def check_movable(visit: Visit, start: datetime) -> None:
    """Refuse to move a locked visit that has begun or is over, and to give an offered place another time."""
    if visit.status not in MOVABLE:
        who = f"{visit.patient.short_name} is {records.label(visit)}"
        raise Conflict("already_started", f"{who} and can't be moved.")
    if start != visit.period.lower:
        waiting.check_not_offered(visit)


def as_long_as(visit: Visit, load: LoadProfile) -> LoadProfile:
    """The `load` of its day, unless the visit has another length: then its own."""
    if load.quarters == len(visit.load_profile):
        return load
    return LoadProfile(tuple(visit.load_profile), visit.start_quarter)


def allowed(
    place: Place, visit: Visit, reasons: list[Reason], override: Override | None, by: Actor
) -> list[dict[str, str]]:
    """The overrides that the visit has at `place`, where `reasons` speak against it; refuses as `judge` does."""
    is_same_day = records.day_at(place.start, place.chair) == records.local_day(visit)
    kept = _kept(place, visit, reasons, is_same_day=is_same_day)
    known = {item["code"] for item in kept}
    accepted = judge([reason for reason in reasons if reason.is_hard or reason.code not in known], override, by)
    return [*kept, *accepted]


def put(visit: Visit, place: Place, wanted: Placement, overrides: list[dict[str, str]]) -> None:
    """Let the locked visit be at `place`, unsaved."""
    visit.chair, visit.period = place.chair, as_range(wanted.interval)
    visit.load_profile, visit.start_quarter = list(wanted.profile.need), wanted.profile.start_quarter
    visit.overrides = overrides
    visit.is_over_capacity = is_over_capacity(overrides)
    if place.is_exception is not None:
        visit.is_exception = place.is_exception


def _kept(place: Place, visit: Visit, reasons: list[Reason], *, is_same_day: bool) -> list[dict[str, str]]:
    """The overrides that still speak for the visit; an undo brings back those of the place it returns to."""
    if place.spoken_for is None:
        is_same_start = place.start == visit.period.lower
        is_same_chair = place.chair.id == visit.chair_id
        return carried_over(
            visit.overrides,
            reasons,
            is_same_day=is_same_day,
            is_same_start=is_same_start,
            is_same_chair=is_same_chair,
        )
    reasons[:] = [reason for reason in reasons if reason.code != "in_the_past"]
    return carried_over(place.spoken_for, reasons, is_same_day=True, is_same_start=True)


def check_same_clinic(course_day: CourseDay, chair: Chair, by: Actor) -> None:
    order = course_day.course.order
    if by.clinic_id is not None and (chair.clinic_id != by.clinic_id or order.clinic_id != by.clinic_id):
        raise NotFound("chair" if chair.clinic_id != by.clinic_id else "course day")
    if chair.clinic.organization_id != order.patient.organization_id:
        raise NotFound("chair")


def as_instant(start: datetime) -> datetime:
    if start.tzinfo is None:
        sentence = "The start needs a time zone offset, such as 2026-11-20T09:00-06:00."
        raise BadInput("no_time_zone", sentence, field="start")
    return start.astimezone(UTC)
