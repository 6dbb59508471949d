"""Booking, moving and cancelling several visits of one patient at once: all of them, or none.

The rules and the writing are those of `scheduling.services.booking`; here is only the one lock order for many: all
capacity rows in key order, then the authorizations, then visit by visit. Every place that can't be had is named. Each
act has a savepoint of its own, so that it is all or nothing inside a larger transaction, too.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from django.db import transaction

from accounts.domain.policy import Permission
from core.actor import Actor
from core.errors import BadInput, Conflict, NeedsReason, Reason, Refusal
from core.ids import new_id
from core.transactions import business_act
from regimens.models import CourseDay
from scheduling.models import Chair, RequestState, Visit
from scheduling.services import booking, coverage, places, placing, records
from scheduling.services.answered import settle_open
from scheduling.services.booking import Override, Place, Wish


@dataclass(frozen=True, kw_only=True)
class Move:
    """A visit and where it goes, at the version that was shown."""

    visit: Visit
    chair: Chair
    start: datetime
    expected_version: int


@business_act
@transaction.atomic
def book_many(*, wishes: Sequence[Wish], series_id: UUID, by: Actor) -> list[Visit]:
    """Book every one of `wishes` as one series, or nothing. Who calls tells the patient.

    Raises what `booking.book` raises, with the reasons of all places that can't be had; the facts of each name its
    ``course_day``.
    """
    if not wishes:
        raise BadInput("nothing_chosen", "Choose at least one visit to book.")
    for wish in wishes:
        booking.check_may_book(wish, by)
    in_order = sorted(wishes, key=lambda wish: wish.start)
    clinic = in_order[0].chair.clinic
    slots = places.lock_capacity(clinic, *(wish.interval for wish in in_order))
    coverage.lock(_whose(wish.course_day) for wish in in_order)
    found = placing.judge_all(in_order, slots, by)
    _raise([_named(refusal, in_order[number].course_day) for number, refusal in found.refused.items()])
    visits = placing.write_all(found, by, series_id=series_id)
    booking.shown(clinic, visits, [records.local_day(visit) for visit in visits])
    return visits


@business_act
@transaction.atomic
def move_many(*, moves: Sequence[Move], by: Actor, override: Override | None = None) -> list[Visit]:
    """Move every one of `moves`, or nothing: each keeps its old place then. Who calls tells the patient.

    Places that the visits leave to each other count as free. Raises as `book_many` does.
    """
    by.require(Permission.VISIT_CHANGE, "move visits")
    if not moves:
        raise BadInput("nothing_chosen", "Choose at least one visit to move.")
    clinic = moves[0].chair.clinic
    olds = [places.interval_of(move.visit) for move in moves]
    news = [
        replace(old, start=m.start, end=m.start + (old.end - old.start)) for old, m in zip(olds, moves, strict=True)
    ]
    places.lock_capacity(clinic, *olds, *news)
    coverage.lock(_whose(move.visit.course_day) for move in moves)
    moved = _relocated(list(moves), by, override, _act(moves))
    for visit in moved:
        settle_open(visit, RequestState.MOVED, by)
    days = [records.local_day(move.visit) for move in moves] + [records.local_day(visit) for visit in moved]
    booking.shown(clinic, moved, days)
    return moved


@business_act
@transaction.atomic
def cancel_many(*, visits: Sequence[Visit], reason: str, by: Actor) -> list[Visit]:
    """Cancel every one of `visits` (at the version they were read), or none. Who calls tells the patient."""
    by.require(Permission.VISIT_CHANGE, "cancel visits")
    if not visits:
        return []
    clinic = visits[0].clinic
    places.lock_capacity(clinic, *(places.interval_of(visit) for visit in visits))
    coverage.lock(_whose(visit.course_day) for visit in visits)
    act = _act(visits)
    gone = [booking.withdraw(visit, reason, visit.version, by, together=act) for visit in visits]
    booking.shown(clinic, [], [records.local_day(visit) for visit in gone])
    return gone


def _act(changed: Sequence[Move] | Sequence[Visit]) -> str:
    return str(new_id()) if len(changed) > 1 else ""


def _relocated(waiting: list[Move], by: Actor, override: Override | None, act: str) -> list[Visit]:
    """Move one after the other; one whose new place another is still to leave comes again after it."""
    moved: list[Visit] = []
    while waiting:
        refused: list[Refusal] = []
        again: list[Move] = []
        for move in waiting:
            try:
                with transaction.atomic():
                    moved.append(_relocate(move, by, override, act))
            except Refusal as refusal:
                refused.append(_named(refusal, move.visit.course_day))
                again.append(move)
        if len(again) == len(waiting):
            _raise(refused)
        waiting = again
    return moved


def _relocate(move: Move, by: Actor, override: Override | None, act: str) -> Visit:
    place = Place(move.chair, move.start, is_exception=False, together=act)
    return booking.relocate(move.visit, place, expected_version=move.expected_version, by=by, override=override)


def _whose(course_day: CourseDay) -> tuple[UUID, str]:
    order = course_day.course.order
    return order.patient_id, order.product_id


def _named(refusal: Refusal, course_day: CourseDay) -> Refusal:
    """The refusal with every reason saying which course it is about."""
    course = course_day.course
    days = f", day {course_day.day_number}" if course.order.days_per_course > 1 else ""
    refusal.reasons = tuple(
        replace(
            reason,
            sentence=f"Course {course.number}{days}: {reason.sentence}",
            facts={**reason.facts, "course_day": str(course_day.id)},
        )
        for reason in refusal.reasons
    )
    return refusal


def _raise(refused: Sequence[Refusal]) -> None:
    """Raise one refusal for all: a hard one if there is one, else the need for a reason."""
    hard = [one for one in refused if not isinstance(one, NeedsReason)]
    if not refused:
        return
    if not hard:
        raise NeedsReason.of(_all(refused))
    kinds: set[Callable[..., Refusal]] = {type(one) for one in hard}
    raise (type(hard[0]) if len(kinds) == 1 else Conflict).of(_all(hard))


def _all(refused: Sequence[Refusal]) -> list[Reason]:
    return [reason for one in refused for reason in one.reasons]
