"""Whether an authorization covers a visit: every reason why not, in words fit for a person. Pure.

A reason is soft: a visit may be booked without cover by a named person who says why. Dates are clinic-local and
inclusive at both ends.
"""

from dataclasses import dataclass
from datetime import date, timedelta

from core.errors import Reason

APPROVED = frozenset({"approved", "approved_partial", "approved_modified", "overturned", "expiring"})


@dataclass(frozen=True)
class ServiceDay:
    """Units already reserved or used for one visit on one day."""

    on: date
    units: int


@dataclass(frozen=True, kw_only=True)
class Approval:
    """What a payer said, and what is left of it."""

    status: str
    payer_name: str
    reference: str = ""
    hcpcs: str = ""
    starts_on: date | None = None
    ends_on: date | None = None
    units_left: int = 0
    visits_approved: int | None = None
    limit_units: int | None = None
    limit_days: int | None = None
    service_days: tuple[ServiceDay, ...] = ()

    @property
    def name(self) -> str:
        return f"{self.payer_name} {self.reference}".strip()


@dataclass(frozen=True, kw_only=True)
class VisitNeed:
    """What a visit asks of an authorization: billing units on one date, and visits (more than 1 for a course)."""

    units: int
    on: date
    visits: int = 1
    hcpcs: str = ""


def check_cover(approval: Approval, need: VisitNeed) -> tuple[Reason, ...]:
    """Every reason why `approval` does not cover `need`; empty when it does."""
    if approval.status not in APPROVED:
        return (_not_approved(approval),)
    checks = (_code(approval, need), _dates(approval, need), _units(approval, need), _visits(approval, need))
    found = [reason for reason in (*checks, _frequency(approval, need)) if reason is not None]
    return tuple(found)


def _soft(code: str, sentence: str) -> Reason:
    return Reason(code, sentence, is_hard=False)


def _not_approved(approval: Approval) -> Reason:
    if approval.status in {"denied", "upheld"}:
        return _soft("denied", f"{approval.payer_name} denied this. Appeal, or ask for a peer-to-peer call.")
    if approval.status in {"withdrawn", "cancelled", "superseded", "expired", "exhausted"}:
        return _soft("not_in_force", f"The authorization {approval.name} is {approval.status}. Start a new request.")
    return _soft(
        "not_approved", f"{approval.payer_name} has not approved this yet. Chase the request before the visit."
    )


def _code(approval: Approval, need: VisitNeed) -> Reason | None:
    if not need.hcpcs or not approval.hcpcs or need.hcpcs == approval.hcpcs:
        return None
    return _soft(
        "hcpcs_mismatch",
        f"{approval.name} is for {approval.hcpcs}, but the order bills {need.hcpcs}. Ask for a change.",
    )


def _dates(approval: Approval, need: VisitNeed) -> Reason | None:
    if approval.starts_on and need.on < approval.starts_on:
        return _soft(
            "before_start",
            f"{approval.name} starts on {_day(approval.starts_on)}; the visit is on {_day(need.on)}.",
        )
    if approval.ends_on and need.on > approval.ends_on:
        return _soft(
            "after_end",
            f"{approval.name} ends on {_day(approval.ends_on)}; the visit is on {_day(need.on)}. Start the renewal.",
        )
    return None


def _units(approval: Approval, need: VisitNeed) -> Reason | None:
    short = need.units - approval.units_left
    if short <= 0:
        return None
    return _soft(
        "units_short",
        f"{approval.name} has {_count(approval.units_left, 'unit')} left; the visit needs {need.units}. "
        f"It is {short} short: ask for more.",
    )


def _visits(approval: Approval, need: VisitNeed) -> Reason | None:
    if approval.visits_approved is None:
        return None
    left = max(0, approval.visits_approved - len(approval.service_days))
    if need.visits <= left:
        return None
    return _soft(
        "visits_short",
        f"{approval.name} allows {_count(approval.visits_approved, 'visit')}; {left} of them are left. Ask for more.",
    )


def _frequency(approval: Approval, need: VisitNeed) -> Reason | None:
    """At most `limit_units` within any `limit_days` days in a row; a dose leaves the window after `limit_days` days."""
    if not approval.limit_units or not approval.limit_days:
        return None
    reach = timedelta(days=approval.limit_days - 1)
    near = [day for day in approval.service_days if abs(day.on - need.on) <= reach]
    windows = {need.on, *(day.on for day in near if day.on <= need.on)}
    most = max(sum(day.units for day in near if start <= day.on <= start + reach) for start in windows) + need.units
    if most <= approval.limit_units:
        return None
    return _soft(
        "too_often",
        f"{approval.name} allows {approval.limit_units} units within {approval.limit_days} days; "
        f"with this visit it would be {most}. Choose a later day or ask the payer.",
    )


def _day(on: date) -> str:
    return f"{on:%a %-d %b %Y}"


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"
