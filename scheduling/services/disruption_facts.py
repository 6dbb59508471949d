"""What upset a day, written down and taken back: a chair out of use, a nurse's time away, a closure.

Who calls holds the capacity of the days (`lock_days`) and has asked whether the actor may. A clinic that closes for
part of a day keeps its hours: its chairs are out of use for that time.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from accounts.models import Clinic, Closure, User
from audit.services.record import record
from core import clock
from core.actor import Actor
from core.errors import BadInput, Conflict, Reason
from core.intervals import Interval, is_on_grid
from scheduling.domain.absence import Worked, without
from scheduling.models import Chair, ChairOutage, DisruptionKind, Shift
from scheduling.queries.outages import outages_between
from scheduling.services import capacity
from scheduling.services.outages import when
from scheduling.services.setup_calendar import rebuild

FURTHEST, LONGEST = timedelta(days=14), timedelta(days=14)
"""How far ahead an emergency begins at most, and how long it lasts: what is known earlier belongs to the set-up."""
Facts = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Happening:
    """What happens, and when. `chair` or `nurse` is set for its kind; `away` is the time for which it is gone."""

    clinic: Clinic
    kind: DisruptionKind
    away: Interval
    reason: str
    chair: Chair | None = None
    nurse: User | None = None

    @property
    def days(self) -> tuple[date, ...]:
        """The clinic-local days that it touches."""
        zone = self.clinic.zone
        first_on = self.away.start.astimezone(zone).date()
        last_on = (self.away.end - timedelta(microseconds=1)).astimezone(zone).date()
        return tuple(first_on + timedelta(days=offset) for offset in range((last_on - first_on).days + 1))


def check(happening: Happening) -> None:
    """Raise `BadInput` with everything that makes no sense, at its field."""
    now, away = clock.now(), happening.away
    found = []
    if not happening.reason.strip():
        found.append(Reason("no_reason", "Say what happened: it is shown to everybody.", field="reason"))
    if not (is_on_grid(away.start) and is_on_grid(away.end)):
        found.append(Reason("off_grid", "Use a quarter hour: :00, :15, :30 or :45.", field="starts"))
    if away.end <= now:
        found.append(Reason("over", "This time has passed. Choose one to come.", field="ends"))
    if away.start - now > FURTHEST:
        found.append(Reason("too_far", "More than two weeks ahead: enter it in the set-up instead.", field="on"))
    if away.end - away.start > LONGEST:
        found.append(Reason("too_long", "Longer than two weeks: enter it in the set-up instead.", field="until_on"))
    found = found or list(_nothing_to_do(happening))
    if found:
        raise BadInput.of(found)


def _nothing_to_do(happening: Happening) -> Iterator[Reason]:
    """Why the thing can't go: it is gone then already."""
    away = happening.away
    if happening.kind == DisruptionKind.NURSE and not shifts_of(happening):
        name = happening.nurse.name if happening.nurse else "Nobody"
        yield Reason("no_shift", f"{name} has no shift then. Check the day and the times.", field="nurse")
    if happening.kind == DisruptionKind.CHAIR and happening.chair is not None:
        if not happening.chair.is_active:
            yield Reason("not_in_use", f"{happening.chair.name} is not in use any more.", field="chair")
        other = outages_between(happening.clinic, away.start, away.end).filter(chair=happening.chair).first()
        if other is not None:
            sentence = f"{happening.chair.name} is out of use already {when(other, happening.clinic)}: {other.reason}."
            yield Reason("already_out", sentence, field="chair")
    if happening.kind == DisruptionKind.CLOSED and not list(_open_times(happening)):
        yield Reason("closed_already", "The clinic is closed then anyway.", field="on")


def shifts_of(happening: Happening) -> list[Shift]:
    """The nurse's shifts that the absence cuts."""
    away = happening.away
    found = Shift.objects.filter(
        clinic=happening.clinic, nurse=happening.nurse, starts_at__lt=away.end, ends_at__gt=away.start
    )
    return list(found.select_related("clinic", "nurse").order_by("starts_at"))


def worked(shift: Shift) -> Worked:
    """A shift as the rules want it."""
    lunch = None
    if shift.lunch_starts_at is not None and shift.lunch_ends_at is not None:
        lunch = Interval(shift.lunch_starts_at, shift.lunch_ends_at)
    return Worked(interval=Interval(shift.starts_at, shift.ends_at), lunch=lunch)


def pieces_of(shift: Shift, away: Interval) -> list[Shift]:
    """What is left of `shift`, unsaved."""
    return [
        Shift(
            clinic=shift.clinic,
            nurse=shift.nurse,
            starts_at=piece.interval.start,
            ends_at=piece.interval.end,
            lunch_starts_at=piece.lunch.start if piece.lunch else None,
            lunch_ends_at=piece.lunch.end if piece.lunch else None,
        )
        for piece in without(worked(shift), away)
    ]


def write(happening: Happening, by: Actor) -> Facts:
    """Write it down and let the capacity follow; returns what `take_back` needs. Raises `Conflict`."""
    reason = happening.reason.strip()
    said: Facts = {
        "starts_at": happening.away.start.isoformat(),
        "ends_at": happening.away.end.isoformat(),
        "reason": reason,
    }
    if happening.kind == DisruptionKind.CHAIR and happening.chair is not None:
        said |= {"chair_id": str(happening.chair.id), "chair": happening.chair.name}
        said |= {"outages": _out(happening, [happening.chair], [happening.away], reason, by)}
    elif happening.kind == DisruptionKind.NURSE and happening.nurse is not None:
        User.objects.select_for_update(no_key=True).get(pk=happening.nurse.pk)
        said |= {"nurse_id": str(happening.nurse.id), "nurse": happening.nurse.name, "shifts": _cut(happening)}
    else:
        said |= _close(happening, by)
    rebuild(happening.clinic, happening.days)
    return said


def take_back(clinic: Clinic, facts: Facts, by: Actor) -> list[date]:
    """Undo what `write` wrote, as far as nobody did so already; the days whose capacity followed.

    Raises `Conflict` when the nurse's shifts were changed since.
    """
    for outage in ChairOutage.objects.filter(clinic=clinic, pk__in=facts.get("outages", []), lifted_at=None):
        outage.lifted_at = clock.now()
        outage.save(update_fields=["lifted_at"])
        detail = {"chair_id": str(outage.chair_id)}
        record(action="chair.back", entity_type="chair_outage", entity_id=outage.id, by=by, detail=detail)
    mine = Closure.objects.filter(clinic=clinic, on__in=facts.get("closed_on", []), reason=facts["reason"][:80])
    mine.delete()  # a day that somebody closed for another reason since stays closed
    for cut in facts.get("shifts", []):
        _mend(clinic, cut, str(facts.get("nurse", "")))
    zone = clinic.zone
    first_on, last_on = (
        moment.astimezone(zone).date()
        for moment in (
            datetime.fromisoformat(facts["starts_at"]),
            datetime.fromisoformat(facts["ends_at"]) - timedelta(microseconds=1),
        )
    )
    days = [first_on + timedelta(days=offset) for offset in range((last_on - first_on).days + 1)]
    rebuild(clinic, days)
    return days


def _cut(happening: Happening) -> list[Facts]:
    found = []
    for shift in shifts_of(happening):
        was, left = _said(shift), pieces_of(shift, happening.away)
        Shift.objects.filter(pk=shift.pk).delete()
        for piece in left:
            piece.save(force_insert=True)
        found.append({"was": was, "left": [_said(piece) for piece in left]})
    return found


def _mend(clinic: Clinic, cut: Facts, nurse: str) -> None:
    """Put a shift back in place of what was left of it. Raises `Conflict` when somebody changed the nurse's day."""
    was = cut["was"]
    start, end = (datetime.fromisoformat(was[name]) for name in ("starts_at", "ends_at"))
    now = list(
        Shift.objects.filter(nurse_id=UUID(was["nurse_id"]), starts_at__lt=end, ends_at__gt=start).order_by("starts_at")
    )
    if [_said(shift) for shift in now] != cut["left"]:
        local = start.astimezone(clinic.zone)
        raise Conflict(
            "shift_changed",
            f"The shifts of {nurse} on {local:%a %-d %b} were changed since. Mend them in the set-up instead.",
        )
    Shift.objects.filter(pk__in=[shift.pk for shift in now]).delete()
    lunch = [datetime.fromisoformat(was[name]) if was[name] else None for name in ("lunch_starts_at", "lunch_ends_at")]
    Shift.objects.create(
        clinic=clinic,
        nurse_id=UUID(was["nurse_id"]),
        starts_at=start,
        ends_at=end,
        lunch_starts_at=lunch[0],
        lunch_ends_at=lunch[1],
    )


def _said(shift: Shift) -> Facts:
    moments = {name: getattr(shift, name) for name in ("starts_at", "ends_at", "lunch_starts_at", "lunch_ends_at")}
    said = {name: moment.astimezone(UTC).isoformat() if moment else None for name, moment in moments.items()}
    return {"nurse_id": str(shift.nurse_id), **said}


def _open_times(happening: Happening) -> Iterator[Interval]:
    days = happening.days
    for hours in capacity.open_times(happening.clinic, days[0], days[-1]):
        if hours.overlaps(happening.away):
            yield hours


def _close(happening: Happening, by: Actor) -> Facts:
    """Whole days become closures; of a day that is cut, every chair goes out of use for the rest."""
    clinic, away, zone = happening.clinic, happening.away, happening.clinic.zone
    days: list[date] = []
    parts: list[Interval] = []
    for hours in _open_times(happening):
        if away.covers(hours):
            days.append(hours.start.astimezone(zone).date())
        else:
            parts.append(Interval(max(away.start, hours.start), min(away.end, hours.end)))
    reason = happening.reason.strip()
    Closure.objects.bulk_create(Closure(clinic=clinic, on=on, reason=reason[:80]) for on in days)
    chairs = list(Chair.objects.filter(clinic=clinic, is_active=True).order_by("position")) if parts else []
    out = _out(happening, chairs, parts, f"closed: {reason}", by)
    return {"closed_on": [on.isoformat() for on in days], "outages": out}


def _out(happening: Happening, chairs: Sequence[Chair], parts: Sequence[Interval], reason: str, by: Actor) -> list[str]:
    """Take chairs out of use. Returns the ids of the outages."""
    rows = [
        ChairOutage(
            clinic=happening.clinic,
            chair=chair,
            starts_at=part.start,
            ends_at=part.end,
            reason=reason[:120],
            created_at=clock.now(),
            created_by_label=by.label[:150],
        )
        for part in parts
        for chair in chairs
    ]
    ChairOutage.objects.bulk_create(rows)
    for row in rows:
        detail = {
            "chair_id": str(row.chair_id),
            "starts_at": row.starts_at.isoformat(),
            "ends_at": row.ends_at.isoformat(),
        }
        record(action="chair.out", entity_type="chair_outage", entity_id=row.id, by=by, detail=detail)
    return [str(row.id) for row in rows]
