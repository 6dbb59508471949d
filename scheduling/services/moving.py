"""Moving many visits at once: judged one after the other, written together.

Each is judged by the one check (`places.Ground`) that a single move meets (`booking.relocate`), with those before it in
their new places. Who calls holds the capacity of every day that is touched and the authorizations (`coverage.lock`);
then come the visits, as `core.transactions` says. A fixed number of SQL statements but for writing each visit's row
and asking who waits.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from authorizations.models import Authorization
from core.actor import Actor
from core.errors import NeedsReason, Reason, Refusal
from core.intervals import Interval
from scheduling.domain.placement import Placement
from scheduling.models import Visit
from scheduling.services import booking, coverage, holds, places, records, waiting
from scheduling.services.booking import Place
from scheduling.services.clinic_rules import turnover_minutes
from scheduling.services.places import Ground
from scheduling.services.placing import Override


@dataclass(frozen=True, kw_only=True)
class Going:
    """A visit, at the version that was shown, and where it goes; `accepts` are the rules that may be broken for it."""

    visit: Visit
    place: Place
    expected_version: int
    override: Override | None = None
    accepts: frozenset[str] = frozenset()

    @property
    def interval(self) -> Interval:
        old = places.interval_of(self.visit)
        return Interval(self.place.start, self.place.start + (old.end - old.start))

    @property
    def is_other_day(self) -> bool:
        return records.day_at(self.place.start, self.place.chair) != records.local_day(self.visit)


class Refused(Exception):
    """Some can't go where they were sent; by the ids of the visits. Nothing was written, units apart: roll back."""

    def __init__(self, refusals: dict[UUID, Refusal]) -> None:
        super().__init__()
        self.refusals = refusals


def move_all(goings: Sequence[Going], by: Actor) -> dict[UUID, Visit]:
    """Move every one of `goings`, in their order; one whose place another is still to leave comes again after it.

    Returns the visits as they are now, by their ids. Raises `Refused`; who calls tells boards, gate and patients.
    """
    clinic = goings[0].place.chair.clinic
    for going in goings:
        booking.check_same_clinic(going.visit.course_day, going.place.chair, by)
    taken = {time for going in goings for time in (places.interval_of(going.visit), going.interval)}
    slots = places.lock_capacity(clinic, *sorted(taken))
    covers = _covered_anew([going for going in goings if going.is_other_day], by)
    current = _locked(goings)
    turnover = turnover_minutes(clinic)
    loads = places.profiles_for(clinic, [current[going.visit.id].course_day for going in goings])
    wanted = {
        going.visit.id: places.placement(
            course_day=current[going.visit.id].course_day,
            chair=going.place.chair,
            interval=going.interval,
            load=booking.as_long_as(current[going.visit.id], load),
            turnover=turnover,
        )
        for going, load in zip(goings, loads, strict=True)
    }
    ground = places.survey(clinic, list(wanted.values()), slots)
    judged = _judged(goings, ground, _Asked(wanted=wanted, current=current, covers=covers), by)
    if ground.dead:
        holds.drop(Visit.objects.filter(pk__in=ground.dead), by)
    coverage.reserve_all([(one.visit, records.local_day(one.visit)) for one in judged if one.going.is_other_day], by)
    _write(judged, by)
    return {one.visit.id: one.visit for one in judged}


@dataclass(frozen=True, kw_only=True)
class _Asked:
    """What is known about the visits that go, by their ids: `covers` only for those who go to another day."""

    wanted: dict[UUID, Placement]
    current: dict[UUID, Visit]
    covers: dict[UUID, tuple[Authorization | None, tuple[Reason, ...]]]


@dataclass(frozen=True, kw_only=True)
class _Judged:
    """A visit that may go, already where it goes but unsaved, and where it was."""

    going: Going
    visit: Visit
    before: dict[str, object]


def _covered_anew(goings: Sequence[Going], by: Actor) -> dict[UUID, coverage.Cover]:
    """Give the units of all of them back and find cover for their other days."""
    if not goings:
        return {}
    coverage.release_all([going.visit for going in goings], by)
    days = [(going.visit.course_day, records.day_at(going.place.start, going.place.chair)) for going in goings]
    return {going.visit.id: cover for going, cover in zip(goings, coverage.covers(days), strict=True)}


def _locked(goings: Sequence[Going]) -> dict[UUID, Visit]:
    """The visits, locked. Raises `Refused` for those that are not as they were shown."""
    current = records.lock_all([going.visit for going in goings])
    refused: dict[UUID, Refusal] = {}
    for going in goings:
        now = current.get(going.visit.id)
        if now is None or now.version != going.expected_version or now.period != going.visit.period:
            try:
                current[going.visit.id] = records.lock(going.visit, going.expected_version)
            except Refusal as refusal:
                refused[going.visit.id] = refusal
    if refused:
        raise Refused(refused)
    return current


def _judged(goings: Sequence[Going], ground: Ground, asked: _Asked, by: Actor) -> list[_Judged]:
    """Those that may go, in the order in which it was possible: all, or `Refused` with those that may not."""
    done: list[_Judged] = []
    left = list(goings)
    while left:
        refused: dict[UUID, Refusal] = {}
        again = []
        for going in left:
            try:
                done.append(_judge(going, ground, asked, by))
            except Refusal as refusal:
                refused[going.visit.id] = refusal
                again.append(going)
        if len(again) == len(left):
            raise Refused(refused)
        left = again
    return done


def _judge(going: Going, ground: Ground, asked: _Asked, by: Actor) -> _Judged:
    """Judge one and count it in its new place. Raises what `booking.relocate` raises."""
    visit, wanted = asked.current[going.visit.id], asked.wanted[going.visit.id]
    booking.check_movable(visit, going.place.start)
    authorization, uncovered = asked.covers.get(visit.id, (visit.authorization, ()))
    reasons = [*ground.reasons(wanted, moving=visit), *uncovered]
    overrides = booking.allowed(going.place, visit, reasons, going.override, by)
    new = [one for one in overrides if one not in visit.overrides and one["code"] not in going.accepts]
    if new:
        raise NeedsReason.of([Reason(one["code"], one["sentence"], is_hard=False) for one in new])
    before = records.place(visit)
    ground.leave(visit)
    booking.put(visit, going.place, wanted, overrides)
    visit.authorization = authorization
    ground.take(wanted, visit)
    return _Judged(going=going, visit=visit, before=before)


def _write(judged: Sequence[_Judged], by: Actor) -> None:
    records.save_all([one.visit for one in judged])
    notes = [
        records.Note(
            one.visit, one.before, records.place(one.visit), one.going.override.reason if one.going.override else ""
        )
        for one in judged
    ]
    records.note_all(notes, "move", by)
    for one in judged:
        was = one.going.visit
        waiting.moved(one.visit, by, chair=was.chair, start=was.period.lower)
