"""A person decides what a changed plan does to a booked course: the visit stays, follows, or is cancelled.

Who decides need not be who books: a prescriber lets a visit follow, into its own place or one that fits. Promises
that a decision is about exactly what the person saw (a fingerprint of the difference and the version of each
visit), and that following is one transaction: the course's rows, its visits, their units and the decision, or nothing.
The locks are those of `core.transactions`: capacity, authorizations, visits, then the order.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from accounts.domain.policy import Permission
from accounts.models import Clinic
from authorizations.models import Authorization
from core import clock
from core.actor import Actor
from core.errors import BadInput, NotAllowed, Refusal, Stale
from core.intervals import Interval
from core.transactions import business_act
from regimens.models import TreatmentOrder
from regimens.services import replanning
from regimens.services.plan_difference import Change, CourseDifference
from scheduling.models import Chair, PlanDecision, Visit
from scheduling.queries.planned_days import as_planned, booked_on, difference, live_visits
from scheduling.services import booking, coverage, gate, places, reanchoring, records, refitting
from scheduling.services.booking import Override

APPROVED = "Approved"
ONLY_PRESCRIBER = "Only a prescriber keeps a visit whose treatment would change. Ask one, or let it follow the plan."
MEANWHILE = "The plan or one of its visits changed a moment ago. Nothing was changed; look at it again, then decide."


@dataclass(frozen=True, kw_only=True)
class Target:
    """A visit as the person saw it, and where it goes; without a chair it stays in its chair at its time."""

    visit_id: UUID
    version: int
    chair: Chair | None = None
    start: datetime | None = None


@business_act
def keep(
    *, order: TreatmentOrder, number: int, expected: str, targets: Sequence[Target], reason: str, by: Actor
) -> None:
    """The visits of course `number` stay as they are; this difference is not asked about again.

    Keeping another dose, ramp, rate or phase than the plan's is for a prescriber, as is starting it. Raises BadInput
    (field "reason") without a reason, Stale when the difference or a visit is not what was seen.
    """
    by.require(Permission.PLAN_DECIDE, "decide about a changed plan")
    why = " ".join(reason.split())[:200]
    if not why:
        raise BadInput("reason_missing", "Say why the visit stays as it is.", field="reason")
    visits = _seen(order, number, targets)
    _lock_visits(visits, targets)
    found = _still(_locked(order), number, expected)
    if found.changes_treatment and not by.can(Permission.ORDER_RELEASE):
        raise NotAllowed("not_allowed", ONLY_PRESCRIBER)
    _decide(order, found, by, is_followed=False, reason=why)
    reanchoring.recalculate(order=order, by=by)
    gate.look(visits)


@business_act
def follow(
    *,
    order: TreatmentOrder,
    number: int,
    expected: str,
    targets: Sequence[Target],
    by: Actor,
    override: Override | None = None,
) -> CourseDifference:
    """Let course `number` follow the plan: its rows change and each visit is refitted where its target says.

    A course that the plan no longer has loses its visits. Raises Stale when the difference or a visit is not what was
    seen, and what `booking.book` raises when a visit does not fit there: nothing is changed then.
    """
    by.require(Permission.PLAN_DECIDE, "decide about a changed plan")
    _check_not_kept(order, number, expected)
    found = _still(order, number, expected)
    visits = _seen(order, number, targets)
    with transaction.atomic():  # a refusal changes nothing, even for a caller who goes on in a transaction
        _follow(order, found, visits, targets, by, override)
    return found


def _check_not_kept(order: TreatmentOrder, number: int, expected: str) -> None:
    """Somebody who decided meanwhile to keep the visits is not overruled by a page from before."""
    kept = PlanDecision.objects.filter(order=order, course_number=number, fingerprint=expected, is_followed=False)
    if (decision := kept.first()) is not None:
        at = decision.at.astimezone(order.clinic.zone)
        sentence = f"{decision.by_label} decided at {at:%H:%M on %-d %B} that course {number} stays as it is booked."
        raise Stale("already_decided", f"{sentence} Talk to them, then move the visit if it should follow.")


def _follow(  # noqa: PLR0917 (its one caller has each of these in its own arguments)
    order: TreatmentOrder,
    found: CourseDifference,
    visits: Sequence[Visit],
    targets: Sequence[Target],
    by: Actor,
    override: Override | None,
) -> None:
    going = _lock_everything(found, visits, targets)
    why = "; ".join(found.causes)
    _locked(order)
    replanning.adopt(
        order=order,
        number=found.number,
        expected=found.fingerprint,
        by=by,
        cause=f"{APPROVED}: {why}",
        booked_on=booked_on(order),
    )
    for visit, place, version in going:
        if found.change is Change.VANISHED:
            booking.call_off(visit=visit, reason=f"{why[:1].upper()}{why[1:]}.", expected_version=version, by=by)
        else:
            refitting.refit(
                visit=visit, chair=place.chair, start=place.start, expected_version=version, by=by, override=override
            )
    _decide(order, found, by, is_followed=True, reason=override.reason if override else "")
    reanchoring.recalculate(order=order, by=by)
    gate.look(live_visits(order, found.number))


@dataclass(frozen=True, kw_only=True)
class FollowedAll:
    """Courses that follow now, and what stood in the way of others."""

    followed: tuple[int, ...]
    refused: Mapping[int, Refusal]


def follow_all(*, order: TreatmentOrder, seen: Mapping[int, tuple[str, Sequence[Target]]], by: Actor) -> FollowedAll:
    """`follow` for each course in `seen` (fingerprint and visits), each in a transaction of its own, without a move."""
    followed: list[int] = []
    refused: dict[int, Refusal] = {}
    for number, (expected, targets) in sorted(seen.items()):
        try:
            follow(order=order, number=number, expected=expected, targets=targets, by=by)
        except Refusal as refusal:
            refused[number] = refusal
        else:
            followed.append(number)
    return FollowedAll(followed=tuple(followed), refused=refused)


@dataclass(frozen=True)
class _Place:
    chair: Chair
    start: datetime


_Going = tuple[Visit, _Place, int]


def _seen(order: TreatmentOrder, number: int, targets: Sequence[Target]) -> list[Visit]:
    """The live visits of the course, which must be those that the person saw."""
    visits = live_visits(order, number)
    if {visit.id for visit in visits} != {target.visit_id for target in targets} or not visits:
        raise Stale("plan_changed", MEANWHILE)
    return visits


def _still(order: TreatmentOrder, number: int, expected: str) -> CourseDifference:
    found = difference(order).of(number)
    if found is None or found.fingerprint != expected:
        raise Stale("plan_changed", MEANWHILE)
    return found


def _lock_everything(found: CourseDifference, visits: Sequence[Visit], targets: Sequence[Target]) -> list[_Going]:
    """Lock capacity, authorizations and visits, each in order; the visits with their places, the earliest first."""
    by_id = {target.visit_id: target for target in targets}
    going: list[_Going] = []
    intervals: dict[Clinic, list[Interval]] = defaultdict(list)
    wanted: set[UUID] = {visit.authorization_id for visit in visits if visit.authorization_id is not None}
    for visit in visits:
        target = by_id[visit.id]
        place = _Place(target.chair or visit.chair, target.start or visit.period.lower)
        day = as_planned(visit.course_day, found)
        end = place.start + timedelta(minutes=day.chair_minutes)
        intervals[place.chair.clinic] += [places.interval_of(visit), Interval(place.start, end)]
        covering, _ = coverage.cover(day, records.day_at(place.start, place.chair))
        wanted |= {covering.id} if covering is not None else set()
        going.append((visit, place, target.version))
    for clinic in sorted(intervals, key=lambda one: one.id):
        places.lock_capacity(clinic, *intervals[clinic])
    list(Authorization.objects.select_for_update(of=("self",)).filter(id__in=wanted).order_by("id"))
    _lock_visits(visits, targets)
    return sorted(going, key=lambda one: one[1].start)


def _lock_visits(visits: Iterable[Visit], targets: Sequence[Target]) -> None:
    versions = {target.visit_id: target.version for target in targets}
    for visit in sorted(visits, key=lambda visit: visit.id):
        records.lock(visit, versions[visit.id])


def _locked(order: TreatmentOrder) -> TreatmentOrder:
    TreatmentOrder.objects.select_for_update(no_key=True).get(pk=order.pk)
    return order


def _decide(order: TreatmentOrder, found: CourseDifference, by: Actor, *, is_followed: bool, reason: str) -> None:
    PlanDecision.objects.update_or_create(
        order=order,
        course_number=found.number,
        fingerprint=found.fingerprint,
        defaults={
            "is_followed": is_followed,
            "reason": reason[:200],
            "at": clock.now(),
            "by_label": by.label[:150],
            "by_id": by.id,
        },
    )
