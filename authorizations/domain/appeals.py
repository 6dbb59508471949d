"""How long the clinic has to appeal a denial, and how long the plan then has to decide."""

from dataclasses import dataclass
from datetime import date, timedelta

from authorizations.domain.clocks import Clock, ClockKind
from core.sourced import Confidence


@dataclass(frozen=True)
class AppealLimits:
    """Days to file from the notice, and the plan's clocks for the appeal."""

    file_within_days: int
    standard: Clock
    urgent: Clock
    source: str
    confidence: Confidence


_HOURS_72 = Clock(ClockKind.HOURS, 72)
_ERISA = AppealLimits(
    180,
    Clock(ClockKind.CALENDAR_DAYS, 30),
    _HOURS_72,
    "ERISA appeals: 180 days to file K, decision 30 days or 72 hours (P45b)",
    Confidence.CLINIC,
)

APPEAL_LIMITS: dict[str, AppealLimits] = {
    "erisa_group": _ERISA,
    "ffe_qhp": _ERISA,
    "medicare_advantage": AppealLimits(
        65,
        Clock(ClockKind.CALENDAR_DAYS, 7),
        _HOURS_72,
        "Medicare Advantage: 65 days from the notice; Part B drug decision 7 days or 72 hours",
        Confidence.CLINIC,
    ),
}


def appeal_limits(line_of_business: str) -> AppealLimits | None:
    """The appeal limits of a line of business, or None where the clinic must enter the payer's own.

    Source: ERISA claims rules (P45b), Medicare Advantage rules; confidence K.
    """
    return APPEAL_LIMITS.get(line_of_business)


def appeal_due_on(*, notice_on: date, file_within_days: int) -> date:
    """The last date on which an appeal may be filed, counted in calendar days from the notice.

    Source: plan appeal rules; confidence K.
    """
    return notice_on + timedelta(days=file_within_days)
