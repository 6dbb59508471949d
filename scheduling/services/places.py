"""Locking a place and gathering the facts that `check_placement` judges.

Capacity rows are locked first, in key order (see `core.transactions`); with them held, nobody else can book, move or
cancel at this clinic in this time, so what is read next stays true until commit.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Q

from accounts.models import Clinic
from core import clock
from core.errors import Reason
from core.intervals import Interval
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
    phases = [(phase["kind"], phase["minutes"]) for phase in course_day.phases]
    return profile(phases, load_weights(clinic))


def placement(*, course_day: CourseDay, chair: Chair, interval: Interval, load: LoadProfile) -> Placement:
    """What is asked for, as the pure check wants it."""
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
        turnover_minutes=turnover_minutes(chair.clinic),
    )


def occupants(
    *, chair: Chair, patient_id: UUID, interval: Interval, now: datetime, besides: UUID | None = None
) -> list[Occupant]:
    """Visits that hold the chair or the patient in `interval`; a hold that has run out holds nothing."""
    overlapping = (
        Visit.objects.filter(
            Q(chair=chair) | Q(patient_id=patient_id),
            organization_id=chair.clinic.organization_id,
            status__in=OCCUPYING_VALUES,
            period__overlap=(interval.start, interval.end),
        )
        .exclude(status=VisitStatus.HELD, hold_until__lte=now)
        .exclude(id__in=[besides] if besides else [])
        .select_related("patient", "chair", "clinic")
    )
    return [
        Occupant(
            visit_id=visit.id,
            patient_id=visit.patient_id,
            patient_name=visit.patient.short_name,
            chair_id=visit.chair_id,
            chair_name=visit.chair.name,
            clinic_name=visit.clinic.name,
            interval=interval_of(visit),
        )
        for visit in overlapping
    ]


def outages(chair: Chair, interval: Interval) -> list[Outage]:
    """When `chair` is out of use in `interval`."""
    found = ChairOutage.objects.filter(
        chair=chair, lifted_at=None, starts_at__lt=interval.end, ends_at__gt=interval.start
    ).order_by("starts_at")
    return [
        Outage(chair_id=chair.id, interval=Interval(outage.starts_at, outage.ends_at), reason=outage.reason)
        for outage in found
    ]


def quarters(slots: Sequence[CapacitySlot], interval: Interval, *, without: Visit | None = None) -> list[Quarter]:
    """The capacity of `interval`, leaving out what the visit `without` takes now."""
    own: dict[datetime, int] = {}
    own_start: datetime | None = None
    if without is not None:
        moments = list(interval_of(without).quarters())
        own = dict(zip(moments, without.load_profile, strict=True))
        own_start = moments[without.start_quarter]
    return [
        Quarter(
            at=slot.starts_at,
            load_used=slot.load_used - own.get(slot.starts_at, 0),
            load_cap=slot.load_cap,
            starts_used=slot.starts_used - (slot.starts_at == own_start),
            starts_cap=slot.starts_cap,
        )
        for slot in slots
        if interval.contains(slot.starts_at)
    ]


def check(
    wanted: Placement, slots: Sequence[CapacitySlot], *, chair: Chair, moving: Visit | None = None
) -> list[Reason]:
    """Every reason against `wanted`, with the rows of its capacity locked.

    A visit that keeps its start may change its chair after that start has passed: the patient is here. One that keeps
    chair and start stays where it is although the chair went out of use under it.
    """
    now = clock.now()
    is_active = Chair.objects.filter(pk=chair.pk).values_list("is_active", flat=True).get()
    wanted = replace(wanted, chair_is_active=is_active)  # with the capacity locked, nobody retires it any more
    beside = timedelta(minutes=wanted.turnover_minutes)
    keeps_start = moving is not None and moving.period.lower == wanted.interval.start
    stays = keeps_start and moving is not None and moving.chair_id == chair.id
    reasons = list(
        check_placement(
            wanted,
            now=now,
            quarters=quarters(slots, wanted.interval, without=moving),
            occupants=occupants(
                chair=chair,
                patient_id=wanted.patient_id,
                interval=Interval(wanted.interval.start - beside, wanted.interval.end + beside),
                now=now,
                besides=moving.id if moving else None,
            ),
            outages=[
                outage
                for outage in outages(chair, wanted.interval)
                if not (stays and moving is not None and outage.interval.overlaps(interval_of(moving)))
            ],
        )
    )
    return [reason for reason in reasons if not (keeps_start and reason.code == "in_the_past")]
