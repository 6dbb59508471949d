"""Nurses' shifts: adding, changing, removing and copying a week; the capacity of those days follows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID

from accounts.domain.policy import Role
from accounts.models import Clinic, Membership, User
from audit.services.record import record
from core import clock
from core.actor import Actor
from core.errors import BadInput, Conflict, Reason
from core.transactions import business_act
from scheduling.models import Shift
from scheduling.services import boards
from scheduling.services.capacity import open_times
from scheduling.services.setup_calendar import lock_days, may_change, rebuild

WEEK = timedelta(days=7)
LONGEST = timedelta(hours=16)
LONGEST_LUNCH = timedelta(hours=2)
MOST_WEEKS = 12


@dataclass(frozen=True, kw_only=True)
class ShiftFacts:
    """A nurse's working time on one day, on the clinic's clock; both lunch times or none."""

    nurse_id: UUID
    on: date
    starts: time
    ends: time
    lunch_starts: time | None
    lunch_ends: time | None


@business_act
def add(*, clinic: Clinic, facts: ShiftFacts, by: Actor) -> Shift:
    """Put a nurse on shift. Raises `BadInput` at the field, `Conflict` when the nurse works then already."""
    may_change(clinic, by)
    shift = Shift(clinic=clinic)
    lock_days(clinic, [facts.on])
    _write(shift, facts)
    return _done(clinic, shift, [facts.on], "shift.add", by)


@business_act
def change(*, shift: Shift, facts: ShiftFacts, by: Actor) -> Shift:
    """Another time, day or nurse for a shift. Raises `BadInput`, `Conflict`."""
    clinic = shift.clinic
    may_change(clinic, by)
    days = [_day(shift), facts.on]
    _check_to_come(clinic, days[0])
    lock_days(clinic, days)
    _write(shift, facts)
    return _done(clinic, shift, days, "shift.change", by)


@business_act
def remove(*, shift: Shift, by: Actor) -> None:
    """Take a nurse off shift. Raises `BadInput` for a day that is over."""
    clinic, pk, on = shift.clinic, shift.pk, _day(shift)
    may_change(clinic, by)
    _check_to_come(clinic, on)
    lock_days(clinic, [on])
    Shift.objects.filter(pk=pk).delete()
    _done(clinic, shift, [on], "shift.remove", by)


@business_act
def copy_week(*, clinic: Clinic, from_on: date, to_on: date, weeks: int, by: Actor) -> Sequence[Shift]:
    """Repeat the week that holds `from_on` in `weeks` weeks, the first of which holds `to_on`.

    Closed days, days that are over, and nurses who have a shift on the day already are left as they are.
    """
    may_change(clinic, by)
    source, target = monday_of(from_on), monday_of(to_on)
    if target == source:
        raise BadInput("same_week", "Choose another week than the one that is copied.", field="to_on")
    if not 1 <= weeks <= MOST_WEEKS:
        raise BadInput("weeks", f"Between 1 and {MOST_WEEKS} weeks at once.", field="weeks")
    if target + weeks * WEEK - clock.today(clinic.zone) > timedelta(days=400):
        raise BadInput("too_far", "More than a year ahead. Check the date.", field="to_on")
    last_on = target + weeks * WEEK - timedelta(days=1)
    lock_days(clinic, [target + timedelta(days=offset) for offset in range(7 * weeks)])
    rows = _copies(clinic, source, target, last_on)
    if not rows:
        raise Conflict(
            "nothing_to_copy", "There is nothing to copy: no shift that week, or all are there.", field="to_on"
        )
    Shift.objects.bulk_create(rows)
    days = sorted({_day(row) for row in rows})
    rebuild(clinic, days)
    detail = {"from": source.isoformat(), "to": target.isoformat(), "weeks": weeks, "shifts": len(rows)}
    record(action="shift.copy_week", entity_type="clinic", entity_id=clinic.id, by=by, detail=detail)
    boards.bump(clinic, days)
    return rows


def monday_of(on: date) -> date:
    """The Monday of the week that holds `on`."""
    return on - timedelta(days=on.weekday())


def _copies(clinic: Clinic, source: date, target: date, last_on: date) -> list[Shift]:
    shifts = _between(clinic, source, source + WEEK)
    taken = {(shift.nurse_id, _day(shift)) for shift in _between(clinic, target, last_on + timedelta(days=1))}
    today = clock.today(clinic.zone)
    opened = {hours.start.astimezone(clinic.zone).date() for hours in open_times(clinic, target, last_on)}
    rows = []
    for week in range((last_on - target).days // 7 + 1):
        for shift in shifts:
            on = _day(shift) + (target - source) + week * WEEK
            if on in opened and on >= today and (shift.nurse_id, on) not in taken:
                rows.append(_on_day(shift, on))
    return rows


def _on_day(shift: Shift, on: date) -> Shift:
    """The same wall-clock times on another day."""
    zone = shift.clinic.zone

    def then(moment: datetime | None) -> datetime | None:
        return clock.instant(on, moment.astimezone(zone).time(), zone, field="to_on") if moment else None

    starts_at, ends_at = then(shift.starts_at), then(shift.ends_at)
    assert starts_at is not None  # noqa: S101 (a shift has both)
    assert ends_at is not None  # noqa: S101
    return Shift(
        clinic=shift.clinic,
        nurse_id=shift.nurse_id,
        starts_at=starts_at,
        ends_at=ends_at,
        lunch_starts_at=then(shift.lunch_starts_at),
        lunch_ends_at=then(shift.lunch_ends_at),
    )


def _between(clinic: Clinic, first_on: date, before_on: date) -> list[Shift]:
    starts_at, ends_at = (clock.day_bounds(day, clinic.zone)[0] for day in (first_on, before_on))
    found = Shift.objects.filter(clinic=clinic, starts_at__gte=starts_at, starts_at__lt=ends_at)
    return list(found.select_related("clinic", "nurse").order_by("starts_at", "nurse_id"))


def _write(shift: Shift, facts: ShiftFacts) -> None:
    clinic = shift.clinic
    _check_to_come(clinic, facts.on)
    reasons = list(_wrong(facts))
    if reasons:
        raise BadInput.of(reasons)
    if not Membership.objects.filter(clinic=clinic, role=Role.NURSE, user_id=facts.nurse_id).exists():
        raise BadInput("not_a_nurse", "Choose a nurse of this clinic.", field="nurse")
    nurse = User.objects.select_for_update(no_key=True).get(pk=facts.nurse_id)  # whose other shifts are read next
    shift.nurse = nurse
    shift.starts_at = clock.instant(facts.on, facts.starts, clinic.zone, field="starts")
    shift.ends_at = clock.instant(facts.on, facts.ends, clinic.zone, field="ends")
    shift.lunch_starts_at = _lunch(facts, facts.lunch_starts, clinic, "lunch_starts")
    shift.lunch_ends_at = _lunch(facts, facts.lunch_ends, clinic, "lunch_ends")
    other = (
        Shift.objects.filter(nurse=nurse, starts_at__lt=shift.ends_at, ends_at__gt=shift.starts_at)
        .exclude(pk=shift.pk)
        .select_related("clinic")
        .first()
    )
    if other is not None:
        start, end = (moment.astimezone(clinic.zone) for moment in (other.starts_at, other.ends_at))
        where = "" if other.clinic_id == clinic.id else f" at {other.clinic.name}"
        raise Conflict("works_then", f"{nurse.name} works {start:%H:%M}–{end:%H:%M}{where} already.", field="starts")
    shift.save()


def _wrong(facts: ShiftFacts) -> list[Reason]:
    """Everything that makes no sense in the times themselves."""
    found = []
    times = {
        "starts": facts.starts,
        "ends": facts.ends,
        "lunch_starts": facts.lunch_starts,
        "lunch_ends": facts.lunch_ends,
    }
    for name, wall in times.items():
        if wall is not None and (wall.minute % 15 or wall.second):
            found.append(Reason("off_grid", "Use a quarter hour: :00, :15, :30 or :45.", field=name))
    length = _length(facts.starts, facts.ends)
    if length <= timedelta():
        found.append(Reason("shift_order", "The shift must end after it starts.", field="ends"))
    elif length > LONGEST:
        found.append(Reason("shift_long", "A shift lasts at most 16 hours.", field="ends"))
    if (facts.lunch_starts is None) != (facts.lunch_ends is None):
        missing = "lunch_starts" if facts.lunch_starts is None else "lunch_ends"
        found.append(Reason("half_a_lunch", "Enter both times of lunch, or none.", field=missing))
    elif facts.lunch_starts is not None and facts.lunch_ends is not None:
        lunch = _length(facts.lunch_starts, facts.lunch_ends)
        if not timedelta() < lunch <= LONGEST_LUNCH:
            found.append(Reason("lunch_length", "Lunch ends after it starts, within two hours.", field="lunch_ends"))
        elif facts.lunch_starts < facts.starts or facts.lunch_ends > facts.ends:
            found.append(Reason("lunch_outside", "Lunch must lie within the shift.", field="lunch_starts"))
    return found


def _length(first: time, last: time) -> timedelta:
    return timedelta(hours=last.hour - first.hour, minutes=last.minute - first.minute)


def _lunch(facts: ShiftFacts, wall: time | None, clinic: Clinic, field: str) -> datetime | None:
    return None if wall is None else clock.instant(facts.on, wall, clinic.zone, field=field)


def _check_to_come(clinic: Clinic, on: date) -> None:
    if on < clock.today(clinic.zone):
        raise BadInput("over", "This day is over: its shifts stay as they were.", field="on")


def _day(shift: Shift) -> date:
    return shift.starts_at.astimezone(shift.clinic.zone).date()


def _done(clinic: Clinic, shift: Shift, days: Sequence[date], action: str, by: Actor) -> Shift:
    rebuild(clinic, days)
    detail = {"nurse_id": str(shift.nurse_id), "days": [day.isoformat() for day in sorted(set(days))]}
    record(action=action, entity_type="shift", entity_id=str(shift.pk), by=by, detail=detail)
    boards.bump(clinic, days)
    return shift
