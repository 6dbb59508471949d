"""Opening hours and closures: rows, and the capacity that follows them, in one transaction."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, time, timedelta

from accounts.domain.policy import Permission
from accounts.models import Clinic, Closure, OpeningHours
from audit.services.record import record
from core import clock
from core.actor import Actor
from core.errors import BadInput, Conflict, NotFound, Reason
from core.intervals import Interval
from core.transactions import business_act
from scheduling.models import CapacitySlot
from scheduling.services import boards, capacity, places

Hours = tuple[time, time] | None
LONGEST_HOURS = 16
FURTHEST = timedelta(days=366 * 3)
WORDS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@business_act
def save_hours(*, clinic: Clinic, week: Mapping[int, Hours], by: Actor) -> None:
    """Open `clinic` on each weekday of `week` (0 is Monday) at these times; None is closed."""
    may_change(clinic, by)
    _check_week(week)
    days = lock_ahead(clinic)
    OpeningHours.objects.filter(clinic=clinic).delete()
    OpeningHours.objects.bulk_create(
        OpeningHours(clinic=clinic, weekday=weekday, opens=hours[0], closes=hours[1])
        for weekday, hours in week.items()
        if hours is not None
    )
    rebuild(clinic, days)
    said = {
        WORDS[weekday]: "closed" if hours is None else f"{hours[0]:%H:%M}-{hours[1]:%H:%M}"
        for weekday, hours in week.items()
    }
    record(action="setup.hours", entity_type="clinic", entity_id=clinic.id, by=by, detail={"week": said})
    boards.bump(clinic, days)


@business_act
def close(*, clinic: Clinic, on: date, reason: str, by: Actor) -> Closure:
    """Close `clinic` on a day. Raises `BadInput`, `Conflict` when it is closed already."""
    may_change(clinic, by)
    if not reason.strip():
        raise BadInput("no_reason", "Say why, such as “Staff training”.", field="reason")
    _check_day(clinic, on)
    lock_days(clinic, [on])
    if Closure.objects.filter(clinic=clinic, on=on).exists():
        raise Conflict("closed_already", f"The clinic is closed on {on:%a %-d %b %Y} already.", field="on")
    closure = Closure.objects.create(clinic=clinic, on=on, reason=reason.strip()[:80])
    closed(clinic, [closure], by)
    return closure


@business_act
def reopen(*, closure: Closure, by: Actor) -> None:
    """Take a closure back. Raises `BadInput` for a day that is over."""
    clinic = closure.clinic
    may_change(clinic, by)
    _check_day(clinic, closure.on)
    lock_days(clinic, [closure.on])
    Closure.objects.filter(pk=closure.pk).delete()
    _after_closures(clinic, [closure], "setup.reopen", by)


def may_change(clinic: Clinic, by: Actor) -> None:
    """Refuse an actor who may not set `clinic` up."""
    by.require(Permission.CLINIC_CHANGE, "change how the clinic is set up")
    if by.clinic_id is not None and by.clinic_id != clinic.id:
        raise NotFound("clinic")


def lock_ahead(clinic: Clinic) -> list[date]:
    """Lock all capacity from today on, in booking's order; the days from today to the last that has any."""
    today = clock.today(clinic.zone)
    starts_at, _ = clock.day_bounds(today, clinic.zone)
    last = CapacitySlot.objects.filter(clinic=clinic).order_by("-starts_at").values_list("starts_at", flat=True).first()
    last_on = max(today, last.astimezone(clinic.zone).date()) if last else today
    _, ends_at = clock.day_bounds(last_on, clinic.zone)
    places.lock_capacity(clinic, Interval(starts_at, ends_at))
    return [today + timedelta(days=offset) for offset in range((last_on - today).days + 1)]


def lock_days(clinic: Clinic, days: Iterable[date]) -> None:
    """Lock the capacity of `days`, in booking's order."""
    bounds = [Interval(*clock.day_bounds(day, clinic.zone)) for day in sorted(set(days))]
    if bounds:
        places.lock_capacity(clinic, *bounds)


def rebuild(clinic: Clinic, days: Iterable[date]) -> None:
    """Let the capacity of `days` follow, a run of days at a time; past days stay as they were."""
    today = clock.today(clinic.zone)
    coming = sorted({day for day in days if day >= today})
    first = 0
    for at, day in enumerate(coming):
        if at + 1 == len(coming) or coming[at + 1] - day != timedelta(days=1):
            capacity.rebuild(clinic=clinic, first_on=coming[first], last_on=day)
            first = at + 1


def closed(clinic: Clinic, closures: Sequence[Closure], by: Actor) -> None:
    """Let capacity, boards and the audit log follow new closures."""
    _after_closures(clinic, closures, "setup.close", by)


def _after_closures(clinic: Clinic, closures: Sequence[Closure], action: str, by: Actor) -> None:
    days = [closure.on for closure in closures]
    rebuild(clinic, days)
    detail = {"days": [day.isoformat() for day in days]}
    record(action=action, entity_type="clinic", entity_id=clinic.id, by=by, detail=detail)
    boards.bump(clinic, days)


def _check_day(clinic: Clinic, on: date) -> None:
    today = clock.today(clinic.zone)
    if on < today:
        raise BadInput("over", "This day is over. Choose one to come.", field="on")
    if on - today > FURTHEST:
        raise BadInput("too_far", "More than three years ahead. Check the year.", field="on")


def _check_week(week: Mapping[int, Hours]) -> None:
    reasons = []
    for weekday, hours in week.items():
        if hours is None:
            continue
        opens, closes = hours
        length = closes.hour * 60 + closes.minute - opens.hour * 60 - opens.minute
        if length <= 0:
            reasons.append(Reason("hours_order", "It must close after it opens.", field=f"closes_{weekday}"))
        elif length > LONGEST_HOURS * 60:
            reasons.append(Reason("hours_long", f"At most {LONGEST_HOURS} hours a day.", field=f"closes_{weekday}"))
        reasons += [
            Reason("off_grid", "Use a quarter hour: :00, :15, :30 or :45.", field=f"{name}_{weekday}")
            for name, wall in (("opens", opens), ("closes", closes))
            if wall.minute % 15 or wall.second
        ]
    if not any(week.values()):
        reasons.append(Reason("never_open", "The clinic must be open on one day at least.", field="opens_0"))
    if reasons:
        raise BadInput.of(reasons)
