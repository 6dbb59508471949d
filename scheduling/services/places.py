"""Locking a place and gathering the facts that `check_placement` judges.

Capacity rows are locked first, in key order (see `core.transactions`); with them held, nobody else can book, move or
cancel at this clinic in this time, so what is read next stays true until commit.
"""

from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Q

from accounts.models import Clinic
from core import clock
from core.errors import Reason
from core.intervals import Interval, ceil_quarter
from regimens.models import CourseDay
from scheduling.domain.load import LoadProfile, profile
from scheduling.domain.placement import Occupant, Outage, Placement, Quarter, check_placement
from scheduling.domain.statuses import VisitStatus
from scheduling.models import OCCUPYING_VALUES, CapacitySlot, Chair, ChairOutage, Visit
from scheduling.services.capacity import load_weights
from scheduling.services.clinic_rules import turnover_minutes


def lock_capacity(clinic: Clinic, *intervals: Interval) -> list[CapacitySlot]:
    """Lock the capacity rows of `intervals`, and of the turnover time around them, in key order; return them."""
    wanted = Q()
    beside = timedelta(minutes=turnover_minutes(clinic))
    for interval in intervals:
        wanted |= Q(starts_at__gte=interval.start - beside, starts_at__lt=interval.end + beside)
    return list(
        CapacitySlot.objects.select_for_update().filter(wanted, clinic=clinic).order_by("clinic_id", "starts_at")
    )


def interval_of(visit: Visit) -> Interval:
    """The period of a visit as an interval."""
    return Interval(visit.period.lower, visit.period.upper)


def profile_for(clinic: Clinic, course_day: CourseDay) -> LoadProfile:
    """The nurse load that a visit for `course_day` brings at `clinic`."""
    return profiles_for(clinic, [course_day])[0]


def profiles_for(clinic: Clinic, course_days: Iterable[CourseDay]) -> list[LoadProfile]:
    """The nurse load that a visit for each of `course_days` brings at `clinic`. One SQL statement."""
    weights = load_weights(clinic)
    return [profile([(phase["kind"], phase["minutes"]) for phase in day.phases], weights) for day in course_days]


def placement(
    *, course_day: CourseDay, chair: Chair, interval: Interval, load: LoadProfile, turnover: int | None = None
) -> Placement:
    """What is asked for, as the pure check wants it; `turnover` are the clinic's minutes where they are known."""
    patient = course_day.course.order.patient
    shift = course_day.due_on - course_day.course.due_on
    return Placement(
        interval=interval,
        zone=chair.clinic.zone,
        chair_id=chair.id,
        chair_name=chair.name,
        chair_kind=chair.kind,
        chair_is_active=chair.is_active,
        patient_id=patient.id,
        patient_name=patient.short_name,
        needs_private_room=patient.needs_private_room,
        profile=load,
        earliest_on=course_day.course.earliest_on + shift,
        latest_on=course_day.course.latest_on + shift,
        turnover_minutes=turnover_minutes(chair.clinic) if turnover is None else turnover,
    )


@dataclass(kw_only=True)
class Ground:
    """What stands at some places, read once while their capacity is locked; `take` and `leave` count moves meanwhile.

    `active` are the chairs in use: with the capacity locked, nobody retires one any more. `dead` are holds that have
    run out and hold nothing, but stand where somebody goes.
    """

    now: datetime
    active: Set[UUID]
    quarters: dict[datetime, Quarter]
    occupants: list[Occupant]
    outages: Sequence[Outage]
    dead: Sequence[UUID] = ()

    def reasons(self, wanted: Placement, *, moving: Visit | None = None) -> list[Reason]:
        """Every reason against `wanted`, hard ones first: the one check, `check_placement`. `moving` leaves its place.

        A visit that keeps its start may change its chair after that start has passed: the patient is here. One that
        keeps chair and start stays where it is although the chair went out of use under it.
        """
        around = _around(wanted)
        keeps_start = moving is not None and moving.period.lower == wanted.interval.start
        stays = keeps_start and moving is not None and moving.chair_id == wanted.chair_id
        reasons = check_placement(
            replace(wanted, chair_is_active=wanted.chair_id in self.active),
            now=self.now,
            quarters=self._capacity(wanted.interval, without=moving),
            occupants=[
                other
                for other in self.occupants
                if other.interval.overlaps(around) and (moving is None or other.visit_id != moving.id)
            ],
            outages=[
                outage
                for outage in self.outages
                if not (stays and moving is not None and outage.interval.overlaps(interval_of(moving)))
            ],
        )
        return [reason for reason in reasons if not (keeps_start and reason.code == "in_the_past")]

    def take(self, wanted: Placement, visit: Visit) -> None:
        """Count `visit`, which goes where it is `wanted`, for those judged after it."""
        self.occupants.append(_occupant(visit))
        moments = list(wanted.interval.quarters())
        for moment, need in zip(moments, wanted.profile.need, strict=True):
            was = self.quarters[moment]
            starts = was.starts_used + (moment == moments[wanted.profile.start_quarter])
            self.quarters[moment] = replace(was, load_used=was.load_used + need, starts_used=starts)

    def leave(self, visit: Visit) -> None:
        """Count `visit`, as it stands, no longer: it goes elsewhere."""
        self.occupants[:] = [other for other in self.occupants if other.visit_id != visit.id]
        moments = list(interval_of(visit).quarters())
        for moment, need in zip(moments, visit.load_profile, strict=True):
            if (was := self.quarters.get(moment)) is not None:
                starts = was.starts_used - (moment == moments[visit.start_quarter])
                self.quarters[moment] = replace(was, load_used=was.load_used - need, starts_used=starts)

    def _capacity(self, interval: Interval, *, without: Visit | None) -> list[Quarter]:
        """The capacity of `interval`, leaving out what the visit `without` takes now."""
        own: dict[datetime, int] = {}
        own_start: datetime | None = None
        if without is not None:
            moments = list(interval_of(without).quarters())
            own = dict(zip(moments, without.load_profile, strict=True))
            own_start = moments[without.start_quarter]
        first = ceil_quarter(interval.start)
        inside = Interval(first, interval.end).quarters() if first < interval.end else ()
        return [
            replace(
                self.quarters[at],
                load_used=self.quarters[at].load_used - own.get(at, 0),
                starts_used=self.quarters[at].starts_used - (at == own_start),
            )
            for at in inside
            if at in self.quarters
        ]


def survey(clinic: Clinic, wanted: Sequence[Placement], slots: Sequence[CapacitySlot]) -> Ground:
    """What stands at the places that are `wanted` at `clinic`. Three SQL statements.

    `slots` are the locked capacity rows of all of them.
    """
    now = clock.now()
    chairs = {place.chair_id for place in wanted}
    there = list(_there(clinic, wanted))
    dead = [visit.id for visit in there if _is_dead(visit, now)]
    return Ground(
        now=now,
        active=set(Chair.objects.filter(pk__in=chairs, is_active=True).values_list("pk", flat=True)),
        quarters={
            slot.starts_at: Quarter(
                at=slot.starts_at,
                load_used=slot.load_used,
                load_cap=slot.load_cap,
                starts_used=slot.starts_used,
                starts_cap=slot.starts_cap,
            )
            for slot in slots
        },
        occupants=[_occupant(visit) for visit in there if visit.id not in dead],
        outages=_outages(chairs, wanted),
        dead=dead,
    )


def check(
    wanted: Placement, slots: Sequence[CapacitySlot], *, chair: Chair, moving: Visit | None = None
) -> list[Reason]:
    """Every reason against `wanted`, with the rows of its capacity locked; see `Ground.reasons`."""
    return survey(chair.clinic, [wanted], slots).reasons(wanted, moving=moving)


def gone(visit: Visit, slots: Sequence[CapacitySlot]) -> list[Reason]:
    """Every hard reason against the place that a locked `visit` has, as if it came there now.

    `slots` are the locked capacity rows of its time.
    """
    wanted = placement(
        course_day=visit.course_day,
        chair=visit.chair,
        interval=interval_of(visit),
        load=LoadProfile(tuple(visit.load_profile), visit.start_quarter),
    )
    ground = survey(visit.clinic, [wanted], slots)
    others = [other for other in ground.occupants if other.visit_id != visit.id]
    return [reason for reason in replace(ground, occupants=others).reasons(wanted) if reason.is_hard]


def _there(clinic: Clinic, wanted: Sequence[Placement]) -> Iterator[Visit]:
    """Visits that share the chair or the patient of one of `wanted`, in its time or beside it.

    Chair by chair and time by time; of a patient everything between the first time and the last is read, for few.
    """
    around = {place: _around(place) for place in wanted}
    start, end = min(one.start for one in around.values()), max(one.end for one in around.values())
    same = Q(patient__in={place.patient_id for place in wanted}, period__overlap=(start, end))
    for place, time in around.items():
        same |= Q(chair_id=place.chair_id, period__overlap=(time.start, time.end))
    found = Visit.objects.filter(same, organization_id=clinic.organization_id, status__in=OCCUPYING_VALUES)
    for visit in found.select_related("patient", "chair", "clinic"):
        taken = interval_of(visit)
        if any(
            time.overlaps(taken) and (visit.chair_id == place.chair_id or visit.patient_id == place.patient_id)
            for place, time in around.items()
        ):
            yield visit


def _around(place: Placement) -> Interval:
    beside = timedelta(minutes=place.turnover_minutes)
    return Interval(place.interval.start - beside, place.interval.end + beside)


def _is_dead(visit: Visit, now: datetime) -> bool:
    """Whether it is a hold that has run out: it holds nothing."""
    return visit.status == VisitStatus.HELD and visit.hold_until is not None and visit.hold_until <= now


def _occupant(visit: Visit) -> Occupant:
    return Occupant(
        visit_id=visit.id,
        patient_id=visit.patient_id,
        patient_name=visit.patient.short_name,
        chair_id=visit.chair_id,
        chair_name=visit.chair.name,
        clinic_name=visit.clinic.name,
        interval=interval_of(visit),
    )


def _outages(chairs: Iterable[UUID], wanted: Sequence[Placement]) -> list[Outage]:
    """When `chairs` are out of use between the first and the last of `wanted`."""
    start, end = min(place.interval.start for place in wanted), max(place.interval.end for place in wanted)
    found = ChairOutage.objects.filter(chair__in=chairs, lifted_at=None, starts_at__lt=end, ends_at__gt=start)
    return [
        Outage(chair_id=outage.chair_id, interval=Interval(outage.starts_at, outage.ends_at), reason=outage.reason)
        for outage in found.order_by("starts_at")
    ]
