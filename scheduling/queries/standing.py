"""How booked visits stand in the clinic as it is set up: outside its hours, in a chair that is gone, or too many.

Three SQL statements. Read before and after a change, the difference is what the change breaks.
"""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import F, Q

from accounts.models import Clinic
from core import clock
from core.intervals import Interval, floor_quarter
from scheduling.domain.placement import PRIVATE_ROOM
from scheduling.models import CapacitySlot, ChairOutage, Visit
from scheduling.queries.outages import coming

Key = tuple[UUID, str]


@dataclass(frozen=True, kw_only=True)
class Trouble:
    """Why a visit can't stay where it is."""

    visit: Visit
    code: str
    sentence: str


@dataclass(frozen=True, kw_only=True)
class Overload:
    """A quarter hour that needs more than its nurses: loads in hundredths of a nurse."""

    at: datetime
    need: int
    cap: int
    starts: int
    starts_cap: int

    @property
    def excess(self) -> tuple[int, int]:
        return max(0, self.need - self.cap), max(0, self.starts - self.starts_cap)


@dataclass(frozen=True, kw_only=True)
class Standing:
    """Everything that is wrong with what is booked from now on."""

    troubles: dict[Key, Trouble]
    over: dict[datetime, Overload]


def standing(clinic: Clinic) -> Standing:
    """How the visits of `clinic` stand, from now on."""
    full = CapacitySlot.objects.filter(clinic=clinic, starts_at__gte=floor_quarter(clock.now())).filter(
        Q(load_used__gt=F("load_cap")) | Q(starts_used__gt=F("starts_cap"))
    )
    rows = list(full.values_list("starts_at", "load_used", "load_cap", "starts_used", "starts_cap"))
    closed = sorted(row[0] for row in rows if row[2] == 0)
    out = list(coming(clinic))
    found = [trouble for visit in _visits(clinic) for trouble in _troubles(visit, closed, out, clinic)]
    return Standing(
        troubles={(trouble.visit.id, trouble.code): trouble for trouble in found},
        over={
            row[0]: Overload(at=row[0], need=row[1], cap=row[2], starts=row[3], starts_cap=row[4])
            for row in rows
            if row[2] > 0
        },
    )


def _visits(clinic: Clinic) -> Iterator[Visit]:
    return (
        Visit.objects.for_clinic(clinic)
        .occupying()
        .live()
        .filter(period__endswith__gt=clock.now())
        .exclude(status="held", hold_until__lte=clock.now())
        .select_related("patient", "chair")
        .only(
            "period",
            "status",
            "clinic_id",
            "patient__given_name",
            "patient__family_name",
            "patient__needs_private_room",
            "chair__name",
            "chair__kind",
            "chair__is_active",
        )
        .order_by("period", "id")
        .iterator(chunk_size=2000)
    )


def _troubles(
    visit: Visit, closed: Sequence[datetime], out: Sequence[ChairOutage], clinic: Clinic
) -> Iterator[Trouble]:
    period = Interval(visit.period.lower, visit.period.upper)
    first = bisect_left(closed, period.start)
    shut = closed[first] if first < len(closed) and closed[first] < period.end else None
    if shut is not None:
        sentence = f"The clinic is closed, or has no nurse, at {shut.astimezone(clinic.zone):%H:%M}."
        yield Trouble(visit=visit, code="closed", sentence=sentence)
    if not visit.chair.is_active:
        yield Trouble(visit=visit, code="chair_closed", sentence=f"{visit.chair.name} is retired.")
    if visit.patient.needs_private_room and visit.chair.kind != PRIVATE_ROOM:
        sentence = f"{visit.patient.short_name} needs a private room, and {visit.chair.name} is not one."
        yield Trouble(visit=visit, code="private_room_needed", sentence=sentence)
    for outage in out:
        if outage.chair_id == visit.chair_id and period.overlaps(Interval(outage.starts_at, outage.ends_at)):
            yield Trouble(visit=visit, code="chair_out", sentence=f"{visit.chair.name} is out: {outage.reason}.")
            return
