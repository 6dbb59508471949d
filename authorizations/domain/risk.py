"""The order of the authorization queue: which one can hurt a patient or a claim first, and why in one sentence."""

from dataclasses import dataclass
from datetime import date
from enum import IntEnum

from authorizations.domain.settings import AUTHORIZATION_DEFAULTS
from authorizations.domain.statuses import COVERING, PENDING, AuthorizationStatus


class RiskClass(IntEnum):
    """Highest risk first."""

    VISIT_UNCOVERED = 1
    FOLLOW_UP_OVERDUE = 2
    EXPIRES_BEFORE_VISIT = 3
    UNITS_SHORT = 4
    PENDING_LONG = 5
    EXPIRING = 6
    NONE = 7


@dataclass(frozen=True)
class QueueFacts:
    """What the queue knows of an authorization. `units_for_next_visit` is left plus that visit's own reserve."""

    status: AuthorizationStatus
    next_visit_on: date | None = None
    next_visit_units: int = 0
    units_for_next_visit: int = 0
    starts_on: date | None = None
    ends_on: date | None = None
    follow_up_on: date | None = None
    submitted_on: date | None = None
    payer_lead_days: int = AUTHORIZATION_DEFAULTS.payer_lead
    usual_decision_days: int = AUTHORIZATION_DEFAULTS.usual_decision


@dataclass(frozen=True)
class Risk:
    """The worst that is wrong with an authorization. `is_soon` marks the nearer half of the expiring class."""

    risk: RiskClass
    sentence: str
    is_soon: bool = False


def assess(facts: QueueFacts, *, today: date) -> Risk:
    """The highest risk class that applies today, with its sentence.

    Source: authorization queue design; the day limits are settings, confidence K.
    """
    found = (
        _visit_uncovered(facts, today)
        or _follow_up_overdue(facts, today)
        or _expires_before_visit(facts)
        or _units_short(facts)
        or _pending_long(facts, today)
        or _expiring(facts, today)
    )
    return found or Risk(RiskClass.NONE, "Nothing is at risk.")


def queue_key(facts: QueueFacts, risk: Risk) -> tuple[int, int, date, date]:
    """Sorts the queue: highest risk first, then what is due first, then whose next visit comes first."""
    return (risk.risk, 0 if risk.is_soon else 1, facts.follow_up_on or date.max, facts.next_visit_on or date.max)


def _is_valid_on(facts: QueueFacts, on: date) -> bool:
    if facts.status is AuthorizationStatus.NOT_REQUIRED:
        return True
    begins, ends = facts.starts_on or date.min, facts.ends_on or date.max
    return facts.status in COVERING and begins <= on <= ends


def _visit_uncovered(facts: QueueFacts, today: date) -> Risk | None:
    visit = facts.next_visit_on
    if visit is None or _is_valid_on(facts, visit) or (visit - today).days > facts.payer_lead_days:
        return None
    when = _in_days((visit - today).days)
    return Risk(
        RiskClass.VISIT_UNCOVERED,
        f"The visit on {_day(visit)} is {when} and no valid authorization covers it; "
        f"the payer needs {_days(facts.payer_lead_days)}.",
    )


def _follow_up_overdue(facts: QueueFacts, today: date) -> Risk | None:
    if facts.follow_up_on is None or facts.follow_up_on >= today:
        return None
    late = _days((today - facts.follow_up_on).days)
    return Risk(RiskClass.FOLLOW_UP_OVERDUE, f"The follow-up of {_day(facts.follow_up_on)} is {late} overdue.")


def _expires_before_visit(facts: QueueFacts) -> Risk | None:
    visit, ends = facts.next_visit_on, facts.ends_on
    if visit is None or ends is None or facts.status not in COVERING or ends >= visit:
        return None
    return Risk(RiskClass.EXPIRES_BEFORE_VISIT, f"It ends on {_day(ends)}, before the next visit on {_day(visit)}.")


def _units_short(facts: QueueFacts) -> Risk | None:
    short = facts.next_visit_units - facts.units_for_next_visit
    if facts.next_visit_on is None or facts.status not in COVERING or short <= 0:
        return None
    return Risk(
        RiskClass.UNITS_SHORT,
        f"The visit on {_day(facts.next_visit_on)} needs {facts.next_visit_units} units and "
        f"{facts.units_for_next_visit} are left: {short} short.",
    )


def _pending_long(facts: QueueFacts, today: date) -> Risk | None:
    if facts.status not in PENDING or facts.submitted_on is None:
        return None
    waited = (today - facts.submitted_on).days
    if waited <= facts.usual_decision_days:
        return None
    return Risk(
        RiskClass.PENDING_LONG,
        f"Pending for {_days(waited)}; this payer usually answers within {_days(facts.usual_decision_days)}.",
    )


def _expiring(facts: QueueFacts, today: date) -> Risk | None:
    if facts.ends_on is None or facts.status not in COVERING:
        return None
    left = (facts.ends_on - today).days
    if left > AUTHORIZATION_DEFAULTS.expiring:
        return None
    is_soon = left <= AUTHORIZATION_DEFAULTS.expiring_soon
    verb = f"It ended on {_day(facts.ends_on)}." if left < 0 else f"It ends on {_day(facts.ends_on)}, {_in_days(left)}."
    return Risk(RiskClass.EXPIRING, verb, is_soon)


def _day(on: date) -> str:
    return f"{on.day} {on:%B %Y}"


def _days(count: int) -> str:
    return "1 day" if count == 1 else f"{count} days"


def _in_days(count: int) -> str:
    if count < 0:
        return f"{_days(-count)} past"
    return "today" if count == 0 else f"in {_days(count)}"
