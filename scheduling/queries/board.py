"""Everything the day board shows, in three SQL statements however many visits there are; a fourth on a closed day.

The board's version is read first, with the chairs: a change that comes while the rest is read then shows as a newer
version at the next poll, and is never missed.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Exists, OuterRef, Subquery
from django.db.models.functions import JSONObject, TruncDate

from accounts.models import Clinic, Closure
from core import clock
from core.intervals import QUARTER, Interval
from scheduling.domain.placement import Outage
from scheduling.domain.statuses import VisitStatus
from scheduling.models import (
    BoardVersion,
    CapacitySlot,
    Chair,
    ChairOutage,
    MoveRequest,
    PreInfusionCheck,
    RequestState,
    Visit,
)
from scheduling.queries.outages import outages_between
from scheduling.queries.running import with_pace


@dataclass(frozen=True, kw_only=True)
class LoadQuarter:
    """Nurse need and nurses on shift in one quarter hour, both in nurses."""

    at: datetime
    need: float
    nurses: float


@dataclass(frozen=True, kw_only=True)
class BoardDay:
    """One day of one clinic. `open_time` is None when the clinic is closed or not staffed.

    `closed_for` is why the clinic is closed on a day on which it is open otherwise; visits may still stand there.
    `next_open_on` is read for a closed day only: the first day after it on which the clinic is open.
    `visits` holds every visit that day but cancelled ones, by chair and in order; `load` one entry per open quarter.
    """

    clinic: Clinic
    on: date
    now: datetime
    open_time: Interval | None
    chairs: tuple[Chair, ...]
    visits: dict[UUID, tuple[Visit, ...]]
    load: tuple[LoadQuarter, ...]
    version: int
    outages: dict[UUID, tuple[Outage, ...]] = field(default_factory=dict)
    closed_for: str = ""
    next_open_on: date | None = None

    @property
    def is_today(self) -> bool:
        return self.now.astimezone(self.clinic.zone).date() == self.on

    @property
    def all_visits(self) -> list[Visit]:
        return [visit for chair in self.chairs for visit in self.visits.get(chair.id, ())]


def day_board(clinic: Clinic, on: date) -> BoardDay:
    """The board of `clinic` on the clinic-local date `on`."""
    start, end = clock.day_bounds(on, clinic.zone)
    latest = BoardVersion.objects.filter(clinic=clinic, on=on).values("version")
    closed = Closure.objects.filter(clinic=clinic, on=on).values("reason")
    out = ChairOutage.objects.filter(clinic=clinic, chair=OuterRef("pk"), lifted_at=None)
    out = out.filter(starts_at__lt=end, ends_at__gt=start)
    chairs = tuple(
        Chair.objects.filter(clinic=clinic)
        .annotate(
            board_version=Subquery(latest),
            closed_for=Subquery(closed),
            out_times=ArraySubquery(
                out.order_by("starts_at").values(json=JSONObject(start="starts_at", end="ends_at", reason="reason"))
            ),
        )
        .order_by("position")
    )
    slots = list(
        CapacitySlot.objects.filter(clinic=clinic, starts_at__gte=start, starts_at__lt=end)
        .order_by("starts_at")
        .values_list("starts_at", "load_used", "load_cap")
    )
    by_chair: dict[UUID, list[Visit]] = defaultdict(list)
    for visit in _visits(clinic, start, end):
        by_chair[visit.chair_id].append(visit)
    return BoardDay(
        clinic=clinic,
        on=on,
        now=clock.now(),
        open_time=Interval(slots[0][0], slots[-1][0] + QUARTER) if slots else None,
        chairs=chairs,
        visits={chair_id: tuple(visits) for chair_id, visits in by_chair.items()},
        load=tuple(LoadQuarter(at=at, need=used / 100, nurses=cap / 100) for at, used, cap in slots),
        version=(chairs[0].board_version or 0) if chairs else 0,
        outages={chair.id: _outages(chair) for chair in chairs if chair.out_times},
        closed_for=(chairs[0].closed_for or "") if chairs else "",
        next_open_on=None if slots else _next_open(clinic, end),
    )


def _next_open(clinic: Clinic, after: datetime) -> date | None:
    """The first day from `after` on that is staffed and not closed."""
    closed = Closure.objects.filter(clinic=clinic, on=OuterRef("on"))
    slots = CapacitySlot.objects.filter(clinic=clinic, starts_at__gte=after)
    slots = slots.annotate(on=TruncDate("starts_at", tzinfo=clinic.zone)).filter(~Exists(closed))
    starts_at = slots.order_by("starts_at").values_list("starts_at", flat=True).first()
    return starts_at.astimezone(clinic.zone).date() if starts_at else None


def _outages(chair: Chair) -> tuple[Outage, ...]:
    times: list[dict[str, str]] = getattr(chair, "out_times", [])
    return tuple(
        Outage(
            chair_id=chair.id,
            interval=Interval(*(datetime.fromisoformat(one[edge]).astimezone(UTC) for edge in ("start", "end"))),
            reason=one["reason"],
        )
        for one in times
    )


def version(clinic: Clinic, on: date) -> int:
    """The board's version: 0 until something is booked on that day."""
    found = BoardVersion.objects.filter(clinic=clinic, on=on).values_list("version", flat=True).first()
    return found or 0


def free_minutes(chair: Chair, start: datetime) -> int:
    """How long `chair` is free from `start` that day: until its next visit, until it goes out of use, or until the
    clinic closes; minutes."""
    begin, end = clock.day_bounds(start.astimezone(chair.clinic.zone).date(), chair.clinic.zone)
    slots = CapacitySlot.objects.filter(clinic=chair.clinic, starts_at__gte=begin, starts_at__lt=end)
    last = slots.order_by("-starts_at").values_list("starts_at", flat=True).first()
    if last is None:
        return 0
    taken = [visit.period.lower for visit in _visits(chair.clinic, start, end) if visit.chair_id == chair.id]
    taken += [
        max(one.starts_at, start) for one in outages_between(chair.clinic, start, end) if one.chair_id == chair.id
    ]
    return max(0, int((min([last + QUARTER, *taken]) - start).total_seconds()) // 60)


def _visits(clinic: Clinic, start: datetime, end: datetime) -> list[Visit]:
    """The visits with the columns a board shows and no others.

    `has_request` says that the patient asks to move, `has_check` that the nurse's check before the infusion was made.
    """
    asking = MoveRequest.objects.filter(visit=OuterRef("pk"), state=RequestState.OPEN)
    checked = PreInfusionCheck.objects.filter(visit=OuterRef("pk"), at__gte=start)
    return list(
        with_pace(Visit.objects.for_clinic(clinic))
        .filter(period__overlap=(start, end))
        .exclude(status=VisitStatus.CANCELLED)
        .exclude(status=VisitStatus.HELD, hold_until__lte=clock.now())
        .annotate(has_request=Exists(asking), has_check=Exists(checked))
        .select_related("patient", "course_day__course__order__product", "authorization", "clearance")
        .only(*_SHOWN)
        .order_by("period")
    )


_SHOWN = (
    "chair_id",
    "period",
    "status",
    "overrides",
    "hold_until",
    "held_by_label",
    "version",
    "arrived_at",
    "seated_at",
    "infusion_started_at",
    "observation_started_at",
    "patient__family_name",
    "patient__given_name",
    "course_day__phases",
    "course_day__dose_mg",
    "course_day__course__order__product__board_name",
    "course_day__course__order__product__is_immune_globulin",
    "authorization__ends_on",
    "clearance__light",
    "clearance__reasons",
)
