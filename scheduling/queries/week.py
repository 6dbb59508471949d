"""How full a week is, hour by hour: nurse need over nurses, chairs in use, and what is closed. Five SQL statements."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from accounts.models import Clinic
from core import clock
from core.intervals import QUARTER
from scheduling.domain.statuses import VisitStatus
from scheduling.models import OCCUPYING_VALUES, CapacitySlot, Chair, ChairOutage, Visit
from scheduling.queries.outages import outages_between


@dataclass(frozen=True, kw_only=True)
class HourLoad:
    """One hour of a day, on the clinic's clock. `need` and `nurses` are those of its fullest quarter hour, in nurses;
    `chair_percent` is the part of all chairs' time that is taken."""

    hour: int
    need: float
    nurses: float
    chair_percent: int

    @property
    def share(self) -> float:
        """Need over nurses."""
        return self.need / self.nurses if self.nurses else (9.99 if self.need else 0.0)


@dataclass(frozen=True, kw_only=True)
class DayLoad:
    """One day; without hours the clinic is closed. `mean` is its need over its nurses, all day.

    `closed_for` is why the clinic is closed on a day on which it is open otherwise; `out` are chairs out of use.
    """

    on: date
    visits: int
    hours: tuple[HourLoad, ...]
    mean: float
    closed_for: str
    out: tuple[ChairOutage, ...]

    @property
    def is_staffed(self) -> bool:
        """Whether anybody could be booked: the clinic is open and has nurses."""
        return not self.closed_for and any(hour.nurses for hour in self.hours)

    @property
    def peak(self) -> HourLoad | None:
        return max(self.hours, key=lambda hour: hour.share, default=None)


@dataclass(frozen=True, kw_only=True)
class WeekLoad:
    """Monday to Sunday. `lightest_on` is the day to come with the least mean load, of those that are open."""

    monday: date
    today: date
    chairs: int
    days: tuple[DayLoad, ...]
    lightest_on: date | None


Row = tuple[datetime, int, int]


def week_load(clinic: Clinic, on: date) -> WeekLoad:
    """The load of the week that holds `on`."""
    monday, today = on - timedelta(days=on.weekday()), clock.today(clinic.zone)
    start, _ = clock.day_bounds(monday, clinic.zone)
    _, end = clock.day_bounds(monday + timedelta(days=6), clinic.zone)
    chairs = Chair.objects.filter(clinic=clinic, is_active=True).count()
    rows: dict[date, list[Row]] = defaultdict(list)
    slots = CapacitySlot.objects.filter(clinic=clinic, starts_at__gte=start, starts_at__lt=end).order_by("starts_at")
    for row in slots.values_list("starts_at", "load_used", "load_cap"):
        rows[row[0].astimezone(clinic.zone).date()].append(row)
    taken, visits = _taken(clinic, start, end)
    closed = dict(clinic.closures.filter(on__range=(monday, monday + timedelta(days=6))).values_list("on", "reason"))
    out = list(outages_between(clinic, start, end).select_related("chair"))
    days = tuple(
        replace(
            _day(clinic, day, rows.get(day, []), taken, chairs, visits.get(day, 0)),
            closed_for=closed.get(day, ""),
            out=_out_on(day, out, clinic),
        )
        for day in (monday + timedelta(days=offset) for offset in range(7))
    )
    ahead = [day for day in days if day.is_staffed and day.on >= today]
    lightest = min(ahead, key=lambda day: (day.mean, day.on)).on if ahead else None
    return WeekLoad(monday=monday, today=today, chairs=chairs, days=days, lightest_on=lightest)


def _out_on(on: date, out: Sequence[ChairOutage], clinic: Clinic) -> tuple[ChairOutage, ...]:
    start, end = clock.day_bounds(on, clinic.zone)
    return tuple(outage for outage in out if outage.starts_at < end and outage.ends_at > start)


def _taken(clinic: Clinic, start: datetime, end: datetime) -> tuple[dict[datetime, int], dict[date, int]]:
    """How many chairs are taken in each quarter hour, and how many visits each day has."""
    periods = (
        Visit.objects.for_clinic(clinic)
        .filter(status__in=OCCUPYING_VALUES, period__overlap=(start, end))
        .exclude(status=VisitStatus.HELD, hold_until__lte=clock.now())
        .values_list("period", flat=True)
    )
    quarters: dict[datetime, int] = defaultdict(int)
    days: dict[date, int] = defaultdict(int)
    for period in periods:
        days[period.lower.astimezone(clinic.zone).date()] += 1
        moment = period.lower
        while moment < period.upper:
            quarters[moment] += 1
            moment += QUARTER
    return quarters, days


def _day(  # noqa: PLR0917 (its one caller names each a line above)
    clinic: Clinic, on: date, rows: Sequence[Row], taken: dict[datetime, int], chairs: int, visits: int
) -> DayLoad:
    by_hour: dict[int, list[Row]] = defaultdict(list)
    for row in rows:
        if row[2] > 0 or row[1] > 0:
            by_hour[row[0].astimezone(clinic.zone).hour].append(row)
    hours = tuple(_hour(hour, found, taken, chairs) for hour, found in sorted(by_hour.items()))
    need, cap = sum(row[1] for row in rows), sum(row[2] for row in rows)
    return DayLoad(on=on, visits=visits, hours=hours, mean=need / cap if cap else 0.0, closed_for="", out=())


def _hour(hour: int, rows: Sequence[Row], taken: dict[datetime, int], chairs: int) -> HourLoad:
    fullest = max(rows, key=lambda row: (row[1] / row[2] if row[2] else 9.99, row[1]))
    used = sum(taken.get(row[0], 0) for row in rows)
    percent = round(100 * used / (chairs * len(rows))) if chairs else 0
    return HourLoad(hour=hour, need=fullest[1] / 100, nurses=fullest[2] / 100, chair_percent=percent)
