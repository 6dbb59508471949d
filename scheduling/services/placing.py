"""Judging places and writing new visits: one wish or a whole series, in the same number of SQL statements.

Every place is judged by the one check (`places.Ground`) under the locks of its capacity rows, with the visits before it
in theirs. Who calls holds those locks; the order of the others is that of `core.transactions`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from accounts.domain.policy import Permission
from authorizations.models import Authorization
from core import clock
from core.actor import Actor
from core.errors import BadInput, Conflict, NeedsReason, NotAllowed, Reason, Refusal
from core.ids import new_id
from core.intervals import Interval
from regimens.models import CourseDay
from scheduling.domain.load import LoadProfile
from scheduling.domain.placement import CAPACITY_CODES
from scheduling.domain.statuses import VisitStatus
from scheduling.models import CapacitySlot, Chair, Visit
from scheduling.services import coverage, holds, places, records, standings, waiting
from scheduling.services.clinic_rules import turnover_minutes


@dataclass(frozen=True)
class Override:
    """Why a person goes ahead although soft rules say no. It is kept on the visit and shown everywhere."""

    reason: str


@dataclass(frozen=True)
class Hold:
    """That a place is only held: until when, and for whom in the words of the board."""

    until: datetime
    by_label: str


@dataclass(frozen=True, kw_only=True)
class Wish:
    """A course day that wants a chair from a start on, and the reason to go ahead against soft rules."""

    course_day: CourseDay
    chair: Chair
    start: datetime
    override: Override | None = None

    @property
    def interval(self) -> Interval:
        return Interval(self.start, self.start + timedelta(minutes=self.course_day.chair_minutes))


def seat(wish: Wish, slots: Sequence[CapacitySlot], by: Actor, *, hold: Hold | None = None) -> Visit:
    """Judge one wish and write its visit, inside the caller's transaction, which holds the capacity rows `slots`."""
    found = judge_all([wish], slots, by)
    for refusal in found.refused.values():
        raise refusal
    return write_all(found, by, hold=hold)[0]


@dataclass(frozen=True)
class Judged:
    """Wishes, by their numbers: the visits of those that may be, not yet written, and why others may not.

    `dead` are holds that have run out where they go.
    """

    wishes: Sequence[Wish]
    dead: Sequence[UUID]
    visits: Mapping[int, Visit]
    refused: Mapping[int, Refusal]


def judge_all(wishes: Sequence[Wish], slots: Sequence[CapacitySlot], by: Actor) -> Judged:
    """Judge every one of `wishes` in turn, with those before it in their places. A fixed number of SQL statements."""
    clinic, days = wishes[0].chair.clinic, [wish.course_day for wish in wishes]
    turnover, loads = turnover_minutes(clinic), places.profiles_for(clinic, days)
    wanted = [
        places.placement(
            course_day=wish.course_day, chair=wish.chair, interval=wish.interval, load=load, turnover=turnover
        )
        for wish, load in zip(wishes, loads, strict=True)
    ]
    standing, ground = standings.read(days), places.survey(clinic, wanted, slots)
    covers = coverage.covers([(wish.course_day, records.day_at(wish.start, wish.chair)) for wish in wishes])
    visits: dict[int, Visit] = {}
    refused: dict[int, Refusal] = {}
    for number, (wish, place, cover) in enumerate(zip(wishes, wanted, covers, strict=True)):
        authorization, uncovered = cover
        try:
            standing.check(wish.course_day)
            accepted = judge([*ground.reasons(place), *uncovered], wish.override, by)
        except Refusal as refusal:
            refused[number] = refusal
            continue
        visits[number] = _new(wish, place.profile, accepted, authorization)
        ground.take(place, visits[number])
        standing.take(visits[number])
    return Judged(wishes, ground.dead, visits, refused)


def write_all(found: Judged, by: Actor, *, series_id: UUID | None = None, hold: Hold | None = None) -> list[Visit]:
    """Write the visits of wishes none of which was refused, with their units and history."""
    visits = [found.visits[number] for number in range(len(found.wishes))]
    if found.dead:
        holds.drop(Visit.objects.filter(pk__in=found.dead), by)
    for visit in visits:
        visit.series_id = series_id
        if hold is not None:
            visit.status, visit.hold_until, visit.held_by_label = VisitStatus.HELD, hold.until, hold.by_label[:150]
    coverage.reserve_all([(visit, records.local_day(visit)) for visit in visits], by)
    standings.check_plans_unchanged([wish.course_day for wish in found.wishes])
    records.insert_all(visits)
    notes = [
        records.Note(visit, {}, records.place(visit), wish.override.reason if wish.override else "")
        for visit, wish in zip(visits, found.wishes, strict=True)
    ]
    records.note_all(notes, "hold" if hold else "book", by)
    if hold is None:
        waiting.new(visits, by)
    return visits


def _new(wish: Wish, load: LoadProfile, accepted: list[dict[str, str]], authorization: Authorization | None) -> Visit:
    course_day, chair, interval, now = wish.course_day, wish.chair, wish.interval, clock.now()
    return Visit(
        id=new_id(),
        organization_id=chair.clinic.organization_id,
        clinic=chair.clinic,
        patient=course_day.course.order.patient,
        course_day=course_day,
        chair=chair,
        period=as_range(interval),
        planned_minutes=interval.minutes,
        status=VisitStatus.BOOKED,
        load_profile=list(load.need),
        start_quarter=load.start_quarter,
        overrides=accepted,
        is_over_capacity=is_over_capacity(accepted),
        authorization=authorization,
        units=course_day.units,
        created_at=now,
        updated_at=now,
    )


def judge(reasons: Sequence[Reason], override: Override | None, by: Actor) -> list[dict[str, str]]:
    """Refuse, or return the overrides to keep on the visit."""
    hard = [reason for reason in reasons if reason.is_hard]
    if hard:
        bad = all(reason.code in {"off_grid", "in_the_past"} for reason in hard)
        raise (BadInput if bad else Conflict).of(hard)
    if not reasons:
        return []
    if override is None or not override.reason.strip():
        raise NeedsReason.of(reasons)
    if not by.can(Permission.VISIT_OVERRIDE):
        raise NotAllowed("not_allowed", f"Your role may not go ahead against a rule. {reasons[0].sentence}")
    text = override.reason.strip()[:200]
    return [{"code": r.code, "sentence": r.sentence, "reason": text, "by": by.label} for r in reasons]


def is_over_capacity(accepted: Sequence[dict[str, str]]) -> bool:
    """Whether a visit with these overrides may take more of the nurses than there is."""
    return any(item["code"] in CAPACITY_CODES for item in accepted)


def as_range(interval: Interval) -> DateTimeTZRange:
    """The interval as the database keeps it."""
    return DateTimeTZRange(interval.start, interval.end, "[)")
