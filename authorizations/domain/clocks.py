"""How long a payer has to decide: the clock by line of business and drug or not, and the moment it runs out.

IVIG and the other infusions are drugs. The rule of 7 days and 72 hours (CMS-0057-F) leaves drugs out of every line it
binds, so it is never the clock for them.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from authorizations.domain.business_days import add_business_days, business_days
from core.sourced import Confidence
from regimens.domain.open_days import OpenDays


class ClockKind(StrEnum):
    """What a clock counts. Hours elapse through nights, holidays and clock changes; days are clinic-local dates."""

    HOURS = "hours"
    CALENDAR_DAYS = "calendar_days"
    BUSINESS_DAYS = "business_days"


@dataclass(frozen=True)
class Clock:
    """An amount of time to decide, and the one extension the payer may take (0 is none)."""

    kind: ClockKind
    amount: int
    extension: int = 0


@dataclass(frozen=True)
class ClockRow:
    """The clocks of a line of business; `is_drug` None means both."""

    line_of_business: str
    is_drug: bool | None
    standard: Clock
    urgent: Clock
    source: str
    confidence: Confidence


def _hours(amount: int) -> Clock:
    return Clock(ClockKind.HOURS, amount)


def _days(amount: int, extension: int = 0) -> Clock:
    return Clock(ClockKind.CALENDAR_DAYS, amount, extension)


_P, _K = Confidence.PUBLISHED, Confidence.CLINIC
_CMS = "CMS-0057-F, non-drug items and services, from 1 January 2026 (P20)"

CLOCK_TABLE: tuple[ClockRow, ...] = (
    ClockRow("medicare_advantage", True, _hours(72), _hours(24), "Part B drugs: payer bulletin (P22), 42 CFR 422", _P),
    ClockRow("medicare_advantage", False, _days(7, 14), _hours(72), _CMS, _P),
    ClockRow("medicaid", True, _hours(24), _hours(24), "covered outpatient drugs: state code (P44)", _P),
    ClockRow("medicaid", False, _days(7), _hours(72), _CMS, _P),
    ClockRow("medicaid_cod", True, _hours(24), _hours(24), "covered outpatient drugs: state code (P44)", _P),
    ClockRow("medicaid_chip", True, _hours(24), _hours(24), "covered outpatient drugs: state code (P44)", _K),
    ClockRow("medicaid_chip", False, _days(7), _hours(72), _CMS, _P),
    ClockRow("erisa_group", None, _days(15, 15), _hours(72), "29 CFR 2560.503-1: urgent chart (P45)", _P),
    ClockRow("ffe_qhp", None, _days(15, 15), _hours(72), "internal claims rules; CMS-0057-F does not bind it", _K),
)


def choose_clock(*, line_of_business: str, is_drug: bool, is_urgent: bool) -> Clock | None:
    """The payer's clock, or None where the clinic must enter one (state-regulated plans) or none runs.

    Source: payer bulletin for Part B drugs (P22), CMS-0057-F (P20), 29 CFR 2560.503-1 (P45); confidence by row.
    """
    for row in CLOCK_TABLE:
        if row.line_of_business == line_of_business and row.is_drug in (None, is_drug):
            return row.urgent if is_urgent else row.standard
    return None


@dataclass(frozen=True)
class Deadline:
    """The last moment to decide (UTC), its clinic-local date, and the date once the extension is taken."""

    due_at: datetime
    due_on: date
    extended_due_on: date | None = None

    def is_past(self, now: datetime) -> bool:
        """Whether the time to decide is over."""
        return now > self.due_at


def decision_deadline(
    clock: Clock, *, received_at: datetime, zone: ZoneInfo, calendar: OpenDays | None = None
) -> Deadline:
    """When a request received at an instant must be decided.

    Hours are elapsed hours. Days run from the local date of receipt to the end of the last one, local time.

    Source: 42 CFR 422, 29 CFR 2560.503-1, a state Medicaid manual (P46); confidence P.
    """
    if received_at.tzinfo is None:
        raise ValueError("a clock starts at an instant with a time zone")
    if clock.kind is ClockKind.HOURS:
        due_at = received_at.astimezone(UTC) + timedelta(hours=clock.amount)
        extended_at = due_at + timedelta(hours=clock.extension)
        extended = extended_at.astimezone(zone).date() if clock.extension else None
        return Deadline(due_at, due_at.astimezone(zone).date(), extended)
    calendar = calendar or business_days()
    due_on = _count(clock.kind, received_at.astimezone(zone).date(), clock.amount, calendar)
    extended = _count(clock.kind, due_on, clock.extension, calendar) if clock.extension else None
    end_of_day = datetime.combine(due_on, time(23, 59, 59), tzinfo=zone)
    return Deadline(end_of_day.astimezone(UTC), due_on, extended)


def _count(kind: ClockKind, start_on: date, amount: int, calendar: OpenDays) -> date:
    if kind is ClockKind.CALENDAR_DAYS:
        return start_on + timedelta(days=amount)
    return add_business_days(start_on, amount, calendar=calendar)
