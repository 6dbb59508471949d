"""How times, days and lengths are written. Instants show in the active time zone, which is the clinic's."""

import datetime as dt

from django import template
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()

Moment = dt.datetime | dt.date | dt.time | None


def _local(value: Moment) -> Moment:
    """The same moment on the clinic's wall clock; dates and bare times pass unchanged."""
    if isinstance(value, dt.datetime) and timezone.is_aware(value):
        return timezone.localtime(value)
    return value


@register.filter
def clock(value: Moment) -> str:
    """24-hour time for staff: 09:15."""
    local = _local(value)
    return f"{local:%H:%M}" if isinstance(local, dt.datetime | dt.time) else ""


@register.filter
def clock12(value: Moment) -> str:
    """12-hour time for patients: 9:15 am."""
    local = _local(value)
    if not isinstance(local, dt.datetime | dt.time):
        return ""
    return f"{local.hour % 12 or 12}:{local:%M} {'am' if local.hour < 12 else 'pm'}"


@register.filter
def day(value: Moment) -> str:
    """A short day: Fri 20 Nov."""
    local = _local(value)
    return f"{local:%a} {local.day} {local:%b}" if isinstance(local, dt.date) else ""


@register.filter
def long_day(value: Moment) -> str:
    """A day in full for headings and patients: Friday 20 November."""
    local = _local(value)
    return f"{local:%A} {local.day} {local:%B}" if isinstance(local, dt.date) else ""


@register.filter
def full_date(value: Moment) -> str:
    """A day with its year, for papers and dates of birth: 20 Nov 2026."""
    local = _local(value)
    return f"{local.day} {local:%b} {local.year}" if isinstance(local, dt.date) else ""


@register.filter
def day_and_clock(value: Moment) -> str:
    """A short day with its time: Fri 20 Nov 09:15."""
    return f"{day(value)} {clock(value)}".strip()


@register.filter
def span(minutes: int | dt.timedelta | None) -> str:
    """A length: 45 min, 1 h, 2 h 15."""
    if minutes is None:
        return ""
    whole = int(minutes.total_seconds() // 60) if isinstance(minutes, dt.timedelta) else int(minutes)
    hours, rest = divmod(whole, 60)
    if not hours:
        return f"{rest} min"
    return f"{hours} h {rest:02d}" if rest else f"{hours} h"


@register.filter
def long_span(minutes: int | dt.timedelta | None) -> str:
    """A length in words for patients: 4 hours, 1 hour 30 minutes, 45 minutes."""
    if minutes is None:
        return ""
    whole = int(minutes.total_seconds() // 60) if isinstance(minutes, dt.timedelta) else int(minutes)
    hours, rest = divmod(whole, 60)
    parts = [f"{hours} hour{'s' if hours != 1 else ''}"] if hours else []
    if rest or not hours:
        parts.append(f"{rest} minute{'s' if rest != 1 else ''}")
    return " ".join(parts)


@register.filter
def from_today(value: Moment, today: dt.date) -> str:
    """How far a day is from today: today, tomorrow, in 6 days, yesterday, 2 days ago."""
    local = _local(value)
    if not isinstance(local, dt.date) or not today:
        return ""
    date = local.date() if isinstance(local, dt.datetime) else local
    days = (date - today).days
    near = {0: "today", 1: "tomorrow", -1: "yesterday"}
    return near.get(days) or (f"in {days} days" if days > 0 else f"{-days} days ago")


@register.filter
def due(value: Moment, today: dt.date) -> str:
    """A due date for a work queue: overdue 2 d, today, tomorrow, then the short day."""
    local = _local(value)
    if not isinstance(local, dt.date) or not today:
        return ""
    date = local.date() if isinstance(local, dt.datetime) else local
    days = (date - today).days
    if days < 0:
        return f"overdue {-days} d"
    return {0: "today", 1: "tomorrow"}.get(days) or day(date)


@register.simple_tag
def time_tag(value: Moment, style: str = "day_and_clock") -> SafeString:
    """A `<time>` element with the machine's value inside and the chosen filter's words shown."""
    styles = {"clock": clock, "clock12": clock12, "day": day, "long_day": long_day, "full_date": full_date}
    words = styles.get(style, day_and_clock)(value)
    if value is None:
        return format_html("{}", "")
    return format_html('<time datetime="{}">{}</time>', value.isoformat(), words)
