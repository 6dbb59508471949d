"""May a visit take this chair at this time? The one check behind every page, the API, the seed and the sweeps. Pure.

`check_placement` returns every reason against it, hard ones first. Hard reasons cannot be overridden; soft ones need a
named reason and the permission to override.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from core.errors import Reason
from core.intervals import Interval, floor_quarter, is_on_grid
from scheduling.domain.load import LoadProfile

PRIVATE_ROOM = "private_room"
MINUTE = timedelta(minutes=1)
CAPACITY_CODES = frozenset({"nurse_load", "nurse_starts"})
WINDOW_CODES = frozenset({"too_early", "too_late"})
PLACE_CODES = frozenset({"turnover_short"})
LENGTH_CODES = frozenset({"too_short"})

Override = dict[str, str]
"""One rule that a person overrode: ``code``, ``sentence``, ``reason`` and ``by``, as kept on the visit."""


@dataclass(frozen=True, kw_only=True)
class Quarter:
    """One quarter hour of capacity, without what the visit itself takes of it; loads in hundredths of a nurse."""

    at: datetime
    load_used: int
    load_cap: int
    starts_used: int
    starts_cap: int


@dataclass(frozen=True, kw_only=True)
class Occupant:
    """Another visit that has the chair, or the patient, for some time."""

    visit_id: UUID
    patient_id: UUID
    patient_name: str
    chair_id: UUID
    chair_name: str
    clinic_name: str
    interval: Interval


@dataclass(frozen=True, kw_only=True)
class Outage:
    """Some time for which a chair can't be used, and why."""

    chair_id: UUID
    interval: Interval
    reason: str


@dataclass(frozen=True, kw_only=True)
class Placement:
    """What is asked for. Dates are clinic-local and inclusive.

    Less than `turnover_minutes` between two visits in a chair asks a reason; 0 asks none.
    """

    interval: Interval
    zone: ZoneInfo
    chair_id: UUID
    chair_name: str
    chair_kind: str
    chair_is_active: bool
    patient_id: UUID
    patient_name: str
    needs_private_room: bool
    profile: LoadProfile
    earliest_on: date
    latest_on: date
    turnover_minutes: int = 0


def check_placement(
    wanted: Placement,
    *,
    now: datetime,
    quarters: Sequence[Quarter],
    occupants: Sequence[Occupant],
    outages: Sequence[Outage] = (),
) -> tuple[Reason, ...]:
    """Every reason against `wanted`, hard ones first; empty means go.

    `quarters` are the capacity rows of the interval; a missing one, or one without nurses, means closed. `occupants`
    may be those of the turnover time around the interval as well.
    """
    hard = [
        *_check_time(wanted, now, quarters),
        *_check_chair(wanted),
        *_check_outages(wanted, outages),
        *_check_occupants(wanted, occupants),
    ]
    soft = [*_check_nurses(wanted, quarters), *_check_window(wanted), *_check_turnover(wanted, occupants)]
    return (*hard, *soft)


def carried_over(
    overrides: Sequence[Override],
    reasons: Sequence[Reason],
    *,
    is_same_day: bool,
    is_same_start: bool,
    is_same_chair: bool = True,
) -> list[Override]:
    """Which of a visit's overrides still speak for it at a new place.

    A reason given for the nurses' load speaks only for that very time, one for short turnover only for that time in
    that chair, one for the order's window or for cover only for that day; one for being
    shorter than planned goes with the visit; anything else is asked anew.
    """
    found = {reason.code for reason in reasons}

    def still_speaks(override: Override) -> bool:
        code = override["code"]
        if code in CAPACITY_CODES:
            return is_same_start and code in found
        if code in PLACE_CODES:
            return is_same_start and is_same_chair and code in found
        if code in WINDOW_CODES:
            return is_same_day and code in found
        return is_same_day or code in LENGTH_CODES

    return [override for override in overrides if still_speaks(override)]


def still_said(overrides: Sequence[Override]) -> list[Override]:
    """The overrides that speak for a visit refitted on its day: none about its old window, load or neighbours."""
    gone = CAPACITY_CODES | WINDOW_CODES | PLACE_CODES | LENGTH_CODES
    return [override for override in overrides if override["code"] not in gone]


def _check_time(wanted: Placement, now: datetime, quarters: Sequence[Quarter]) -> list[Reason]:
    reasons = []
    start, end = wanted.interval.start, wanted.interval.end
    if not is_on_grid(start):
        reasons.append(Reason("off_grid", "Visits start on a quarter hour: :00, :15, :30 or :45.", field="start"))
    if start < floor_quarter(now):
        reasons.append(Reason("in_the_past", f"{_when(wanted, start)} has passed. Choose a later time.", field="start"))
    known = {quarter.at for quarter in quarters if quarter.load_cap > 0}
    if is_on_grid(start) and len(known) < wanted.profile.quarters:
        closed = next((moment for moment in wanted.interval.quarters() if moment not in known), start)
        reasons.append(
            Reason(
                "closed",
                f"The clinic is not open or not staffed at {_when(wanted, closed)}, and this visit lasts until "
                f"{_clock(wanted, end)}. Choose a time inside opening hours.",
                field="start",
            )
        )
    return reasons


def _check_chair(wanted: Placement) -> list[Reason]:
    reasons = []
    if not wanted.chair_is_active:
        reasons.append(
            Reason("chair_closed", f"{wanted.chair_name} is out of use. Choose another chair.", field="chair")
        )
    if wanted.needs_private_room and wanted.chair_kind != PRIVATE_ROOM:
        reasons.append(
            Reason(
                "private_room_needed",
                f"{wanted.patient_name} needs a private room, and {wanted.chair_name} is not one.",
                field="chair",
            )
        )
    return reasons


def _check_outages(wanted: Placement, outages: Sequence[Outage]) -> list[Reason]:
    return [
        Reason(
            "chair_out",
            f"{wanted.chair_name} is out of use {_span(wanted, outage.interval)}: {outage.reason.rstrip('.')}. "
            "Choose another chair or time.",
            field="chair",
            facts={"until": outage.interval.end.isoformat()},
        )
        for outage in outages
        if outage.chair_id == wanted.chair_id and outage.interval.overlaps(wanted.interval)
    ]


def _check_occupants(wanted: Placement, occupants: Sequence[Occupant]) -> list[Reason]:
    reasons = []
    for other in occupants:
        if not other.interval.overlaps(wanted.interval):
            continue
        span = f"{_clock(wanted, other.interval.start)}–{_clock(wanted, other.interval.end)}"
        facts = {"visit_id": str(other.visit_id), "until": other.interval.end.isoformat()}
        if other.patient_id == wanted.patient_id:
            reasons.append(
                Reason(
                    "patient_busy",
                    f"{wanted.patient_name} is already booked {span} in {other.chair_name} at {other.clinic_name}.",
                    field="start",
                    facts=facts,
                )
            )
        elif other.chair_id == wanted.chair_id:
            reasons.append(
                Reason(
                    "chair_taken",
                    f"{wanted.patient_name} can't go to {wanted.chair_name} at "
                    f"{_clock(wanted, wanted.interval.start)}: {wanted.chair_name} has {other.patient_name} {span}.",
                    field="chair",
                    facts=facts,
                )
            )
    return reasons


def _check_nurses(wanted: Placement, quarters: Sequence[Quarter]) -> list[Reason]:
    need = dict(zip(wanted.interval.quarters(), wanted.profile.need, strict=True))
    over = [quarter for quarter in quarters if quarter.load_used + need.get(quarter.at, 0) > quarter.load_cap]
    reasons = []
    if over:
        worst = max(over, key=lambda quarter: quarter.load_used + need[quarter.at] - quarter.load_cap)
        reasons.append(
            Reason(
                "nurse_load",
                f"Nurse load would reach {(worst.load_used + need[worst.at]) / 100:.1f} of {worst.load_cap / 100:.0f} "
                f"nurses on shift at {_clock(wanted, worst.at)}.",
                field="start",
                is_hard=False,
            )
        )
    begins = wanted.interval.start + (wanted.interval.end - wanted.interval.start) * wanted.profile.start_quarter / len(
        wanted.profile.need
    )
    starting = next((quarter for quarter in quarters if quarter.at == begins), None)
    if starting is not None and starting.starts_used + 1 > starting.starts_cap:
        reasons.append(
            Reason(
                "nurse_starts",
                f"{starting.starts_used} infusions already start at {_clock(wanted, begins)} with "
                f"{starting.starts_cap} nurses on shift; each nurse starts one in a quarter hour.",
                field="start",
                is_hard=False,
            )
        )
    return reasons


def _check_window(wanted: Placement) -> list[Reason]:
    day = wanted.interval.start.astimezone(wanted.zone).date()
    window = f"{wanted.earliest_on:%-d %b} to {wanted.latest_on:%-d %b %Y}"
    if day < wanted.earliest_on:
        return [
            Reason(
                "too_early",
                f"{day:%a %-d %b} is {_days(wanted.earliest_on, day)} before the order's window ({window}).",
                field="start",
                is_hard=False,
            )
        ]
    if day > wanted.latest_on:
        return [
            Reason(
                "too_late",
                f"{day:%a %-d %b} is {_days(day, wanted.latest_on)} after the order's window ({window}).",
                field="start",
                is_hard=False,
            )
        ]
    return []


def _check_turnover(wanted: Placement, occupants: Sequence[Occupant]) -> list[Reason]:
    """The shortest time to the chair's visit before or after, if it is too short to make the chair ready."""
    reasons: list[tuple[int, Reason]] = []
    for other in occupants:
        if other.chair_id != wanted.chair_id or other.interval.overlaps(wanted.interval):
            continue
        is_before = other.interval.end <= wanted.interval.start
        between = (
            wanted.interval.start - other.interval.end if is_before else other.interval.start - wanted.interval.end
        )
        minutes = between // MINUTE
        if minutes < wanted.turnover_minutes:
            sentence = (
                f"Only {minutes} min between this visit and {other.patient_name} in {wanted.chair_name} "
                f"({_span(wanted, other.interval)}); making the chair ready takes {wanted.turnover_minutes} min."
            )
            reasons.append((minutes, Reason("turnover_short", sentence, field="start", is_hard=False)))
    return [min(reasons, key=lambda found: found[0])[1]] if reasons else []


def _days(later: date, earlier: date) -> str:
    count = (later - earlier).days
    return f"{count} day{'s' if count != 1 else ''}"


def _span(wanted: Placement, interval: Interval) -> str:
    """From when to when on the clinic's clock, with the days where it is not all one day."""
    start, end = (moment.astimezone(wanted.zone) for moment in (interval.start, interval.end))
    if start.date() == end.date():
        return f"{start:%H:%M}–{end:%H:%M}"
    return f"{start:%a %-d %b %H:%M} to {end:%a %-d %b %H:%M}"


def _clock(wanted: Placement, moment: datetime) -> str:
    return f"{moment.astimezone(wanted.zone):%H:%M}"


def _when(wanted: Placement, moment: datetime) -> str:
    return f"{moment.astimezone(wanted.zone):%a %-d %b %Y %H:%M}"
