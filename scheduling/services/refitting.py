"""Refitting: a booked visit gets the length, the units and the window that its course day has now.

Only `plan_changes` asks for it, when a person lets a booked course follow its plan. The locks and the refusals are
those of `booking.move`; what was overridden for the old window or the old length is asked anew.
"""

import copy
from datetime import date, datetime, timedelta
from typing import Any

from accounts.domain.policy import Permission
from authorizations.models import Authorization
from core.actor import Actor
from core.errors import Conflict, Reason
from core.intervals import Interval
from core.transactions import business_act
from regimens.models import CourseDay
from scheduling.domain.placement import still_said
from scheduling.models import Chair, RequestState, Visit
from scheduling.services import boards, booking, coverage, gate, holds, notices, places, records
from scheduling.services.answered import settle_open
from scheduling.services.booking import Override


@business_act
def refit(
    *,
    visit: Visit,
    chair: Chair,
    start: datetime,
    expected_version: int,
    by: Actor,
    override: Override | None = None,
) -> Visit:
    """Put `visit` in `chair` from `start` for as long as its course day takes now, with its units reserved again.

    The patient is told only when the time changes. Raises `Stale` when the visit changed after `expected_version`,
    and what `booking.book` raises.
    """
    by.require(Permission.PLAN_DECIDE, "let visits follow a changed plan")
    day = CourseDay.objects.select_related("course__order__patient__clinic", "course__order__clinic").get(
        pk=visit.course_day_id
    )
    booking.check_same_clinic(day, chair, by)
    old = places.interval_of(visit)
    interval = Interval(booking.as_instant(start), booking.as_instant(start) + timedelta(minutes=day.chair_minutes))
    slots = places.lock_capacity(chair.clinic, old, interval)
    old_on, new_on = records.local_day(visit), records.day_at(start, chair)
    is_same_cover = old_on == new_on and day.units == visit.units
    authorization, uncovered = (visit.authorization, ()) if is_same_cover else _cover_again(visit, day, new_on, by)
    current = records.lock(visit, expected_version)
    _check_movable(current)
    load = places.profile_for(chair.clinic, day)
    wanted = places.placement(course_day=day, chair=chair, interval=interval, load=load)
    reasons = [*places.check(wanted, slots, chair=chair, moving=current), *uncovered]
    kept = still_said(current.overrides) if is_same_cover else []
    known = {item["code"] for item in kept}
    accepted = booking.judge([r for r in reasons if r.is_hard or r.code not in known], override, by)
    before = _snapshot(current)
    holds.drop_dead(chair=chair, patient_id=current.patient_id, interval=interval, by=by)
    current.chair, current.period, current.planned_minutes = chair, booking.as_range(interval), interval.minutes
    current.load_profile, current.start_quarter = list(load.need), load.start_quarter
    current.overrides = [*kept, *accepted]
    current.is_over_capacity = booking.is_over_capacity(current.overrides)
    current.authorization, current.units = authorization, day.units
    records.save(current)
    why = override.reason if override else ""
    records.note(current, "refit", by, before=before, after=_snapshot(current), reason=why)
    _tell(current, old, interval, by)
    gate.look([current])
    boards.bump(chair.clinic, [old_on, new_on])
    return current


def _cover_again(visit: Visit, day: CourseDay, on: date, by: Actor) -> tuple[Authorization | None, tuple[Reason, ...]]:
    coverage.release(visit, by)
    authorization, uncovered = coverage.cover(day, on)
    wanted = copy.copy(visit)
    wanted.units = day.units
    coverage.reserve(wanted, authorization, on, by)
    return authorization, uncovered


def _check_movable(visit: Visit) -> None:
    if visit.status not in booking.MOVABLE:
        who = f"{visit.patient.short_name} is {records.label(visit)}"
        raise Conflict("already_started", f"{who}, so this visit stays as it is.")


def _tell(visit: Visit, old: Interval, new: Interval, by: Actor) -> None:
    if old.start != new.start:
        settle_open(visit, RequestState.MOVED, by)
        notices.moved(visit=visit)


def _snapshot(visit: Visit) -> dict[str, Any]:
    return records.place(visit) | {"units": visit.units, "minutes": visit.planned_minutes}
