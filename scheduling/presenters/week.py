"""The week's load as its table: hours down, days across, numbers in every cell. No rule, no SQL."""

from dataclasses import dataclass
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from core.looks import load_step
from scheduling.models import ChairOutage
from scheduling.queries.week import DayLoad, HourLoad, WeekLoad


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One hour of one day; empty where the clinic is closed."""

    step: int
    need: str
    nurses: str
    chairs: str
    is_over: bool
    is_open: bool


@dataclass(frozen=True, kw_only=True)
class DayHead:
    """A day over its column. `out` names the chairs out of use: "A3 from 12:00"."""

    on: date
    is_today: bool
    is_lightest: bool
    is_open: bool
    visits: int
    mean_percent: int | None
    peak: str
    is_over: bool
    closed_for: str
    out: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class WeekPage:
    """Everything on the page."""

    monday: date
    sunday: date
    previous: date
    next: date
    chairs: int
    days: tuple[DayHead, ...]
    rows: tuple[tuple[str, tuple[Cell, ...]], ...]
    lightest_on: date | None
    summary: str


CLOSED = Cell(step=1, need="", nurses="", chairs="", is_over=False, is_open=False)


def page(week: WeekLoad, zone: ZoneInfo) -> WeekPage:
    """The page for a week."""
    hours = [hour.hour for day in week.days for hour in day.hours]
    found = [{hour.hour: hour for hour in day.hours} for day in week.days]
    span = range(min(hours), max(hours) + 1) if hours else range(0)
    return WeekPage(
        monday=week.monday,
        sunday=week.monday + timedelta(days=6),
        previous=week.monday - timedelta(days=7),
        next=week.monday + timedelta(days=7),
        chairs=week.chairs,
        days=tuple(_head(day, week, zone) for day in week.days),
        rows=tuple(
            (f"{hour:02d}:00", tuple(_cell(day[hour]) if hour in day else CLOSED for day in found)) for hour in span
        ),
        lightest_on=week.lightest_on,
        summary=_summary(week),
    )


def _cell(hour: HourLoad) -> Cell:
    return Cell(
        step=load_step(hour.need, hour.nurses),
        need=f"{hour.need:.1f}",
        nurses=f"{hour.nurses:.0f}",
        chairs=f"{hour.chair_percent} %",
        is_over=hour.need > hour.nurses,
        is_open=True,
    )


def _head(day: DayLoad, week: WeekLoad, zone: ZoneInfo) -> DayHead:
    peak = day.peak
    return DayHead(
        on=day.on,
        is_today=day.on == week.today,
        is_lightest=day.on == week.lightest_on,
        is_open=bool(day.hours),
        visits=day.visits,
        mean_percent=round(100 * day.mean) if day.is_staffed else None,
        peak=f"{peak.need:.1f}/{peak.nurses:.0f} at {peak.hour:02d}:00" if peak else "",
        is_over=bool(peak and peak.need > peak.nurses),
        closed_for=day.closed_for,
        out=tuple(_out(outage, day.on, zone) for outage in day.out) if day.hours else (),
    )


def _out(outage: ChairOutage, on: date, zone: ZoneInfo) -> str:
    """A chair out of use on a day: "A3", or with the times at which it goes and comes back."""
    start, end = outage.starts_at.astimezone(zone), outage.ends_at.astimezone(zone)
    since = f" from {start:%H:%M}" if start.date() == on else ""
    until = f" until {end:%H:%M}" if end.date() == on else ""
    times = f" {start:%H:%M}–{end:%H:%M}" if since and until else f"{since}{until}"
    return f"{outage.chair.name}{times}"


def _summary(week: WeekLoad) -> str:
    """The finding in a sentence."""
    open_days = [day for day in week.days if day.hours]
    if not open_days:
        return "The clinic is closed this week."
    over = [day for day in open_days if day.peak and day.peak.need > day.peak.nurses]
    if not over:
        return "Nurses are enough in every hour."
    names = ", ".join(f"{day.on:%A}" for day in over)
    return f"More need than nurses on {names}."
