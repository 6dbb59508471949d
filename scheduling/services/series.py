"""A whole regimen at once: booked, moved and taken back, each all or nothing and told in one message.

The places are judged by `scheduling.services.booking`, under one lock order (`booking_many`). What is left out is
written into the order's history with its reason.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from accounts.models import Clinic
from core.actor import Actor
from core.errors import BadInput, Conflict
from core.ids import new_id
from core.transactions import business_act
from regimens.models import CourseDay, TreatmentOrder
from regimens.services.order_events import EventKind, note
from scheduling.domain.statuses import EXPECTED, VisitStatus
from scheduling.models import Chair, Visit
from scheduling.queries.series import mates, visits_of
from scheduling.services import booking_many, records, series_notices
from scheduling.services.booking import Override, Wish
from scheduling.services.booking_many import Move

TO_COME = EXPECTED | {VisitStatus.HELD}


@dataclass(frozen=True, kw_only=True)
class Pick:
    """A course day and the place chosen for it."""

    course_day: CourseDay
    chair: Chair
    start: datetime


@dataclass(frozen=True, kw_only=True)
class Series:
    """Visits that were booked together. `pk` is the number they share."""

    pk: UUID
    visits: tuple[Visit, ...]


@business_act
def book_series(
    *,
    order: TreatmentOrder,
    picks: Sequence[Pick],
    by: Actor,
    override: Override | None = None,
    skipped: Mapping[CourseDay, str] | None = None,
) -> Series:
    """Book every one of `picks`, or nothing, as one series of `order`; `skipped` days are noted with their reasons.

    Raises what `booking.book` raises, with the reasons of all places that can't be had; the facts of each name its
    ``course_day``. `override` speaks for all that need a reason.
    """
    reasons = {day: reason.strip() for day, reason in (skipped or {}).items()}
    if any(not reason for reason in reasons.values()):
        raise BadInput("reason_missing", "Say why the course is left out.", field="skipped")
    days = [pick.course_day for pick in picks] + list(reasons)
    if any(day.course.order_id != order.id for day in days):
        raise BadInput("other_order", "All visits of a series belong to one order.", field="visits")
    if len({day.id for day in days}) != len(days):
        raise BadInput("twice", "A day of a course can be booked only once.", field="visits")
    series_id = new_id()
    wishes = [Wish(course_day=one.course_day, chair=one.chair, start=one.start, override=override) for one in picks]
    visits = booking_many.book_many(wishes=wishes, series_id=series_id, by=by)
    left_out = [
        {"course": day.course.number, "day": day.day_number, "reason": reason[:200]} for day, reason in reasons.items()
    ]
    detail = {"series": str(series_id), "visits": len(visits), "left_out": left_out}
    note(order, EventKind.BOOKED, by, reason=_left_out(left_out), detail=detail)
    series_notices.booked(visits)
    return Series(pk=series_id, visits=tuple(visits))


@business_act
def move_series(*, moves: Sequence[Move], by: Actor, override: Override | None = None) -> Series:
    """Move visits of one series, all or none; they are no exceptions of it any more. The patient is told once.

    Raises as `book_series` does, and `Stale` when one of them changed after it was shown.
    """
    series = {move.visit.series_id for move in moves}
    if len(series) != 1 or None in series:
        raise BadInput("other_series", "Only visits of one series move together.")
    visits = booking_many.move_many(moves=moves, by=by, override=override)
    series_notices.moved(visits)
    return Series(pk=next(one for one in series if one), visits=tuple(visits))


@business_act
def cancel_series(*, visit: Visit, only_following: bool, reason: str, expected_version: int, by: Actor) -> Series:
    """Cancel `visit` and what follows it in its series, or all of it to come, also what was moved by itself; or none.

    The patient is told once. Raises `Stale` when `visit` changed after version `expected_version` was shown.
    """
    if visit.series_id is None:
        raise BadInput("other_series", "This visit was not booked with others.")
    reason = reason.strip()
    if not reason:
        raise BadInput("reason_missing", "Say why the visits are cancelled.", field="reason")
    together = mates(visit, only_following=only_following, with_exceptions=True)
    for one in together:
        one.version = expected_version if one.pk == visit.pk else one.version
    gone = booking_many.cancel_many(visits=together, reason=reason, by=by)
    series_notices.cancelled(gone)
    return Series(pk=visit.series_id, visits=tuple(gone))


@business_act
def undo_series(*, clinic: Clinic, series_id: UUID, by: Actor) -> Series:
    """Take the whole series back while none of it has begun: every visit to come is cancelled, or none.

    Raises `Conflict` naming the visit that has begun, or when nothing of the series is left.
    """
    visits = visits_of(clinic, series_id)
    begun = _begun(visits)
    if begun:
        when = begun[0].period.lower.astimezone(clinic.zone)
        sentence = (
            f"The visit of {when:%a %-d %b} is {records.label(begun[0])}, so the series can't be undone as a whole. "
            "Cancel the visits to come one by one."
        )
        raise Conflict("series_begun", sentence)
    left = [visit for visit in visits if visit.status in TO_COME]
    if not left:
        raise Conflict("nothing_to_undo", "Every visit of this series is cancelled already.")
    reason = "The series was booked by mistake (undone)."
    gone = booking_many.cancel_many(visits=left, reason=reason, by=by)
    series_notices.cancelled(gone)
    return Series(pk=series_id, visits=tuple(gone))


def may_undo(visits: Sequence[Visit]) -> bool:
    """Whether the series of `visits` could be undone as a whole: nothing has begun, or changed since it was booked."""
    return not _begun(visits) and all(visit.status in TO_COME and visit.version == 1 for visit in visits)


def _begun(visits: Sequence[Visit]) -> list[Visit]:
    return [visit for visit in visits if visit.status not in TO_COME | {VisitStatus.CANCELLED}]


def _left_out(rows: Sequence[Mapping[str, object]]) -> str:
    return "; ".join(f"course {row['course']} left out: {row['reason']}" for row in rows)
