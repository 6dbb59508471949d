"""Everything the day board shows, in four SQL statements however many visits there are."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from accounts.models import Clinic
from core import clock
from core.intervals import QUARTER, Interval
from scheduling.domain.statuses import VisitStatus
from scheduling.models import BoardVersion, CapacitySlot, Chair, Visit


@dataclass(frozen=True, kw_only=True)
class LoadQuarter:
    """Nurse need and nurses on shift in one quarter hour, both in nurses."""

    at: datetime
    need: float
    nurses: float


@dataclass(frozen=True, kw_only=True)
class BoardDay:
    """One day of one clinic. `open_time` is None when the clinic is closed or not staffed.

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

    @property
    def is_today(self) -> bool:
        return self.now.astimezone(self.clinic.zone).date() == self.on

    @property
    def all_visits(self) -> list[Visit]:
        return [visit for chair in self.chairs for visit in self.visits.get(chair.id, ())]


def day_board(clinic: Clinic, on: date) -> BoardDay:
    """The board of `clinic` on the clinic-local date `on`."""
    start, end = clock.day_bounds(on, clinic.zone)
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
        chairs=tuple(Chair.objects.filter(clinic=clinic).order_by("position")),
        visits={chair_id: tuple(visits) for chair_id, visits in by_chair.items()},
        load=tuple(LoadQuarter(at=at, need=used / 100, nurses=cap / 100) for at, used, cap in slots),
        version=version(clinic, on),
    )


def version(clinic: Clinic, on: date) -> int:
    """The board's version: 0 until something is booked on that day."""
    found = BoardVersion.objects.filter(clinic=clinic, on=on).values_list("version", flat=True).first()
    return found or 0


def _visits(clinic: Clinic, start: datetime, end: datetime) -> list[Visit]:
    return list(
        Visit.objects.for_clinic(clinic)
        .filter(period__overlap=(start, end))
        .exclude(status=VisitStatus.CANCELLED)
        .exclude(status=VisitStatus.HELD, hold_until__lte=clock.now())
        .select_related("patient", "course_day__course__order__product", "authorization", "nurse")
        .defer("course_day__course__order__product__data", "course_day__vials")
        .order_by("period")
    )
